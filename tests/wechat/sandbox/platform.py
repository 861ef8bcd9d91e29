"""The sandbox under test as a test talks to it: real HTTP, a clock that stands still until it is moved."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import requests
from flask import Flask
from werkzeug.wrappers import Request

from wechat.sandbox.app import create_admin, create_sandbox
from wechat.sandbox.config import SandboxConfig

from .backend import AES_KEY, APPID, ORIGINAL_ID, SECRET, TOKEN, Backend, Push, served

START = 1767225600.0
JSON = {"Accept": "application/json"}


@dataclass
class Clock:
    now: float = START

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


@dataclass
class Platform:
    """A running sandbox and the backend it pushes to."""

    url: str
    admin_url: str
    backend: Backend
    clock: Clock
    app: Flask
    http: requests.Session

    def get(self, path: str, **query: str) -> dict[str, Any]:
        """Call the API; errors come as HTTP 200 like everything else."""
        return self._answer(self.http.get(f"{self.url}/api{path}", params=query, timeout=5))

    def post(self, path: str, body: object, **query: str) -> dict[str, Any]:
        return self._answer(self.http.post(f"{self.url}/api{path}", params=query, json=body, timeout=5))

    def order(self, method: str, path: str, /, **given: Any) -> dict[str, Any]:
        """Give the sandbox an order by its admin API."""
        response = self.http.request(method, f"{self.admin_url}{path}", json=given or None, timeout=30)
        assert response.ok, response.text
        answer: dict[str, Any] = response.json() if response.content else {}
        return answer

    def fault(self, kind: str, **given: Any) -> int:
        """Have something go wrong; gives the fault's number."""
        return int(self.order("POST", "/faults", kind=kind, **given)["number"])

    def run_jobs(self) -> None:
        """Have everything done that the platform does later."""
        assert self.order("POST", "/jobs/run", everything=True)["waiting"] == 0

    def upload(self, path: str, filename: str, data: bytes, **query: str) -> dict[str, Any]:
        """Send a file with the account's token."""
        query["access_token"] = self.token()
        return self._answer(
            self.http.post(f"{self.url}/api{path}", params=query, files={"media": (filename, data)}, timeout=10)
        )

    def ask(self, path: str, /, **body: Any) -> dict[str, Any]:
        """Post JSON with the account's token."""
        return self.post(path, body, access_token=self.token())

    def told(self, event: str) -> list[Push]:
        """The pushes of an event that came to the backend."""
        return [push for push in self.backend.pushes if push.fields.get("Event") == event]

    def seen(self, follower: str, via: str) -> list[dict[str, Any]]:
        """What a person saw that came by one way."""
        lines: list[dict[str, Any]] = self.order("GET", f"/accounts/-/outbox/{follower}?via={via}")["lines"]
        return lines

    def token(self) -> str:
        """A stable token, as the backend would hold it."""
        body = {"grant_type": "client_credential", "appid": APPID, "secret": SECRET}
        return str(self.post("/cgi-bin/stable_token", body)["access_token"])

    def act(self, follower: str, what: str, **fields: str) -> requests.Response:
        """Do something on a follower's phone, as a program does."""
        return self.http.post(f"{self.url}/phone/{follower}/{what}", data=fields, headers=JSON, timeout=15)

    def done(self, follower: str, what: str, **fields: str) -> dict[str, Any]:
        response = self.act(follower, what, **fields)
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    def chat(self, follower: str) -> dict[str, Any]:
        answer: dict[str, Any] = self.http.get(f"{self.url}/phone/{follower}/chat.json", timeout=5).json()
        return answer

    def openid(self, follower: str) -> str:
        return str(self.chat(follower)["follower"]["openid"])

    @staticmethod
    def _answer(response: requests.Response) -> dict[str, Any]:
        assert (response.status_code, response.headers["Content-Type"]) == (200, "application/json; encoding=utf-8")
        answer: dict[str, Any] = response.json()
        return answer


MakePlatform = Callable[..., Platform]


@contextmanager
def running(**settings: Any) -> Iterator[Platform]:
    """A sandbox with its backend, both served; settings change the SandboxConfig."""
    backend, clock = Backend(), Clock()
    with served(Request.application(backend)) as backend.url, requests.Session() as http:
        defaults: dict[str, Any] = {
            "appid": APPID,
            "secret": SECRET,
            "original_id": ORIGINAL_ID,
            "token": TOKEN,
            "aes_key": AES_KEY,
            "message_mode": "plain",
            "callback_url": f"{backend.url}/wechat/callback",
            "callback_domain": backend.domain,
            "clock": clock,
            "push_timeout": 2.0,
            "push_pause": 0.0,
        }
        app = create_sandbox(SandboxConfig(**(defaults | settings)))
        with served(app) as url, served(create_admin(app)) as admin_url:
            try:
                yield Platform(url, admin_url, backend, clock, app, http)
            finally:
                backend.released.set()
