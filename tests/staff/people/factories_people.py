"""Invented people to invite, and what stands in the tables about them."""

import threading
from collections.abc import Callable
from datetime import date

from flask import Flask
from sqlalchemy import select

from foundation.errors import AppError
from foundation.transaction import transaction
from staff.actors import Actor
from staff.audit.models import AuditEntry
from staff.models import Member
from staff.people.accepting import accept_invitation
from staff.people.details import PersonDetails
from staff.people.links import Handed
from staff.roles import Role

PASSWORD = "初来乍到的一句示例密码 2026"
STRANGER = Actor("unknown", "未知", network="192.0.2.0/24", request_id="request-9")
CLERK = PersonDetails("示例新人", Role.OFFICE)
INVESTIGATOR = PersonDetails("示例考察员", Role.INVESTIGATOR, "示例县委", date(2099, 4, 30), "13800005678")


def accept(link: Handed, name: str = "xinren", password: str = PASSWORD) -> str:
    return accept_invitation(link.token, name, password, password, STRANGER, replaces=None)


def member_named(name: str) -> Member:
    with transaction() as session:
        return session.scalars(select(Member).where(Member.name == name)).one()


def names() -> list[str]:
    with transaction() as session:
        return list(session.scalars(select(Member.name).order_by(Member.name)))


def latest_fields() -> list[str]:
    """Return which fields the latest line of the trail names."""
    with transaction() as session:
        return list(session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1)).one().fields)


def at_once(app: Flask, *deeds: Callable[[], object]) -> list[object]:
    """Do several things at the same moment, each in a context of its own; return what came of each, by type."""
    ready = threading.Barrier(len(deeds))
    results: list[object] = [None] * len(deeds)

    def do(place: int, deed: Callable[[], object]) -> None:
        with app.app_context():
            ready.wait(timeout=10)
            try:
                deed()
                results[place] = "done"
            except AppError as error:
                results[place] = type(error)

    threads = [threading.Thread(target=do, args=(place, deed)) for place, deed in enumerate(deeds)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    return results
