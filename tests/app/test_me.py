"""/me shows a reader what is kept about them and forgets them at their wish; /privacy says what is kept of anybody."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial

import pytest
from flask import Flask
from flask.testing import FlaskClient

from foundation.clock import utc_now
from staff.personal.retention import RULES
from tests.factories import make_poll, sign_in
from tests.staff.factories_staff import recorded
from tests.votes.test_personal_data import add_ballot
from tests.wechat.test_personal_data import add_follower

OPENID = "oReader_of_their_own_things_1"
WECHAT = {"User-Agent": "Mozilla/5.0 (Linux; Android 10) MicroMessenger/8.0.40"}
CODE = "K7QX-3M9T-P2VA"


@pytest.fixture(autouse=True)
def _no_farewells_of_other_tests(app: Flask) -> Iterator[None]:
    """Have the process forget at the end whom it saw leave, as the tables do."""
    yield
    app.extensions["wechat_farewells"].forget()


@pytest.fixture
def reader(app: Flask, client: FlaskClient) -> FlaskClient:
    """Somebody who follows the account, voted once, and is signed in."""
    add_ballot(make_poll(title="示例网上评议"), CODE, OPENID)
    add_follower(OPENID, follows=True)
    sign_in(client, OPENID)
    return client


def leave(client: FlaskClient, **changes: str | None) -> tuple[int, str | None]:
    """Send the page's form, with `changes`; returns the status and where it leads."""
    found = re.search('name="token" value="([^"]*)"', client.get("/me").text)
    form = {"token": found[1] if found else "", "confirmed": "on", **changes}
    origin = {"Origin": client.application.config["SETTINGS"].public_url}
    answer = client.post("/me/leave", data={k: v for k, v in form.items() if v is not None}, headers=origin)
    return answer.status_code, answer.headers.get("Location")


def test_readers_see_all_that_is_kept_and_never_what_they_chose(reader: FlaskClient) -> None:
    answer = reader.get("/me")
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    for words in ("已关注", "示例网上评议", f'href="/receipts/{CODE}"', "退出并删除"):
        assert words in answer.text
    assert OPENID not in answer.text
    assert "示例001" not in answer.text


def test_what_leads_on_from_there_is_there(reader: FlaskClient) -> None:
    links = set(re.findall(r'href="(/[^"#]*)"', reader.get("/me").text))
    assert {link: reader.get(link).status_code for link in links} == dict.fromkeys(links, 200)


def test_who_is_not_signed_in_is_led_to_wechat(client: FlaskClient, app: Flask) -> None:
    inside = client.get("/me", headers=WECHAT).text
    assert 'href="/wechat/login?next=/me"' in inside
    assert "退出并删除" not in inside
    outside = client.get("/me").text
    assert 'src="/me/qr.svg"' in outside
    assert client.get("/me/qr.svg").content_type == "image/svg+xml"


def test_a_snapshot_is_told_to_go_on_to_the_full_service(client: FlaskClient) -> None:
    sign_in(client, OPENID, snapshot=True)
    assert "使用完整服务" in client.get("/me").text
    assert leave(client) == (303, "/me")


def test_leaving_is_done_at_once(app: Flask, reader: FlaskClient) -> None:
    copy = app.test_client()
    sign_in(copy, OPENID)
    assert leave(reader) == (303, "/me/left")
    assert reader.get_cookie("voter") is None
    page = reader.get("/me/left").text
    assert "已经删除" in page
    assert "照常计入" in page
    assert "退出并删除" not in copy.get("/me").text
    assert copy.get("/polls/demo/me.json").get_json()["signed_in"] is False
    assert recorded() == [("system", "voters.leave", "一名微信用户", "done")]


def test_the_ballot_stays_and_the_same_person_does_not_vote_twice(app: Flask, reader: FlaskClient) -> None:
    leave(reader)
    assert "已收录" in reader.get(f"/receipts/{CODE}").text


def test_nothing_is_deleted_before_it_is_confirmed(reader: FlaskClient) -> None:
    assert leave(reader, confirmed=None)[0] == 422
    assert "已关注" in reader.get("/me").text
    assert recorded() == []


@pytest.mark.parametrize("token", ["", "0" * 32, "示例"])
def test_a_form_that_our_page_did_not_send_deletes_nothing(reader: FlaskClient, token: str) -> None:
    assert leave(reader, token=token) == (403, None)
    assert "已关注" in reader.get("/me").text


def test_a_form_from_another_site_deletes_nothing(reader: FlaskClient) -> None:
    found = re.search('name="token" value="([^"]*)"', reader.get("/me").text)
    assert found
    for origin in ({"Origin": "http://elsewhere.example"}, {}):
        answer = reader.post("/me/leave", data={"token": found[1], "confirmed": "on"}, headers=origin)
        assert answer.status_code == 403


def test_the_token_of_one_reader_is_no_good_for_another(app: Flask, reader: FlaskClient) -> None:
    other = app.test_client()
    sign_in(other, "oSomebody_else_altogether_123")
    found = re.search('name="token" value="([^"]*)"', other.get("/me").text)
    assert found
    assert leave(reader, token=found[1])[0] == 403


def test_the_notice_says_of_every_rule_how_long_it_holds(client: FlaskClient) -> None:
    page = client.get("/privacy").text
    told = [rule for rule in RULES.values() if rule.notice]
    assert len(told) >= 7
    for rule in told:
        assert rule.notice
        for words in (rule.notice.what, rule.notice.why, rule.notice.seen_by, rule.lasts):
            assert words in page


def test_the_notice_names_the_number_to_call(client: FlaskClient) -> None:
    assert "打投票页上的咨询电话" in client.get("/privacy").text
    make_poll(enquiry_phone="0000-0000000")
    assert 'href="tel:0000-0000000"' in client.get("/privacy").text


def test_both_pages_stand_in_every_public_footer(client: FlaskClient) -> None:
    make_poll()
    for path in ("/", "/polls/demo", "/receipts/", "/privacy", "/me", "/nowhere"):
        page = client.get(path).text
        assert 'href="/me"' in page
        assert 'href="/privacy"' in page


def test_a_page_left_open_over_midnight_still_deletes(reader: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    found = re.search('name="token" value="([^"]*)"', reader.get("/me").text)
    assert found
    form = {"token": found[1], "confirmed": "on"}
    headers = {"Origin": reader.application.config["SETTINGS"].public_url}
    answers = []
    for days in (2, 1):
        monkeypatch.setattr("app.me.utc_now", partial(_later, timedelta(days=days)))
        answers.append(reader.post("/me/leave", data=form, headers=headers).status_code)
    assert answers == [403, 303]


def _later(step: timedelta) -> datetime:
    return utc_now() + step
