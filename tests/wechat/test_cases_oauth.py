"""The contract's cases of area oauth, and P07: signing in by the platform's account of it, and without."""

import re
from urllib.parse import parse_qs, quote, urlsplit

import pytest
import requests
from flask import Request, request
from flask.testing import FlaskClient
from sqlalchemy import select
from structlog.testing import capture_logs
from werkzeug.test import EnvironBuilder

from foundation.clock import utc_now
from foundation.transaction import transaction
from tests.factories import ballot_headers, make_poll, sign_in
from tests.staff.options.factories_options import set_to
from tests.wechat.cases import CASES, META, account_of, clock_of, ids_of, play, requests_of
from tests.wechat.conftest import UseAccount, World, _Link
from tests.wechat.factories_wechat import fields_of
from votes.models import Ballot, Poll
from votes.parts import votes_parts
from votes.voters import voter_tag
from wechat.account import Account
from wechat.identity import Voter, current_voter
from wechat.keywords import WORDS, Word, default_words
from wechat.models import LoginAttempt
from wechat.sandbox.current import world_of
from wechat.sandbox.faults.plan import Fault
from wechat.troubles import account_troubles

EXCHANGE = "/sns/oauth2/access_token"
RETURN = "/wechat/login/return"
REFUSED = [case_id for case_id in ids_of("oauth") if case_id.startswith("O04")]
Calls = list[tuple[str, str, dict[str, str]]]
PATHS = {"/v/1": "/wechat/login?next=/polls/1", "/wx/oauth/callback": RETURN}
"""Where the cases' paths lie here."""


@pytest.fixture
def asked(link: _Link, world: World) -> Calls:
    """Every call to the platform's API: method, path and query."""
    calls: Calls = []

    def note() -> None:
        if request.path.startswith("/api/"):
            calls.append((request.method, request.path.removeprefix("/api"), request.args.to_dict()))

    assert world.site == link.site
    link.platform_switch.application.before_request(note)
    return calls


def voter_of(world: World) -> Voter | None:
    """Return whom the site takes the browser for."""
    value = world.browser.cookies.get("voter", "")
    return current_voter(Request(EnvironBuilder(headers=[("Cookie", f"voter={value}")]).get_environ()))


def new_account(world: World, monkeypatch: pytest.MonkeyPatch, **changes: object) -> None:
    """Give the service an account that remembers nothing of what the platform refused in other tests."""
    settings = world.app.config["SETTINGS"].model_copy(update=changes)
    monkeypatch.setitem(world.app.extensions, "wechat_account", Account(settings, utc_now))


def sent_back(world: World, departure: requests.Response) -> str:
    """Authorise, and return the address to which the platform sends the browser back."""
    assert departure.status_code == 302
    back = world.go(departure.headers["Location"])
    assert back.status_code == 302, back.text
    return back.headers["Location"]


def authorised(world: World) -> str:
    world.browser.post(f"{world.platform}/phone/jia/pick", timeout=5)
    return sent_back(world, world.go(f"{world.site}{PATHS['/v/1']}"))


def test_all_cases_of_the_area_are_here() -> None:
    names = "\n".join(name for name in globals() if name.startswith("test_o"))
    there = {case_id for case_id in ids_of("oauth") if case_id in REFUSED or f"test_{case_id.lower()}_" in names}
    assert there == set(ids_of("oauth"))


def test_o01_going_out_to_the_platform(client: FlaskClient, use_account: UseAccount) -> None:
    case = CASES["O01"]
    use_account(clock_of(case), **account_of(case), public_url="https://vote.example.org")
    given = case["input"]
    responses = [client.get(PATHS[given["path"]], headers=given["headers"]) for _ in range(2)]
    back = quote("/wx/oauth/callback", safe="")
    pattern = case["expected"]["location_pattern"].replace(back, quote(RETURN, safe=""))
    before, after = (re.escape(part) for part in pattern.split("{STATE}"))
    states = []
    for response in responses:
        assert response.status_code == case["expected"]["status"]
        found = re.fullmatch(f"{before}([A-Za-z0-9]{{1,128}}){after}", response.headers["Location"])
        assert found, response.headers["Location"]
        states.append(found[1])
    assert len(set(states)) == 2
    with transaction() as session:
        assert session.scalars(select(LoginAttempt.return_path)).all() == ["/polls/1", "/polls/1"]


def test_o02_coming_back(world: World, asked: Calls) -> None:
    expected = CASES["O02"]["expected"]
    back = authorised(world)
    code = parse_qs(urlsplit(back).query)["code"][0]
    with capture_logs() as lines:
        response = world.go(back)
    assert response.status_code in (expected["status"], 303)
    assert response.headers["Location"] == "/polls/1"
    (call,) = expected["upstream_calls"]
    assert asked == [("GET", call["GET"], {**call["query"], "code": code})]
    assert voter_of(world) == Voter(world.openid("jia"), snapshot=False)
    shown = response.text + str(response.headers) + str(lines)
    secrets = (META["secret"], "access_token", "refresh_token", code, world.openid("jia"))
    assert [secret for secret in secrets if secret in shown] == []


