"""Asking for a tally, the job that makes it, and how far it is on the way."""

import io
import json
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest
from flask import Flask
from rq import SimpleWorker
from rq.serializers import JSONSerializer
from sqlalchemy import event, select

from foundation.database import db, libpq_url
from foundation.embedded.servers import Connections
from foundation.errors import AppError, Conflict, InvalidInput, NotAllowed, NotFound
from foundation.queues import queue
from foundation.transaction import transaction
from staff.actors import COMMAND_LINE, Actor
from staff.audit.models import AuditEntry
from staff.downloads import ask_again, download_status, downloads_of, take_file
from staff.models import Member
from staff.roles import Role
from tests.conftest import DatabaseClock
from tests.votes.exporting.factories_tally import Person, fill_ledger, invented_people, make_poll_with_ledger, recount
from votes.exporting.jobs import make_download
from votes.exporting.requesting import request_tally
from votes.models import CertifiedCount, Poll

BALLOTS = ([1, 2], [1, 3], [2, 4])
SECRETIVE = (Person(0, "示例隐名", "示例隐单位", "示例隐职务"), Person(0, "示例另名", "示例隐单位", "示例隐职务"))
GIVEAWAYS = ("隐名", "另名", "隐单位", "隐职务", "号奖", "得票数", "得票率", "名次", "votes", "rank", "share")


@pytest.fixture
def clerk(app: Flask) -> Actor:
    with transaction() as session:
        member = Member(name="shili-jingban", display_name="示例经办", password_hash="none", role=Role.OFFICE)
        session.add(member)
        session.flush()
        return Actor(member.name, member.display_name, member.id, "192.0.2.0/24", "request-1", Role.OFFICE)


def work_off_the_queue() -> None:
    worker = SimpleWorker([queue()], connection=queue().connection, serializer=JSONSerializer)
    worker.work(burst=True, logging_level="ERROR")


@contextmanager
def seen_from_outside(connections: Connections) -> Iterator[list[tuple[str, int, int]]]:
    """Collect what another connection sees of the one download after each commit."""
    seen: list[tuple[str, int, int]] = []
    url = libpq_url(connections.database_url)

    def look(_session: object) -> None:
        with psycopg.connect(url) as connection:
            row = connection.execute("SELECT state, done, total FROM download").fetchone()
        if row is not None and row not in seen:
            seen.append(row)

    event.listen(db.session, "after_commit", look)
    try:
        yield seen
    finally:
        event.remove(db.session, "after_commit", look)


def unpacked(content: bytes) -> str:
    """Return everything a file says, the members of a package one after the other."""
    if not zipfile.is_zipfile(io.BytesIO(content)):
        return content.decode()
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        parts = [name for name in package.namelist() if "styles" not in name and not name.endswith(".jpeg")]
        return "".join(package.read(name).decode() for name in parts)


def acts() -> list[tuple[str, str, str, list[str]]]:
    with transaction() as session:
        rows = session.scalars(select(AuditEntry).order_by(AuditEntry.id))
        return [(entry.actor, entry.act, entry.object, entry.fields) for entry in rows]


@pytest.mark.parametrize("file_format", ["xlsx", "docx", "csv", "json"])
def test_a_tally_is_made_by_the_queue_and_taken_by_whom_it_is_for(clerk: Actor, file_format: str) -> None:
    make_poll_with_ledger(invented_people(2, 2), BALLOTS)
    asked = request_tally("shili", file_format, clerk)
    assert (asked.kind, asked.subject, asked.state) == (f"tally.{file_format}", "shili", "waiting")
    work_off_the_queue()
    done = download_status(asked.key, clerk)
    assert (done.state, done.percent, done.error) == ("ready", 100, None)
    taken = take_file(asked.key, clerk)
    assert taken.filename.startswith("网上评议得票情况汇总表-shili-")
    assert taken.filename.endswith(f".{file_format}")
    assert len(taken.content) > 500


def test_the_file_holds_the_votes_that_were_cast(clerk: Actor) -> None:
    make_poll_with_ledger(invented_people(2, 2), BALLOTS, waiting=([1],))
    asked = request_tally("shili", "json", clerk)
    make_download(asked.key)
    value = json.loads(take_file(asked.key, clerk).content)
    votes = {one["number"]: one["votes"] for award in value["awards"] for one in award["candidates"]}
    assert votes == {number: recount(BALLOTS)[number] for number in range(1, 5)}


def test_the_file_says_who_exported_it_under_the_number_of_the_download(clerk: Actor) -> None:
    make_poll_with_ledger(invented_people(2, 2), BALLOTS)
    asked = request_tally("shili", "json", clerk)
    make_download(asked.key)
    value = json.loads(take_file(asked.key, clerk).content)
    assert re.fullmatch(
        rf"由 示例经办（shili-jingban）于 \d+年\d+月\d+日 \d\d:\d\d 导出 · 编号 {asked.key[:8]}", value["exported"]
    )


