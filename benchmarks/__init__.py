"""What the service does per request, as ratios to a hello in the same process; apart from the tests."""
