"""Notices put together: their acts, pages and words in the chat."""

from flask import Flask

import publicity.notices.acts
import publicity.notices.options
import publicity.notices.personal_data  # noqa: F401  # acts, settings and what is kept, declared before anybody asks
from publicity.notices.console import register_notices_console
from publicity.notices.replies import register_replies
from publicity.notices.views import register_notice_pages


def register_notices(app: Flask) -> None:
    """Add what the part offers to the application."""
    register_notice_pages(app)
    register_notices_console(app)
    register_replies(app)