def test_an_expired_tally_is_asked_for_anew(clerk: Actor, database_clock: DatabaseClock) -> None:
    make_poll_with_ledger(invented_people(2, 2), BALLOTS)
    asked = request_tally("shili", "csv", clerk)
    make_download(asked.key)
    database_clock.advance(timedelta(hours=24))
    again = ask_again(asked.key, clerk)
    assert (again.kind, again.subject, again.state, again.key == asked.key) == ("tally.csv", "shili", "waiting", False)
    with pytest.raises(NotAllowed):
        ask_again(asked.key, replace(clerk, role=Role.ADMINISTRATOR))


def test_the_wish_is_recorded_with_what_was_wished_for(clerk: Actor) -> None:
    make_poll_with_ledger(invented_people(2), ([1],))
    make_poll_with_ledger(invented_people(2), (), slug="yincang", visibility="hidden")
    request_tally("shili", "xlsx", clerk)
    request_tally("yincang", "xlsx", clerk)
    assert [act for act in acts() if act[1] == "tally.download"] == [
        ("shili-jingban", "tally.download", "shili", ["votes"]),
        ("shili-jingban", "tally.download", "yincang", ["voters"]),
    ]


def test_the_page_can_see_the_download_move(clerk: Actor, connections: Connections) -> None:
    poll_id = make_poll_with_ledger(invented_people(90, 90), ())
    fill_ledger(poll_id, 1, 20_000)
    asked = request_tally("shili", "csv", clerk)
    with seen_from_outside(connections) as seen:
        make_download(asked.key)
    assert seen == [
        ("waiting", 0, 0),
        ("running", 0, 100),
        ("running", 45, 100),
        ("running", 90, 100),
        ("ready", 100, 100),
    ]


def test_a_job_that_runs_again_leaves_the_file_as_it_is(clerk: Actor) -> None:
    make_poll_with_ledger(invented_people(2), ([1],))
    asked = request_tally("shili", "json", clerk)
    make_download(asked.key)
    first = take_file(asked.key, clerk)
    make_download(asked.key)
    assert take_file(asked.key, clerk) == first


def test_a_job_without_a_wish_does_nothing(clerk: Actor) -> None:
    make_download("0" * 32)
    assert downloads_of(clerk) == ()


def test_a_tally_that_contradicts_what_was_certified_ends_as_a_sentence(clerk: Actor) -> None:
    poll_id = make_poll_with_ledger(invented_people(2), ([1],), state="closed")
    with transaction() as session:
        poll = session.get_one(Poll, poll_id)
        poll.state, poll.certified_at = "certified", poll.closes_at
        session.add(CertifiedCount(poll_id=poll_id, number=1, votes=2))
    asked = request_tally("shili", "xlsx", clerk)
    make_download(asked.key)
    done = download_status(asked.key, clerk)
    assert done.state == "failed"
    assert done.error == "已认证的得票数与选票记录不一致，不能导出；请联系系统维护人员核查。"


@pytest.mark.parametrize("state", ["open", "closed"])
@pytest.mark.parametrize("file_format", ["xlsx", "docx", "csv", "json"])
def test_a_hidden_poll_gives_the_number_of_voters_alone(clerk: Actor, file_format: str, state: str) -> None:
    make_poll_with_ledger(SECRETIVE, [[1, 2]] * 7, visibility="hidden", state=state)
    asked = request_tally("shili", file_format, clerk)
    make_download(asked.key)
    taken = take_file(asked.key, clerk)
    assert taken.filename.startswith("网上评议投票人数统计表-shili-")
    everything = unpacked(taken.content) + asked.title
    assert "7" in everything
    assert [word for word in GIVEAWAYS if word in everything] == []


@pytest.mark.parametrize(
    ("slug", "file_format", "error"),
    [("meiyou", "xlsx", NotFound), ("shili", "pdf", InvalidInput), ("caogao", "xlsx", Conflict)],
)
def test_what_cannot_be_had_is_refused_at_once(
    clerk: Actor, slug: str, file_format: str, error: type[AppError]
) -> None:
    make_poll_with_ledger(invented_people(2), ([1],))
    make_poll_with_ledger(invented_people(2), (), slug="caogao", state="draft")
    with pytest.raises(error):
        request_tally(slug, file_format, clerk)
    assert downloads_of(clerk) == ()
    assert acts() == []


def test_only_a_member_can_ask(app: Flask) -> None:
    make_poll_with_ledger(invented_people(2), ([1],))
    with pytest.raises(NotAllowed):
        request_tally("shili", "xlsx", COMMAND_LINE)
    assert acts() == []
