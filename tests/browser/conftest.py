"""A whole running service and a real browser the size of a phone."""

import shutil
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page

from app.demo.secrets import prepare_demo_folder
from app.factory import create_app
from app.migrating import migrate
from app.starting import programs_of, site_answers
from app.supervisor import Supervisor
from config import load_settings
from foundation.database import db, libpq_url
from foundation.embedded.servers import Connections, embedded_servers
from tests.conftest import DatabaseClock, empty, passing_installation
from tests.factories import make_poll
from tests.ports import free_ports
from wechat.identity import sign_in_voter

PHONE = {"width": 375, "height": 667}
WECHAT = (
    "Mozilla/5.0 (Linux; Android 10; Mobile) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/107.0 "
    "Mobile Safari/537.36 MicroMessenger/8.0.40 NetType/4G Language/zh_CN"
)


@dataclass(frozen=True)
class LiveSite:
    """The service as people reach it, and the application behind it for making what a test needs."""

    url: str
    sandbox_url: str
    app: Flask

    def poll(self, **changes: object) -> str:
        """Make a poll under a slug of its own and return the slug."""
        slug = f"poll-{token_hex(4)}"
        with self.app.app_context():
            make_poll(slug, **changes)  # type: ignore[arg-type]  # handed through
        return slug

    def sign_in(self, page: Page, openid: str | None = None, *, snapshot: bool = False) -> str:
        """Give the browser the cookie of somebody whom WeChat named to us; returns the openid."""
        openid = openid or f"o{token_hex(13)}x"
        with self.app.test_request_context():
            response = self.app.response_class()
            sign_in_voter(response, openid, snapshot)
        name, _, rest = response.headers["Set-Cookie"].partition("=")
        page.context.add_cookies([{"name": name, "value": rest.split(";")[0], "url": self.url}])
        return openid


@pytest.fixture(scope="session")
def site_connections() -> Iterator[Connections]:
    """Servers for the running site alone: its sequencer and worker must not meddle with other tests' ballots."""
    with passing_installation() as folder, embedded_servers(folder, durable=False) as running:
        yield running.connections


@pytest.fixture(scope="session")
def running_site(site_connections: Connections) -> Iterator[LiveSite]:
    """Run web, worker, sequencer and sandbox for all browser tests of this worker."""
    folder = Path(tempfile.mkdtemp(prefix="vote-site-"))
    port = free_ports(4)  # the site, the sandbox, the orders to the sandbox, who may frame the column
    sandbox = f"http://127.0.0.1:{port + 1}"
    prepare_demo_folder(folder, port=port, public_url=None, sandbox_url=sandbox)
    environment = {
        "DATA_DIR": str(folder),
        "PORT": str(port),
        "WEB_WORKERS": "1",
        "JOB_WORKERS": "1",
        "EMBED_ORIGINS": f"http://127.0.0.1:{port + 3}",
        "DATABASE_URL": site_connections.database_url,
        "DATABASE_OWNER_URL": site_connections.owner_url,
        "REDIS_URL": site_connections.redis_url,
        "PATH": "/usr/bin:/bin",
    }
    settings = load_settings(environment)
    app = create_app(settings, site_connections)
    migrate(app)
    supervisor = Supervisor(programs_of(settings, sandbox=True), {}, environment)
    thread = threading.Thread(target=supervisor.run, args=(lambda: None,), daemon=True)
    thread.start()
    try:
        assert site_answers(settings, sandbox=True)
        yield LiveSite(settings.public_url, sandbox, app)
    finally:
        supervisor.request_stop()
        thread.join(30)
        with app.app_context():
            db.engine.dispose()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def live_site(running_site: LiveSite, site_connections: Connections) -> Iterator[LiveSite]:
    """The running service, with empty tables after each test."""
    yield running_site
    empty(site_connections)


@pytest.fixture
def database_clock(site_connections: Connections) -> Iterator[DatabaseClock]:
    """The clock of the running site's database."""
    clock = DatabaseClock(libpq_url(site_connections.owner_url))
    yield clock
    clock.reset()


@pytest.fixture
def phone(browser: Browser) -> Iterator[BrowserContext]:
    """A phone with WeChat's webview."""
    context = browser.new_context(viewport=PHONE, user_agent=WECHAT, locale="zh-CN", has_touch=True, is_mobile=True)  # type: ignore[arg-type]  # a dict of the size
    context.set_default_timeout(10_000)
    yield context
    context.close()


@pytest.fixture
def page(phone: BrowserContext) -> Page:
    return phone.new_page()
