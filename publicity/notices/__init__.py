"""Notices: drafted, examined, issued, running out by working days, each version with what changed."""
