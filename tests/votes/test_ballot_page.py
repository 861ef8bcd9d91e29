"""What the ballot page says, and that it is built once for everyone."""

import pytest

from foundation.pages import Prepared, prepare
from votes.ballot_page import PageShelf, cut_words, marked_address, paragraphs_of, points_of, shorten


class Seconds:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_times_and_warnings_stand_elsewhere_than_among_the_points() -> None:
    rules = "投票时间：另行公布。\n\n 每个微信号限投一次。\n凡以主办方名义收费刷票的均为诈骗。\n不收费。"
    assert points_of(rules) == ("每个微信号限投一次。", "不收费。")


def test_a_brief_is_cut_to_what_a_card_shows() -> None:
    assert shorten("短 \n 的") == "短 的"
    assert shorten("字" * 60) == "字" * 60
    assert shorten("字" * 61) == "字" * 59 + "…"


def test_deeds_come_apart_at_line_breaks_however_they_are_indented() -> None:
    assert paragraphs_of("　　一段。\r\n\r\n\t二段。\n") == ("一段。", "二段。")


@pytest.mark.parametrize(
    ("cuts", "words"),
    [
        (["within", "within", "beyond"], "以上为得票前2名。得票是参考之一，表彰对象由研究确定。"),
        (
            ["within", "tied_at_cut", "tied_at_cut"],
            "以上为得票前2名（最后2名并列，未分先后）。得票是参考之一，表彰对象由研究确定。",
        ),
    ],
)
def test_the_cut_names_a_tie_and_decides_nothing(cuts: list[str], words: str) -> None:
    assert cut_words(2, cuts) == words


@pytest.mark.parametrize(
    ("channel", "mark"),
    [("column", "?from=column"), ("q1a2b3", "?from=q1a2b3"), (None, ""), ("", ""), ("a&b", ""), ("a" * 25, "")],
)
def test_an_address_is_marked_with_nothing_but_a_channel(channel: str | None, mark: str) -> None:
    assert marked_address("https://vote.example/polls/a", channel) == "https://vote.example/polls/a" + mark


def test_a_page_is_built_once_and_again_when_it_has_aged() -> None:
    clock, built = Seconds(), []

    def build() -> Prepared:
        built.append(clock.now)
        return prepare(f"page {len(built)}".encode(), "text/html")

    shelf = PageShelf(clock=clock)
    assert [shelf.get("a", build).plain for _ in range(3)] == [b"page 1"] * 3
    assert shelf.get("b", build).plain == b"page 2"
    clock.now = 31
    assert shelf.get("a", build).plain == b"page 3"


def test_the_shelf_keeps_no_more_than_it_has_room_for() -> None:
    built: list[int] = []

    def build() -> Prepared:
        built.append(len(built))
        return prepare(b"page", "text/html")

    shelf = PageShelf(clock=Seconds())
    for key in range(65):
        shelf.get(key, build)
    shelf.get(0, build)
    assert len(built) == 66
