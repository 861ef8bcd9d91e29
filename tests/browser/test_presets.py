"""A whole vote with every kind of account: from following to the receipt, by the way that this account has."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest
import requests
from playwright.sync_api import Page, expect
from sqlalchemy import select

from app.factory import create_app
from app.starting import site_answers, web_command
from app.supervisor import Program, Supervisor
from config import load_settings
from foundation.database import db
from foundation.embedded.servers import Connections
from foundation.transaction import transaction
from staff.actors import SYSTEM
from tests.browser.conftest import LiveSite
from tests.conftest import empty
from tests.ports import free_ports
from votes.models import Ballot, Poll
from votes.rules import unpack
from votes.voters import voter_tag
from wechat.account import current_account
from wechat.menu import publish_menu

PERSON = "示例群众戊"  # who does not follow yet
CHOSEN = (1, 4)


def by_the_menu(page: Page) -> None:
    """Open the ballot page from the menu; WeChat signs the reader in on the way."""
    press_in_the_menu(page)
    vote_on_the_page(page)


def by_a_link_from_the_menu(page: Page) -> None:
    """Press the menu's button, open the link in the answer, and go in by its one button."""
    open_the_link_that_comes(page, press_in_the_menu)
    vote_on_the_page(page)


def by_a_link_for_a_word(page: Page) -> None:
    """Write the word, open the link in the answer, and go in by its one button."""
    open_the_link_that_comes(page, lambda page: say(page, "投票"))
    vote_on_the_page(page)


def in_the_chat(page: Page) -> None:
    """Never leave the chat."""
    for said, answer in (("聊天投票", "在聊天里投票："), ("1 4", "您选了2个"), ("确认", "投票成功")):
        say(page, said)
        expect(page.get_by_role("log").get_by_text(answer)).to_be_visible()


class Houses:
    """The service as one kind of account after another has it: the same servers, a web process of its own."""

    def __init__(self, site: LiveSite, connections: Connections) -> None:
        self._site = site
        self._connections = connections
        self._stack = ExitStack()
        self._kept: tuple[str, LiveSite] | None = None

    def of(self, preset: str) -> LiveSite:
        if self._kept is None or self._kept[0] != preset:
            self.close()
            house = _house(self._site, self._connections, preset)
            self._kept = preset, self._stack.enter_context(house)
        return self._kept[1]

    def close(self) -> None:
        self._stack.close()


@contextmanager
def _house(site: LiveSite, connections: Connections, preset: str) -> Iterator[LiveSite]:
    """Run a web process with this account's settings, and have the platform know the account as that."""
    common, port = site.app.config["SETTINGS"], free_ports()
    if common.wechat_capabilities == preset:
        yield site
        return
    environment = {
        "DATA_DIR": str(common.data_dir),
        "PORT": str(port),
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "WEB_WORKERS": "1",
        "WECHAT_CAPABILITIES": preset,
        "DATABASE_URL": connections.database_url,
        "REDIS_URL": connections.redis_url,
        "PATH": "/usr/bin:/bin",
    }
    settings = load_settings(environment)
    app = create_app(settings, connections)
    supervisor = Supervisor([Program("web", web_command(settings, "wsgi:create_service"))], {}, environment)
    thread = threading.Thread(target=supervisor.run, args=(lambda: None,), daemon=True)
    thread.start()
    try:
        assert site_answers(settings, sandbox=False)
        with _known_to_the_platform(common.port + 2, settings.public_url, preset):
            yield LiveSite(settings.public_url, site.sandbox_url, app)
    finally:
        supervisor.request_stop()
        thread.join(30)
        with app.app_context():
            db.engine.dispose()


@contextmanager
def _known_to_the_platform(orders: int, site: str, preset: str) -> Iterator[None]:
    """Change the sandbox's account by its orders, and change it back in the end."""
    address = f"http://127.0.0.1:{orders}/accounts/-"
    changes = {"capabilities": preset, "callback_url": f"{site}/wechat/callback", "callback_domain": site[7:]}
    before = requests.get(address, timeout=5).json()
    requests.patch(address, json=changes, timeout=5).raise_for_status()
    yield
    requests.patch(address, json={name: before[name] for name in changes}, timeout=5).raise_for_status()


