"""The keys: who may do what, and what they did."""
