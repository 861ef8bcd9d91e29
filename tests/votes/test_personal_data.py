"""Voters' data ends: the key that ties ballots to openids is destroyed in its time, and everything copes with that."""

import os
import secrets
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import String, select, text
from sqlalchemy.exc import DBAPIError

from foundation.database import Base
from foundation.files import file_store
from foundation.transaction import transaction
from staff.actors import SYSTEM
from staff.personal.running import carry_out, preview, run_status, start_run
from tests.conftest import DatabaseClock
from tests.factories import ballot_headers, make_poll, sign_in
from votes.models import Ballot, Candidate, Poll
from votes.personal_data import enquiry_phone, votes_part
from votes.voters import KEY_IS_GONE, voter_tag
from wechat.identity import Voter

OPENID = "oVoter_of_the_personal_data_1"
VOTER = Voter(OPENID, snapshot=False)
DAY = timedelta(days=1)


def run() -> dict[str, int]:
    key = start_run(SYSTEM)
    carry_out(key)
    return {line.rule: line.count for line in run_status(key).erased}


def add_ballot(poll_id: int, code: str = "K7QX-3M9T-P2VA", openid: str = OPENID, number: int = 1) -> None:
    """Put a ballot of this person into the ledger."""
    with transaction() as session:
        key = session.get_one(Poll, poll_id).voter_key
        assert key
        tag = voter_tag(key, openid)
        row = {"poll_id": poll_id, "voter_tag": tag, "period": number, "nonce": secrets.token_hex(16), "code": code}
        session.add(Ballot(**row, choices=b"\x01", salt=bytes(16), number=number))


def voter_key(poll_id: int) -> bytes | None:
    with transaction() as session:
        return session.get_one(Poll, poll_id, populate_existing=True).voter_key


@pytest.mark.parametrize("state", ["closed", "certified"])
def test_a_key_is_destroyed_190_days_after_closing(app: Flask, database_clock: DatabaseClock, state: str) -> None:
    poll_id = make_poll(state=state, opens_in=-2 * DAY, closes_in=-DAY)
    make_poll("open", closes_in=400 * DAY)
    database_clock.advance(189 * DAY - timedelta(minutes=1))
    assert run() == {}
    database_clock.advance(timedelta(minutes=2))
    assert (run(), run()) == ({"votes.voter_keys": 1}, {})
    assert voter_key(poll_id) is None


@pytest.mark.parametrize(
    ("state", "days"), [("draft", 400), ("open", 400), ("closed", 0), ("closed", 188), ("certified", 188)]
)
def test_the_database_lets_no_key_go_before_its_time(
    app: Flask, database_clock: DatabaseClock, state: str, days: int
) -> None:
    poll_id = make_poll(state=state, opens_in=-2 * DAY, closes_in=-DAY)
    database_clock.advance(days * DAY)
    with pytest.raises(DBAPIError), transaction() as session:
        session.execute(text("UPDATE poll SET voter_key = NULL WHERE id = :id"), {"id": poll_id})
    assert voter_key(poll_id) is not None


def test_a_destroyed_key_never_comes_back(app: Flask) -> None:
    poll_id = make_poll(state="closed", opens_in=-300 * DAY, closes_in=-200 * DAY)
    run()
    with transaction() as session:
        session.execute(text("SET LOCAL vote.rotates_keys = 'on'"))
        with pytest.raises(DBAPIError):
            session.execute(text("UPDATE poll SET voter_key = '\\x01' WHERE id = :id"), {"id": poll_id})
        session.rollback()


@pytest.fixture
def keyless(app: Flask, client: FlaskClient) -> FlaskClient:
    """Somebody who voted in a poll that was closed so long ago that its key is destroyed."""
    add_ballot(make_poll(state="certified", opens_in=-300 * DAY, closes_in=-200 * DAY))
    run()
    sign_in(client, OPENID)
    return client


def test_without_its_key_a_poll_is_read_as_before(keyless: FlaskClient) -> None:
    paths = ("/polls/demo", "/polls/demo.json", "/polls/demo/results", "/polls/demo/candidates/1", "/polls/demo/column")
    assert {path: keyless.get(path).status_code for path in paths} == dict.fromkeys(paths, 200)


def test_without_its_key_the_page_says_why_there_is_no_receipt(keyless: FlaskClient) -> None:
    me = keyless.get("/polls/demo/me.json").get_json()
    assert (me["signed_in"], me["receipt"], me["order_seed"], me["note"]) == (True, None, None, KEY_IS_GONE)


