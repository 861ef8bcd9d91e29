"""The contract's cases of areas push and aes: what is pushed to the callback, what it answers, and what comes of it."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from foundation.database import Base
from foundation.transaction import transaction
from tests.conftest import DatabaseClock
from tests.factories import make_poll
from tests.staff.options.factories_options import set_to
from tests.wechat.cases import CASES, META, account_of, clock_of, play, requests_of
from tests.wechat.conftest import UseAccount, World
from tests.wechat.factories_wechat import OPENID_A, ORIGINAL_ID, fields_of
from tests.wechat.late import finish_late_pushes, said_to
from wechat.callback import open_letter
from wechat.crypto import MessageCipher, is_signed, signature_of
from wechat.followers import follower_digest
from wechat.inbox import Handler, Push, TextReply, register_job_listener
from wechat.job_events import MassSent
from wechat.keywords import WORDS, Word, default_words
from wechat.models import AnsweredPush, Follower, LatePush

QUIET = ("", "success")
MALFORMED = [f"P12{letter}" for letter in "abcde"]


@pytest.fixture
def pushes(app: Flask) -> Iterator[list[Push]]:
    """Every push that reached the rooms, in their order, each the once that it has its effect."""
    seen: list[Push] = []

    def note(push: Push) -> None:
        seen.append(push)

    offered: list[Handler] = app.extensions["wechat_handlers"].offered
    offered.insert(0, note)
    yield seen
    offered.remove(note)


def played(client: FlaskClient, use_account: UseAccount, case_id: str, **settings: object) -> list[TestResponse]:
    """Play a case's requests to the account it describes, with `settings` besides."""
    case = CASES[case_id]
    use_account(clock_of(case), **{**account_of(case), **settings})
    return [play(client, sent) for sent in requests_of(case)]


def kept() -> dict[str, int]:
    """Count the rows of every table that has any."""
    with transaction() as session:
        counts = {name: len(session.execute(select(table)).all()) for name, table in Base.metadata.tables.items()}
    return {name: count for name, count in counts.items() if count}


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def follower() -> tuple[bytes | None, bool, datetime] | None:
    with transaction() as session:
        row = session.execute(
            select(Follower.openid, Follower.follows, Follower.changed_at).filter_by(digest=follower_digest(OPENID_A))
        ).one_or_none()
    return None if row is None else (row[0], row[1], row[2])


def test_p01_a_keyword_is_answered_by_who_was_asked_to_who_asked(
    client: FlaskClient, use_account: UseAccount, pushes: list[Push]
) -> None:
    (response,) = played(client, use_account, "P01")
    assert response.status_code == 200
    fields = fields_of(response.text)
    assert fields.items() >= CASES["P01"]["expected"]["reply"].items()
    assert fields["Content"] == "现在没有正在进行的投票。"
    assert [push.asks_for for push in pushes] == ["投票"]


def test_p02_a_retry_has_one_effect_and_one_answer(
    client: FlaskClient, use_account: UseAccount, pushes: list[Push]
) -> None:
    responses = played(client, use_account, "P02")
    assert [response.status_code for response in responses] == [200, 200, 200]
    assert len({response.text for response in responses}) == 1
    assert len(pushes) == 1


def test_p03_an_event_told_again_is_the_same_though_it_is_spelt_otherwise(
    client: FlaskClient, use_account: UseAccount, pushes: list[Push]
) -> None:
    responses = played(client, use_account, "P03")
    assert [response.status_code for response in responses] == [200, 200]
    assert responses[0].text == responses[1].text
    assert len(pushes) == 1
    assert kept() == {"follower": 1, "answered_push": 1}


def test_p05_whoever_follows_through_a_code_comes_with_its_scene(
    client: FlaskClient, use_account: UseAccount, pushes: list[Push]
) -> None:
    (response,) = played(client, use_account, "P05")
    assert response.status_code == 200
    assert [(push.event, push.scene) for push in pushes] == [("subscribe", "act_7")]
    assert follower() == (OPENID_A.encode(), True, at(META["base_clock"]))


@pytest.mark.parametrize("before", [True, None])
def test_p06_a_scan_says_the_scene_and_changes_nothing(
    client: FlaskClient, use_account: UseAccount, pushes: list[Push], before: bool | None
) -> None:
    if before:
        played(client, use_account, "P05")
        pushes.clear()
    was = follower()
    (response,) = played(client, use_account, "P06")
    assert response.status_code == 200
    assert [(push.event, push.scene) for push in pushes] == [("SCAN", "act_7")]
    assert (follower(), was is not None) == (was, bool(before))


def test_p07_a_click_without_web_sign_in_is_answered_with_a_link_of_ones_own(
    client: FlaskClient, use_account: UseAccount, app: Flask, database_clock: DatabaseClock
) -> None:
    make_poll("demo")
    set_to(WORDS, (*default_words(), Word("MY_VOTE", "投票", "", "")))
    account = {"public_url": "https://vote.example.org", "wechat_capabilities": "sub-verified"}
    (response,) = played(client, use_account, "P07", **account)
    assert response.status_code == 200
    fields = fields_of(response.text)
    assert (fields["MsgType"], OPENID_A in fields["Content"]) == ("text", False)
    way = fields["Content"].split("https://vote.example.org", 1)[1].split()[0]
    assert OPENID_A not in client.get(way, base_url="https://vote.example.org").text
    altered = way[:-1] + ("0" if way[-1] != "0" else "1")

    def open_in_a_new_browser(path: str) -> int:
        browser = app.test_client()
        browser.get(path, base_url="https://vote.example.org")
        headers = {"Origin": "https://vote.example.org"}
        return browser.post(path, base_url="https://vote.example.org", headers=headers).status_code

    assert open_in_a_new_browser(altered) >= 400
    assert open_in_a_new_browser(way) == 303
    assert open_in_a_new_browser(way) >= 400
    (again,) = played(client, use_account, "P07", **account)
    assert again.text == response.text
    database_clock.advance(timedelta(minutes=10))
    assert open_in_a_new_browser(way) >= 400