@pytest.mark.parametrize("case_id", REFUSED)
def test_o04_the_platform_refuses_the_code(
    link: _Link, world: World, monkeypatch: pytest.MonkeyPatch, case_id: str
) -> None:
    new_account(world, monkeypatch)
    case = CASES[case_id]
    answer, expected = case["setup"]["upstream"][EXCHANGE], case["expected"]
    fault = Fault("errcode", f"*{EXCHANGE.removeprefix('/')}", errcode=answer["errcode"], errmsg=answer["errmsg"])
    world_of(link.platform_switch.application).faults.order(fault)
    page = world.go(authorised(world))
    restarts = expected["action"].startswith("restart")
    if restarts:
        assert page.headers["Location"].startswith(f"{world.platform}/open/connect/oauth2/authorize?")
        page = world.go(sent_back(world, page))
    assert page.status_code == (403 if restarts else 503)
    assert fault.fired == (2 if restarts else 1)
    assert "Location" not in page.headers
    assert "重新进入" in page.text
    assert voter_of(world) is None
    assert [word for word in [*expected["page_must_not_contain"], "errcode", "rid:"] if word in page.text] == []
    assert [trouble.urgent for trouble in account_troubles()] == ([] if restarts else [True])


def poll(slug: str) -> None:
    make_poll(slug)
    votes_parts().shelf.forget(slug)


def who_voted() -> list[str]:
    """Return whose ballots are in the ledger, of the two people of the cases."""
    with transaction() as session:
        key = session.scalars(select(Poll.voter_key)).one() or b""
        names = {voter_tag(key, openid): openid for openid in (META["openid_a"], META["openid_b"])}
        return [names[tag] for tag in session.scalars(select(Ballot.voter_tag))]


@pytest.mark.parametrize("place", ["json", "query_string", "headers", "cookie"])
def test_o07_whoever_the_request_says_it_is_the_session_counts(client: FlaskClient, place: str) -> None:
    given, forged = CASES["O07"]["input"], META["openid_b"]
    poll("demo")
    sign_in(client, given["session_openid"])
    body = {"choices": [given["json"]["option"]], "nonce": "n" * 32}
    headers = ballot_headers(client.application)
    if place == "cookie":
        client.set_cookie("openid", forged)
    response = client.post(
        "/polls/demo/ballots",
        json={**body, "openid": given["json"]["openid"]} if place == "json" else body,
        query_string={"openid": forged} if place == "query_string" else None,
        headers={**headers, "X-WX-OPENID": forged} if place == "headers" else headers,
    )
    assert response.status_code == 201
    assert who_voted() == [META["openid_a"]]


def test_o08_no_profile_is_asked_for_nor_needed(world: World, asked: Calls) -> None:
    """What the platform tells of a person today is empty; this service asks for none of it."""
    assert CASES["O08"]["input"]["json"]["headimgurl"] == ""
    departure = world.go(f"{world.site}{PATHS['/v/1']}")
    assert "&scope=snsapi_base&" in departure.headers["Location"]
    assert world.go(authorised(world)).status_code == 303
    assert [path for _, path, _ in asked] == [EXCHANGE]
    assert voter_of(world) == Voter(world.openid("jia"), snapshot=False)


@pytest.mark.parametrize("why", ["switched off", "refused at run time"])
def test_o09_without_the_right_the_page_says_how_to_get_in(
    link: _Link,
    world: World,
    asked: Calls,
    monkeypatch: pytest.MonkeyPatch,
    why: str,
) -> None:
    expected = CASES["O09"]["expected"]
    if why == "switched off":
        new_account(world, monkeypatch, wechat_capabilities="sub-verified-gov,-oauth")
    else:
        new_account(world, monkeypatch)
        refused = Fault("errcode", "*sns/oauth2/access_token", errcode=48001, errmsg="api unauthorized, rid: 1-2-3")
        world_of(link.platform_switch.application).faults.order(refused)
        page = world.go(authorised(world))
        assert (page.status_code, "请从公众号进入" in page.text) == (200, True)
        assert [trouble.key for trouble in account_troubles()] == ["right:oauth"]
    asked.clear()
    page = world.go(f"{world.site}{PATHS[CASES['O09']['input']['path']]}")
    assert page.status_code == expected["status"]
    assert "点底部菜单里的相应栏目" in page.text
    assert "回复“投票”" in page.text
    assert expected["no_redirect_to"] not in page.text
    assert len(asked) <= expected["upstream_calls_max"]


def test_p07_whoever_presses_the_button_votes_by_the_link_in_its_reply(
    client: FlaskClient, use_account: UseAccount
) -> None:
    """Refusing a second browser and an altered link stands with the pushes and with the links."""
    case, secure = CASES["P07"], "https://vote.example.org"
    use_account(clock_of(case), **account_of(case), public_url=secure, wechat_capabilities="sub-verified")
    # The button is the account's own; staff said what its key stands for.
    set_to(WORDS, (*default_words(), Word("MY_VOTE", "投票", "", "")))
    poll("demo")
    (response,) = (play(client, sent) for sent in requests_of(case))
    path = re.findall(rf"{secure}(/v/[0-9a-f]{{32}})\b", fields_of(response.text)["Content"])[0]
    client.get(path, base_url=secure)
    client.post(path, base_url=secure, headers={"Origin": secure})
    body = {"choices": [1], "nonce": "n" * 32}
    headers = ballot_headers(client.application)
    assert client.post("/polls/demo/ballots", json=body, headers=headers, base_url=secure).status_code == 201
    assert who_voted() == [META["openid_a"]]
