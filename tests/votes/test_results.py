"""Results: who may see them when, and who stands where in them."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from foundation.keyvalue import keyvalue
from foundation.transaction import transaction
from tests.conftest import DatabaseClock
from tests.factories import BOTH, fill_ledger, make_poll
from votes.models import Candidate, CertifiedCount
from votes.parts import votes_parts
from votes.phases import Phase
from votes.polls import certify_poll
from votes.ranking import Cut, Standing
from votes.results import AwardResult, PollResults, may_see_results, read_results
from votes.room import build_sequencer
from votes.tally import LedgerCount, RunningTally

VISIBILITIES = ("hidden", "daily", "after_voting", "live")
SEEN_BY = {  # visibility → phase → by whom
    "hidden": {"certified": "everybody"},
    "daily": {"open": "everybody", "closed": "everybody", "certified": "everybody"},
    "after_voting": {"open": "who has voted", "closed": "everybody", "certified": "everybody"},
    "live": {"open": "everybody", "closed": "everybody", "certified": "everybody"},
}
FOUR = (("示例奖", 4, 4),)


@pytest.fixture(autouse=True)
def _fresh_papers(app: Flask) -> None:
    votes_parts().shelf.forget("demo")


@pytest.fixture
def tally(app: Flask) -> RunningTally:
    return votes_parts().tally


def withdraw(poll_id: int, number: int) -> None:
    with transaction() as session:
        found = session.scalars(select(Candidate).filter_by(poll_id=poll_id, number=number)).one()
        found.withdrawn_at = datetime.now(UTC)


def stands(results: PollResults | None) -> list[tuple[int, int, Standing | None]]:
    assert results is not None
    return [(row.number, row.votes, row.standing) for award in results.awards for row in award.candidates]


@pytest.mark.parametrize(("visibility", "phase", "has_voted"), list(product(VISIBILITIES, Phase, (False, True))))
def test_who_may_see_results(visibility: str, phase: Phase, has_voted: bool) -> None:
    seen_by = SEEN_BY[visibility].get(phase.value, "nobody")

    seen = may_see_results(visibility, phase, has_voted=has_voted)

    assert seen is (seen_by == "everybody" or (seen_by == "who has voted" and has_voted))


def test_results_are_ranked_within_each_award(tally: RunningTally) -> None:
    poll_id = make_poll(awards=FOUR)
    tally.replace(poll_id, "epoch", LedgerCount(9, {1: 4, 2: 9, 3: 4}, 9))

    results = read_results("demo", tally)

    assert stands(results) == [
        (2, 9, Standing(1, False, Cut.WITHIN)),
        (1, 4, Standing(2, True, Cut.TIED_AT_CUT)),
        (3, 4, Standing(2, True, Cut.TIED_AT_CUT)),
        (4, 0, Standing(4, False, Cut.BEYOND)),
    ]
    assert results is not None
    assert (results.phase, results.ballots, results.voided) == (Phase.OPEN, 9, 0)


def test_who_has_withdrawn_stands_nowhere_and_takes_nobodys_place(tally: RunningTally) -> None:
    poll_id = make_poll(awards=FOUR)
    for number in (2, 1):
        withdraw(poll_id, number)
    tally.replace(poll_id, "epoch", LedgerCount(9, {1: 4, 2: 9, 3: 4}, 9))

    assert stands(read_results("demo", tally)) == [
        (3, 4, Standing(1, False, Cut.WITHIN)),
        (4, 0, Standing(2, False, Cut.WITHIN)),
        (1, 4, None),
        (2, 9, None),
    ]


def test_the_published_json_says_that_who_has_withdrawn_has_no_rank(client: FlaskClient, tally: RunningTally) -> None:
    poll_id = make_poll(awards=(("示例奖", 2, 2),))
    withdraw(poll_id, 1)
    tally.replace(poll_id, "epoch", LedgerCount(9, {1: 9, 2: 3}, 9))

    body = client.get("/polls/demo/results.json").get_json()

    assert [(row["number"], row["votes"], row["rank"], row["tied"], row["withdrawn"]) for row in rows_of(body)] == [
        (2, 3, 1, False, False),
        (1, 9, None, False, True),
    ]


def rows_of(body: dict[str, list[dict[str, list[dict[str, object]]]]]) -> list[dict[str, object]]:
    return [row for award in body["awards"] for row in award["candidates"]]


def test_the_published_page_lists_who_has_withdrawn_last(client: FlaskClient, tally: RunningTally) -> None:
    poll_id = make_poll(awards=FOUR)
    withdraw(poll_id, 2)
    tally.replace(poll_id, "epoch", LedgerCount(9, {1: 4, 2: 9, 3: 4, 4: 1}, 9))

    page = client.get("/polls/demo/results").get_data(as_text=True)

    listed = sorted(range(1, 5), key=lambda number: page.index(f"示例{number:03d}"))
    assert listed == [1, 3, 4, 2]
    assert page.index("示例002") < page.index("已退出")
    assert page.count("已退出") == 1
    assert page.count("名</span>") == 3  # a rank for those who stand


def test_a_poll_in_which_all_have_withdrawn_has_a_page_all_the_same(client: FlaskClient, tally: RunningTally) -> None:
    poll_id = make_poll(awards=(("示例奖", 1, 1),))
    withdraw(poll_id, 1)
    tally.replace(poll_id, "epoch", LedgerCount(1, {1: 1}, 1))

    assert client.get("/polls/demo/results").status_code == 200


@pytest.mark.parametrize("loss", ["flushed", "not counted yet"])
def test_without_a_tally_there_is_nothing_to_show(client: FlaskClient, tally: RunningTally, loss: str) -> None:
    poll_id = make_poll()
    if loss == "flushed":
        tally.replace(poll_id, "epoch", LedgerCount(1, {1: 1}, 1))
        keyvalue().flushall()

    assert read_results("demo", tally) is None
    answer = client.get("/polls/demo/results.json")
    assert (answer.status_code, answer.get_json()) == (404, {"status": "not_yet"})


def test_a_hidden_poll_shows_nothing_before_certification_whatever_redis_holds(
    client: FlaskClient, tally: RunningTally, database_clock: DatabaseClock
) -> None:
    poll_id = make_poll(visibility="hidden", awards=FOUR)
    tally.replace(poll_id, "epoch", LedgerCount(9, {1: 9}, 9))
    answers = [client.get("/polls/demo/results.json").get_json()]
    database_clock.advance(timedelta(days=2))
    answers.append(client.get("/polls/demo/results.json").get_json())

    assert answers == [{"status": "not_yet"}] * 2


def test_certified_results_come_from_what_was_certified_and_from_nowhere_else(
    tally: RunningTally, database_clock: DatabaseClock
) -> None:
    poll_id = make_poll(visibility="hidden", awards=(("示例奖", 7, 7),))
    fill_ledger(poll_id, 15)
    database_clock.advance(timedelta(days=2))
    build_sequencer().round()
    certify_poll("demo", BOTH)
    tally.replace(poll_id, "epoch", LedgerCount(900, {3: 900}, 900))

    results = read_results("demo", tally)

    assert results is not None
    assert (results.phase, results.ballots) == (Phase.CERTIFIED, 15)
    assert {row.number: row.votes for row in results.awards[0].candidates} == {1: 2, 2: 3, 3: 2, 4: 2, 5: 2, 6: 2, 7: 2}
    with transaction() as session:
        assert len(list(session.scalars(select(CertifiedCount)))) == 7


def test_an_award_nobody_stands_for_is_there_and_empty(tally: RunningTally) -> None:
    poll_id = make_poll(awards=(("示例奖", 0, 1),))
    tally.replace(poll_id, "epoch", LedgerCount(0, {}, 0))

    results = read_results("demo", tally)

    assert results is not None
    assert results.awards == (AwardResult("示例奖", 1, ()),)
