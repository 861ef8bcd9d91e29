"""The end of a notice: concluded when its time is over and nothing is open, and reported."""
