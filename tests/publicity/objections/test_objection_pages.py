"""The public page: who is known, what is refused without losing a word, how fast, from where, and after the end."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from foundation.keyvalue import connect
from publicity.notices.kinds import Phase
from publicity.notices.subjects import new_subject
from publicity.objections.handling import accept
from publicity.objections.limits import PER_NETWORK
from publicity.objections.raising import find_heard
from publicity.objections.views import MOST_BODY
from tests.conftest import DatabaseClock
from tests.factories import sign_in
from tests.publicity.factories_notices import make_notice, make_office
from tests.publicity.factories_objections import (
    LEAD,
    NAME,
    OPENID,
    PHONE,
    TEXT,
    PublicPage,
    count_objections,
    files_of,
    make_objection,
    picture,
)
from tests.staff.options.factories_options import set_to


@pytest.fixture
def reader(app: Flask) -> PublicPage:
    return PublicPage(app, make_notice())


def test_the_form_leads_to_a_code_and_what_happens_next(reader: PublicPage) -> None:
    sent = reader.send()
    page = reader.client.get(sent.location)

    assert (sent.status_code, page.status_code) == (303, 200)
    heard = find_heard(sent.location.rpartition("/")[2])
    assert heard is not None
    assert heard.code in page.text
    assert heard.told in page.text
    assert "再反映一件" in page.text
    assert page.headers["Cache-Control"] == "no-store"
    assert not any(secret in page.text for secret in (NAME, PHONE, TEXT))


def test_a_script_hears_where_to_go_on(reader: PublicPage) -> None:
    sent = reader.send(json=True)
    assert sent.status_code == 201
    assert reader.client.get(sent.get_json()["next"]).status_code == 200


def test_sent_twice_it_is_one_objection_and_one_answer(reader: PublicPage) -> None:
    form = reader.filled()
    first, again = reader.post(dict(form)), reader.post(dict(form))

    assert (first.location, first.status_code, again.status_code) == (again.location, 303, 303)
    assert count_objections() == 1


def test_files_are_taken(app: Flask, reader: PublicPage) -> None:
    files = files_of(("凭证一.png", picture()), ("凭证二.PNG", picture()))
    assert (
        reader.send(
            files=files, seal=files_of(("公章.png", picture()))[0], raised_as="unit", unit="示例单位"
        ).status_code
        == 303
    )


def test_what_is_wrong_is_told_and_nothing_typed_is_lost(reader: PublicPage) -> None:
    refused = reader.send(phone="打我", text="", has_lead="1", lead=LEAD, unit="示例单位")

    assert refused.status_code == 422
    assert "有2处要改" in refused.text
    assert all(typed in refused.text for typed in (NAME, "打我", LEAD, "示例单位"))
    assert f'value="{reader.subject}" checked' in refused.text
    assert 'value="person" checked' in refused.text
    assert reader.send(phone="打我", text="", json=True).get_json() == {
        "status": "invalid",
        "faults": {"phone": "联系电话请填手机号，或带区号的座机号，例如0391-0000000。", "text": "请写明反映的情况。"},
    }
    assert count_objections() == 0


def test_a_subject_may_be_chosen_by_the_address(reader: PublicPage) -> None:
    page = reader.client.get(f"{reader.path}?subject={reader.subject}").text
    assert re.findall(r'value="([^"]+)" checked', page) == [reader.subject]
    assert " checked" not in reader.client.get(reader.path).text


def test_the_only_subject_is_chosen_already(app: Flask) -> None:
    only = PublicPage(app, make_notice(subjects=(new_subject("王示例", "示例单位"),)))
    assert f'value="{only.subject}" checked' in only.client.get(only.path).text


class TestWhoIsKnown:
    """By the cookie of WeChat's sign-in, and not in a snapshot."""

    def test_whoever_raised_it_in_wechat_sees_how_far_it_is(self, app: Flask) -> None:
        head = make_notice()
        own, other = PublicPage(app, head, openid=OPENID), PublicPage(app, head, openid="oSomebodyElse")
        sent = own.send()
        heard = find_heard(sent.location.rpartition("/")[2])
        assert heard is not None
        accept(heard.code, "", make_office().drafter, seen=1)

        assert heard.code in own.client.get(own.path).text
        assert "已受理，正在核查" in own.client.get(own.path).text
        assert heard.code not in other.client.get(other.path).text
        assert heard.code not in app.test_client().get(own.path).text
        assert "看办理情况" in own.client.get(sent.location).text

    def test_a_snapshot_is_nobody_and_is_told_so(self, app: Flask) -> None:
        head = make_notice()
        page = PublicPage(app, head)
        sign_in(page.client, OPENID, snapshot=True)
        opened = page.client.get(page.path).text
        heard = find_heard(page.send().location.rpartition("/")[2])

        assert "这是快照页" in opened
        assert heard is not None
        assert heard.in_sight is False

    def test_a_reader_nobody_knows_is_offered_to_be_known(self, reader: PublicPage) -> None:
        assert f"/wechat/login?next={reader.path}" in reader.client.get(reader.path).text

    def test_a_form_of_one_reader_is_not_sent_by_another(self, app: Flask) -> None:
        head = make_notice()
        form = PublicPage(app, head, openid=OPENID).filled()
        refused = PublicPage(app, head, openid="oSomebodyElse").post(form)

        assert (refused.status_code, count_objections()) == (403, 0)