def test_p08_whoever_leaves_is_forgotten(client: FlaskClient, use_account: UseAccount, pushes: list[Push]) -> None:
    played(client, use_account, "P05")
    played(client, use_account, "P01")
    (response,) = played(client, use_account, "P08")
    assert (response.status_code, response.text in QUIET) == (200, True)
    assert follower() == (None, False, at(1767225680))
    with transaction() as session:
        answers = session.scalars(select(AnsweredPush.answer)).all()
    assert answers == [None, None, None]
    assert kept() == {"follower": 1, "answered_push": 3}


@pytest.mark.parametrize("case_id", ["P11", *MALFORMED, "P19"])
def test_what_is_no_push_has_no_effect(
    client: FlaskClient, use_account: UseAccount, pushes: list[Push], case_id: str
) -> None:
    expected = CASES[case_id]["expected"]
    (response,) = played(client, use_account, case_id)
    assert response.status_code in expected.get("status_in", [expected.get("status")])
    assert "boom" not in response.text
    assert (pushes, kept()) == ([], {})


def test_p15_whoever_asks_for_what_takes_long_hears_nothing_now_and_the_answer_later(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wechat.answering.HANDLED_WITHIN", 0.05)
    go_on, effects = threading.Event(), []

    def ask_somebody_slow(push: Push) -> TextReply:
        assert go_on.wait(30)
        effects.append(push.asks_for)
        return TextReply("结果还没有公布。")

    world.app.extensions["wechat_handlers"].offered.append(ask_somebody_slow)
    told = world.phone("jia", "text", content="结果")
    assert (told["push"]["outcome"], told["push"]["fault"]) == ("success", None)
    assert said_to(world, "jia") == []
    go_on.set()
    finish_late_pushes()
    assert said_to(world, "jia") == ["结果还没有公布。"]
    assert effects == ["结果"]
    with transaction() as session:
        assert session.scalars(select(LatePush.id)).all() == []


def test_p17_a_mass_job_that_was_refused_is_told_with_its_number_and_the_platforms_word(
    client: FlaskClient, use_account: UseAccount, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Push] = []
    monkeypatch.setitem(app.extensions["wechat_handlers"].listeners, "MASSSENDJOBFINISH", [])
    register_job_listener(app, "MASSSENDJOBFINISH", told.append)
    (response,) = played(client, use_account, "P17")
    assert (response.status_code, response.text in QUIET) == (200, True)
    (news,) = [push.news for push in told]
    assert news == MassSent("1000001625", "err(30003)", total=0, filtered=0, sent=0, failed=0, articles=())
    assert not news.succeeded


def test_e01_the_platforms_own_push_is_decrypted() -> None:
    given, expected = CASES["E01"]["input"], CASES["E01"]["expected"]
    signed = (given["token"], given["timestamp"], given["nonce"])
    assert is_signed(given["signature"], *signed)
    assert is_signed(given["msg_signature"], *signed, given["encrypt"])
    plain = MessageCipher(given["encoding_aes_key"], given["appid"]).decrypt(given["encrypt"])
    assert (plain.decode(), len(plain)) == (expected["plaintext"], expected["msg_len"])
    again = MessageCipher(given["encoding_aes_key"], given["appid"])
    assert again.encrypt(expected["plaintext"], expected["random16"].encode()) == given["encrypt"]


def test_e02_a_reply_is_encrypted_and_signed_as_the_platform_does() -> None:
    given, expected = CASES["E02"]["input"], CASES["E02"]["expected"]
    cipher = MessageCipher(given["encoding_aes_key"], given["appid"])
    encrypted = cipher.encrypt(given["msg"], given["random16"].encode())
    assert encrypted == expected["Encrypt"]
    signed = signature_of(given["token"], str(given["timestamp"]), given["nonce"], encrypted)
    assert signed == expected["MsgSignature"]


def test_e03_a_key_whose_last_letter_has_bits_to_spare_opens_and_answers(
    client: FlaskClient, use_account: UseAccount, pushes: list[Push]
) -> None:
    case = CASES["E03"]
    account = use_account(clock_of(case), **account_of(case))
    (sent,) = requests_of(case)
    letter = open_letter(account, sent["query"], sent["body"].encode())
    assert letter.message.decode() == case["expected"]["decrypts_to"]
    response = play(client, sent)
    outer = fields_of(response.text)
    assert (response.status_code, list(outer)) == (200, ["Encrypt", "MsgSignature", "TimeStamp", "Nonce"])
    assert outer["MsgSignature"] == signature_of(META["token"], outer["TimeStamp"], outer["Nonce"], outer["Encrypt"])
    answer = fields_of(MessageCipher(META["encoding_aes_key"], META["appid"]).decrypt(outer["Encrypt"]).decode())
    assert (answer["ToUserName"], answer["FromUserName"]) == (OPENID_A, ORIGINAL_ID)
    assert [push.text for push in pushes] == ["投票 3"]


@pytest.mark.parametrize("case_id", ["E05", "E09"])
def test_a_ciphertext_that_is_not_for_us_has_no_effect(
    client: FlaskClient, use_account: UseAccount, pushes: list[Push], case_id: str
) -> None:
    expected = CASES[case_id]["expected"]
    (response,) = played(client, use_account, case_id)
    assert response.status_code in expected.get("status_in", [expected.get("status")])
    assert (pushes, kept()) == ([], {})
