"""Pages of our own are signed for the JS-SDK as they were opened; others are not, and no page depends on it."""

import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from app.factory import ROOT
from foundation.errors import InvalidInput
from tests.factories import make_poll
from tests.wechat.cases import CASES
from tests.wechat.conftest import UseAccount, World
from wechat.account import current_account
from wechat.js_sdk import sign, signature_of, without_fragment

PAGE = "/wechat/page-signature"
OPENED = "/polls/demo?from=singlemessage&isappinstalled=0"
SHARED = ("/", "/polls/demo", "/polls/demo/candidates/1", "/polls/demo/results")
OTHERS = ("/receipts/", "/privacy", "/me", "/polls/demo/column")
REAL = "https://res.wx.qq.com"
INDUCING = (*CASES["J05"]["expected"]["must_not_contain"][:3], "分享到朋友圈", "关注后才能投票", "助力")


@pytest.mark.parametrize("case", ["J01", "J02"])
def test_the_platforms_own_examples(case: str) -> None:
    given, expected = CASES[case]["input"], CASES[case]["expected"]
    signature = signature_of(given["jsapi_ticket"], given["noncestr"], given["timestamp"], given["url"])
    assert (signature, without_fragment(given["url"])) == (expected["signature"], expected["signed_url"])


def test_a_page_is_signed_as_it_was_opened(world: World) -> None:
    answer = world.browser.get(world.site + PAGE, params={"url": f"{world.site}{OPENED}#list"}, timeout=5)
    told = answer.json()
    ticket = current_account().client.jsapi_ticket()
    assert told == {
        "appId": "wx0123456789abcdef",
        "timestamp": told["timestamp"],
        "nonceStr": told["nonceStr"],
        "signature": signature_of(ticket, told["nonceStr"], told["timestamp"], world.site + OPENED),
        "script": f"{world.platform}/res/open/js/jweixin-1.6.0.js",
    }
    assert (answer.headers["Cache-Control"], world.asked.count("/api/cgi-bin/ticket/getticket")) == ("no-store", 1)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/polls/demo",
        "http://elsewhere.example/polls/demo",
        "https://{host}/polls/demo",
        "http://{host}.elsewhere.example/",
        "http://elsewhere.example@{host}/",
        "http://{host}:1/",
        "http://[{host}/",
        "http://{host}/a\nb",
        "http://{host}/" + "a" * 2048,
    ],
)
def test_a_page_of_others_is_not_signed(client: FlaskClient, url: str) -> None:
    given = url.format(host="vote.example")
    with pytest.raises(InvalidInput):
        sign(given)
    answer = client.get(PAGE, query_string={"url": given})
    assert (answer.status_code, answer.get_json()) == (422, {"status": "invalid"})


def test_without_the_right_or_the_platform_there_is_no_signature_and_no_page_suffers(
    client: FlaskClient, use_account: UseAccount
) -> None:
    make_poll("demo")
    query = {"url": "http://vote.example/polls/demo"}
    answers = []
    for changes in ({"wechat_capabilities": "sub-unverified"}, {"wechat_api_url": "http://127.0.0.1:1"}):
        use_account(**changes)
        answers.append((client.get(PAGE, query_string=query).status_code, client.get("/polls/demo").status_code))
    assert answers == [(503, 200)] * 2


def test_only_pages_with_a_card_may_load_the_sdk_and_from_its_host_alone(client: FlaskClient) -> None:
    make_poll("demo")
    policies = {path: client.get(path).headers["Content-Security-Policy"] for path in (*SHARED, *OTHERS)}
    assert {path: f"script-src 'self' {REAL};" in policy for path, policy in policies.items()} == {
        **dict.fromkeys(SHARED, True), **dict.fromkeys(OTHERS, False)
    }  # fmt: skip
    assert all(policy.count(REAL) <= 1 and "connect-src 'self';" in policy for policy in policies.values())


def test_every_card_has_a_title_a_description_a_picture_and_a_link_of_ours(client: FlaskClient) -> None:
    make_poll("demo")
    for path in SHARED:
        page = client.get(path).text
        found = re.search(r'<script src="/static/\w+/wechat/share.js" defer ([^>]*)>', page)
        assert found is not None, path
        card = dict(re.findall(r'data-(\w+)="([^"]*)"', found[1]))
        assert card["path"] == path
        assert all(card[name] for name in ("title", "description"))
        assert client.get(card["picture"]).status_code == 200


def test_a_page_with_a_card_is_the_same_for_everyone(client: FlaskClient) -> None:
    make_poll("demo")
    plain = client.get("/polls/demo")
    in_wechat = client.get(OPENED, headers={"User-Agent": "MicroMessenger/8.0"})
    assert (plain.data, plain.headers["ETag"]) == (in_wechat.data, in_wechat.headers["ETag"])


def sources() -> list[Path]:
    rooms = [ROOT / room for room in ("app", "votes", "wechat", "staff")]
    found = [path for room in rooms for kind in ("*.html", "*.js", "*.py", "*.toml") for path in room.rglob(kind)]
    return [path for path in found if "sandbox" not in path.parts]


def test_nothing_asks_to_share_or_pays_for_it() -> None:
    inducing = [(path.name, words) for path in sources() for words in INDUCING if words in path.read_text()]
    assert inducing == []