class TestForgery:
    """Only our own page sends a form, and only for its own notice."""

    @pytest.mark.parametrize("origin", ["http://evil.example", "", "null"])
    def test_another_site_sends_nothing(self, reader: PublicPage, origin: str) -> None:
        refused = reader.send(origin=origin)
        as_script = reader.send(origin=origin, json=True)

        assert (refused.status_code, as_script.status_code, count_objections()) == (403, 403, 0)
        assert "token" not in as_script.get_json()

    def test_without_a_token_nothing_comes_in_and_nothing_typed_is_lost(self, reader: PublicPage) -> None:
        stale = reader.filled(token="0" * 32)
        refused = reader.post(dict(stale))
        fresh = dict(re.findall(r'<input type="hidden" name="(\w+)" value="(\w+)">', refused.text))

        assert (refused.status_code, TEXT in refused.text, NAME in refused.text) == (403, True, True)
        assert fresh["form"] != stale["form"]
        assert reader.post({**stale, **fresh}).status_code == 303

    def test_a_script_gets_a_fresh_token_to_send_again(self, reader: PublicPage) -> None:
        stale = reader.filled(token="0" * 32)
        told = reader.post(dict(stale), json=True).get_json()
        assert reader.post({**stale, "form": told["form"], "token": told["token"]}).status_code == 303

    def test_a_token_opens_no_other_notice(self, app: Flask) -> None:
        one, other = PublicPage(app, make_notice()), PublicPage(app, make_notice())
        assert other.post({**other.filled(), **one.open()}).status_code == 403

    @pytest.mark.parametrize("form", ["", "short", "'; DROP TABLE objection; --padding0000", "f" * 5_000])
    def test_a_form_has_a_name_of_ours(self, reader: PublicPage, form: str) -> None:
        assert reader.post({**reader.filled(), "form": form}).status_code == 403


class TestTooFast:
    """More than the limits in an hour: a page in Chinese that says when, with everything typed."""

    def test_a_network_that_sends_too_much_waits_and_loses_nothing(self, reader: PublicPage) -> None:
        set_to(PER_NETWORK, 2)
        assert [reader.send().status_code for _ in range(2)] == [303, 303]
        refused = reader.send(has_lead="1", lead=LEAD)
        as_script = reader.send(json=True)

        assert (refused.status_code, as_script.status_code) == (429, 429)
        assert 0 < int(refused.headers["Retry-After"]) <= 3_600
        assert all(typed in refused.text for typed in (NAME, PHONE, TEXT, LEAD, "提交的反映太多", "0391-0000000"))
        assert "提交的反映太多" in as_script.get_json()["faults"][""]
        assert count_objections() == 2

    def test_another_network_and_whoever_wechat_names_are_not_held_up(self, app: Flask) -> None:
        set_to(PER_NETWORK, 1)
        head = make_notice()
        crowd = PublicPage(app, head)
        assert [crowd.send().status_code for _ in range(2)] == [303, 429]

        assert PublicPage(app, head, address="198.51.100.1").send().status_code == 303
        assert PublicPage(app, head, openid=OPENID).send().status_code == 303

    def test_an_answer_that_got_lost_is_given_again_all_the_same(self, reader: PublicPage) -> None:
        set_to(PER_NETWORK, 1)
        form = reader.filled()
        assert [reader.post(dict(form)).status_code for _ in range(3)] == [303, 303, 303]
        assert count_objections() == 1

    def test_without_redis_objections_come_in_and_are_limited(
        self, app: Flask, reader: PublicPage, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        set_to(PER_NETWORK, 2)
        gate = type(app.extensions["objection_gate"])(connect("redis://127.0.0.1:1/0"))
        monkeypatch.setitem(app.extensions, "objection_gate", gate)

        assert [reader.send().status_code for _ in range(3)] == [303, 303, 429]


class TestTheEnd:
    """What the page says before, after and beside a period."""

    def test_after_the_period_it_says_where_letters_still_count(
        self, app: Flask, database_clock: DatabaseClock
    ) -> None:
        head = make_notice()
        page = PublicPage(app, head, openid=OPENID)
        code = make_objection(head, openid=OPENID)
        form = page.filled()
        database_clock.advance(timedelta(days=30))
        closed, refused = page.client.get(page.path), page.post(form)

        assert ("公示期已经结束" in closed.text, "<form" in closed.text, code in closed.text) == (True, False, True)
        assert (refused.status_code, TEXT in refused.text, count_objections()) == (409, True, 1)

    def test_a_concluded_and_a_plain_one_take_none(self, client: FlaskClient, database_clock: DatabaseClock) -> None:
        concluded, standing = make_notice(Phase.CONCLUDED, clock=database_clock), make_notice(Phase.STANDING)
        assert "公示已经办结" in client.get(f"{concluded.path}/objections").text
        assert "这里不收反映" in client.get(f"{standing.path}/objections").text

    def test_what_nobody_published_is_not_there(self, client: FlaskClient) -> None:
        draft = make_notice(Phase.DRAFT)
        for path in (f"{draft.path}/objections", "/notices/0123/objections", "/notices/%27/objections"):
            assert client.get(path).status_code == 404
        assert client.post(f"{draft.path}/objections").status_code == 404

    def test_the_answer_of_nobody_is_not_there(self, reader: PublicPage) -> None:
        for form in ("0" * 32, "short", "x" * 400):
            assert reader.client.get(f"{reader.path}/{form}").status_code == 404

    def test_all_that_run_are_offered(self, client: FlaskClient) -> None:
        assert "现在没有正在进行的公示" in client.get("/objections").text
        running = make_notice()
        assert f'href="{running.path}/objections"' in client.get("/objections").text


def test_a_body_that_is_too_large_is_not_read(reader: PublicPage) -> None:
    too_large = {"CONTENT_LENGTH": str(MOST_BODY + 1)}
    headers = {"Origin": reader.origin}
    kind = "multipart/form-data"
    data = reader.filled()
    refused = reader.client.post(
        reader.path, data=data, headers=headers, content_type=kind, environ_overrides=too_large
    )

    assert (refused.status_code, count_objections()) == (413, 0)
