"""What people write when they mean numbers or a word, in the many ways in which they write it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from votes.chat import words
from votes.chat.intentions import (
    Change,
    Intention,
    Other,
    ShowChoices,
    ShowList,
    Wish,
    asks_to_start,
    is_needed,
    plain,
    read_intention,
)
from votes.chat.numbers import Span, Step, read_number, read_steps, write_han

NUMBERS = st.integers(1, 2000)
WIDE = str.maketrans("0123456789", "０１２３４５６７８９")
BLANKS = st.sampled_from(["", " ", "　"])
BETWEEN = st.sampled_from(
    [" ", "  ", "　", ",", "，", "、", "､", "。", ".", ";", "；", "/", "和", "与", "及", "跟", "，和", "\n"]
)
ADDING = st.sampled_from(["", *words.ADDING_VERBS])
REMOVING = st.sampled_from(words.REMOVING_VERBS)
THROUGH = st.sampled_from(["-", "－", "—", "——", "~", "～", "〜", "到", "至", " 到 ", " - "])


@st.composite
def spelled(draw: st.DrawFn, number: int) -> str:
    """Write one number in one of the ways in which people write it."""
    digits = draw(st.sampled_from([str(number), str(number).translate(WIDE), write_han(number)]))
    return f"{draw(st.sampled_from(['', '第', '编号']))}{digits}{draw(st.sampled_from(['', '号', ' 号']))}"


@st.composite
def listed(draw: st.DrawFn, numbers: list[int]) -> str:
    """Write numbers one after another, with something between each two."""
    written = draw(spelled(numbers[0]))
    for number in numbers[1:]:
        written += draw(BETWEEN) + draw(spelled(number))
    return written


def added(*numbers: int) -> Change:
    return Change(tuple(Step(True, Span(number, number)) for number in numbers))


@given(st.data(), st.lists(NUMBERS, min_size=1, max_size=12))
def test_numbers_are_read_however_they_are_written(data: st.DataObject, numbers: list[int]) -> None:
    text = (
        data.draw(ADDING)
        + data.draw(BLANKS)
        + data.draw(listed(numbers))
        + data.draw(st.sampled_from(["", "。", "吧"]))
    )

    assert read_intention(text) == added(*numbers)


@given(st.data(), st.lists(NUMBERS, min_size=1, max_size=6), st.lists(NUMBERS, min_size=1, max_size=6))
def test_what_is_to_go_is_told_from_what_is_to_come(data: st.DataObject, come: list[int], go: list[int]) -> None:
    text = (
        f"{data.draw(ADDING)}{data.draw(listed(come))}{data.draw(BETWEEN)}{data.draw(REMOVING)} {data.draw(listed(go))}"
    )

    steps = [Step(True, Span(n, n)) for n in come] + [Step(False, Span(n, n)) for n in go]
    assert read_intention(text) == Change(tuple(steps))


@given(st.data(), NUMBERS, NUMBERS)
def test_a_range_is_read_from_either_end(data: st.DataObject, one: int, other: int) -> None:
    text = data.draw(spelled(one)) + data.draw(THROUGH) + data.draw(spelled(other))

    assert read_steps(text) == (Step(True, Span(min(one, other), max(one, other))),)


@given(st.integers(1, 9999))
def test_chinese_numerals_are_read_as_they_are_written(number: int) -> None:
    assert read_number(write_han(number)) == number


@given(st.text(max_size=60))
def test_whatever_is_written_means_something(text: str) -> None:
    assert isinstance(read_intention(text), Intention)
    assert plain(plain(text)) == plain(plain(plain(text)))


@given(st.text(alphabet="0123456789一二三十百零号第加去选到至- ,、个名", max_size=40))
def test_confused_numbers_are_never_half_read(text: str) -> None:
    steps = read_steps(text)

    if steps is not None:
        digits = "".join(letter for letter in text if letter.isdigit() or letter in "一二三十百零")
        assert digits


@pytest.mark.parametrize(
    "text",
    [
        *("3-5-12", "3个", "选3个", "12名", "3位", "一下", "十全十美", "二百五", "三五", "3五", "-5", "3-", "到5"),
        *("加", "去", "加去5", "3 5 谢老师", "2026年", "第", "号", "3票", "一人一票"),
    ],
)
def test_what_is_no_list_of_numbers_is_not_taken_for_one(text: str) -> None:
    assert read_intention(text) == Other(plain(text))


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("确认", Wish.CONFIRM),
        ("“确认”", Wish.CONFIRM),
        ("回复“确认”", Wish.CONFIRM),
        ("确 认。", Wish.CONFIRM),
        ("确认投票", Wish.CONFIRM),
        ("确定", Wish.ALMOST_CONFIRM),
        ("好的", Wish.ALMOST_CONFIRM),
        ("OK", Wish.ALMOST_CONFIRM),
        ("确认无误", Wish.ALMOST_CONFIRM),
        ("取消", Wish.STOP),
        ("不投了", Wish.STOP),
        ("重来", Wish.ANEW),
        ("下一页", Wish.NEXT),
        ("上一页", Wish.BACK),
        ("名单", ShowList(1)),
        ("名单3", ShowList(3)),
        ("名单 三", ShowList(3)),
        ("名单第2页", ShowList(2)),
        ("第 2 页", ShowList(2)),
        ("看看", ShowChoices()),
        ("看看２", ShowChoices(2)),
        ("规则", Wish.RULES),
        ("怎么投", Wish.EXPLAIN),
        ("①③", added(1, 3)),
        ("3号5号", added(3, 5)),
        ("+7", added(7)),
        ("十佳党员：3、5；十佳组织：1", added(3, 5, 1)),
        ("我选 示例人", Other("我选 示例人")),
    ],
)
def test_words_mean_what_they_say(text: str, meant: Intention) -> None:
    assert read_intention(text, ["十佳党员", "十佳组织"]) == meant


@pytest.mark.parametrize("text", ["确认吗", "不确认", "确认3", "我确认一下", "确", "认", "确认收货", "已确认"])
def test_nothing_but_the_word_itself_confirms(text: str) -> None:
    assert read_intention(text) is not Wish.CONFIRM


@pytest.mark.parametrize(
    ("text", "which"),
    [
        ("聊天投票", ""),
        ("“聊天投票”", ""),
        ("聊天投票 2", "2"),
        ("回复聊天投票２", "2"),
        ("投票", None),
        ("我要聊天投票", None),
    ],
)
def test_asking_to_vote_in_the_chat(text: str, which: str | None) -> None:
    assert asks_to_start(text) == which


@pytest.mark.parametrize("word", ["１２", "3-5", "一", "加 7", "确认。", "名单", "取消"])
def test_what_steers_a_vote_is_kept_from_staffs_own_replies(word: str) -> None:
    assert is_needed(word)


@pytest.mark.parametrize("word", ["几点", "说明", "十佳", "办公时间", "聊天"])
def test_other_words_are_free_for_staff(word: str) -> None:
    assert not is_needed(word)
