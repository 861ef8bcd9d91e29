"""The order in which candidates are listed, and the initials by which they are found."""

from dataclasses import dataclass
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from votes.ordering import LONGEST_INITIALS, initials, order_candidates, stroke_key


@dataclass(frozen=True)
class Kind:
    for_organisations: bool = False


@dataclass(frozen=True)
class Listed:
    number: int
    name: str = "示例"
    place_in_list: int = 0
    award: Kind = Kind()


# Surnames as published lists order them: by strokes, then 横 before 竖 before 撇 before 点 before 折.
SURNAMES = [
    *("丁", "卜", "刁"),  # 2: 横折, 竖点, 折横
    *("于", "万", "卫", "马"),  # 3: 横横竖, 横折撇, 折竖横, 折折横
    *("王", "韦", "车", "贝", "牛", "毛", "方", "尹", "孔", "邓"),  # 4
    *("石", "卢", "田", "白", "冯", "宁", "司", "皮"),  # 5
    *("成", "毕", "朱", "任", "刘", "关", "孙"),  # 6
    *("李", "吴", "何", "沈", "张", "陈"),  # 7
    *("林", "周", "郑"),  # 8
    *("赵", "胡", "钟"),  # 9
    *("秦", "郭", "黄", "葛", "韩"),  # 10, 10, 11, 12, 12
    *("雷", "蔡", "黎", "霍", "戴", "瞿"),  # 13, 14, 15, 16, 17, 18
]
letters = st.text(st.characters(min_codepoint=0x3400, max_codepoint=0x9FFF) | st.sampled_from("· 甲A1〇𠮷"), max_size=5)


@st.composite
def lists(draw: st.DrawFn) -> list[Listed]:
    numbers = draw(st.lists(st.integers(1, 2000), unique=True, max_size=20))
    kind = Kind(draw(st.booleans()))
    return [Listed(number, draw(letters), draw(st.integers(0, 25)), kind) for number in numbers]


def by_strokes(*names: str) -> list[str]:
    candidates = [Listed(number, name) for number, name in enumerate(reversed(names), start=1)]
    return [one.name for one in order_candidates(candidates, "strokes")]


def test_surnames_stand_as_in_published_lists() -> None:
    for first, second in pairwise(SURNAMES):
        assert stroke_key(first + "示例") < stroke_key(second + "示例"), (first, second)


@pytest.mark.parametrize(
    "names",
    [
        ("王晨", "王毅", "王小示", "王沪示"),  # a single given name first, however many strokes it has
        ("张示", "张又示", "张示例"),
        ("李希", "李强", "李克示", "李鸿示"),
        ("欧小示", "欧阳示"),  # a compound surname stands by its characters
        ("刘示", "孙示", "买买提·示例"),
        ("于示例", "干示例"),  # written alike: by code point, and the same surname stays together
        ("于甲", "于乙示", "干一"),
        ("王示", "王示例"),
        ("瞿示", "〇示", "𠮷示"),  # what the table lacks stands at the end
    ],
)
def test_names_stand_as_in_published_lists(names: tuple[str, ...]) -> None:
    assert by_strokes(*names) == list(names)


def test_spaces_and_dots_in_a_name_do_not_move_it() -> None:
    assert stroke_key("丁 示") == stroke_key("丁\u3000示") == stroke_key("丁示")
    assert stroke_key("买买提·示例") == stroke_key("买买提•示例") == stroke_key("买买提示例")


@given(st.lists(letters))
def test_the_order_of_names_is_total_and_does_not_depend_on_where_they_come_from(names: list[str]) -> None:
    assert sorted(map(stroke_key, names)) == sorted(map(stroke_key, reversed(names)))
    assert all(stroke_key(one) != stroke_key(other) or bare(one) == bare(other) for one in names for other in names)


def bare(name: str) -> str:
    return name.replace("·", "").replace(" ", "")


