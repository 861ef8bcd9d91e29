"""The end of a notice put together: its acts and pages."""

from flask import Flask

import publicity.conclusion.acts  # noqa: F401  # declared before anybody asks for them
from publicity.conclusion.console import register_conclusion_console
from publicity.notices.acts import SEE
from publicity.notices.tabs import offer_notice_tab


def register_conclusion(app: Flask) -> None:
    """Add what the part offers to the application."""
    register_conclusion_console(app)
    offer_notice_tab(app, "结束与报告", "/console/notices/{}/conclusion".format, SEE)
