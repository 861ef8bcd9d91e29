"""Who is on the staff: invited, changed, disabled, and handed over when they leave."""
