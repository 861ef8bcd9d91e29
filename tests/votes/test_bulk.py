"""One act on many candidates: looked at first, then done to those it fits, and taken back."""

from collections.abc import Callable

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from foundation.database import db
from foundation.errors import Conflict, InvalidInput
from staff.audit.models import AuditEntry
from tests.factories import CLERK, make_poll
from tests.staff.factories_staff import Browser, make_staff
from tests.votes.factories_polls import acts, award_ids, make_ready
from votes.bulk import BULK_ACTS, carry_out_bulk, preview_bulk
from votes.candidate_list import CandidateLine, all_candidates, find_candidates
from votes.paper import read_paper
from votes.wording import pack_numbers, unpack_numbers

SEES: dict[str, Callable[[CandidateLine], bool]] = {
    "consent": lambda one: one.consented,
    "unconsent": lambda one: not one.consented,
    "review": lambda one: one.secrecy_reviewed,
    "unreview": lambda one: not one.secrecy_reviewed,
    "withdraw": lambda one: one.withdrawn_at is not None,
    "restore": lambda one: one.withdrawn_at is None,
}


@pytest.fixture
def desk(app: Flask) -> Browser:
    return Browser(app).signed_in_as(make_staff())


def done_to(key: str) -> list[int]:
    return [one.number for one in all_candidates("demo") if SEES[key](one)]


def do(key: str, *numbers: int) -> tuple[int, ...]:
    return carry_out_bulk("demo", key, numbers, CLERK, reason="示例理由").changed


def flashed(page: str) -> str:
    return page.partition('role="status">')[2].partition("</p>")[0]


@pytest.mark.parametrize("key", SEES)
def test_it_changes_those_it_fits_names_the_others_and_its_undo_takes_it_back(app: Flask, key: str) -> None:
    make_ready()
    undo = BULK_ACTS[key].undo
    assert undo is not None
    do(undo, 1, 2, 3, 4, 5)
    do(key, 2)

    preview = preview_bulk("demo", key, [1, 2, 3, 9])
    changed = do(key, 1, 2, 3, 9)

    assert [line.number for line in preview.changing] == [1, 3]
    assert [(line.number, bool(line.fault)) for line in preview.staying] == [(2, True)]
    assert preview.missing == (9,)
    assert (changed, done_to(key)) == ((1, 3), [1, 2, 3])
    assert do(undo, *changed) == (1, 3)
    assert done_to(key) == [2]


def test_a_preview_changes_nothing_and_the_act_leaves_one_line_with_its_reason(app: Flask) -> None:
    make_ready()
    before = acts()
    preview_bulk("demo", "withdraw", [3, 4])
    assert acts() == before
    do("withdraw", 3, 4, 5)
    assert acts()[len(before) :] == [("clerk", "candidates.withdraw", "示例网上评议（demo）：3—5号")]
    last = select(AuditEntry.purpose).order_by(AuditEntry.id.desc()).limit(1)
    assert db.session.scalar(last) == "示例理由"


def test_candidates_change_their_award_in_a_draft_and_are_placed_anew(app: Flask) -> None:
    make_ready()
    organisation, person = award_ids()
    preview = preview_bulk("demo", "award", [1, 3], award_id=person)
    carry_out_bulk("demo", "award", [1, 3], CLERK, award_id=person)
    assert (preview.target, [line.fault for line in preview.staying]) == ("示例党员奖", ["已经在这个奖项。"])
    moved = [(one.number, one.award_id, one.fixed) for one in all_candidates("demo")][:3]
    assert moved == [(1, person, False), (2, organisation, False), (3, person, False)]


def test_after_opening_what_was_recorded_stays_and_a_withdrawal_can_be_taken_back(app: Flask) -> None:
    make_poll()
    for key in ("unconsent", "unreview", "award"):
        with pytest.raises(Conflict, match="投票已批准开启"):
            carry_out_bulk("demo", key, [1], CLERK, award_id=award_ids()[1])
    do("withdraw", 3)
    assert read_paper("demo").rules.withdrawn == {3}
    do("restore", 3)
    assert read_paper("demo").rules.withdrawn == frozenset()