@pytest.fixture(scope="module")
def houses(running_site: LiveSite, site_connections: Connections) -> Iterator[Houses]:
    made = Houses(running_site, site_connections)
    yield made
    made.close()


@pytest.fixture
def house(houses: Houses, preset: str) -> LiveSite:
    return houses.of(preset)


@pytest.fixture
def poll(house: LiveSite, site_connections: Connections) -> Iterator[str]:
    """A poll, in the menu where the account may have one."""
    slug = house.poll(visibility="hidden")
    with house.app.app_context():
        if current_account().may("menu"):
            publish_menu(SYSTEM)
    yield slug
    empty(site_connections)


@pytest.mark.parametrize(
    ("preset", "vote"),
    [
        ("service-verified", by_the_menu),
        ("sub-verified-gov", by_the_menu),
        ("sub-verified", by_a_link_from_the_menu),
        ("sub-unverified", by_a_link_for_a_word),
        ("sub-unverified", in_the_chat),
    ],
)
def test_from_following_to_the_receipt(house: LiveSite, poll: str, page: Page, vote: Callable[[Page], None]) -> None:
    follow(page, house)
    vote(page)
    (code,) = codes_of(house, poll, openid_of(page, house), CHOSEN)
    expect(page.get_by_text(code).last).to_be_visible()
    open_chat(page, house)
    say(page, f"查票 {code}")
    expect(page.get_by_text(f"回执{code}：已收录")).to_be_visible()


def open_chat(page: Page, house: LiveSite) -> None:
    page.goto(f"{house.sandbox_url}/phone/wu/")


def follow(page: Page, house: LiveSite) -> None:
    """Take the phone of somebody who does not follow, follow, and be welcomed with what is on now."""
    page.request.post(f"{house.sandbox_url}/phone/wu/unfollow")
    page.goto(house.sandbox_url)
    page.get_by_text(PERSON).first.click()
    page.get_by_role("button", name="关注公众号").click()
    expect(page.get_by_text("“示例网上评议”正在投票").last).to_be_visible()


def press_in_the_menu(page: Page) -> None:
    page.get_by_label("公众号菜单").get_by_text("网上评议").click()
    page.get_by_role("button", name="投票", exact=True).click()


def say(page: Page, text: str) -> None:
    page.get_by_label("要说的话").fill(text)
    page.get_by_role("button", name="发送").click()


def open_the_link_that_comes(page: Page, ask: Callable[[Page], None]) -> None:
    """Ask for a link, tap the one that comes of it, and press its button."""
    links = page.get_by_role("log").locator('a[href*="/v/"]')
    before = links.count()
    ask(page)
    expect(links).to_have_count(before + 1)
    links.last.click()
    page.get_by_role("button", name="进入投票").click()


def vote_on_the_page(page: Page) -> None:
    """Choose, look over, cast, and see the receipt."""
    expect(page.locator("#left")).to_contain_text("还有")  # the page knows who reads it
    page.get_by_text("看候选对象，开始投票").click()
    for award in (0, 1):
        page.get_by_role("tab").nth(award).click()
        page.locator("[data-award]").nth(award).locator("button[aria-pressed]").first.click()
    page.get_by_text("核对选票").first.click()
    page.get_by_text("确认投票").click()
    expect(page.get_by_text("已投成功")).to_be_visible()
    expect(page.get_by_text("第 1 票")).to_be_visible()


def openid_of(page: Page, house: LiveSite) -> str:
    chat = page.request.get(f"{house.sandbox_url}/phone/wu/chat.json").json()
    return str(chat["follower"]["openid"])


def codes_of(house: LiveSite, slug: str, openid: str, choices: tuple[int, ...]) -> list[str]:
    """Return the receipts of all ballots in the poll, which are to be this person's with these choices."""
    with house.app.app_context(), transaction() as session:
        poll = session.scalars(select(Poll).filter_by(slug=slug)).one()
        rows = session.execute(select(Ballot.voter_tag, Ballot.choices, Ballot.code).filter_by(poll_id=poll.id)).all()
        tag = voter_tag(poll.voter_key or b"", openid)
    assert [(row.voter_tag, unpack(row.choices)) for row in rows] == [(tag, choices)]
    return [row.code for row in rows]
