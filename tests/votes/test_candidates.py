"""Candidates one by one and many at once: entered, numbered, placed, checked, withdrawn, found."""

from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask

from foundation.errors import Conflict, InvalidInput, NotFound
from foundation.forms import InvalidFields
from tests.conftest import DatabaseClock
from tests.factories import BOTH, CLERK, make_poll
from tests.votes.factories_polls import NOON, SETTINGS, acts, award_ids, make_draft, make_ready, poll_of
from votes.candidate_list import all_candidates, find_candidates, find_numbers, read_candidate
from votes.candidates import (
    CandidateEntry,
    add_candidate,
    delete_candidate,
    edit_candidate,
    move_candidate,
    record_check,
    renumber_candidate,
    withdraw_candidate,
)
from votes.polls import open_poll


@pytest.fixture(autouse=True)
def before_the_poll(app: Flask, database_clock: DatabaseClock) -> None:
    database_clock.set(NOON - timedelta(days=1))


def entry_of(number: int) -> CandidateEntry:
    one = read_candidate("demo", number)
    return CandidateEntry(one.award_id, one.name, one.unit, one.post, one.brief, one.deeds)


def in_list_order() -> list[str]:
    return [one.name for one in find_candidates("demo", award=award_ids()[1], sort="place").rows]


class TestEntering:
    def test_numbers_follow_the_highest_and_initials_are_kept_for_search(self) -> None:
        make_ready()
        delete_candidate("demo", 2, CLERK)
        assert add_candidate("demo", CandidateEntry(award_ids()[0], "示例学院党总支", "示例学院"), CLERK) == 6
        assert read_candidate("demo", 6).initials == "slxydzz"

    def test_every_wrong_field_is_told_at_once(self) -> None:
        make_draft()
        with pytest.raises(InvalidFields) as refused:
            add_candidate("demo", CandidateEntry(0, "", "示" * 81), CLERK)
        assert refused.value.faults == {
            "award": "请选择奖项。",
            "name": "请填写姓名或名称。",
            "unit": "推荐单位最多80个字。",
        }

    def test_an_award_of_another_poll_is_none(self) -> None:
        make_draft("other")
        make_draft()
        with pytest.raises(InvalidFields):
            add_candidate("demo", CandidateEntry(award_ids("other")[0], "示例村党支部", "示例县一"), CLERK)

    def test_once_open_texts_may_be_mended_and_the_name_may_not(self) -> None:
        make_ready()
        open_poll("demo", BOTH)
        assert edit_candidate("demo", 3, replace(entry_of(3), brief="示例事迹"), CLERK) == ("brief",)
        with pytest.raises(Conflict) as refused:
            edit_candidate("demo", 3, replace(entry_of(3), name="丙示例"), CLERK)
        assert (refused.value.field, read_candidate("demo", 3).name) == ("name", "丁示例")

    def test_nothing_is_added_or_removed_once_open(self) -> None:
        make_ready()
        open_poll("demo", BOTH)
        for change in (
            lambda: add_candidate("demo", entry_of(3), CLERK),
            lambda: delete_candidate("demo", 3, CLERK),
            lambda: renumber_candidate("demo", 3, 9, CLERK),
            lambda: move_candidate("demo", 3, 1, CLERK),
            lambda: record_check("demo", [3], "consented", CLERK, given=False),
        ):
            with pytest.raises(Conflict):
                change()
        assert len(all_candidates("demo")) == 5

    def test_who_is_not_there_is_not_found(self) -> None:
        make_ready()
        with pytest.raises(NotFound):
            read_candidate("demo", 9)
        with pytest.raises(NotFound):
            all_candidates("nowhere")


class TestNumbers:
    def test_a_number_that_is_taken_changes_hands(self) -> None:
        make_ready()
        renumber_candidate("demo", 3, 5, CLERK)
        assert {one.number: one.name for one in all_candidates("demo")}[3] == "马示例"
        assert read_candidate("demo", 5).name == "丁示例"

    @pytest.mark.parametrize("number", [0, 2_001])
    def test_a_number_fits_on_the_ballot(self, number: int) -> None:
        make_ready()
        with pytest.raises(InvalidInput) as refused:
            renumber_candidate("demo", 3, number, CLERK)
        assert refused.value.field == "number"


