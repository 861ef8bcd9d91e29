"""The conversation by itself: whatever is chosen and said, one message holds the answer and nothing is lost."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from votes.chat.conversation import Turn, begin, converse
from votes.chat.drafts import Draft, may_be_cast
from votes.chat.intentions import Change, Intention, Other, ShowChoices, ShowList, Wish, read_intention
from votes.chat.numbers import Span, Step
from votes.chat.pages import fits, pages_of
from votes.chat.sheet import Entry, Sheet, SheetAward, rank
from votes.chat.words import CONFIRM
from votes.rules import AwardRule, BallotRules, check_choices

CLOSES = datetime(2026, 4, 25, 10, tzinfo=UTC)
NONCE = "a-nonce-of-the-tests"


def sheet_of(*awards: tuple[str, int, int, int], withdrawn: frozenset[int] = frozenset(), longest: int = 4) -> Sheet:
    """Make a sheet; an award is its name, how many stand for it, and how few and many may be chosen."""
    made, number = [], 0
    for name, size, least, most in awards:
        entries = []
        for _ in range(size):
            number += 1
            entries.append(Entry(number, f"示例{number:03d}".ljust(longest, "甲"), "示例单位" * 9, number in withdrawn))
        made.append(SheetAward(name, "名", least, most, tuple(entries)))
    return Sheet(
        slug="demo",
        title="示例网上评议",
        address="https://vote.example/polls/demo",
        closes_at=CLOSES,
        daily=False,
        order="numbered",
        rules="每个微信号限投一次。\n不收费，不需转发。",
        phones=("咨询电话：0391-0000000",),
        awards=tuple(made),
    )


SHEET = sheet_of(("十佳组织", 3, 0, 2), ("十佳党员", 4, 0, 3))
WHOLE = sheet_of(("十佳基层党组织", 30, 0, 10), ("十佳共产党员", 30, 0, 10), ("优秀共产党员", 120, 0, 100), longest=40)


def talk(sheet: Sheet, *texts: str, draft: Draft | None = None) -> Turn:
    """Say one thing after another and return the last turn."""
    turn = Turn(draft or Draft(NONCE), "")
    for text in texts:
        assert turn.draft is not None
        turn = converse(sheet, turn.draft, read_intention(text, [award.name for award in sheet.awards]), 1)
    return turn


def chosen(turn: Turn) -> tuple[int, ...]:
    assert turn.draft is not None
    return turn.draft.choices


Plan = tuple[list[tuple[str, int, int, int]], frozenset[int], int]


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Draw what a sheet is made from: its awards, who has withdrawn, and how long names are."""
    awards = []
    for place, size in enumerate(draw(st.lists(st.integers(0, 150), min_size=1, max_size=6))):
        most = draw(st.integers(1, 100))
        name = f"示例奖项{place}" * draw(st.integers(1, 12))
        awards.append((name, size, draw(st.integers(0, min(most, size))), most))
    return awards, frozenset(draw(st.lists(st.integers(1, 200), max_size=5))), draw(st.integers(4, 80))


SPANS = st.builds(
    lambda first, more: Span(first, first + more), st.integers(0, 400), st.integers(0, 200) | st.just(10**11)
)
INTENTIONS = st.one_of(
    st.sampled_from(Wish),
    st.builds(ShowList, st.integers(0, 10**6)),
    st.builds(ShowChoices, st.integers(0, 10**6)),
    st.builds(Other, st.text(max_size=20)),
    st.builds(
        lambda steps: Change(tuple(steps)), st.lists(st.builds(Step, st.booleans(), SPANS), min_size=1, max_size=4)
    ),
)


@settings(deadline=None)
@given(plans(), st.lists(INTENTIONS, min_size=1, max_size=8))
def test_every_answer_fits_one_message_and_only_a_valid_ballot_is_cast(plan: Plan, said: list[Intention]) -> None:
    awards, withdrawn, longest = plan
    sheet = sheet_of(*awards, withdrawn=withdrawn, longest=longest)
    rules = BallotRules(
        tuple(AwardRule(award.name, award.least, award.most, award.numbers) for award in sheet.awards),
        frozenset(number for number, entry in sheet.entries.items() if entry.withdrawn),
    )
    draft = Draft(NONCE)
    assert fits(begin(sheet, draft).answer)
    for intention in said:
        turn = converse(sheet, draft, intention, 1)
        assert turn.casts == (turn.answer == "")
        assert fits(turn.answer)
        if turn.casts:
            assert check_choices(rules, sorted(draft.choices)) is None
        if turn.draft is None:
            assert intention is Wish.STOP
            return
        if isinstance(intention, Change) and may_be_cast(sheet, turn.draft):
            assert f"回复“{CONFIRM}”" in turn.answer
        if not isinstance(intention, Change) and intention is not Wish.ANEW:
            assert turn.draft.choices == draft.choices
        assert turn.draft.nonce == NONCE
        draft = turn.draft
        assert fits(begin(sheet, draft).answer)