@pytest.mark.parametrize("state", ["closed", "certified"])
@pytest.mark.parametrize("key", ["withdraw", "restore"])
def test_after_the_end_nobody_withdraws_or_comes_back(app: Flask, state: str, key: str) -> None:
    make_poll(state=state)
    with pytest.raises(Conflict, match="投票已经结束"):
        preview_bulk("demo", key, [1])


@pytest.mark.parametrize(
    ("key", "numbers", "field"), [("consent", [], "numbers"), ("nothing", [1], "act"), ("award", [1], "to")]
)
def test_what_is_not_chosen_is_asked_for(app: Flask, key: str, numbers: list[int], field: str) -> None:
    make_ready()
    with pytest.raises(InvalidInput) as refused:
        preview_bulk("demo", key, numbers)
    assert refused.value.field == field


def test_withdrawing_asks_for_a_reason(app: Flask) -> None:
    make_ready()
    with pytest.raises(InvalidInput, match="请写明理由"):
        carry_out_bulk("demo", "withdraw", [1], CLERK)
    assert done_to("withdraw") == []


@given(st.sets(st.integers(1, 2_000)))
def test_numbers_are_packed_and_read_back(numbers: set[int]) -> None:
    assert unpack_numbers(pack_numbers(numbers), 2_000) == tuple(sorted(numbers))


@pytest.mark.parametrize(
    ("text", "numbers"),
    [("1-3,7", (1, 2, 3, 7)), ("", ()), ("a,-,9-,0,3-1,2001", (9,)), ("1-999999999", tuple(range(1, 6)))],
)
def test_what_is_no_number_is_left_out(text: str, numbers: tuple[int, ...]) -> None:
    assert unpack_numbers(text, 5 if "9999" in text else 2_000) == numbers


class TestPages:
    def test_ticked_candidates_are_looked_at_and_done_and_the_search_stays(self, desk: Browser) -> None:
        make_ready()
        do("unconsent", 3, 4, 5)
        page = desk.get("/console/polls/demo/candidates/bulk?act=consent&numbers=3&numbers=4&numbers=1&words=示例").text
        assert "登记同意公开：2名" in page
        assert ("另有1名不变" in page, "已经登记过同意公开。" in page) == (True, True)
        answer = desk.submit("/console/polls/demo/candidates/bulk", act="consent", which="1,3-4", words="shili")
        assert answer.location == "/console/polls/demo/candidates/?words=shili"
        told = flashed(desk.get(answer.location).text)
        assert told.startswith("登记同意公开：已办2名，1名不变。")
        assert '<a href="/console/polls/demo/candidates/bulk?act=unconsent&amp;which=3-4">撤回</a>' in told

    def test_all_that_were_found_are_meant_over_all_pages(self, desk: Browser) -> None:
        make_poll(state="draft", awards=(("十佳党员", 60, 3),))
        page = desk.get("/console/polls/demo/candidates/bulk?act=unconsent&everyone=1&words=示例县1&numbers=2").text
        assert "撤销同意公开：20名" in page
        assert f'name="which" value="{pack_numbers(range(3, 61, 3))}"' in page

    def test_without_a_tick_it_says_so_on_the_list(self, desk: Browser) -> None:
        make_ready()
        answer = desk.get("/console/polls/demo/candidates/bulk?act=consent")
        assert (answer.status_code, "请先勾选候选对象。" in answer.text) == (422, True)

    def test_a_missing_reason_keeps_the_preview_and_what_was_chosen(self, desk: Browser) -> None:
        make_ready()
        answer = desk.submit("/console/polls/demo/candidates/bulk", act="withdraw", which="3", reason=" ")
        assert (answer.status_code, 'id="reason-error">请写明理由。<' in answer.text) == (422, True)
        assert 'name="which" value="3"' in answer.text

    def test_somebody_who_withdrew_is_brought_back_from_the_list(self, desk: Browser) -> None:
        make_ready()
        do("withdraw", 3)
        assert "candidates/bulk?act=restore&amp;which=3" in desk.get("/console/polls/demo/candidates/").text
        desk.submit("/console/polls/demo/candidates/bulk", act="restore", which="3", reason="登记错了")
        assert [one.number for one in find_candidates("demo").rows if one.withdrawn_at] == []
