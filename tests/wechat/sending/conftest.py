"""The service with rights of its choice, on a platform whose clock, faults and chats a test can reach."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from foundation.clock import utc_now
from tests.conftest import DatabaseClock
from tests.wechat.conftest import World, _Link
from wechat.account import Account, current_account
from wechat.sandbox.app import create_admin

API = "/api/cgi-bin/"


@dataclass
class Platform:
    """The platform as its operators see it, and both clocks, which go together."""

    world: World
    orders: FlaskClient
    database_clock: DatabaseClock
    account_changes: Callable[[str], None]

    def order(self, method: str, path: str, /, **given: Any) -> dict[str, Any]:
        """Give an order by the admin API."""
        answer = self.orders.open(path, method=method, json=given or None, base_url="http://127.0.0.1")
        assert answer.status_code < 300, answer.text
        told: dict[str, Any] = answer.get_json() if answer.data else {}
        return told

    def fault(self, kind: str, path: str, /, count: int = 1, **more: Any) -> None:
        """Have the next calls of a path (below /cgi-bin/) go wrong."""
        self.order("POST", "/faults", kind=kind, path=f"/cgi-bin/{path}", count=count, **more)

    def asked(self, path: str) -> int:
        """Count the calls that the service made of a path."""
        return self.world.asked.count(API + path)

    def later(self, **step: float) -> None:
        """Let time pass, here and there."""
        self.database_clock.advance(timedelta(**step))
        self.order("POST", "/clock", advance=timedelta(**step).total_seconds())

    def finish_jobs(self) -> None:
        """Have the platform do, and tell, everything that it does later."""
        assert self.order("POST", "/jobs/run", everything=True)["waiting"] == 0

    def seen(self, person: str, via: str) -> list[dict[str, Any]]:
        """What somebody saw that came by one way."""
        lines: list[dict[str, Any]] = self.order("GET", f"/accounts/-/outbox/{person}?via={via}")["lines"]
        return lines

    def texts(self, person: str, via: str) -> list[str]:
        return [line["text"] for line in self.seen(person, via)]

    def openid(self, person: str) -> str:
        return self.world.openid(person)

    def template(self, content: str, kind: str = "template", **more: Any) -> str:
        made = self.order("POST", "/accounts/-/templates", kind=kind, title="公示提醒", content=content, **more)
        return str(made["template_id"])

    def become(self, capabilities: str) -> None:
        """Have the account be of another kind, on both sides."""
        self.account_changes(capabilities)
        self.order("PATCH", "/accounts/-", capabilities=capabilities)


@pytest.fixture
def platform(link: _Link, world: World, database_clock: DatabaseClock, monkeypatch: pytest.MonkeyPatch) -> Platform:
    """A verified service account on a platform of its own."""

    def change(capabilities: str) -> None:
        settings = world.app.config["SETTINGS"].model_copy(update={"wechat_capabilities": capabilities})
        monkeypatch.setitem(world.app.extensions, "wechat_account", Account(settings, utc_now))
        current_account().capabilities.forget()

    admin = create_admin(link.platform_switch.application)
    made = Platform(world, admin.test_client(), database_clock, change)
    made.become("service-verified")
    return made
