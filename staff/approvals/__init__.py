"""Acts that take two people: one asks, another approves, and the approval does it."""
