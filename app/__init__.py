"""The roof: the whole system on one page."""
