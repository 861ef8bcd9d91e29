"""The platform's hosts as a backend and a browser meet them."""