def test_a_receipt_is_found_by_its_code_for_good(keyless: FlaskClient) -> None:
    assert "第 1 票" in keyless.get("/receipts/K7QX-3M9T-P2VA").text


def test_without_its_key_a_poll_takes_no_ballot(app: Flask, keyless: FlaskClient) -> None:
    ballot = {"choices": [1], "nonce": "0" * 32}
    answer = keyless.post("/polls/demo/ballots", json=ballot, headers=ballot_headers(app))
    assert (answer.status_code, answer.get_json()["status"]) == (410, "closed")


def test_voters_see_where_they_voted_and_never_what(app: Flask) -> None:
    add_ballot(make_poll("first", state="closed", title="示例甲", closes_in=-DAY, opens_in=-2 * DAY), "AAAA-AAAA-AAAA")
    add_ballot(make_poll("other", title="示例乙"), "BBBB-BBBB-BBBB", openid="somebody else altogether")
    make_poll("draft", state="draft")
    part = votes_part(VOTER)
    assert [(line.words, line.value, line.link) for line in part.lines] == [
        ("示例甲", "AAAA-AAAA-AAAA", "/receipts/AAAA-AAAA-AAAA")
    ]
    assert "示例001" not in repr(part)


def test_each_day_of_a_daily_poll_is_a_line(app: Flask) -> None:
    poll_id = make_poll(period="daily")
    for day in (1, 2):
        add_ballot(poll_id, f"AAAA-AAAA-AAA{day}", number=day)
    assert len(votes_part(VOTER).lines) == 2


def test_whose_key_is_destroyed_is_told_so(keyless: FlaskClient) -> None:
    part = votes_part(VOTER)
    assert (part.lines, "还有1个投票结束已超过190天" in part.note) == ((), True)


def test_photos_that_candidates_have_stay_and_replaced_ones_go(app: Flask, database_clock: DatabaseClock) -> None:
    poll_id = make_poll(state="draft")
    kept, replaced = file_store().add_public(b"a photo"), file_store().add_public(b"a former photo")
    with transaction() as session:
        one = session.scalars(select(Candidate).where(Candidate.poll_id == poll_id, Candidate.number == 1)).one()
        one.photo = one.thumbnail = kept
    database_clock.advance(25 * timedelta(hours=1))
    assert {line.rule.id: line.count for line in preview() if line.count} == {"files.public": 1}
    assert run() == {"files.public": 1}
    assert file_store().public_path(kept).is_file()
    assert not (file_store().public_path(kept).parent / replaced).exists()


def test_a_photo_given_again_is_not_taken_away_with_the_former(app: Flask) -> None:
    path = file_store().public_path(file_store().add_public(b"a photo"))
    long_ago = path.stat().st_mtime - 3 * 86_400
    os.utime(path, (long_ago, long_ago))
    file_store().add_public(b"a photo")
    assert run() == {}


NAMING_NO_FILE = {
    "ballot.nonce",
    "once_consent.purpose",
    "once_consent.template_id",
    "recipient_mark.template_id",
    "scene_code.scene",
    "sending_job.data_id",
    "sending_job.fingerprint",
    "sending_job.key",
    "witness_mark.digest",
}
NAMING_FILES = {
    "candidate.photo",
    "candidate.thumbnail",
    "candidate_import.findings",
    "candidate_import.upload",
    "download.digest",
    "notice_attachment.digest",
    "notice_medium.digest",
    "objection_attachment.digest",
}


def test_every_column_that_could_name_a_file_is_known_to_the_rule_that_removes_files() -> None:
    """A digest has 64 digits: whoever adds such a column declares with `declare_files_kept` which files it needs."""
    columns = {
        f"{table.name}.{column.name}"
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if type(column.type) is String and column.type.length == 64
    }
    assert columns == NAMING_FILES | NAMING_NO_FILE


def test_the_number_to_call_is_that_of_the_latest_poll(app: Flask) -> None:
    assert enquiry_phone() == ""
    make_poll("earlier", enquiry_phone="0000-0000001", opens_in=-2 * DAY)
    make_poll("later", enquiry_phone="0000-0000002")
    make_poll("draft", state="draft", enquiry_phone="0000-0000003")
    assert enquiry_phone() == "0000-0000002"
