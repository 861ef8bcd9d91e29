"""The life of a poll, as staff lead it: draft, open, closed, certified, one way."""

import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from threading import Thread

import psycopg
import pytest
from flask import Flask
from sqlalchemy import select

from foundation.database import db, libpq_url
from foundation.embedded.servers import Connections
from foundation.errors import Conflict, InvalidInput, NotFound
from foundation.forms import InvalidFields
from staff.actors import Actor
from staff.audit.models import AuditEntry
from staff.desk import in_order
from staff.roles import Role
from tests.conftest import DatabaseClock
from tests.factories import BOTH, CLERK, LEADER, fill_ledger, make_poll
from tests.staff.factories_staff import actor_of, make_staff
from tests.votes.factories_polls import (
    AWARDS,
    NOON,
    SETTINGS,
    WEEK,
    acts,
    add_ballots,
    award_ids,
    make_draft,
    make_ready,
    poll_of,
)
from votes.candidates import record_check
from votes.desk import desk_items
from votes.ledger import POLL_LOCK
from votes.models import CertifiedCount, PollHead
from votes.numbering import drain
from votes.overview import list_polls, poll_overview
from votes.phases import Phase
from votes.polls import certify_poll, close_due_polls, close_poll, create_poll, edit_awards, edit_poll, open_poll
from votes.settings import AwardSettings, PollSettings
from votes.steps import request_opening
from votes.turnout import Day, Hour, turnout

RULES = """投票时间：2017年4月19日 12:00至4月26日 12:00。
每个微信号限投一次，提交后不可修改。
示例组织奖最多选1个，示例党员奖最多选2名，可少选。
不收费，不需转发。
投票结果是评选参考之一，不直接决定表彰对象。
凡以主办方名义收费刷票的均为诈骗，请勿相信，请举报。
帮家人投票请用家人自己的微信。
未满14周岁请勿参与。"""


@pytest.fixture(autouse=True)
def before_the_poll(app: Flask, database_clock: DatabaseClock) -> None:
    database_clock.set(NOON - timedelta(days=1))


def faults_of(settings: PollSettings, awards: tuple[AwardSettings, ...] = AWARDS, slug: str = "demo") -> dict[str, str]:
    with pytest.raises(InvalidFields) as refused:
        create_poll(settings, awards, CLERK, slug=slug)
    return refused.value.faults


def settings_now() -> PollSettings:
    return poll_overview("demo").settings


def _close_in(app: Flask) -> None:
    with app.app_context():
        close_poll("demo", "示例停电", BOTH)


def _await_somebody_waiting(connections: Connections) -> None:
    """Return once another connection waits for an advisory lock."""
    waiting = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    deadline = time.monotonic() + 10
    with psycopg.connect(libpq_url(connections.database_url), autocommit=True) as watching:
        while not watching.execute(waiting).fetchone():
            assert time.monotonic() < deadline, "nobody waits"


