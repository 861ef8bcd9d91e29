"""Orders to the sandbox that a test's service is connected to."""

from typing import Any

from flask import Flask

from wechat.sandbox.app import create_admin
from wechat.sandbox.current import world_of
from wechat.sandbox.state.account import Account


class SandboxAdmin:
    """The admin API of the sandbox, and the account it keeps, for what its API does not tell."""

    def __init__(self, sandbox: Flask) -> None:
        self._client = create_admin(sandbox).test_client()
        self.account: Account = world_of(sandbox).first

    def order(self, method: str, path: str, /, **given: Any) -> dict[str, Any]:
        answer = self._client.open(path, method=method, json=given or None)
        assert answer.status_code < 300, answer.text
        told: dict[str, Any] = answer.json or {}
        return told

    def change(self, **settings: Any) -> None:
        """Change settings of the account, its page size or its rights, say."""
        self.account.change(**settings)

    def fault(self, kind: str, path: str, **given: Any) -> None:
        self.order("POST", "/faults", kind=kind, path=path, **given)

    def calls(self, path: str) -> list[int | None]:
        """Return how the calls of a path were answered, by errcode."""
        latest = self.order("GET", "/calls")["latest"]
        return [one["errcode"] for one in latest if one["path"] == path]

    def openids(self) -> list[str]:
        return [person.openid for person in self.account.followers.following()]
