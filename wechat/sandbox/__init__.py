"""A stand-in for the WeChat platform, in a process of its own; it shares no code with the rest of the project."""
