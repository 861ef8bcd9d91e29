"""Choosing on a computer and handing the choices to the phone: in the code's fragment alone, never a session."""

import base64
import re
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import segno
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from playwright.sync_api import Browser, BrowserContext, Page, Request, Route, expect
from sqlalchemy import select
from werkzeug.serving import WSGIRequestHandler, make_server

from foundation.transaction import transaction
from tests.browser.conftest import PHONE, LiveSite
from tests.browser.test_ballot_page import AWARDS, ballots, card, choose, complaints_of, open_list, pick, start
from tests.factories import make_poll
from tests.ports import free_ports
from votes.models import Candidate, Poll
from votes.rules import pack

DESK = {"width": 1280, "height": 800}
VERSION, CAPACITY = 6, 106  # of a QR code with correction M, in bytes


@pytest.fixture
def desk(browser: Browser) -> Iterator[Page]:
    """A computer in an office."""
    context = browser.new_context(viewport=DESK, locale="zh-CN")  # type: ignore[arg-type]  # a dict of the size
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()


def text_of(numbers: Iterable[int], highest: int) -> str:
    """Return choices as they stand in the address: the ledger's bit set in base64url."""
    return base64.urlsafe_b64encode(pack(numbers, (highest + 7) // 8)).decode().rstrip("=")


def at(site: LiveSite, slug: str, numbers: Iterable[int], highest: int = 7) -> str:
    return f"{site.url}/polls/{slug}?from=column#choices={text_of(numbers, highest)}"


def open_column(site: LiveSite, page: Page, slug: str) -> None:
    page.goto(f"{site.url}/polls/{slug}/column")
    expect(page.get_by_role("heading", name="到手机微信里投票")).to_be_visible()


def carried(page: Page, words: str) -> str:
    """Return the address in the code that is drawn, once the page says what it carries."""
    expect(page.locator("#carried")).to_have_text(words)
    address = page.locator("#code").get_attribute("data-address")
    assert address is not None
    return address


# The whole way


def test_choices_go_from_the_desk_to_the_phone_and_are_cast_there(live_site: LiveSite, desk: Page, page: Page) -> None:
    slug = live_site.poll(awards=AWARDS)
    complaints = [complaints_of(desk), complaints_of(page)]
    asked = requests_of(desk)
    open_column(live_site, desk, slug)
    expect(desk.get_by_text("在这里选，还没有投票。")).to_be_visible()
    choose(desk, 3, 8)
    desk.get_by_role("tab", name="优秀共产党员").click()
    choose(desk, 180)
    address = carried(desk, "二维码里有您选的3个。")
    assert address == at(live_site, slug, (3, 8, 180), 180)
    assert {desk.locator("#address").input_value(), desk.locator("#go").get_attribute("href")} == {address}
    choices = text_of((3, 8, 180), 180)
    assert [sent for sent in asked if choices in sent or "180" in sent] == []
    assert desk.context.cookies() == []

    asked = requests_of(page)
    page.goto(address)
    expect(page.locator("#handed-words")).to_contain_text("已从电脑上带来3个候选对象，还没有投票")
    assert page.url == f"{live_site.url}/polls/{slug}"
    expect(page.locator("#left")).not_to_be_empty()  # who reads is known
    with page.expect_request(re.compile(r"/wechat/login\?next=")):
        page.get_by_role("link", name="核对选票").click()
    assert [sent for sent in asked if choices in sent] == []
    live_site.sign_in(page)
    page.goto(f"{live_site.url}/polls/{slug}")
    expect(page.get_by_role("heading", name="核对选票")).to_be_visible()
    expect(page.locator("#review-groups li")).to_have_text(["003示例003不选了", "008示例008不选了", "180示例180不选了"])
    page.get_by_role("link", name="再想想").click()
    expect(page.locator("#chosen")).to_have_text("2 · 0 · 1")
    expect(pick(page, 3)).to_have_attribute("aria-pressed", "true")
    page.get_by_role("link", name="核对选票").click()
    with page.expect_request("**/ballots") as sent:
        page.get_by_role("button", name="确认投票").click()
    expect(page.get_by_role("heading", name="已投成功")).to_be_visible()
    assert sent.value.headers["x-channel"] == "column"
    assert ballots(live_site, slug) == [(3, 8, 180)]
    assert [*complaints[0], *complaints[1]] == []


def test_the_ballot_outside_of_wechat_hands_over_in_the_same_way(live_site: LiveSite, desk: Page) -> None:
    slug = live_site.poll()
    asked = requests_of(desk)
    desk.route("**/me.json", not_the_sandbox)
    desk.goto(f"{live_site.url}/polls/{slug}?from=menu")
    start(desk, arrive=False)
    expect(desk.get_by_role("heading", name="请在微信中打开")).to_be_visible()
    expect(desk.locator("#code img")).to_have_attribute("src", f"/polls/{slug}/qr.svg?from=menu")
    desk.get_by_role("link", name="先看候选对象").click()
    choose(desk, 1, 3)
    desk.get_by_role("link", name="核对选票").click()
    address = carried(desk, "已选的2个会一起带过去。")
    assert address == f"{live_site.url}/polls/{slug}?from=menu#choices={text_of((1, 3), 7)}"
    assert [sent for sent in asked if text_of((1, 3), 7) in sent] == []


# On the desk


def test_the_drawn_code_holds_the_address(live_site: LiveSite, desk: Page) -> None:
    """Compared module by module with what another encoder draws for the same text, under any of the eight masks.

    The address fills the code: encoders fill in different ways what a text leaves, and readers pass over it.
    """
    rest = at(live_site, "", range(1, 11), 180)
    slug = "a" * (CAPACITY - len(rest))
    with live_site.app.app_context():
        make_poll(slug, awards=AWARDS)
    open_column(live_site, desk, slug)
    choose(desk, *range(1, 11))
    address = carried(desk, "二维码里有您选的10个。")
    drawn = modules_of(desk)
    alike = {"version": VERSION, "error": "m", "mode": "byte", "boost_error": False}
    made = [segno.make(address, mask=mask, **alike) for mask in range(8)]  # type: ignore[arg-type]  # handed through
    assert drawn in [[list(map(bool, row)) for row in code.matrix] for code in made]
    box = desk.locator("#code svg").bounding_box()
    assert box is not None
    assert box["width"] == (len(drawn) + 8) * 5


def modules_of(page: Page) -> list[list[bool]]:
    size = int(page.locator("#code svg").get_attribute("viewBox").split()[2]) - 8  # type: ignore[union-attr]  # it has one
    drawn = [[False] * size for _ in range(size)]
    path = page.locator("#code svg path").get_attribute("d") or ""
    for column, row, length in re.findall(r"M(\d+) (\d+)h(\d+)v1H\1z", path):
        for step in range(int(length)):
            drawn[int(row)][int(column) + step] = True
    return drawn


@pytest.fixture
def packing(live_site: LiveSite, desk: Page) -> Page:
    """A page whose scripts pack and unpack."""
    open_column(live_site, desk, live_site.poll())
    return desk


PACKINGS = st.integers(1, 2_000).flatmap(
    lambda highest: st.tuples(st.just(highest), st.sets(st.integers(1, highest), max_size=120))
)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cases=st.lists(PACKINGS, min_size=5, max_size=20))
def test_browser_and_ledger_pack_alike(packing: Page, cases: list[tuple[int, set[int]]]) -> None:
    given_cases = [[highest, sorted(numbers)] for highest, numbers in cases]
    script = """cases => cases.map(([highest, numbers]) => {
        const text = votes.packChoices(numbers, highest);
        return [text, votes.unpackChoices(text, highest)];
    })"""
    found = packing.evaluate(script, given_cases)
    assert found == [[text_of(numbers, highest), sorted(numbers)] for highest, numbers in cases]


def test_what_is_no_packing_is_none_of_any_length(packing: Page) -> None:
    texts = ["", "B", "BQ==", "BQ+/", "BQ BQ", "汉字", "%42%51", "BQ&x=1", "AAAAA"]
    found = packing.evaluate("texts => texts.map(text => votes.unpackChoices(text, 7))", texts)
    assert found == [None] * len(texts)


def test_a_packing_that_was_cut_is_none(packing: Page) -> None:
    whole = text_of((3, 180), 180)
    found = packing.evaluate(
        "texts => texts.map(text => votes.unpackChoices(text, 180))", [whole[:n] for n in range(31)]
    )
    assert (len(whole), found) == (31, [None] * 31)


def test_what_is_chosen_stays_in_the_window_until_it_is_emptied(live_site: LiveSite, desk: Page) -> None:
    """On a computer that others use too nothing may be left behind."""
    slug = live_site.poll()
    open_column(live_site, desk, slug)
    choose(desk, 1, 2, 3)
    expect(desk.locator(".bar .notice")).to_contain_text("十佳组织最多选2名，已经选满")
    assert desk.evaluate("Object.keys(localStorage)") == []
    desk.reload()
    carried(desk, "二维码里有您选的2个。")
    desk.get_by_role("button", name="清空所选").click()
    expect(desk.locator("#carried")).to_have_text("还没有选，扫码只打开投票页。")
    expect(desk.locator("#code img")).to_be_visible()
    expect(desk.locator("#code svg")).to_have_count(0)
    expect(desk.get_by_role("button", name="清空所选")).to_be_disabled()
    choose(desk, 1)
    other = desk.context.new_page()
    open_column(live_site, other, slug)
    expect(other.locator("#carried")).to_have_text("还没有选，扫码只打开投票页。")


def test_the_address_is_copied_where_the_code_cannot_be_scanned(live_site: LiveSite, desk: Page) -> None:
    slug = live_site.poll()
    desk.context.grant_permissions(["clipboard-read"], origin=live_site.url)
    open_column(live_site, desk, slug)
    choose(desk, 2)
    desk.get_by_role("button", name="复制网址").click()
    expect(desk.locator("#copied")).to_contain_text("已复制")
    assert desk.evaluate("navigator.clipboard.readText()") == at(live_site, slug, (2,))


def test_the_column_is_used_with_the_keyboard_alone(live_site: LiveSite, desk: Page) -> None:
    slug = live_site.poll()
    open_column(live_site, desk, slug)
    desk.get_by_role("tab", name="十佳组织").press("ArrowRight")
    expect(desk.get_by_role("tab", name="十佳党员")).to_be_focused()
    desk.get_by_label("按姓名、编号、单位或拼音首字母查找").fill("5")
    expect(card(desk, 4)).to_be_hidden()
    pick(desk, 5).press("Enter")
    carried(desk, "二维码里有您选的1个。")
    expect(desk.get_by_role("img", name="带着所选候选对象的二维码")).to_be_visible()


def test_without_the_drawer_the_code_leads_to_the_page_and_says_so(live_site: LiveSite, desk: Page) -> None:
    slug = live_site.poll()
    desk.route("**/vendor/qrcode.js", lambda route: route.abort())
    open_column(live_site, desk, slug)
    choose(desk, 1)
    expect(desk.locator("#carried")).to_have_text("二维码没有画出来，请复制网址，或到手机上选。")
    expect(desk.locator("#code img")).to_be_visible()
    assert desk.locator("#address").input_value() == at(live_site, slug, (1,))
    desk.unroute("**/vendor/qrcode.js")
    choose(desk, 2)
    carried(desk, "二维码里有您选的2个。")


def test_every_reader_has_an_own_order_where_the_poll_says_so(live_site: LiveSite, desk: Page) -> None:
    slug = live_site.poll(awards=(("十佳党员", 30, 10),), candidate_order="per_voter")
    open_column(live_site, desk, slug)
    order = "Array.from(document.querySelectorAll('.person'), card => Number(card.dataset.number))"
    first = desk.evaluate(order)
    assert sorted(first) == list(range(1, 31)) != first
    desk.reload()
    assert desk.evaluate(order) == first


def test_without_script_candidates_and_the_way_to_the_phone_are_there(live_site: LiveSite, browser: Browser) -> None:
    slug = live_site.poll()
    context = browser.new_context(java_script_enabled=False, viewport=PHONE)  # type: ignore[arg-type]  # a dict of the size
    plain = context.new_page()
    plain.goto(f"{live_site.url}/polls/{slug}/column")
    expect(plain.get_by_role("heading", name="十佳党员")).to_be_visible()
    expect(card(plain, 7)).to_be_visible()
    expect(pick(plain, 7)).to_be_hidden()
    expect(plain.get_by_role("img", name="手机投票页的二维码")).to_be_visible()
    expect(plain.get_by_role("link", name="直接打开投票页")).to_have_attribute("href", f"/polls/{slug}?from=column")
    expect(plain.get_by_role("button", name="清空所选")).to_be_hidden()
    context.close()


def test_printed_the_column_names_everybody_and_nobodys_choice(live_site: LiveSite, desk: Page) -> None:
    slug = live_site.poll()
    open_column(live_site, desk, slug)
    choose(desk, 1)
    carried(desk, "二维码里有您选的1个。")
    colours = [
        desk.evaluate("n => getComputedStyle(document.querySelector(n)).backgroundColor", f'[data-number="{n}"]')
        for n in (1, 2)
    ]
    desk.emulate_media(media="print")
    expect(desk.get_by_role("heading", name="十佳组织")).to_be_visible()
    expect(card(desk, 7)).to_be_visible()
    expect(pick(desk, 1)).to_be_hidden()
    expect(desk.locator("#code svg")).to_be_hidden()
    expect(desk.locator("#code img")).to_be_visible()
    printed = [
        desk.evaluate("n => getComputedStyle(document.querySelector(n)).backgroundColor", f'[data-number="{n}"]')
        for n in (1, 2)
    ]
    assert (colours[0] != colours[1], printed[0] == printed[1]) == (True, True)


def test_the_column_fits_whatever_frames_it(live_site: LiveSite, desk: Page) -> None:
    slug = live_site.poll(awards=AWARDS)
    open_column(live_site, desk, slug)
    choose(desk, 1)
    carried(desk, "二维码里有您选的1个。")
    script = """size => {
        document.documentElement.style.fontSize = size * 16 + 'px';
        return document.documentElement.scrollWidth - window.innerWidth;
    }"""
    spill = {}
    for width, size in ((1280, 1), (800, 1), (800, 2), (375, 1), (320, 1.5), (320, 2)):
        desk.set_viewport_size({"width": width, "height": 600})
        spill[width, size] = max(0, desk.evaluate(script, size))
    assert spill == dict.fromkeys(spill, 0)


def test_the_named_site_frames_the_column_and_no_other_does(live_site: LiveSite, desk: Page) -> None:
    slug = live_site.poll()
    framed = desk.frame_locator("iframe")
    with framing(live_site, slug, partner_port(live_site)) as partner:
        desk.goto(partner)
        choose_in = framed.locator('[data-number="2"] .pick')
        choose_in.click()
        expect(framed.locator("#carried")).to_have_text("二维码里有您选的1个。")
        expect(framed.locator("#address")).to_have_value(at(live_site, slug, (2,)))
        framed.get_by_role("button", name="复制网址").click()
        expect(framed.locator("#copied")).to_contain_text("已复制")
    with framing(live_site, slug, free_ports()) as stranger:
        complaints = complaints_of(desk)
        desk.goto(stranger)
        expect(desk.get_by_role("heading", name="示例网站")).to_be_visible()
        assert [frame.url.startswith("chrome-error:") for frame in desk.frames[1:]] == [True]
        assert "frame-ancestors" in "".join(complaints)


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002
        """Say nothing: the lines would stand between the tests' own."""


def partner_port(site: LiveSite) -> int:
    """Return the port of the one site that may frame the column."""
    return int(site.app.config["SETTINGS"].embed_origins.rpartition(":")[2])


@contextmanager
def framing(site: LiveSite, slug: str, port: int) -> Iterator[str]:
    """Serve a site that frames the column."""
    page = f'<h1>示例网站</h1><iframe src="{site.url}/polls/{slug}/column" width="800" height="600"></iframe>'

    def application(_environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/html; charset=utf-8")])
        return [page.encode()]

    server = make_server("127.0.0.1", port, application, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


# On the phone


def test_choices_on_the_phone_are_replaced_only_when_its_voter_says_so(live_site: LiveSite, page: Page) -> None:
    slug = live_site.poll()
    live_site.sign_in(page)
    open_list(live_site, page, slug)
    choose(page, 1, 3)
    arrive(page, at(live_site, slug, (1, 2, 5)))
    expect(page.locator("#handed-words")).to_have_text(
        "这台手机上已经选了2个，又从电脑上带来3个，其中1个相同。请决定用哪一份。"
    )
    page.reload()
    page.get_by_role("button", name="保留手机上选的2个").click()
    expect(page.locator("#handed-words")).to_have_text("手机上选的都保留着，没有用电脑上选的。")
    expect(page.locator("#handed")).to_be_focused()
    assert chosen(page) == [1, 3]
    arrive(page, at(live_site, slug, (1, 2, 5)))
    page.get_by_role("button", name="改用电脑上选的3个").click()
    expect(page.locator("#handed-words")).to_contain_text("已从电脑上带来3个候选对象")
    assert chosen(page) == [1, 2, 5]
    page.get_by_role("button", name="不用这些，重新选").click()
    expect(page.locator("#handed-words")).to_have_text("电脑上选的已经去掉，一个也没有用。")
    assert chosen(page) == []


def test_the_same_choices_again_ask_nothing(live_site: LiveSite, page: Page) -> None:
    slug = live_site.poll()
    for _ in range(2):
        arrive(page, at(live_site, slug, (1, 5)))
        expect(page.locator("#handed-words")).to_contain_text("已从电脑上带来2个候选对象")
        expect(page.locator("#handed-yes")).to_be_hidden()


def test_choices_arrive_on_a_page_that_is_open_already(live_site: LiveSite, page: Page) -> None:
    slug = live_site.poll()
    live_site.sign_in(page)
    open_list(live_site, page, slug)
    page.evaluate("hash => { location.hash = hash }", f"#choices={text_of((3, 6), 7)}")
    expect(page.locator("#handed-words")).to_contain_text("已从电脑上带来2个候选对象")
    assert page.url == f"{live_site.url}/polls/{slug}"


def test_what_cannot_be_taken_is_named(live_site: LiveSite, page: Page) -> None:
    """Where there are too many for an award none of them is picked out: which, is the voter's choice."""
    slug = live_site.poll()
    with live_site.app.app_context(), transaction() as session:
        poll = session.scalars(select(Poll).where(Poll.slug == slug)).one()
        query = select(Candidate).where(Candidate.poll_id == poll.id, Candidate.number == 4)
        session.scalars(query).one().withdrawn_at = poll.opens_at
        poll.revision += 1
    arrive(page, at(live_site, slug, (1, 2, 3, 4, 5, 8), 8))
    expect(page.locator("#handed-words")).to_contain_text("已从电脑上带来1个候选对象")
    expect(page.locator("#handed-left li")).to_have_text(
        [
            "没有带过来：004 示例004已退出评选。",
            "没有带过来：编号008不在名单里。",
            "没有带过来：十佳组织选了3名，超过最多2名，这一项请在手机上重新选。",
        ]
    )
    assert chosen(page) == [5]


@pytest.mark.parametrize(
    ("fragment", "said"),
    [
        ("%3Cscript%3E", "电脑上选的没有完整带过来。请回到电脑上，再扫一次二维码。"),
        ("AA", "没有从电脑上带来可以用的选择。"),
    ],
    ids=["broken", "empty"],
)
def test_a_fragment_without_choices_changes_nothing(live_site: LiveSite, page: Page, fragment: str, said: str) -> None:
    slug = live_site.poll()
    arrive(page, f"{live_site.url}/polls/{slug}#choices={fragment}")
    expect(page.locator("#handed-words")).to_have_text(said)
    assert (chosen(page), page.url) == ([], f"{live_site.url}/polls/{slug}")


def test_a_ballot_that_awaits_its_answer_is_not_touched(live_site: LiveSite, page: Page) -> None:
    slug = live_site.poll()
    live_site.sign_in(page)
    open_list(live_site, page, slug)
    choose(page, 2)
    page.route("**/ballots", lambda route: route.abort())
    page.get_by_role("link", name="核对选票").click()
    page.get_by_role("button", name="确认投票").click()
    expect(page.locator("#sending")).to_contain_text("尚未确认")
    arrive(page, at(live_site, slug, (1, 5)))
    expect(page.locator("#handed-words")).to_contain_text("上次提交还没有得到答复")
    assert chosen(page) == [2]


def test_who_has_voted_keeps_no_choices_from_a_computer(live_site: LiveSite, page: Page) -> None:
    slug = live_site.poll()
    live_site.sign_in(page)
    open_list(live_site, page, slug)
    choose(page, 2)
    page.get_by_role("link", name="核对选票").click()
    page.get_by_role("button", name="确认投票").click()
    expect(page.get_by_role("heading", name="已投成功")).to_be_visible()
    arrive(page, at(live_site, slug, (1, 5)))
    expect(page.locator("#standing")).to_have_text("您已经投票，选票已收录。")
    expect(page.locator("#handed")).to_be_hidden()
    assert chosen(page) == []


def test_choices_wait_on_the_phone_for_a_voter_who_comes_in_by_the_chat(
    live_site: LiveSite, phone: BrowserContext
) -> None:
    """Where the account has no web sign-in: another window, opened from the chat, goes on with them."""
    slug = live_site.poll()
    first = phone.new_page()
    arrive(first, at(live_site, slug, (1, 5)))
    expect(first.locator("#handed-words")).to_contain_text("已从电脑上带来2个候选对象")
    first.close()
    page = phone.new_page()
    live_site.sign_in(page)
    page.goto(f"{live_site.url}/polls/{slug}?from=chat")
    expect(page.locator("#handed-words")).to_contain_text("已从电脑上带来2个候选对象")
    page.get_by_role("link", name="核对选票").click()
    with page.expect_request("**/ballots") as sent:
        page.get_by_role("button", name="确认投票").click()
    expect(page.get_by_role("heading", name="已投成功")).to_be_visible()
    assert (sent.value.headers["x-channel"], ballots(live_site, slug)) == ("column", [(1, 5)])


def arrive(page: Page, address: str) -> None:
    """Open an address anew, as a scan does."""
    page.goto("about:blank")
    with page.expect_response("**/me.json"):
        page.goto(address)


def chosen(page: Page) -> list[int]:
    found: list[int] = page.evaluate("votes.draft.choices()")
    return found


def requests_of(page: Page) -> list[str]:
    """Collect all that a page sends: addresses, headers, bodies."""
    sent: list[str] = []

    def note(request: Request) -> None:
        sent.append(f"{request.url.partition('#')[0]} {request.headers} {request.post_data}")

    page.on("request", note)
    return sent


def not_the_sandbox(route: Route) -> None:
    """Let the page believe that WeChat is the real one, which has no door for a desk's browser."""
    answer = route.fetch()
    route.fulfill(response=answer, json={**answer.json(), "sandbox": False})
