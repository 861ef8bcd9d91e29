"""What a test may arrange and look into, on a port of its own."""