@given(st.lists(st.integers(1, 180), unique=True, max_size=180))
def test_names_of_all_that_is_chosen_can_be_read_page_by_page(numbers: list[int]) -> None:
    pages = pages_of(WHOLE.only(numbers))
    told = [int(line.split()[0]) for page in pages for line in page.split("\n") if line[0].isdigit()]

    assert told == sorted(numbers)


def test_choosing_in_several_messages_and_changing_ones_mind() -> None:
    assert chosen(talk(SHEET, "1", "4、5")) == (1, 4, 5)
    assert chosen(talk(SHEET, "1 4 5", "去 4", "加 6 7")) == (1, 5, 6, 7)
    assert chosen(talk(SHEET, "1-2，十佳党员：4到6")) == (1, 2, 4, 5, 6)
    assert chosen(talk(SHEET, "1 4", "重来", "5")) == (5,)


@pytest.mark.parametrize(
    ("said", "told", "left"),
    [
        (("99",), "没有99号，请对照名单。", ()),
        (("6-9",), "没有8—9号，请对照名单。", (6, 7)),
        (("0 1",), "没有0号，请对照名单。", (1,)),
        (("1 1",), "1号写了两次，只算一次。", (1,)),
        (("1", "1 2"), "1号前面已经选过。", (1, 2)),
        (("1", "去 2"), "2号本来就没有选。", (1,)),
        (("1 2", "去 2"), "去掉了：2号示例002。", (1,)),
        (("1 2 3",), "“十佳组织”最多选2名，请去掉1名，例如回复“去 3”。选的都还在。", (1, 2, 3)),
        (("3 1 2", "确认"), "“十佳组织”最多选2名，请去掉1名，例如回复“去 2”。选的都还在。", (3, 1, 2)),
        (("确认",), "还没有选。请发编号，例如 3 5 12；看名单回复“名单”。", ()),
        (("1", "好的"), "还没有投出。要投出，请回复“确认”两个字。先核对，回复“看看”。", (1,)),
        (("1", "示例004"), "4 示例004", (1,)),
        (("我选示例004、示例005",), "要选，请发编号：4 5", ()),
        (("1", "3-5-12"), "没看明白。选人请只发编号，例如 3 5 12，或 3-6。", (1,)),
    ],
)
def test_mistakes_are_told_kindly_and_lose_nothing(said: tuple[str, ...], told: str, left: tuple[int, ...]) -> None:
    turn = talk(SHEET, *said)

    assert told in turn.answer
    assert chosen(turn) == left
    assert not turn.casts


def test_too_few_are_told_how_many_are_missing() -> None:
    sheet = sheet_of(("十佳组织", 3, 2, 3), ("十佳党员", 4, 1, 3))

    turn = talk(sheet, "1", "确认")

    assert "“十佳组织”还要再选1名，才能投出。\n“十佳党员”还要再选1名，才能投出。" in turn.answer
    assert not turn.casts
    assert talk(sheet, "1", "2 5", "确认").casts


def test_who_has_withdrawn_cannot_be_chosen() -> None:
    sheet = sheet_of(("十佳组织", 3, 0, 2), withdrawn=frozenset({2}))

    turn = talk(sheet, "1 2")

    assert "2号示例002已退出评选，不能选。" in turn.answer
    assert chosen(turn) == (1,)


def test_nobody_confirms_what_they_have_not_seen() -> None:
    """A candidate withdraws between the summary and the confirmation."""
    after = sheet_of(("十佳组织", 3, 0, 2), ("十佳党员", 4, 0, 3), withdrawn=frozenset({2}))
    before = talk(SHEET, "1 2").draft

    turn = talk(after, "确认", draft=before)

    assert turn.answer.startswith("2号示例002已退出评选，已从您选的里面去掉，其他的都还在。\n您选了1个：")
    assert (chosen(turn), turn.casts) == ((1,), False)
    assert talk(after, "确认", draft=turn.draft).casts


