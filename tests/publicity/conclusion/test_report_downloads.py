"""Asking for a report, the job that makes it, and who may take it."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from rq import SimpleWorker
from rq.serializers import JSONSerializer
from sqlalchemy import select

from foundation.errors import Conflict, NotAllowed, NotFound
from foundation.queues import queue
from foundation.transaction import transaction
from publicity.conclusion.jobs import make_report
from publicity.conclusion.requesting import request_report
from publicity.notices.drafting import draft_notice
from staff.actors import COMMAND_LINE
from staff.audit.models import AuditEntry
from staff.downloads import ask_again, download_status, downloads_of, take_file
from staff.roles import Role
from tests.conftest import DatabaseClock
from tests.publicity.conclusion.factories_conclusion import PUBLISHED, TITLE, publish_list
from tests.publicity.conclusion.reading_report import blocks_of, opened
from tests.publicity.factories_notices import Staff, entry_for, make_office


@pytest.fixture
def staff(app: Flask, database_clock: DatabaseClock) -> Staff:
    database_clock.set(PUBLISHED)
    return make_office()


@pytest.fixture
def key(staff: Staff) -> str:
    return publish_list(staff)


def wishes() -> list[tuple[str, str]]:
    with transaction() as session:
        lines = session.scalars(select(AuditEntry).where(AuditEntry.act == "notices.report").order_by(AuditEntry.id))
        return [(line.actor, line.object) for line in lines]


def test_a_report_is_made_by_the_queue_and_taken_by_whom_it_is_for(key: str, staff: Staff) -> None:
    asked = request_report(key, staff.drafter)
    assert (asked.kind, asked.subject, asked.state) == ("notice_report.docx", key, "waiting")
    assert asked.title == f"公示情况报告：{TITLE}（Word）"
    SimpleWorker([queue()], connection=queue().connection, serializer=JSONSerializer).work(
        burst=True, logging_level="ERROR"
    )
    done = download_status(asked.key, staff.drafter)
    assert (done.state, done.percent, done.error) == ("ready", 100, None)
    taken = take_file(asked.key, staff.drafter)
    assert re.fullmatch(rf"公示情况报告-{key[:8]}-20170602-10\d{{4}}\.docx", taken.filename)
    assert blocks_of(taken.content)[:2] == ["公示情况报告", f"（{TITLE}）"]
    with pytest.raises(NotFound):
        take_file(asked.key, staff.leader)


def test_the_file_says_who_took_it_under_the_number_of_the_download(key: str, staff: Staff) -> None:
    asked = request_report(key, staff.supervisor)
    make_report(asked.key)
    foot = opened(take_file(asked.key, staff.supervisor).content).sections[0].footer
    assert foot.paragraphs[-1].text == (f"由 示例监督人（jiandu）于 2017年6月2日 10:00 导出 · 编号 {asked.key[:8]}")


def test_the_wish_is_recorded(key: str, staff: Staff) -> None:
    request_report(key, staff.leader)
    assert wishes() == [("qianfa", f"{TITLE}（{key}）")]


def test_a_job_that_runs_again_leaves_the_file_as_it_is(key: str, staff: Staff) -> None:
    asked = request_report(key, staff.drafter)
    make_report(asked.key)
    first = take_file(asked.key, staff.drafter)
    make_report(asked.key)
    assert take_file(asked.key, staff.drafter) == first


def test_a_job_without_a_wish_does_nothing(staff: Staff) -> None:
    make_report("0" * 32)
    assert downloads_of(staff.drafter) == ()


def test_an_expired_report_is_asked_for_anew_by_whoever_still_may(
    key: str, staff: Staff, database_clock: DatabaseClock
) -> None:
    asked = request_report(key, staff.drafter)
    make_report(asked.key)
    database_clock.advance(timedelta(hours=24))
    again = ask_again(asked.key, staff.drafter)
    assert (again.kind, again.subject, again.state) == ("notice_report.docx", key, "waiting")
    with pytest.raises(NotAllowed):
        ask_again(asked.key, replace(staff.drafter, role=Role.ADMINISTRATOR))


def test_what_cannot_be_had_is_refused_at_once(staff: Staff) -> None:
    with pytest.raises(Conflict):
        request_report(draft_notice(entry_for(), staff.drafter), staff.drafter)
    with pytest.raises(NotFound):
        request_report("0" * 32, staff.drafter)
    assert (downloads_of(staff.drafter), wishes()) == ((), [])


def test_only_a_member_can_ask(key: str) -> None:
    with pytest.raises(NotAllowed):
        request_report(key, COMMAND_LINE)
    assert wishes() == []
