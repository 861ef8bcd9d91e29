"""The phones of invented people, for eyes and for programs."""
