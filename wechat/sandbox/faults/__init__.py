"""What can be made to go wrong, where, how often and by which dice."""
