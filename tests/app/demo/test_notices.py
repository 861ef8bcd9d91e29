"""The demo's notices: one of every phase, objections in hand and settled, nothing that could be taken for real."""

from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import select

from app.demo.notices import DemoNotices, load_notices
from app.demo.office import Office, add_staff, do_business
from foundation.clock import database_now, local_day
from foundation.transaction import transaction
from publicity.conclusion.report import build_report
from publicity.notices.kinds import Kind, Phase
from publicity.notices.models import Notice, NoticeMedium, NoticeVersion
from publicity.notices.reading import NoticeHead, notice_head, public_notice, running_notices
from publicity.objections.models import Objection
from publicity.objections.summaries import summaries_for
from staff.actors import Actor
from staff.models import Member
from staff.roles import Role
from tests.conftest import DatabaseClock
from tests.factories import make_poll
from tests.votes.factories_polls import NOON
from votes.steps import request_certification

NEW_YEAR = datetime(2031, 1, 8, 4, tzinfo=UTC)
"""In a year of which no notice of holidays is known."""


def load(app: Flask) -> tuple[Office, DemoNotices]:
    make_poll("open")
    make_poll("past", state="closed")
    with transaction() as session:
        now = database_now(session)
    office = add_staff(local_day(now))
    office.consent_to(request_certification("past", office.clerk))
    with app.test_request_context():
        do_business(office, "open", "past", now)
        return office, load_notices(office, "open", "past", now)


@pytest.fixture
def notices(app: Flask, database_clock: DatabaseClock) -> DemoNotices:
    database_clock.set(NOON)
    return load(app)[1]


def head(key: str) -> NoticeHead:
    with transaction() as session:
        return notice_head(session, key)


def heads(notices: DemoNotices) -> list[tuple[Kind, Phase]]:
    keys = (notices.running, notices.over, notices.opening, notices.plain, notices.waiting)
    return [(head(key).kind, head(key).phase) for key in keys]


def objections() -> list[tuple[str, str, str]]:
    with transaction() as session:
        found = session.scalars(select(Objection).order_by(Objection.id))
        return [(one.way, one.state, one.subject_name) for one in found]


def test_there_is_a_notice_of_every_phase(notices: DemoNotices) -> None:
    assert heads(notices) == [
        (Kind.FINAL, Phase.RUNNING),
        (Kind.UNIT, Phase.CONCLUDED),
        (Kind.OPENING, Phase.STANDING),
        (Kind.PLAIN, Phase.STANDING),
        (Kind.CANDIDATES, Phase.DRAFT),
    ]


def test_the_running_list_names_candidates_of_the_past_poll_and_ran_since_today(notices: DemoNotices) -> None:
    page = public_notice(notices.running)
    assert {subject.key.rpartition("-")[0] for subject in page.subjects} == {"past"}
    assert page.head.published_at is not None
    assert local_day(page.head.published_at) == local_day(NOON)
    assert [one.key for one in running_notices()] == [notices.running]


def test_one_objection_is_settled_one_in_hand_and_one_waits(notices: DemoNotices) -> None:
    assert [(way, state) for way, state, _ in objections()] == [
        ("letter", "unfounded"),
        ("telephone", "accepted"),
        ("web", "received"),
    ]


def test_the_unit_of_the_staff_reads_what_came_of_the_letter(app: Flask, notices: DemoNotices) -> None:
    with transaction() as session:
        member = session.scalars(select(Member).where(Member.name == "danwei")).one()
        unit = Actor(member.name, member.display_name, member.id, role=Role.UNIT, unit=member.unit)
    assert [(one.notice_key, one.result) for one in summaries_for(unit)] == [(notices.over, "不属实")]


def test_what_is_over_stood_in_two_media_and_was_concluded_without_a_reason(notices: DemoNotices) -> None:
    with transaction() as session:
        notice = session.scalars(select(Notice).where(Notice.key == notices.over)).one()
        media = session.scalars(select(NoticeMedium.name).where(NoticeMedium.notice_id == notice.id)).all()
        assert (sorted(media), notice.conclusion) == (["示例一县政府网站", "示例日报"], "")


def test_what_is_over_was_pushed_and_its_report_can_be_made(notices: DemoNotices) -> None:
    report = build_report(notices.over)
    assert [(push.channel, push.total, push.reached, push.unknown) for push in report.pushes] == [
        ("模板消息", 1_235, 1_184, 2)
    ]
    assert (len(report.media), len(report.objections), report.end is not None) == (2, 1, True)


def test_the_draft_waits_for_the_leader(notices: DemoNotices) -> None:
    query = select(NoticeVersion.state).join(Notice).where(Notice.key == notices.waiting)
    with transaction() as session:
        assert session.scalars(query).one() == "signing"


def test_nothing_names_a_real_office(notices: DemoNotices) -> None:
    with transaction() as session:
        said = [
            version.title + version.body + version.office + version.office_address
            for version in session.scalars(select(NoticeVersion))
        ]
    assert [text for text in said if "焦作" in text or "0391" in text] == []


def test_without_the_years_holidays_what_has_a_period_stays_a_draft(app: Flask, database_clock: DatabaseClock) -> None:
    database_clock.set(NEW_YEAR)
    _, notices = load(app)
    assert heads(notices) == [
        (Kind.FINAL, Phase.DRAFT),
        (Kind.UNIT, Phase.DRAFT),
        (Kind.OPENING, Phase.STANDING),
        (Kind.PLAIN, Phase.STANDING),
        (Kind.CANDIDATES, Phase.DRAFT),
    ]
    assert objections() == []
