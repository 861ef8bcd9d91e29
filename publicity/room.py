"""The room put together: what the factory calls to have notices in the application."""

from flask import Flask

from publicity.notices.room import register_notices
from publicity.objections.room import register_objections
from publicity.pushes.room import register_pushes


def register_publicity(app: Flask) -> None:
    """Add notices; the account and the staff's console must be there."""
    register_notices(app)
    register_objections(app)
    register_pushes(app)
