"""Where the servers come in: the service for granian, and the same service with its commands for `flask`."""

from flask import Flask

from app.cli import create_command_line
from app.factory import create_app as build
from config import load_settings
from foundation.embedded.servers import known_connections


def create_service() -> Flask:
    """Build the service for one web process, from the environment."""
    settings = load_settings()
    return build(
        settings,
        known_connections(settings.data_dir, settings.database_url, settings.database_owner_url, settings.redis_url),
    )


def create_app() -> Flask:
    """Build what the `flask` command works on."""
    return create_command_line(create_service)
