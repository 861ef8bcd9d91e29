"""Options: what staff change while the service runs, with every version of it kept."""