class TestPlaces:
    def test_persons_are_listed_by_strokes_until_a_hand_corrects_it(self) -> None:
        make_ready()
        assert in_list_order() == ["丁示例", "马示例", "王示例"]
        move_candidate("demo", 4, 1, CLERK)
        assert in_list_order() == ["王示例", "丁示例", "马示例"]

    def test_those_fixed_before_make_room(self) -> None:
        make_ready()
        move_candidate("demo", 4, 1, CLERK)
        move_candidate("demo", 5, 1, CLERK)
        assert in_list_order() == ["马示例", "王示例", "丁示例"]

    def test_zero_gives_the_place_back_to_the_order(self) -> None:
        make_ready()
        move_candidate("demo", 4, 1, CLERK)
        move_candidate("demo", 4, 0, CLERK)
        assert in_list_order() == ["丁示例", "马示例", "王示例"]

    def test_what_a_hand_corrected_survives_opening(self) -> None:
        make_ready()
        move_candidate("demo", 4, 1, CLERK)
        open_poll("demo", BOTH)
        assert in_list_order() == ["王示例", "丁示例", "马示例"]

    def test_no_hand_corrects_a_draw(self) -> None:
        make_ready(settings=replace(SETTINGS, candidate_order="drawn", draw_seed="示例号码"))
        with pytest.raises(Conflict) as refused:
            move_candidate("demo", 4, 1, CLERK)
        assert refused.value.field == "place"


class TestChecks:
    def test_many_are_checked_at_once_and_only_the_lacking_count(self) -> None:
        make_ready()
        record_check("demo", [3, 4], "consented", CLERK, given=False)
        assert record_check("demo", [2, 3, 4], "consented", CLERK) == 2
        assert find_numbers("demo", lacking="consented") == ()
        assert acts()[-1] == ("clerk", "candidates.record_check", "示例网上评议（demo）：3、4号")

    @pytest.mark.parametrize(("numbers", "check", "field"), [([], "consented", "numbers"), ([1], "number", "check")])
    def test_it_says_what_is_missing(self, numbers: list[int], check: str, field: str) -> None:
        make_ready()
        with pytest.raises(InvalidInput) as refused:
            record_check("demo", numbers, check, CLERK)
        assert refused.value.field == field


class TestWithdrawal:
    def test_who_withdraws_stays_on_the_page_and_the_reason_in_the_trail(self) -> None:
        make_ready()
        open_poll("demo", BOTH)
        before = poll_of().revision
        withdraw_candidate("demo", 4, "本人申请", CLERK)
        assert read_candidate("demo", 4).withdrawn_at is not None
        assert (poll_of().revision, acts()[-1][2]) == (before + 1, "示例网上评议（demo）：4号：本人申请")

    def test_it_is_done_once_with_a_reason_and_before_the_poll_closes(self) -> None:
        make_ready()
        with pytest.raises(InvalidInput):
            withdraw_candidate("demo", 4, "", CLERK)
        withdraw_candidate("demo", 4, "本人申请", CLERK)
        with pytest.raises(Conflict, match="4号已经退出。"):
            withdraw_candidate("demo", 4, "本人申请", CLERK)
        make_poll("over", state="closed")
        with pytest.raises(Conflict, match="投票已经结束"):
            withdraw_candidate("over", 1, "本人申请", CLERK)


class TestSearch:
    @pytest.mark.parametrize(
        ("words", "found"),
        [
            ("", [1, 2, 3, 4, 5]),
            ("4", [4]),
            ("丁", [3]),
            ("wsl", [4]),
            ("示例县二 马", [5]),
            ("职员", [3, 4, 5]),
            ("%", []),
        ],
    )
    def test_by_number_name_initials_unit_and_post(self, words: str, found: list[int]) -> None:
        make_ready()
        assert [one.number for one in find_candidates("demo", words=words).rows] == found

    def test_pages_hold_fifty_and_a_page_beyond_the_last_is_the_last(self) -> None:
        make_poll(state="draft", awards=(("十佳党员", 120, 3),))
        page = find_candidates("demo", page=9)
        assert ([one.number for one in page.rows], page.found, page.page, page.pages) == (
            list(range(101, 121)),
            120,
            3,
            3,
        )

    def test_it_sorts_by_unit_and_name(self) -> None:
        make_ready()
        assert [one.name for one in find_candidates("demo", sort="name", words="示例县二").rows] == [
            "丁示例",
            "马示例",
            "王示例",
        ]
        assert [one.unit for one in find_candidates("demo", sort="unit").rows] == ["示例县一"] * 2 + ["示例县二"] * 3
