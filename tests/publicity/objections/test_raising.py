"""Raising: by name, by a unit or by nobody, to one subject of a notice that runs, once however often it is sent."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from foundation.clock import local_day
from foundation.errors import Conflict, InvalidInput, NotAllowed, NotFound
from foundation.forms import InvalidFields
from foundation.transaction import transaction
from foundation.uploads import Upload, read_upload
from publicity.notices.amending import begin_change
from publicity.notices.drafting import edit_draft
from publicity.notices.kinds import Change, Phase
from publicity.notices.reading import public_notice
from publicity.notices.subjects import new_subject
from publicity.objections.models import Objection
from publicity.objections.own import own_objections
from publicity.objections.raising import Heard, enter_objection, heard_just_now, raise_objection
from publicity.objections.rules import WITHOUT_LEAD, RaisedAs, State, Way
from publicity.objections.sheet import objection_sheet
from staff.options.calendar import working_day_after
from staff.roles import Role
from tests.conftest import DatabaseClock
from tests.publicity.factories_notices import (
    MONDAY,
    change_notice,
    entry_for,
    make_notice,
    make_office,
    publish,
    revision_of,
    subjects_now,
)
from tests.publicity.factories_objections import (
    LEAD,
    NAME,
    OPENID,
    PHONE,
    TEXT,
    UNIT,
    anonymous,
    as_unit,
    count_objections,
    entry_to,
    picture,
    stored_files,
)
from tests.staff.factories_staff import actor_of, make_staff, recorded

TODAY = local_day(MONDAY)


@pytest.fixture(autouse=True)
def monday(app: Flask, database_clock: DatabaseClock) -> DatabaseClock:
    database_clock.set(MONDAY)
    return database_clock


def kept(code: str) -> Objection:
    with transaction() as session:
        return session.scalars(select(Objection).where(Objection.code == code)).one()


def test_what_a_person_raises_in_wechat_is_kept_with_a_deadline_in_working_days() -> None:
    head = make_notice()
    heard = raise_objection(head.key, entry_to(head, unit=UNIT, has_lead=True, lead=LEAD), openid=OPENID)

    objection = kept(heard.code)
    assert heard == Heard(
        heard.code, State.RECEIVED, RaisedAs.PERSON, "示例村党支部", working_day_after(TODAY, 10), True
    )
    assert heard.told == "受理单位会在6月19日前办结，需要核实时打您留的电话。办理到哪一步，可以点下面的“看办理情况”。"
    assert (objection.way, objection.arrived_on, objection.subject_unit) == (Way.WECHAT, TODAY, "示例县")
    assert [value.decode() for value in (objection.text, objection.lead) if value] == [TEXT, LEAD]
    reporter = (objection.reporter_name, objection.reporter_unit, objection.reporter_phone)
    assert [value.decode() for value in reporter if value] == [NAME, UNIT, PHONE]
    assert [own.code for own in own_objections(OPENID, head.key)] == [heard.code]
    assert recorded()[-1] == ("system", "objections.raise", f"反映件 {heard.code}", "done")


def test_a_reader_that_nobody_knows_raises_on_the_web() -> None:
    head = make_notice()
    heard = raise_objection(head.key, entry_to(head), openid=None)

    assert (kept(heard.code).way, kept(heard.code).person, heard.in_sight) == (Way.WEB, None, False)


def test_a_unit_hands_in_the_scan_of_its_seal(app: Flask) -> None:
    head = make_notice()
    with pytest.raises(InvalidFields) as lacking:
        raise_objection(head.key, entry_to(head, raised_as=RaisedAs.UNIT, phone=""), openid=None)
    heard = raise_objection(head.key, as_unit(head, name=""), openid=None)

    assert lacking.value.faults.keys() == {"unit", "phone", "seal"}
    (seal,) = kept(heard.code).attachments
    assert (seal.is_seal, seal.filename.decode(), seal.media_type) == (True, "公章.png", "image/png")
    assert read_upload(seal.digest).startswith(b"\x89PNG")
    assert picture() not in b"".join(path.read_bytes() for path in stored_files(app))


def test_nobody_without_a_lead_is_recorded_and_declined_by_rule() -> None:
    head = make_notice()
    heard = raise_objection(head.key, anonymous(head), openid=OPENID)
    sheet = objection_sheet(heard.code, make_office().leader)

    assert (heard.state, kept(heard.code).settled_at is not None) == (State.DECLINED, True)
    assert [(step.words, step.person, step.note) for step in sheet.steps] == [
        ("收到", "网上提交", ""),
        ("不予受理", "系统按规则", WITHOUT_LEAD),
    ]
    assert [(actor, act) for actor, act, _, _ in recorded()[-2:]] == [
        ("system", "objections.raise"),
        ("system", "objections.decline_by_rule"),
    ]


def test_nobody_with_a_lead_waits_to_be_accepted_and_stays_nobody() -> None:
    head = make_notice()
    typed_and_changed_their_mind = anonymous(head, lead=LEAD)
    heard = raise_objection(
        head.key, entry_to(head, raised_as=RaisedAs.ANONYMOUS, has_lead=True, lead=LEAD), openid=OPENID
    )
    other = raise_objection(head.key, typed_and_changed_their_mind, openid=None)

    for code in (heard.code, other.code):
        objection = kept(code)
        known = (objection.reporter_name, objection.reporter_unit, objection.reporter_phone, objection.person)
        assert (objection.state, known) == (State.RECEIVED, (None, None, None, None))
    assert own_objections(OPENID) == ()
    assert heard.told == "受理单位会在6月19日前办结。匿名反映没有办法告诉您结果。"


def test_the_same_form_sent_again_is_one_objection_even_after_the_period(
    app: Flask, database_clock: DatabaseClock
) -> None:
    head = make_notice()
    entry = entry_to(head, files=(Upload("示例.png", picture()),))
    first = raise_objection(head.key, entry, openid=None)
    files = stored_files(app)
    database_clock.advance(timedelta(days=30))

    assert raise_objection(head.key, entry, openid=None) == first
    assert (count_objections(), stored_files(app)) == (1, files)


def test_the_answer_is_found_for_an_hour(database_clock: DatabaseClock) -> None:
    head = make_notice()
    entry = entry_to(head)
    heard = raise_objection(head.key, entry, openid=None)

    assert heard_just_now(entry.form) == heard
    database_clock.advance(timedelta(minutes=61))
    with pytest.raises(NotFound):
        heard_just_now(entry.form)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"subject_key": ""}, "subject"),
        ({"raised_as": None}, "raised_as"),
        ({"text": ""}, "text"),
        ({"text": "字" * 5_001}, "text"),
        ({"has_lead": True}, "lead"),
        ({"has_lead": True, "lead": "字" * 2_001}, "lead"),
        ({"name": ""}, "name"),
        ({"name": "字" * 41}, "name"),
        ({"name": "赵\n示"}, "name"),
        ({"phone": ""}, "phone"),
        ({"phone": "打我"}, "phone"),
        ({"phone": "12345"}, "phone"),
        ({"unit": "字" * 81}, "unit"),
        ({"files": tuple(Upload(f"{n}.pdf", b"%PDF-1.7 %%EOF") for n in range(6))}, "files"),
        ({"files": (Upload("示例.pdf", b""),)}, "files"),
        ({"files": (Upload("示例.pdf", b"%PDF-" + bytes(10 * 1024 * 1024)),)}, "files"),
        ({"files": (Upload("示例.exe", b"MZ"),)}, "files"),
        ({"files": (Upload("示例.pdf", b"<html>"),)}, "files"),
        ({"files": (Upload("示例.png", b"\x89PNG no picture"),)}, "files"),
    ],
)
def test_what_cannot_be_taken_names_its_field_and_leaves_nothing(
    app: Flask, changes: dict[str, Any], field: str
) -> None:
    head = make_notice()
    with pytest.raises(InvalidInput) as refused:
        raise_objection(head.key, entry_to(head, **changes), openid=None)

    assert refused.value.field == field
    assert (count_objections(), stored_files(app)) == (0, [])


def test_every_fault_is_told_at_once() -> None:
    head = make_notice()
    with pytest.raises(InvalidFields) as refused:
        raise_objection(head.key, entry_to(head, text="", name="", phone="x", subject_kind=""), openid=None)

    assert refused.value.faults.keys() == {"subject", "text", "name", "phone"}


def test_only_a_subject_of_this_notice_can_be_objected_to(app: Flask) -> None:
    head, other = make_notice(), make_notice()
    foreign = entry_to(other, files=(Upload("示例.png", picture()),))
    with pytest.raises(InvalidInput, match="名单") as refused:
        raise_objection(head.key, foreign, openid=None)

    assert refused.value.field == "subject"
    assert (count_objections(), stored_files(app)) == (0, [])


@pytest.mark.parametrize("phase", [Phase.OVER, Phase.CONCLUDED])
def test_nothing_is_raised_once_the_period_is_over(database_clock: DatabaseClock, phase: Phase) -> None:
    head = make_notice(phase, clock=database_clock)
    with pytest.raises(Conflict):
        raise_objection(head.key, entry_to(head), openid=None)
    assert count_objections() == 0


def test_a_notice_that_is_not_there_or_has_no_period_takes_nothing() -> None:
    running, standing, draft = make_notice(), make_notice(Phase.STANDING), make_notice(Phase.DRAFT)
    entry = entry_to(running)
    with pytest.raises(NotFound):
        raise_objection("no-such-notice", entry, openid=None)
    with pytest.raises(NotFound):
        raise_objection(draft.key, entry, openid=None)
    with pytest.raises(Conflict, match="公告"):
        raise_objection(standing.key, entry, openid=None)


def test_nobody_is_turned_away_because_next_year_is_not_entered(database_clock: DatabaseClock) -> None:
    database_clock.set(MONDAY.replace(year=2026, month=12, day=21))
    head = make_notice()
    heard = raise_objection(head.key, entry_to(head), openid=None)
    sheet = objection_sheet(heard.code, make_office().leader)

    assert heard.due_on is None
    assert heard.told.startswith("受理单位会在规定期限内办结")
    assert sheet.line.deadline is not None
    assert (sheet.line.deadline.words, sheet.line.overdue) == ("算不出，请先录入工作日历", False)


class TestEntering:
    """Letters, telephone calls and visits, entered by the office."""

    def test_a_letter_counts_by_its_postmark_until_the_notice_is_concluded(self, database_clock: DatabaseClock) -> None:
        head = make_notice()
        assert head.last_day is not None
        database_clock.advance(timedelta(days=20))
        clerk = make_office().drafter
        heard = enter_objection(head.key, entry_to(head), Way.LETTER, head.last_day, clerk)

        objection = kept(heard.code)
        assert (objection.way, objection.arrived_on, objection.person) == (Way.LETTER, head.last_day, None)
        assert objection.due_on == working_day_after(head.last_day, 10)
        assert objection_sheet(heard.code, clerk).steps[0].person == clerk.display_name
        assert recorded()[-1] == ("nigao", "objections.enter", f"反映件 {heard.code}", "done")

    def test_a_letter_of_the_days_before_the_clock_began_anew_counts(self, database_clock: DatabaseClock) -> None:
        head = make_notice()
        database_clock.advance(timedelta(days=3))
        more = (*subjects_now(head.key), new_subject("马示例增", heading="十佳共产党员"))
        change_notice(head.key, Change.SUBJECTS, subjects=more)
        heard = enter_objection(head.key, entry_to(head), Way.LETTER, TODAY, make_office().drafter)

        assert kept(heard.code).arrived_on == TODAY

    def test_what_came_outside_of_the_period_is_not_entered(self, database_clock: DatabaseClock) -> None:
        head = make_notice()
        assert head.last_day is not None
        database_clock.advance(timedelta(days=20))
        for day in (TODAY - timedelta(days=1), head.last_day + timedelta(days=1), None):
            with pytest.raises(InvalidInput) as refused:
                enter_objection(head.key, entry_to(head), Way.VISIT, day, make_office().drafter)
            assert refused.value.field == "arrived_on"

    def test_nothing_is_entered_for_a_concluded_notice(self, database_clock: DatabaseClock) -> None:
        head = make_notice(Phase.CONCLUDED, clock=database_clock)
        assert head.last_day is not None
        with pytest.raises(Conflict, match="办结"):
            enter_objection(head.key, entry_to(head), Way.LETTER, head.last_day, make_office().drafter)

    def test_whether_a_letter_has_a_lead_is_the_clerks_word(self) -> None:
        head, clerk = make_notice(), make_office().drafter
        with_lead = entry_to(head, raised_as=RaisedAs.ANONYMOUS, has_lead=True)
        assert enter_objection(head.key, with_lead, Way.LETTER, TODAY, clerk).state is State.RECEIVED
        assert enter_objection(head.key, anonymous(head), Way.LETTER, TODAY, clerk).state is State.DECLINED

    def test_the_web_is_no_way_for_staff(self) -> None:
        head = make_notice()
        for way in (Way.WEB, Way.WECHAT, None):
            with pytest.raises(InvalidInput) as refused:
                enter_objection(head.key, entry_to(head), way, TODAY, make_office().drafter)
            assert refused.value.field == "way"

    @pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.SUPERVISOR, Role.INVESTIGATOR, Role.UNIT])
    def test_others_enter_nothing(self, role: Role) -> None:
        head = make_notice()
        unit = "示例县" if role in {Role.UNIT, Role.INVESTIGATOR} else None
        other = actor_of(make_staff("qita", "示例其他人", role, unit))
        with pytest.raises(NotAllowed):
            enter_objection(head.key, entry_to(head), Way.LETTER, TODAY, other)
        assert count_objections() == 0


def test_a_subject_that_was_withdrawn_cannot_be_objected_to_any_more() -> None:
    head, drafter = make_notice(), make_office().drafter
    entry, left = entry_to(head), public_notice(head.key).subjects[1:]
    begin_change(head.key, Change.WITHDRAWAL, "示例：本人申请撤下", drafter)
    edit_draft(head.key, revision_of(head.key), entry_for(subjects=left, working_days=5), drafter)
    publish(head.key)
    with pytest.raises(InvalidInput) as refused:
        raise_objection(head.key, entry, openid=None)

    assert refused.value.field == "subject"
    assert raise_objection(head.key, entry_to(head), openid=None).subject_name == left[0].name