class TestDrafting:
    def test_a_new_poll_is_a_draft_with_a_key_an_epoch_and_the_default_rules(self) -> None:
        make_draft()
        poll = poll_of()
        assert (poll.state, len(poll.voter_key or b""), poll.revision) == ("draft", 32, 0)
        assert len(db.session.get_one(PollHead, poll.id).epoch) == 32
        assert poll.rules_text == RULES
        assert acts() == [("clerk", "polls.create", "示例网上评议（demo）")]

    def test_every_poll_has_a_key_of_its_own(self) -> None:
        make_draft("one")
        make_draft("two")
        assert poll_of("one").voter_key != poll_of("two").voter_key

    def test_without_a_slug_the_address_is_random(self) -> None:
        first, second = (create_poll(SETTINGS, AWARDS, CLERK) for _ in range(2))
        assert first != second
        assert [poll.slug for poll in list_polls()] == [second, first]

    def test_every_wrong_field_is_told_at_once(self) -> None:
        wrong = replace(SETTINGS, title=" ", closes_at=NOON, enquiry_phone="打电话", visibility="sometimes")
        awards = (AwardSettings("甲", 0, 2), AwardSettings("甲", 1, 2, min_choices=3))
        assert faults_of(wrong, awards, slug="大写") == {
            "slug": "网址只能用小写字母、数字和连字符，不超过60个。",
            "title": "请填写投票的名称。",
            "enquiry_phone": "咨询电话只能用数字、括号和连字符。",
            "closes_at": "结束时间要晚于开始时间。",
            "visibility": "请从列出的选项中选一个。",
            "awards-0-places": "名额至少是1。",
            "awards-1-name": "奖项“甲”重复了。",
            "awards-1-min_choices": "最少须选不能多于最多可选。",
        }
        assert list_polls() == ()

    def test_an_address_is_given_once(self) -> None:
        make_draft()
        assert faults_of(SETTINGS) == {"slug": "这个网址已被另一个投票使用。"}

    def test_default_rules_follow_the_times_and_limits(self) -> None:
        make_draft()
        daily = replace(settings_now(), period="daily", followers_only=True, closes_at=datetime(2018, 1, 2, tzinfo=UTC))
        edit_poll("demo", daily, CLERK)
        edit_awards("demo", [AwardSettings("甲", 1, 3), AwardSettings("乙", 1, 3), AwardSettings("丙", 1, 2, 2)], CLERK)
        assert settings_now().rules_text.splitlines()[:4] == [
            "投票时间：2017年4月19日 12:00至2018年1月2日 08:00。",
            "每个微信号每天限投一次，提交后不可修改。",
            "投票前请先关注本公众号。",
            "甲、乙各最多选3名，丙须选2名。",
        ]

    def test_rules_written_by_hand_stay(self) -> None:
        make_draft()
        edit_poll("demo", replace(settings_now(), rules_text="示例规则。"), CLERK)
        edit_poll("demo", replace(settings_now(), period="daily"), CLERK)
        edit_awards("demo", [AwardSettings("甲", 1, 1)], CLERK)
        assert settings_now().rules_text == "示例规则。"

    def test_a_change_is_recorded_with_the_names_of_the_fields_and_raises_the_revision(self) -> None:
        make_draft()
        assert edit_poll("demo", replace(settings_now(), title="示例评议", period="daily"), CLERK) == (
            "title",
            "period",
        )
        assert poll_of().revision == 1
        assert acts()[-1] == ("clerk", "polls.edit", "示例评议（demo）")

    def test_an_unknown_poll_is_not_found(self) -> None:
        with pytest.raises(NotFound):
            edit_poll("nowhere", SETTINGS, CLERK)

    def test_no_text_ever_promises_a_vote_per_person(self) -> None:
        make_draft()
        assert "一人一票" not in settings_now().rules_text


class TestAwards:
    def test_awards_may_change_places_and_names(self) -> None:
        make_draft()
        first, second = award_ids()
        swapped = [replace(AWARDS[0], id=second), replace(AWARDS[1], id=first), AwardSettings("示例新奖", 3, 3)]
        edit_awards("demo", swapped, CLERK)
        third = award_ids()[2]
        assert [award.settings for award in poll_overview("demo").awards] == [
            *swapped[:2],
            replace(swapped[2], id=third),
        ]

    def test_an_award_with_candidates_cannot_be_left_out(self) -> None:
        make_ready()
        with pytest.raises(InvalidFields) as refused:
            edit_awards("demo", [replace(AWARDS[0], id=award_ids()[0])], CLERK)
        assert refused.value.faults == {"awards": "“示例党员奖”下还有3名候选对象，不能删去。"}