def test_a_confirmation_held_up_on_its_way_does_not_cast_what_was_changed_since() -> None:
    draft = converse(SHEET, Draft(NONCE, (1,)), read_intention("加 2"), 100).draft
    assert draft is not None

    late, after = (converse(SHEET, draft, Wish.CONFIRM, sent) for sent in (99, 100))

    assert late.answer.startswith("您发出“确认”以后又改过，这张票还没有投出。\n您选了2个：")
    assert (late.casts, after.casts) == (False, True)


@pytest.mark.parametrize("text", ["加 2", "去 1", "重来", "取消", "看看", "2", "好的"])
def test_a_ballot_whose_fate_is_not_known_is_not_changed(text: str) -> None:
    draft = Draft(NONCE, (1,), unanswered=True)

    turn = talk(SHEET, text, draft=draft)

    assert turn == Turn(draft, "刚才的选票已经提交，还没有收到答复，现在不能改。请回复“确认”查清，只会算一票。")
    assert talk(SHEET, "确认", draft=draft).casts
    assert "【十佳组织】" in talk(SHEET, "名单", draft=draft).answer


def test_the_rules_stand_before_the_first_choice() -> None:
    sheet = replace(
        WHOLE,
        rules="投票时间：4月18日至25日。\n每个微信号限投一次，提交后不可修改。\n各奖项最多选几名。\n不收费，不需转发。",
    )

    assert begin(sheet, Draft(NONCE)).answer == (
        "在聊天里投票：示例网上评议，4月25日 18:00结束。\n\n"
        "每个微信号限投一次，提交后不可修改。\n不收费，不需转发。\n\n"
        "【十佳基层党组织】1—30号，最多选10名（名单1）\n【十佳共产党员】31—60号，最多选10名（名单5）\n"
        "【优秀共产党员】61—180号，最多选100名（名单9）\n\n"
        "① 看名单：回复“名单”，或打开网页看照片和事迹\nhttps://vote.example/polls/demo\n"
        "② 发编号：例如 3 5 12，可以分几次发\n③ 核对后回复“确认”，才算投出"
    )


def test_rules_too_long_for_the_introduction_are_a_word_away() -> None:
    rules = [f"第{number}条：{'示例规则' * 10}。" for number in range(1, 31)]
    sheet = replace(SHEET, rules="\n".join(rules))

    told, whole = begin(sheet, Draft(NONCE)).answer, talk(sheet, "规则").answer

    assert f"{rules[2]}\n" in told
    assert "\n其余规则请回复“规则”。\n" in told
    assert whole.startswith("\n".join(rules[:8]))
    assert whole.endswith("规则全文和隐私说明见网页：\nhttps://vote.example/polls/demo")


def test_the_list_is_leafed_through() -> None:
    first, second, last = talk(WHOLE, "名单"), talk(WHOLE, "名单", "下一页"), talk(WHOLE, "名单99")
    count = len(pages_of(WHOLE))

    assert f"第1页，共{count}页。下一页回复“下一页”。" in first.answer
    assert "第2页" in second.answer
    assert f"第{count}页，共{count}页。上一页回复“上一页”。" in last.answer
    assert talk(WHOLE, "名单99", "下一页").answer == last.answer
    assert talk(WHOLE, "名单2", "上一页", "上一页").answer == first.answer
    assert "第" not in talk(SHEET, "名单").answer


def test_a_hundred_and_twenty_choices_are_told_by_number_and_read_by_name() -> None:
    turn = talk(WHOLE, "1-10 31-40", "61-120 122-160 162")

    assert "您选了120个：\n【十佳基层党组织】10名，已选满\n1—10号\n" in turn.answer
    assert "【优秀共产党员】100名，已选满\n61—120、122—160、162号" in turn.answer
    assert turn.answer.startswith("加上了：61号示例061")
    assert "名字太多，请回复“看看1”逐页核对。" in turn.answer
    assert "\n\n核对无误，请回复“确认”，才算投出。投出后不可修改。\n\n" in turn.answer
    read = talk(WHOLE, "看看2", draft=turn.draft)
    assert read.answer.startswith("您选的（第2页，共")


def test_an_order_of_the_voters_own_is_the_one_their_page_has() -> None:
    """The ranks were computed by static/votes/order.js."""
    assert [rank(f"0123456789abcdef:{number}") for number in (1, 2, 3)] == ORDER_JS
    arranged = SHEET.arranged("0123456789abcdef")
    assert [entry.number for entry in arranged.awards[0].entries] == sorted(
        (1, 2, 3), key=lambda number: ORDER_JS[number - 1]
    )


ORDER_JS = [1993567080, 3092520471, 1489333343]
