"""Notices and what follows from them: publicity with a clock, objections to it, and every follower told."""
