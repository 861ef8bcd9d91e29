"""Polls and the ballots cast in them, from the ballot page to the tally."""
