"""Taking over a living account: what stands on it, what is kept of that, and the way back."""
