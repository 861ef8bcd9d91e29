"""The demo: an invented selection, invented people, secrets of its own."""
