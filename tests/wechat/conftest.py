"""The account as tests need it, and the sandbox as the platform, reached over HTTP in both directions."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import wait
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
from flask import Flask, request
from flask.testing import FlaskClient
from werkzeug.serving import WSGIRequestHandler, make_server

from app.factory import create_app
from foundation.database import db
from foundation.embedded.servers import Connections
from tests.conftest import empty, make_settings
from tests.wechat.admin_of_sandbox import SandboxAdmin
from tests.wechat.factories_wechat import NOW, Platform
from wechat.account import Account
from wechat.answering import HANDLED_AT_ONCE, PROMISED_AT_ONCE
from wechat.inbox import Handler
from wechat.sandbox.app import create_sandbox
from wechat.sandbox.config import SandboxConfig

UseAccount = Callable[..., Account]


@pytest.fixture
def use_account(app: Flask, monkeypatch: pytest.MonkeyPatch) -> UseAccount:
    """Give the application an account with other settings, at a moment that stands still."""

    def use(at: float = NOW, **changes: object) -> Account:
        account = Account(make_settings(**changes), lambda: datetime.fromtimestamp(at, UTC))
        monkeypatch.setitem(app.extensions, "wechat_account", account)
        return account

    return use


@pytest.fixture
def platform(client: FlaskClient, use_account: UseAccount, handlers: list[Handler]) -> Platform:
    """The platform, pushing in clear to an account in plain mode that nobody but this room answers for."""
    return Platform(client, use_account(wechat_message_mode="plain"))


@pytest.fixture
def handlers(app: Flask) -> Iterator[list[Handler]]:
    """The handlers offered to the chat: none, until a test adds some."""
    with _no_handlers(app) as offered:
        yield offered


@contextmanager
def _no_handlers(app: Flask) -> Iterator[list[Handler]]:
    offered: list[Handler] = app.extensions["wechat_handlers"].offered
    before = list(offered)
    offered.clear()
    yield offered
    offered[:] = before


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002
        """Say nothing: the lines would stand between the tests' own."""


class Switch:
    """A WSGI application that stands for another, which may change while the server runs."""

    application: Flask

    def __call__(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        return self.application(environ, start_response)


@contextmanager
def served(application: Any) -> Iterator[str]:
    """Serve a WSGI application on a free port; yields its address."""
    server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class World:
    """The service and the platform, each at its own address, and a browser that reaches both.

    `ahead` is how many seconds the platform's clock is before ours; `asked` are the paths the service asked it for.
    """

    app: Flask
    site: str
    platform: str
    browser: requests.Session
    asked: list[str]
    ahead: float = 0.0

    def exchanges(self) -> int:
        """Count the codes that the service tried to exchange."""
        return self.asked.count("/api/sns/oauth2/access_token")

    def phone(self, person: str, act: str, **fields: str) -> dict[str, Any]:
        """Do something on a person's phone and return what came of it."""
        address = f"{self.platform}/phone/{person}/{act}"
        response = self.browser.post(address, data=fields, headers={"Accept": "application/json"}, timeout=15)
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    def openid(self, person: str) -> str:
        chat = self.browser.get(f"{self.platform}/phone/{person}/chat.json", timeout=5).json()
        return str(chat["follower"]["openid"])

    def go(self, address: str) -> requests.Response:
        """Open one address and follow no redirect."""
        return self.browser.get(address, allow_redirects=False, timeout=15)


@dataclass
class _Link:
    app: Flask
    site: str
    platform: str
    platform_switch: Switch


@pytest.fixture(scope="session")
def link(connections: Connections) -> Iterator[_Link]:
    """One service per worker whose platform is the sandbox."""
    site, platform = Switch(), Switch()
    with ExitStack() as stack:
        site_url, platform_url = (stack.enter_context(served(switch)) for switch in (site, platform))
        hosts = {f"wechat_{host}_url": f"{platform_url}/{host}" for host in ("api", "open", "mp", "res")}
        site.application = create_app(make_settings(public_url=site_url, **hosts), connections)
        yield _Link(site.application, site_url, platform_url, platform)
        with site.application.app_context():
            db.engine.dispose()


@pytest.fixture
def world(link: _Link, connections: Connections) -> Iterator[World]:
    """A fresh sandbox, empty tables, and a browser without cookies."""
    with requests.Session() as browser, link.app.app_context(), _no_handlers(link.app):
        browser.trust_env = False
        made = World(link.app, link.site, link.platform, browser, [])
        sandbox = create_sandbox(_sandbox_config(link, lambda: time.time() + made.ahead))
        sandbox.before_request(lambda: made.asked.append(request.path))
        link.platform_switch.application = sandbox
        yield made
        _await_the_desk(link.app)
    empty(connections)
    link.app.extensions["options"].forget()
    link.app.extensions["wechat_farewells"].forget()
    link.app.extensions["wechat_account"].capabilities.forget()


def _await_the_desk(app: Flask) -> None:
    """Wait until no push of this test is handled any more: one that ends later would ring in the next test."""
    desk = app.extensions["wechat_desk"]
    for pool, threads in ((desk._promising, PROMISED_AT_ONCE), (desk._handling, HANDLED_AT_ONCE)):
        at_hand = threading.Barrier(threads)
        wait([pool.submit(at_hand.wait, 30) for _ in range(threads)])


@pytest.fixture
def admin(link: _Link, world: World) -> SandboxAdmin:
    """The sandbox's own side, in the tests' hands."""
    return SandboxAdmin(link.platform_switch.application)


def _sandbox_config(link: _Link, clock: Callable[[], float]) -> SandboxConfig:
    settings = make_settings()
    return SandboxConfig(
        appid=settings.wechat_appid,
        secret=settings.wechat_secret.get_secret_value(),
        original_id=settings.wechat_original_id,
        token=settings.wechat_token.get_secret_value(),
        aes_key=settings.wechat_aes_key.get_secret_value(),
        message_mode="safe",
        callback_url=f"{link.site}/wechat/callback",
        callback_domain=link.site.removeprefix("http://"),
        clock=clock,
        push_retries=0,
    )