@given(lists(), st.sampled_from(["strokes", "numbered", "drawn", "per_voter"]), st.none() | st.text(max_size=8))
def test_every_order_is_a_permutation_that_only_the_candidates_decide(
    candidates: list[Listed], mode: str, seed: str | None
) -> None:
    ordered = order_candidates(candidates, mode, seed)
    assert sorted(one.number for one in ordered) == sorted(one.number for one in candidates)
    assert order_candidates(reversed(candidates), mode, seed) == ordered
    assert order_candidates(ordered, mode, seed) == ordered


def test_persons_stand_by_strokes_and_organisations_by_number() -> None:
    names = ["王示例", "丁示例", "马示例"]
    persons = [Listed(number, name) for number, name in enumerate(names, start=1)]
    organisations = [Listed(number, name, award=Kind(True)) for number, name in enumerate(names, start=1)]
    assert [one.name for one in order_candidates(persons, "strokes")] == ["丁示例", "马示例", "王示例"]
    assert [one.name for one in order_candidates(organisations, "strokes")] == names
    assert [one.name for one in order_candidates(persons[::-1], "numbered")] == names


def test_a_place_given_by_hand_wins() -> None:
    names = {1: "丁示", 2: "卜示", 3: "于示", 4: "马示"}

    def order(mode: str, **places: int) -> list[int]:
        candidates = [Listed(number, name, places.get(f"n{number}", 0)) for number, name in names.items()]
        return [one.number for one in order_candidates(candidates, mode, "种子")]

    assert order("strokes", n4=1) == [4, 1, 2, 3]
    assert order("numbered", n1=3) == [2, 3, 1, 4]
    assert order("strokes", n4=2, n3=2) == [1, 3, 4, 2]
    assert order("strokes", n1=99) == [2, 3, 4, 1]
    assert order("strokes", n1=4, n2=3, n3=2, n4=1) == [4, 3, 2, 1]
    assert order("per_voter", n4=1) == [1, 2, 3, 4]
    assert order("drawn", n4=1) == order("drawn")


def test_anyone_can_repeat_a_draw_with_its_seed() -> None:
    candidates = [Listed(number) for number in range(1, 181)]
    drawn = [one.number for one in order_candidates(candidates, "drawn", "2017-04-20 示例")]
    assert drawn[:5] == [127, 136, 32, 113, 152]  # by sha256sum and sort
    assert drawn != [one.number for one in order_candidates(candidates, "drawn", "另一粒种子")]


def test_before_the_draw_candidates_stand_by_number() -> None:
    assert [one.number for one in order_candidates([Listed(2), Listed(1)], "drawn", None)] == [1, 2]


def test_an_unknown_order_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown order 'alphabet'"):
        order_candidates([], "alphabet")


@pytest.mark.parametrize(
    ("name", "found_by"),
    [
        ("张示例", "zsl"),
        ("张 三", "zs"),
        ("欧阳示例", "oysl"),
        ("买买提·示例", "mmtsl"),
        ("单示例", "ssl dsl"),
        ("仇示", "qs cs"),
        ("解示", "xs js"),
        ("区示", "os qs"),
        ("曾示", "zs cs"),
        ("查示", "zs cs"),
        ("覃示", "qs ts"),
        ("翟示", "zs ds"),
        ("乐示", "ys ls"),
        ("单于示", "cys"),
        ("尉迟示", "ycs"),
        ("万俟示", "mqs"),
        ("长孙示", "zss"),
        ("解放路社区党支部", "xflsqdzb jflsqdzb"),
        ("第3社区A组", "d3sqaz"),
        ("", ""),
    ],
)
def test_a_candidate_is_found_by_initials_in_either_reading(name: str, found_by: str) -> None:
    assert initials(name) == found_by


@given(st.text(max_size=80))
def test_initials_fit_their_column(name: str) -> None:
    assert len(initials(name)) <= LONGEST_INITIALS
