"""What the platform remembers of one account; every part guards its own state."""
