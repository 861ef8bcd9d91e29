"""The room put together: what the factory calls to have a console with its keys."""

from flask import Flask

import staff.approvals.acts
import staff.audit.acts
import staff.downloads_acts
import staff.entry_acts
import staff.options.acts
import staff.people.acts
import staff.personal.acts
import staff.personal.staff_rules
import staff.personal.stored_files
import staff.supervision.acts  # noqa: F401  # the acts and rules of the room, declared before anybody asks for them
from staff.approvals.console import register_approvals
from staff.audit.console import register_audit
from staff.console import register_console
from staff.console_own import register_own
from staff.options.console import register_options
from staff.people.console import register_people
from staff.personal.console import register_personal
from staff.supervision.console import register_supervision


def register_staff(app: Flask) -> None:
    """Add the console's frame and the pages of the room; other rooms' pages and entries come after.

    Database, encryption, files and queues must be there.
    """
    register_console(app)
    register_own(app)
    register_approvals(app)
    register_audit(app)
    register_personal(app)
    register_options(app)
    register_people(app)
    register_supervision(app)
