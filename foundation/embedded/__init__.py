"""PostgreSQL and Redis of our own, for an installation that names no others."""
