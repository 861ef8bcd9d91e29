"""The figures of a tally: counted from the ledger up to one number, the same in every part."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from flask import Flask

from foundation.database import db
from foundation.errors import Conflict, NotFound
from foundation.keyvalue import keyvalue
from foundation.transaction import transaction
from tests.conftest import DatabaseClock
from tests.votes.exporting.factories_tally import (
    OPENS,
    Person,
    fill_ledger,
    invented_people,
    make_poll_with_ledger,
    recount,
)
from votes.exporting.report import (
    AwardTally,
    HourTurnout,
    TallyReport,
    TallyRow,
    TurnoutReport,
    UnitVotes,
    build_tally_report,
    may_show_votes,
)
from votes.models import CertifiedCount, Poll
from votes.phases import Phase
from votes.ranking import Cut

COUNTED_AT = datetime(2017, 4, 25, 10, 0, tzinfo=UTC)
PEOPLE = (
    Person(0, "示例一村党支部", "示例甲县", ""),
    Person(0, "示例二村党支部", "示例乙县", ""),
    Person(0, "示例三村党支部", "示例乙县", "", withdrawn=True),
    Person(1, "示例某", "示例甲县", "示例医院医师"),
    Person(1, "示例某某", "示例甲县", "示例中学教师"),
)
BALLOTS = ([1, 3, 4], [1, 2, 4, 5], [2, 5], [3])


def tally() -> TallyReport:
    report = build_tally_report(db.session(), "shili")
    assert isinstance(report, TallyReport)
    return report


def test_the_whole_report_of_a_small_poll(app: Flask, database_clock: DatabaseClock) -> None:
    make_poll_with_ledger(PEOPLE, BALLOTS, places=(1, 1), waiting=([1, 2, 4],))
    database_clock.set(COUNTED_AT)
    report = tally()
    assert report == TallyReport(
        title="示例先进典型网上评议",
        slug="shili",
        phase=Phase.CLOSED,
        daily=False,
        counted_at=report.counted_at,
        last_number=4,
        voters=4,
        hours=(HourTurnout(OPENS, 3), HourTurnout(OPENS + timedelta(hours=1), 1)),
        valid=4,
        voided=0,
        awards=(
            AwardTally(
                "示例1号奖",
                1,
                (
                    TallyRow(1, 1, "示例一村党支部", "", "示例甲县", 2, Decimal("50.00"), 1, True, Cut.TIED_AT_CUT),
                    TallyRow(2, 2, "示例二村党支部", "", "示例乙县", 2, Decimal("50.00"), 1, True, Cut.TIED_AT_CUT),
                    TallyRow(3, 3, "示例三村党支部", "", "示例乙县", 2, Decimal("50.00"), None, False, None),
                ),
            ),
            AwardTally(
                "示例2号奖",
                1,
                (
                    TallyRow(4, 4, "示例某", "示例医院医师", "示例甲县", 2, Decimal("50.00"), 1, True, Cut.TIED_AT_CUT),
                    TallyRow(
                        5, 5, "示例某某", "示例中学教师", "示例甲县", 2, Decimal("50.00"), 1, True, Cut.TIED_AT_CUT
                    ),
                ),
            ),
        ),
        units=(
            UnitVotes("示例甲县", "示例1号奖", 1, 2),
            UnitVotes("示例甲县", "示例2号奖", 2, 4),
            UnitVotes("示例乙县", "示例1号奖", 2, 4),
        ),
    )
    assert abs(report.counted_at - COUNTED_AT) < timedelta(minutes=1)


def test_the_remarks_say_what_a_clerk_has_to_know(app: Flask) -> None:
    people = (*invented_people(6), Person(0, "示例退出者", withdrawn=True))
    ballots = ([1, 2, 3, 4, 5, 7], [1, 2, 3, 4, 7], [1, 2, 7], [1, 7], [7])
    make_poll_with_ledger(people, ballots, places=(3,))
    rows = tally().awards[0].rows
    assert [(row.number, row.votes, row.rank, row.remark) for row in rows] == [
        (1, 4, 1, "在名额内"),
        (2, 3, 2, "在名额内"),
        (3, 2, 3, "与末位名额并列"),
        (4, 2, 3, "与末位名额并列"),
        (5, 1, 5, ""),
        (6, 0, 6, ""),
        (7, 5, None, "已退出"),
    ]


def test_ties_inside_and_beyond_the_cut_are_told_apart(app: Flask) -> None:
    make_poll_with_ledger(invented_people(6), ([4, 1, 2, 3, 5], [1, 2, 3]), places=(3,))
    assert [(row.number, row.remark) for row in tally().awards[0].best_first] == [
        (1, "并列；在名额内"),
        (2, "并列；在名额内"),
        (3, "并列；在名额内"),
        (4, "并列"),
        (5, "并列"),
        (6, ""),
    ]


def test_the_votes_equal_a_recount_of_a_longer_ledger(app: Flask) -> None:
    ballots = [[number for number in range(1, 31) if (voter * number) % 7 < 3] for voter in range(1, 120)]
    make_poll_with_ledger(invented_people(5, 10, 15), ballots, waiting=ballots[:9])
    report = tally()
    assert {row.number: row.votes for award in report.awards for row in award.rows} == {
        number: recount(ballots)[number] for number in range(1, 31)
    }
    assert sum(unit.votes for unit in report.units) == sum(map(len, ballots))
    assert sum(hour.ballots for hour in report.hours) == report.voters == report.valid == report.last_number == 119


@pytest.mark.parametrize(
    ("votes", "ballots", "share"), [(1, 8, "12.50"), (1, 3, "33.33"), (2, 3, "66.67"), (1, 16, "6.25"), (1, 32, "3.13")]
)
def test_a_share_has_two_decimals_rounded_half_up(app: Flask, votes: int, ballots: int, share: str) -> None:
    make_poll_with_ledger(invented_people(2), [[1]] * votes + [[2]] * (ballots - votes))
    assert tally().awards[0].rows[0].share == Decimal(share)


def test_hours_are_those_of_the_place_of_the_poll(app: Flask) -> None:
    poll_id = make_poll_with_ledger(invented_people(90, 90), ())
    fill_ledger(poll_id, 1, 1440)
    hours = tally().hours
    assert [(hour.began.isoformat(), hour.ballots) for hour in hours] == [
        ("2017-04-18T01:00:00+00:00", 719),
        ("2017-04-18T02:00:00+00:00", 720),
        ("2017-04-18T03:00:00+00:00", 1),
    ]


def test_a_poll_without_ballots_has_no_shares(app: Flask) -> None:
    make_poll_with_ledger(invented_people(2), (), waiting=([1],))
    report = tally()
    assert (report.voters, report.valid, report.last_number, report.hours) == (0, 0, 0, ())
    assert [row.share for row in report.awards[0].rows] == [None, None]


def test_a_daily_poll_counts_its_persons_once(app: Flask) -> None:
    make_poll_with_ledger(invented_people(2), ([1], [1, 2], [1], [2], [1]), period="daily")
    report = tally()
    assert (report.voters, report.valid) == (2, 5)


def test_the_tally_in_redis_is_never_asked(app: Flask) -> None:
    poll_id = make_poll_with_ledger(PEOPLE, BALLOTS, places=(1, 1))
    before = tally().awards
    keyvalue().hset(f"{{{poll_id}}}:tally", mapping={"epoch": "x", "number": 4, "1": 999})
    assert tally().awards == before


@pytest.mark.parametrize("state", ["open", "closed"])
def test_a_hidden_poll_has_turnout_alone_until_it_is_certified(app: Flask, state: str) -> None:
    make_poll_with_ledger(PEOPLE, BALLOTS, places=(1, 1), visibility="hidden", state=state)
    report = build_tally_report(db.session(), "shili")
    assert report == TurnoutReport(
        title="示例先进典型网上评议",
        slug="shili",
        phase=Phase.CLOSED,
        daily=False,
        counted_at=report.counted_at,
        last_number=4,
        voters=4,
        hours=(HourTurnout(OPENS, 3), HourTurnout(OPENS + timedelta(hours=1), 1)),
    )


def test_a_certified_hidden_poll_shows_its_votes(app: Flask) -> None:
    make_poll_with_ledger(PEOPLE, BALLOTS, places=(1, 1), visibility="hidden", state="certified")
    report = tally()
    assert report.phase is Phase.CERTIFIED
    assert [row.votes for award in report.awards for row in award.rows] == [2, 2, 2, 2, 2]


@pytest.mark.parametrize("visibility", ["hidden", "daily", "after_voting", "live"])
@pytest.mark.parametrize("state", ["draft", "open", "closed", "certified"])
def test_only_hidden_polls_keep_their_votes_back(visibility: str, state: str) -> None:
    shown = may_show_votes(Poll(visibility=visibility, state=state))
    assert shown is (visibility != "hidden" or state == "certified")


def test_a_ledger_that_contradicts_what_was_certified_is_not_handed_out(app: Flask) -> None:
    poll_id = make_poll_with_ledger(PEOPLE, BALLOTS, places=(1, 1), state="closed")
    with transaction() as session:
        poll = session.get_one(Poll, poll_id)
        poll.state, poll.certified_at = "certified", OPENS
        session.add_all(CertifiedCount(poll_id=poll_id, number=number, votes=3) for number in range(1, 6))
    with pytest.raises(Conflict, match="不一致"):
        build_tally_report(db.session(), "shili")


def test_votes_for_nobody_on_the_paper_are_not_passed_over(app: Flask) -> None:
    make_poll_with_ledger(PEOPLE, ([1, 7],), places=(1, 1))
    with pytest.raises(Conflict, match="不在选票上"):
        build_tally_report(db.session(), "shili")


def test_a_poll_that_is_not_there(app: Flask) -> None:
    with pytest.raises(NotFound):
        build_tally_report(db.session(), "meiyou")


def test_progress_tells_how_many_ballots_are_counted(app: Flask) -> None:
    poll_id = make_poll_with_ledger(invented_people(90, 90), ())
    fill_ledger(poll_id, 1, 20_500)
    told: list[tuple[int, int]] = []
    build_tally_report(db.session(), "shili", lambda counted, ballots: told.append((counted, ballots)))
    assert told == [(10_000, 20_500), (20_000, 20_500), (20_500, 20_500)]
