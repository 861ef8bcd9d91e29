"""The room put together: what the factory calls to have notices in the application."""

from flask import Flask

from publicity.conclusion.room import register_conclusion
from publicity.notices.room import register_notices
from publicity.objections.room import register_objections
from publicity.pushes.room import register_pushes


def register_publicity(app: Flask) -> None:
    """Add notices, objections, pushes and reports; the account and the staff's console must be there."""
    register_notices(app)
    register_objections(app)
    register_pushes(app)
    register_conclusion(app)
