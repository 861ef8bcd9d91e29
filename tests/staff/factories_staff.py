"""Invented staff, the browsers they sit at, and what the audit trail says of them."""

import re
from functools import cache
from typing import Self

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from config import Settings
from foundation.transaction import transaction
from staff.accounts import Account
from staff.actors import Actor
from staff.approvals.deciding import approve
from staff.approvals.listing import waiting_for
from staff.audit.models import AuditEntry
from staff.models import Member
from staff.passwords import hash_password
from staff.roles import Role
from staff.sessions import begin_session, find_session

PASSWORD = "一句长长的示例密码 2026"
COOKIE = "staff"
NETWORK = "127.0.0.0/24"


def make_staff(
    name: str = "jingban", display_name: str = "示例经办", role: Role = Role.OFFICE, unit: str | None = None
) -> Account:
    """Put a member into the table with PASSWORD, hashed once for all tests; the trail says nothing of it."""
    with transaction() as session:
        member = Member(name=name, display_name=display_name, password_hash=_resting_password(), role=role, unit=unit)
        session.add(member)
        session.flush()
        return Account(member.id, name, display_name, role, unit)


def leader_approves() -> None:
    """Let a leader approve the one request that waits."""
    leader = actor_of(make_staff("lingdao", "示例部领导", Role.LEADER))
    (waiting,) = waiting_for(leader)
    approve(waiting.key, leader)


@cache
def _resting_password() -> str:
    return hash_password(PASSWORD)


def actor_of(account: Account) -> Actor:
    return Actor(account.name, account.display_name, account.id, NETWORK, "request-1", account.role, account.unit)


def recorded() -> list[tuple[str, str, str, str]]:
    """Return actor, act, object and result of every audit row, the oldest first."""
    with transaction() as session:
        entries = session.scalars(select(AuditEntry).order_by(AuditEntry.id))
        return [(entry.actor, entry.act, entry.object, entry.result) for entry in entries]


class Browser:
    """A browser on a member's desk; it names its origin as browsers do and keeps its cookies."""

    def __init__(self, app: Flask) -> None:
        settings: Settings = app.config["SETTINGS"]
        self.origin = settings.public_url
        self.client: FlaskClient = app.test_client()

    def signed_in_as(self, account: Account) -> Self:
        """Give the browser a session without the slow password."""
        self.client.set_cookie(COOKIE, begin_session(account.id, replaces=None, complete=True))
        return self

    @property
    def token(self) -> str | None:
        cookie = self.client.get_cookie(COOKIE)
        return cookie.value if cookie else None

    def is_signed_in(self) -> bool:
        return find_session(self.token, keeps_awake=False) is not None

    def get(self, path: str) -> TestResponse:
        return self.client.get(path)

    def post(self, path: str, **fields: str) -> TestResponse:
        """Send a form from our own site without a session's token."""
        return self.client.post(path, data=fields, headers={"Origin": self.origin})

    def submit(self, path: str, **fields: str) -> TestResponse:
        """Send a form of the console, with the token that its page carries."""
        return self.post(path, csrf_token=self.csrf_token(), **fields)

    def csrf_token(self) -> str:
        return form_token(self.get("/console/account"))


def form_token(page: TestResponse) -> str:
    """Return the token that the forms of a page carry."""
    found = re.search(r'name="csrf_token" value="(\w+)"', page.text)
    assert found is not None
    return found[1]
