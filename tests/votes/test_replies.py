"""What polls say in the chat leads whoever asks, and nobody else, to their ballot, whatever the account may do."""

import itertools
import re
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from foundation.clock import utc_now
from tests.conftest import PUBLIC_URL, make_settings
from tests.factories import ballot_headers, make_poll
from votes.channels import scene_of
from votes.parts import votes_parts
from votes.replies import IN_THE_CHAT
from wechat.account import Account
from wechat.inbox import Push, TextReply, receive
from wechat.menu import build_menu, menu_entries

OPENID = "oVoter0000000000000000000001"
Allow = Callable[[str], None]
_numbers = itertools.count(1)


@pytest.fixture
def allow(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Allow:
    """Give the application an account that may do this much."""

    def to_an_account(capabilities: str) -> None:
        account = Account(make_settings(wechat_capabilities=capabilities), utc_now)
        monkeypatch.setitem(app.extensions, "wechat_account", account)

    return to_an_account


def answer(*, text: str = "", event: str = "", key: str = "") -> str:
    """Send a message or an event as somebody and return the words that come back."""
    kind, number = ("event", "") if event else ("text", str(next(_numbers)))
    reply = receive(Push(kind, OPENID, "gh_0123456789ab", utc_now(), text, event, key, number))
    assert isinstance(reply, TextReply)
    return reply.text


def links_in(text: str) -> list[str]:
    return re.findall(rf"{PUBLIC_URL}(/v/[0-9a-f]{{32}})\n?", text)


def lands_at(client: FlaskClient, path: str) -> str:
    client.get(path)
    return client.post(path, headers={"Origin": PUBLIC_URL}).headers["Location"]


@pytest.mark.parametrize(("event", "before"), [("SCAN", ""), ("subscribe", "qrscene_")])
def test_a_channels_code_leads_to_its_poll_by_that_channel(allow: Allow, event: str, before: str) -> None:
    allow("service-verified")
    make_poll("other")
    make_poll()
    said = answer(event=event, key=f"{before}{scene_of('demo', 'q12ab34')}")
    assert re.findall(r"next=(\S+)", said) == ["/polls/demo%3Ffrom%3Dq12ab34"]


@pytest.mark.parametrize("scene", ["act_7", "nothing:menu", "demo:menu"])
def test_a_code_about_anything_else_is_greeted(allow: Allow, scene: str) -> None:
    allow("service-verified")
    make_poll(state="draft")
    assert answer(event="SCAN", key=scene).startswith("您好，欢迎关注。")


@pytest.mark.parametrize("word", ["投票", " 投票。"])
def test_with_sign_in_the_word_leads_through_it(allow: Allow, word: str) -> None:
    allow("sub-verified-gov")
    make_poll()
    said = answer(text=word)
    assert f"\n{PUBLIC_URL}/wechat/login?next=/polls/demo%3Ffrom%3Dchat" in said
    assert (links_in(said), said.endswith(IN_THE_CHAT)) == ([], True)


@pytest.mark.parametrize(
    ("asked", "channel"), [({"text": "投票"}, "chat"), ({"event": "CLICK", "key": "投票"}, "menu")]
)
def test_without_sign_in_word_and_button_are_answered_with_a_link_of_ones_own(
    client: FlaskClient, allow: Allow, asked: dict[str, str], channel: str
) -> None:
    allow("sub-verified")
    make_poll()
    said = answer(**asked)
    assert "点下面的链接投票（10分钟内有效，只限您本人）：" in said
    assert OPENID not in said
    (path,) = links_in(said)
    assert lands_at(client, path) == f"/polls/demo?from={channel}"


def test_each_open_poll_has_a_link_and_none_cancels_another(client: FlaskClient, allow: Allow) -> None:
    allow("sub-unverified")
    for slug in ("one", "two"):
        make_poll(slug)
    paths = links_in(answer(text="投票"))
    assert {lands_at(client, path) for path in paths} == {"/polls/one?from=chat", "/polls/two?from=chat"}
    for slug in ("one", "two"):
        votes_parts().shelf.forget(slug)
        body, headers = {"choices": [1], "nonce": "n" * 32}, ballot_headers(client.application, slug)
        assert client.post(f"/polls/{slug}/ballots", json=body, headers=headers).status_code == 201


def test_of_many_polls_no_address_is_cut(client: FlaskClient, allow: Allow) -> None:
    allow("sub-unverified")
    for number in range(12):
        make_poll(f"poll-{number}", title="示例" * 30)
    said = answer(text="投票")
    assert len(said.encode()) <= 2048
    assert said.count("点下面的链接投票") == len(links_in(said)) >= 5


def test_a_repeat_of_the_same_push_gets_the_same_link(allow: Allow) -> None:
    allow("sub-verified")
    make_poll()
    push = Push("event", OPENID, "gh_0123456789ab", utc_now(), "", "CLICK", "投票", "")
    assert receive(push) == receive(push)


@pytest.mark.parametrize("event", ["subscribe", "SCAN"])
def test_the_welcome_has_the_way_in(client: FlaskClient, allow: Allow, event: str) -> None:
    make_poll()
    allow("sub-verified-gov")
    assert f"{PUBLIC_URL}/wechat/login?next=/polls/demo%3Ffrom%3Dchat" in answer(event=event)
    allow("sub-verified")
    (path,) = links_in(answer(event=event, key="again"))
    assert lands_at(client, path) == "/polls/demo?from=chat"


def test_the_menu_opens_a_page_only_where_that_signs_the_reader_in(allow: Allow) -> None:
    first = []
    for capabilities in ("sub-verified-gov", "sub-verified"):
        allow(capabilities)
        first.append(build_menu(menu_entries(), PUBLIC_URL)[0]["sub_button"][0])
    assert first == [
        {"type": "view", "name": "投票", "url": f"{PUBLIC_URL}/wechat/login?next=%2Fvote%3Ffrom%3Dmenu"},
        {"type": "click", "name": "投票", "key": "投票"},
    ]


def test_what_is_kept_can_be_seen_without_sign_in(client: FlaskClient, allow: Allow) -> None:
    allow("sub-unverified")
    (path,) = links_in(answer(text="我的信息"))
    assert lands_at(client, path) == "/me"
    assert "退出并删除" in client.get("/me").text
    allow("sub-verified-gov")
    assert urlsplit(answer(text="我的信息").splitlines()[-1]).query == "next=/me"
