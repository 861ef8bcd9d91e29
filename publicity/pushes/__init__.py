"""Pushes: a notice told to followers, each delivery a row that knows how it went."""
