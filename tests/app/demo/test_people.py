"""The invented candidates: how many, how varied, how long their texts, and that nobody can take them for real."""

import re
from collections import Counter, defaultdict
from itertools import chain

from app.demo.people import DemoCandidate, demo_awards, past_awards

REAL_PLACES = "焦作|沁阳|孟州|武陟|博爱县|修武|温县|解放区|山阳|中站|马村|河南|郑州|北京|上海|黄河|太行"
LEADERS_AND_SLOGANS = "习近平|总书记|党中央|十九大|二十大|新时代|不忘初心|砥砺前行|！"
FORBIDDEN = re.compile(f"{REAL_PLACES}|{LEADERS_AND_SLOGANS}")
CLAUSES = re.compile("[。，、；：？]")


def candidates() -> list[DemoCandidate]:
    return [candidate for award in demo_awards() for candidate in award.candidates]


def everyone() -> list[DemoCandidate]:
    return [*candidates(), *past_awards()[0].candidates]


def told(paragraph: str) -> frozenset[str]:
    """The clauses of a paragraph without numbers and sex, which is what a reader would recognise."""
    plain = re.sub(r"\d", "", paragraph.replace("她", "他"))
    return frozenset(clause for clause in CLAUSES.split(plain) if len(clause) > 3)


def shared_paragraphs(texts: list[str]) -> Counter[tuple[int, int]]:
    """How many paragraphs two texts share: such as have half of their clauses in common."""
    paragraphs = [[told(paragraph) for paragraph in text.split("\n\n")] for text in texts]
    holders: defaultdict[str, set[tuple[int, int]]] = defaultdict(set)
    for text, parts in enumerate(paragraphs):
        for place, part in enumerate(parts):
            for clause in part:
                holders[clause].add((text, place))
    shared: Counter[tuple[int, int]] = Counter()
    for text, parts in enumerate(paragraphs):
        for part in parts:
            hits = Counter(chain.from_iterable(holders[clause] for clause in part))
            shared.update({(text, other) for (other, _), n in hits.items() if other > text and n >= len(part) / 2})
    return shared


def test_three_awards_with_their_places_limits_and_candidates() -> None:
    assert [
        (award.name, award.places, award.min_choices, award.max_choices, award.is_organisation, len(award.candidates))
        for award in demo_awards()
    ] == [
        ("十佳基层党组织", 10, 0, 10, True, 15),
        ("十佳共产党员", 10, 0, 10, False, 15),
        ("优秀共产党员", 100, 0, 100, False, 150),
    ]


def test_numbers_run_through_all_awards() -> None:
    assert [candidate.number for candidate in candidates()] == list(range(1, 181))


def test_the_past_selection_has_one_award_numbered_from_one() -> None:
    (award,) = past_awards()
    assert (award.places, award.max_choices, award.is_organisation) == (8, 8, False)
    assert [candidate.number for candidate in award.candidates] == list(range(1, 13))


def test_every_call_tells_the_same() -> None:
    first = demo_awards(), past_awards()
    demo_awards.cache_clear()
    past_awards.cache_clear()
    assert (demo_awards(), past_awards()) == first


def test_people_share_a_name_but_never_name_and_unit() -> None:
    names = Counter(candidate.name for candidate in candidates())
    pairs = Counter((candidate.name, candidate.unit) for candidate in candidates())
    assert {name for name, n in names.items() if n > 1} == {"王例文", "刘例一", "李示例", "张示例"}
    assert max(pairs.values()) == 1


def test_names_are_varied_enough_for_search_and_for_strokes() -> None:
    names = {candidate.name for candidate in candidates() if candidate.sex}
    compound = {"欧阳", "上官", "司马", "慕容", "阿依"}
    surnames = {name[:2] if name[:2] in compound else name[0] for name in names}
    assert len(surnames) >= 80
    assert compound <= surnames
    assert {"阿依·示例", "丁例"} <= names


def test_twenty_one_units_nominate() -> None:
    assert len({candidate.unit for candidate in candidates()}) == 21


def test_every_name_and_every_unit_is_visibly_invented() -> None:
    assert [candidate for candidate in everyone() if "例" not in candidate.name] == []
    assert [candidate for candidate in everyone() if "示例" not in candidate.unit] == []


def test_four_people_are_shown_without_a_photo() -> None:
    assert sum(not candidate.photo for candidate in candidates()) == 4


def test_only_organisations_have_no_sex() -> None:
    for award in demo_awards():
        assert {candidate.sex for candidate in award.candidates} == ({""} if award.is_organisation else {"男", "女"})


def test_briefs_and_deeds_keep_to_the_lengths_asked_of_nominations() -> None:
    assert [c.number for c in everyone() if not 150 <= len(c.brief) <= 250] == []
    assert [c.number for c in everyone() if not 1500 <= len(c.deeds) <= 2500] == []


def test_no_slot_of_a_text_is_left_open() -> None:
    left = re.compile(r"[{}@~|]")
    assert [c.number for c in everyone() if left.search(c.post + c.brief + c.deeds)] == []


def test_texts_name_no_real_place_or_leader_and_shout_no_slogan() -> None:
    found = {c.number: FORBIDDEN.findall(c.name + c.post + c.brief + c.deeds) for c in everyone()}
    assert {number: words for number, words in found.items() if words} == {}


def test_every_candidate_has_texts_of_their_own() -> None:
    assert len({candidate.brief for candidate in candidates()}) == 180
    assert len({candidate.deeds for candidate in candidates()}) == 180


def test_no_two_candidates_share_more_than_a_third_of_their_paragraphs() -> None:
    texts = [candidate.deeds for candidate in candidates()]
    sizes = [text.count("\n\n") + 1 for text in texts]
    shared = shared_paragraphs(texts)
    assert {pair: n for pair, n in shared.items() if 3 * n > min(sizes[pair[0]], sizes[pair[1]])} == {}


def test_the_fifteen_outstanding_share_no_paragraph() -> None:
    assert shared_paragraphs([candidate.deeds for candidate in demo_awards()[1].candidates]) == Counter()


def test_a_brief_repeats_the_figures_of_the_deeds() -> None:
    wang = next(candidate for candidate in candidates() if candidate.name == "王示例")
    years = re.search(r"(\d+)年", wang.brief)
    assert years is not None
    assert f"{years[1]}年里，这条四公里长的街他走了三万多遍" in wang.deeds
