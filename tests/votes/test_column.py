"""The voting column for another site: who may frame it, what stands on it, and that it knows nobody."""

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from secrets import token_hex

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from foundation.transaction import transaction
from foundation.web import POLICY
from tests.conftest import PUBLIC_URL, make_settings
from tests.factories import make_poll, sign_in
from tests.staff.factories_staff import Browser, make_staff
from votes.column import ColumnOffer, offer_column
from votes.models import Candidate, Poll

PARTNER = "https://www.dangjian.example"


Allow = Callable[[str], None]


@pytest.fixture
def slug() -> str:
    """A slug that no page kept from another test has."""
    return f"poll-{token_hex(4)}"


@pytest.fixture
def allow(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Allow:
    """Give the service other origins that may frame the column."""
    return lambda origins: monkeypatch.setitem(app.config, "SETTINGS", make_settings(embed_origins=origins))


@pytest.mark.parametrize(
    ("origins", "ancestors"),
    [("", "'self'"), (PARTNER, PARTNER), (f"{PARTNER} http://b.example:8080", f"{PARTNER} http://b.example:8080")],
)
def test_only_the_named_sites_may_frame_the_column(
    client: FlaskClient, slug: str, allow: Allow, origins: str, ancestors: str
) -> None:
    make_poll(slug)
    allow(origins)
    first = client.get(f"/polls/{slug}/column")
    again = client.get(f"/polls/{slug}/column", headers={"If-None-Match": first.headers["ETag"]})
    assert [answer.headers["Content-Security-Policy"] for answer in (first, again)] == [POLICY + ancestors] * 2
    assert (first.status_code, again.status_code, "X-Frame-Options" in first.headers) == (200, 304, False)


@pytest.mark.parametrize(
    "path", ["/", "/me", "/polls/{slug}", "/polls/{slug}/candidates/1", "/polls/{slug}/results", "/receipts/"]
)
def test_no_other_page_may_be_framed(client: FlaskClient, slug: str, allow: Allow, path: str) -> None:
    make_poll(slug)
    allow(PARTNER)
    policy = client.get(path.format(slug=slug)).headers["Content-Security-Policy"]
    assert policy.rpartition("; ")[2] == "frame-ancestors 'none'"


def test_the_column_is_the_same_for_everyone_and_leaves_nothing_behind(client: FlaskClient, slug: str) -> None:
    """No cookie, no token: whoever frames it gets hold of nothing."""
    make_poll(slug)
    stranger = client.get(f"/polls/{slug}/column")
    sign_in(client)
    voter = client.get(f"/polls/{slug}/column")
    assert voter.data == stranger.data
    assert "Set-Cookie" not in stranger.headers
    assert re.findall(r"csrf|nonce|token|<script(?! src=)|style=|\son\w+=", stranger.text) == []


def test_the_column_shows_what_the_page_shows(client: FlaskClient, slug: str) -> None:
    poll_id = make_poll(slug)
    with transaction() as session:
        candidate = session.scalars(select(Candidate).where(Candidate.poll_id == poll_id, Candidate.number == 3)).one()
        candidate.photo, candidate.thumbnail = "a" * 64, "b" * 64
    column, page = client.get(f"/polls/{slug}/column").text, client.get(f"/polls/{slug}").text
    assert persons(column) == persons(page) != []
    assert f"/files/{'b' * 64}" in column
    for text in (column, page):
        assert re.search(r"<h1[^>]*>示例网上评议</h1>", text)
        assert "<li>每个微信号限投一次，提交后不可修改。</li>" in text
        assert re.search(r"\d+月\d+日 \d\d:\d\d — \d+月\d+日 \d\d:\d\d", text)


def persons(page: str) -> list[tuple[str, str, str]]:
    """Return numbers, names and units in the order in which the page lists them."""
    found = r'<span class="number">(\d+)</span> <strong class="name">([^<]+)</strong>.*?class="unit">([^<]+)<'
    return re.findall(found, page, re.DOTALL)


@pytest.mark.parametrize(
    ("changes", "said", "chooses"),
    [
        ({}, "<strong>在这里选，还没有投票。</strong>", True),
        ({"opens_in": timedelta(hours=1)}, "还没有开始投票", False),
        ({"opens_in": timedelta(days=-2), "closes_in": timedelta(days=-1)}, "投票已经结束", False),
        ({"state": "certified"}, "投票已经结束", False),
        ({"awards": ()}, "候选对象还没有公布。", True),
    ],
)
def test_the_column_says_where_the_poll_stands(
    client: FlaskClient, slug: str, changes: dict[str, object], said: str, chooses: bool
) -> None:
    make_poll(slug, **changes)  # type: ignore[arg-type]  # handed through
    page = client.get(f"/polls/{slug}/column").text
    assert (said in page, 'id="empty"' in page) == (True, chooses)
    assert f'src="/polls/{slug}/qr.svg?from=column"' in page


def test_a_draft_has_a_column_for_the_staff_alone(client: FlaskClient, app: Flask, slug: str) -> None:
    make_poll(slug, state="draft")
    assert client.get(f"/polls/{slug}/column").status_code == 404
    shown = Browser(app).signed_in_as(make_staff()).get(f"/polls/{slug}/column")
    assert (shown.status_code, shown.headers["Cache-Control"]) == (200, "no-store")


def test_the_servers_picture_never_carries_choices(client: FlaskClient, slug: str) -> None:
    make_poll(slug)
    plain = client.get(f"/polls/{slug}/qr.svg?from=column").data
    assert client.get(f"/polls/{slug}/qr.svg?from=column&b=05&choices=BQ").data == plain


def test_what_editors_paste_is_one_frame_with_a_title_that_cannot_end_it() -> None:
    assert offer_column("demo", '示例"><script>', PUBLIC_URL, "") == ColumnOffer(
        f"{PUBLIC_URL}/polls/demo/column",
        f'<iframe src="{PUBLIC_URL}/polls/demo/column" title="示例&#34;&gt;&lt;script&gt;投票专栏" width="100%" '
        'height="900" frameborder="0" loading="lazy"></iframe>',
        (),
    )


@pytest.mark.parametrize(
    ("origins", "said"),
    [("", "现在没有登记任何网站"), (PARTNER, f'允许嵌入的网站：<span class="code">{PARTNER}</span>')],
)
def test_the_console_gives_link_frame_and_picture_and_says_who_may_frame(
    app: Flask, slug: str, allow: Allow, origins: str, said: str
) -> None:
    make_poll(slug)
    allow(origins)
    desk = Browser(app).signed_in_as(make_staff())
    page = desk.get(f"/console/polls/{slug}/channels/").text
    frame = re.search(r"<textarea[^>]*>(.*?)</textarea>", page, re.DOTALL)
    assert frame is not None
    assert unescape(frame[1]) == offer_column(slug, "示例网上评议", PUBLIC_URL, "").frame
    assert f'href="{PUBLIC_URL}/polls/{slug}/column"' in page
    assert said in page
    assert desk.get(f"/console/polls/{slug}/channels/column/qr.png").mimetype == "image/png"


def test_a_withdrawn_candidate_stands_there_and_cannot_be_chosen(client: FlaskClient, slug: str) -> None:
    poll_id = make_poll(slug)
    with transaction() as session:
        poll = session.get_one(Poll, poll_id)
        poll.candidates[0].withdrawn_at = poll.opens_at
    page = client.get(f"/polls/{slug}/column").text
    assert 'class="person gone" data-number="1"' in page
    assert 'data-numbers="2 3"' in page