class TestOpening:
    def test_what_is_missing_is_listed_by_where_it_is_mended(self) -> None:
        make_draft(settings=PollSettings("示例网上评议", candidate_order="drawn"))
        readiness = poll_overview("demo").readiness
        assert [(concern.about, concern.text) for concern in readiness.missing] == [
            ("settings", "还没有填开始时间和结束时间。"),
            ("settings", "候选对象按抽签排列，还没有填抽签号码。"),
            ("candidates", "“示例组织奖”还没有候选对象，至少要1名。"),
            ("candidates", "“示例党员奖”还没有候选对象，至少要1名。"),
        ]
        with pytest.raises(Conflict, match="还不能开启：还没有填开始时间和结束时间。"):
            open_poll("demo", BOTH)

    def test_candidates_without_consent_or_review_keep_a_poll_shut(self) -> None:
        make_ready()
        record_check("demo", [3], "consented", CLERK, given=False)
        missing = poll_overview("demo").readiness.missing
        assert [concern.text for concern in missing] == ["1名候选对象还没有登记同意公开。"]

    def test_a_closing_time_in_the_past_keeps_a_poll_shut(self, database_clock: DatabaseClock) -> None:
        make_ready()
        database_clock.set(NOON + WEEK)
        assert poll_overview("demo").readiness.missing[0].text == "结束时间已经过去，请改成以后的时间。"

    def test_doubts_are_said_and_stop_nothing(self) -> None:
        make_ready(settings=replace(SETTINGS, supervision_phone=""))
        readiness = poll_overview("demo").readiness
        assert readiness.ready
        assert [concern.text for concern in readiness.doubts] == [
            "咨询电话或监督电话没有填，投票人看不到。",
            "5名候选对象没有照片，页面上显示占位图。",
        ]

    def test_opening_fixes_the_lists_by_strokes_and_unit_order(self) -> None:
        make_ready()
        open_poll("demo", BOTH)
        poll = poll_of()
        assert (poll.state, poll.opened_at) == ("open", poll.opened_at)
        assert [(one.name, one.place_in_list) for one in poll.candidates] == [
            ("示例村党支部", 1),
            ("示例社区党委", 2),
            ("丁示例", 1),
            ("王示例", 3),
            ("马示例", 2),
        ]
        assert acts()[-1][1] == "polls.open"

    def test_an_approved_poll_opens_and_closes_by_the_clock(self, database_clock: DatabaseClock) -> None:
        make_ready()
        open_poll("demo", BOTH)
        phases = []
        for moment in (NOON - timedelta(minutes=1), NOON + timedelta(minutes=1), NOON + WEEK + timedelta(minutes=1)):
            database_clock.set(moment)
            phases.append(poll_overview("demo").phase)
        assert phases == [Phase.NOT_OPEN, Phase.OPEN, Phase.CLOSED]

    def test_a_poll_is_opened_once(self) -> None:
        make_ready()
        open_poll("demo", BOTH)
        with pytest.raises(Conflict, match="已批准开启"):
            open_poll("demo", BOTH)

    def test_after_opening_only_the_telephones_change(self) -> None:
        make_ready()
        open_poll("demo", BOTH)
        assert edit_poll("demo", replace(settings_now(), enquiry_phone="0391-1111111"), CLERK) == ("enquiry_phone",)
        with pytest.raises(Conflict) as refused:
            edit_poll("demo", replace(settings_now(), rules_text="另一种规则。"), CLERK)
        assert (refused.value.field, settings_now().rules_text) == ("rules_text", RULES)
        with pytest.raises(Conflict):
            edit_awards("demo", AWARDS, CLERK)


class TestClosing:
    def test_closing_early_keeps_the_reason_in_the_audit_trail(self, database_clock: DatabaseClock) -> None:
        make_ready()
        open_poll("demo", BOTH)
        database_clock.set(NOON + timedelta(hours=1))
        close_poll("demo", " 示例停电 ", BOTH)
        poll = poll_of()
        assert poll.state == "closed"
        assert poll.closed_at is not None
        assert timedelta(hours=1) <= poll.closed_at - NOON < timedelta(hours=2)
        assert acts()[-1] == ("leader", "polls.close", "示例网上评议（demo）")
        entry = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
        assert entry is not None
        assert (entry.purpose, entry.asked_by) == ("示例停电", "clerk")

    def test_closing_early_needs_a_reason_and_an_open_poll(self) -> None:
        make_ready()
        with pytest.raises(Conflict):
            close_poll("demo", "示例停电", BOTH)
        open_poll("demo", BOTH)
        with pytest.raises(InvalidInput) as refused:
            close_poll("demo", "  ", BOTH)
        assert (refused.value.field, poll_of().state) == ("reason", "open")

    def test_it_waits_until_the_ballots_being_written_are_in(self, app: Flask, connections: Connections) -> None:
        poll_id = make_poll()
        with psycopg.connect(libpq_url(connections.database_url)) as writing:
            writing.execute("SELECT pg_advisory_xact_lock_shared(%s, %s)", (POLL_LOCK, poll_id))
            closing = Thread(target=_close_in, args=(app,))
            closing.start()
            _await_somebody_waiting(connections)
            assert poll_of().state == "open"
        closing.join(10)
        assert poll_of().state == "closed"

    def test_polls_whose_time_has_come_are_closed_at_that_time(self, database_clock: DatabaseClock) -> None:
        make_ready("due")
        make_ready("later", replace(SETTINGS, closes_at=NOON + 2 * WEEK))
        open_poll("due", BOTH)
        open_poll("later", BOTH)
        database_clock.set(NOON + WEEK + timedelta(hours=1))
        assert close_due_polls() == [poll_of("due").id]
        assert close_due_polls() == []
        assert (poll_of("due").closed_at, poll_of("later").state) == (NOON + WEEK, "open")
        assert acts()[-1] == ("system", "polls.close_on_time", "示例网上评议（due）")


class TestCertifying:
    def test_certifying_fixes_the_count_of_every_candidate(self) -> None:
        poll_id = make_poll(state="closed")
        fill_ledger(poll_id, 16)
        certify_poll("demo", BOTH)
        counts = db.session.execute(select(CertifiedCount.number, CertifiedCount.votes).order_by(CertifiedCount.number))
        assert [tuple(row) for row in counts] == [(1, 2), (2, 3), (3, 3), (4, 2), (5, 2), (6, 2), (7, 2)]
        poll = poll_of()
        assert (poll.state, poll.certified_by) == ("certified", "示例经办、示例部领导")
        assert acts()[-1][1] == "polls.certify"

    def test_it_waits_until_every_ballot_has_its_number(self) -> None:
        poll_id = make_poll(state="closed")
        fill_ledger(poll_id, 3, numbered=False)
        with pytest.raises(Conflict, match="还有3票正在编号，请稍候再认证。"):
            certify_poll("demo", BOTH)
        drain(poll_id)
        certify_poll("demo", BOTH)
        assert poll_overview("demo").phase is Phase.CERTIFIED

    def test_a_ballot_that_names_nobody_keeps_the_result_open(self) -> None:
        make_poll(state="closed", awards=(("十佳党员", 3, 3),))
        add_ballots("demo", (1, 4))
        drain(poll_of().id)
        with pytest.raises(Conflict, match="候选对象以外的编号"):
            certify_poll("demo", BOTH)

    @pytest.mark.parametrize("state", ["draft", "open", "certified"])
    def test_only_a_closed_poll_is_certified(self, state: str) -> None:
        make_poll(state=state)
        with pytest.raises(Conflict, match="只有已经结束的投票可以认证。"):
            certify_poll("demo", BOTH)


class TestWatching:
    def test_turnout_counts_accounts_by_hour_and_day_with_the_empty_ones(self, database_clock: DatabaseClock) -> None:
        database_clock.set(NOON + timedelta(minutes=10))
        poll_id = make_poll(opens_in=timedelta(minutes=-10))
        fill_ledger(poll_id, 5)
        database_clock.advance(timedelta(hours=12))
        seen = turnout("demo")
        begin = NOON
        assert (seen.voters, seen.ballots) == (5, 5)
        assert seen.hours == tuple(Hour(begin + timedelta(hours=hour), 5 if hour == 0 else 0) for hour in range(13))
        assert seen.days == (Day(date(2017, 4, 19), 5), Day(date(2017, 4, 20), 0))

    def test_a_poll_that_has_not_begun_has_no_hours(self) -> None:
        make_poll(opens_in=timedelta(hours=1))
        assert (turnout("demo").hours, turnout("demo").days) == ((), ())


class TestDesk:
    def test_it_names_what_has_to_be_done_the_pressing_first(self, app: Flask) -> None:
        make_ready("ready")
        make_draft("bare")
        make_draft("far", replace(SETTINGS, opens_at=NOON + WEEK, closes_at=NOON + 2 * WEEK))
        make_poll("over", state="closed", title="示例已结束")
        running = make_poll("running", title="示例进行中")
        fill_ledger(running, 1200)
        with app.test_request_context():
            items = [
                (item.kind, item.text, item.detail, item.button, item.href) for item in in_order(desk_items(CLERK))
            ]
        assert items == [
            ("urgent", "“示例网上评议”还有2项没有准备好", "4月19日 12:00开始", "去补齐", "/console/polls/bare/open"),
            ("due", "“示例网上评议”可以申请开启", "4月19日 12:00开始", "核对并申请", "/console/polls/ready/open"),
            ("due", "“示例已结束”已结束，还没有认证", "0人已投票", "核对并申请认证", "/console/polls/over/certify"),
            (
                "running",
                "“示例进行中”正在投票",
                "1,200人已投票 · 4月19日 12:00结束",
                "看投票进度",
                "/console/polls/running/turnout",
            ),
        ]

    def test_whoever_only_watches_sees_what_runs(self, app: Flask) -> None:
        make_ready("ready")
        make_poll("over", state="closed", title="示例已结束")
        make_poll("running", title="示例进行中")
        with app.test_request_context():
            assert [item.text for item in desk_items(LEADER)] == ["“示例进行中”正在投票"]
            assert desk_items(Actor("danwei", "示例单位", role=Role.UNIT, unit="示例县")) == ()

    def test_what_was_asked_for_is_not_asked_for_again(self, app: Flask) -> None:
        make_ready("ready")
        with app.test_request_context():
            request_opening("ready", actor_of(make_staff()))
            assert desk_items(CLERK) == ()
