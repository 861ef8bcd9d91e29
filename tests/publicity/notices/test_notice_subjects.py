"""Lists as they are pasted from spreadsheets and documents, and who stays who when a list is edited."""

from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation.errors import InvalidInput
from publicity.notices.kinds import MOST_SUBJECTS
from publicity.notices.subjects import (
    ORGANISATION,
    PERSON,
    Subject,
    check_subjects,
    is_same_subject,
    kind_by_name,
    new_subject,
    read_pasted,
    settle_keys,
)

RARE = "𠮷𬱖㛃〇"
NAMES = st.text(alphabet="王李张示例甲乙丙𠮷·", min_size=2, max_size=4).filter(
    lambda name: "·" not in (name[0], name[-1]) and kind_by_name(name) == PERSON
)

ROWS = st.tuples(NAMES, st.sampled_from(["示例单位职员", "示例镇书记、镇长", ""]))


def words(subjects: tuple[Subject, ...]) -> list[tuple[str, ...]]:
    return [(one.heading, one.kind, one.name, one.text, one.unit) for one in subjects]


def test_a_list_from_a_document_is_read_with_its_awards() -> None:
    pasted = """
    一、十佳基层党组织（2个）
    1. 示例县示例村党支部
    2．示例集团有限公司党委
    二、十佳共产党员：
    （一）王　示　示例县示例镇党委书记、镇长
    （二） 李例示，示例公司职员
    【优秀共产党员】
    ① 买买提·示例 示例学校教师
    2  欧阳示  示例医院护士长  示例县
    """

    assert words(read_pasted(pasted)) == [
        ("十佳基层党组织", ORGANISATION, "示例县示例村党支部", "", ""),
        ("十佳基层党组织", ORGANISATION, "示例集团有限公司党委", "", ""),
        ("十佳共产党员", PERSON, "王示", "示例县示例镇党委书记、镇长", ""),
        ("十佳共产党员", PERSON, "李例示", "示例公司职员", ""),
        ("优秀共产党员", PERSON, "买买提·示例", "示例学校教师", ""),
        ("优秀共产党员", PERSON, "欧阳示", "示例医院护士长", "示例县"),
    ]


def test_cells_from_a_spreadsheet_are_read_by_column() -> None:
    rows = (
        "序号\t姓名\t单位及职务\t推荐单位",
        "1\t王　示\t示例县 示例镇书记\t示例县",
        "2\t李例示\t示例公司职员\t",
        "\t\t\t",
    )
    pasted = "\r\n".join(rows)

    assert words(read_pasted(pasted)) == [
        ("", PERSON, "王示", "示例县 示例镇书记", "示例县"),
        ("", PERSON, "李例示", "示例公司职员", ""),
    ]


@pytest.mark.parametrize(
    ("line", "name", "text"),
    [
        ("王示", "王示", ""),
        ("王 示", "王示", ""),
        ("王　　示", "王示", ""),
        ("王 示 例 示例职员", "王示例", "示例职员"),
        ("王示,示例职员", "王示", "示例职员"),
        ("王示，示例职员", "王示", "示例职员"),
        ("王示   示例职员", "王示", "示例职员"),
        ("王示 示例职员", "王示", "示例职员"),
        ("王示\u00a0\u00a0示例职员", "王示", "示例职员"),
        ("1、王示", "王示", ""),
        ("１．王示", "王示", ""),
        ("十二、王示", "王示", ""),
        ("(3)王示", "王示", ""),
        ("3）王示", "王示", ""),
        ("12 王示 示例职员", "王示", "示例职员"),
        ("\ufeff王\u200b示", "王示", ""),
        ("John Smith, 示例职员", "John Smith", "示例职员"),
        (f"王{RARE}", f"王{RARE}", ""),
        ("阿卜杜拉·买买提", "阿卜杜拉·买买提", ""),
        ("阿卜杜拉 · 买买提，示例职员", "阿卜杜拉·买买提", "示例职员"),
        ("3号楼示例社区党支部", "3号楼示例社区党支部", ""),
        ("示例县优秀共产党员示例服务队党支部", "示例县优秀共产党员示例服务队党支部", ""),
        ("王示 示例县优秀共产党员", "王示", "示例县优秀共产党员"),
    ],
)
def test_a_line_gives_a_name_and_a_post(line: str, name: str, text: str) -> None:
    assert [(one.name, one.text) for one in read_pasted(line)] == [(name, text)]


@pytest.mark.parametrize(
    "line",
    [
        "十佳共产党员：",
        "十佳共产党员:",
        "【十佳共产党员】",
        "[十佳共产党员]",
        "二、十佳共产党员（10名）",
        "（二）十佳共产党员（共10名）：",
        "十佳共产党员",
        "十佳共产党员 (10 名)",
    ],
)
def test_a_line_that_is_an_award_heads_what_follows(line: str) -> None:
    assert words(read_pasted(f"{line}\n王示")) == [("十佳共产党员", PERSON, "王示", "", "")]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("示例村党支部", ORGANISATION),
        ("示例集团党委", ORGANISATION),
        ("示例局机关党总支", ORGANISATION),
        ("示例公司党支部（联合）", ORGANISATION),
        ("中共示例县委员会", ORGANISATION),
        ("示例市示例社区", ORGANISATION),
        ("王示", PERSON),
        ("王志村", PERSON),
        ("欧阳示例", PERSON),
        ("阿卜杜拉·示例村", PERSON),
    ],
)
def test_a_person_is_told_from_an_organisation_by_the_name(name: str, kind: str) -> None:
    assert kind_by_name(name) == kind


def test_under_an_award_for_organisations_everything_is_one() -> None:
    assert [one.kind for one in read_pasted("十佳基层党组织：\n示例服务队")] == [ORGANISATION]


@pytest.mark.parametrize(
    ("pasted", "message"),
    [
        ("王示 示例职员\n李例\n1. 王　示　示例职员", "第3行的“王示”和第1行重复了。"),
        ("王示\n王", "第2行的姓名“王”只有一个字，请核对。"),
        ("王示\t一\t二\t三", "第1行有4栏，最多三栏：姓名或组织名称、单位及职务、推荐单位。"),
        ("\t示例职员", "第1行没有姓名或组织名称。"),
        (f"王示，{'职' * 161}", "第1行的单位及职务太长，最多160个字。"),
        (
            "甲\n乙\n丙\n丁\n戊\n己",
            "".join(f"第{i}行的姓名“{name}”只有一个字，请核对。" for i, name in enumerate("甲乙丙丁戊", 1))
            + "另有1行也要改。",
        ),
    ],
)
def test_what_cannot_be_read_names_its_line(pasted: str, message: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_pasted(pasted)

    assert (caught.value.field, caught.value.message) == ("pasted", message)


def test_two_people_of_one_name_are_told_apart_by_their_posts() -> None:
    assert len(read_pasted("王示 甲单位职员\n王示 乙单位职员")) == 2


def test_a_thousand_may_be_pasted_and_not_one_more() -> None:
    lines = [f"王示{chr(0x4E00 + i)}" for i in range(MOST_SUBJECTS + 1)]

    assert len(read_pasted("\n".join(lines[:-1]))) == MOST_SUBJECTS
    with pytest.raises(InvalidInput, match=r"最多1,000个对象，粘贴了1,001个。"):
        read_pasted("\n".join(lines))


@given(st.lists(ROWS, unique=True, max_size=20), st.data())
def test_however_a_list_is_laid_out_it_reads_the_same(rows: list[tuple[str, str]], data: st.DataObject) -> None:
    lines = []
    for number, (name, text) in enumerate(rows, start=1):
        gap = data.draw(st.sampled_from(["\t", "，", ",", "    ", "　"]))
        numbering = data.draw(st.sampled_from(["", f"{number}. ", f"{number}、", f"（{number}）"]))
        padded = "　".join(name) if len(name) == 2 and gap != "　" else name
        lines.append(f"{numbering}{padded}{gap}{text}".rstrip())

    assert [(one.name, one.text) for one in read_pasted("\n".join(lines))] == rows


@given(st.text(max_size=200))
def test_whatever_is_pasted_is_read_or_refused_in_words(text: str) -> None:
    subjects: tuple[Subject, ...] = ()
    with suppress(InvalidInput):
        subjects = read_pasted(text)

    assert check_subjects(subjects, twice_under_awards=True) == {}


WANG = new_subject("王示", "甲单位职员", heading="十佳共产党员", unit="示例县")
LI = new_subject("李例", "乙单位职员", heading="优秀共产党员", unit="示例县")


def test_a_field_that_cannot_be_used_is_named_by_its_row() -> None:
    rows = [WANG, replace(LI, name=""), replace(LI, key="other", text="字" * 161), replace(WANG, key="another")]

    assert check_subjects(rows) == {
        "subjects-1-name": "请填写姓名或组织名称。",
        "subjects-2-text": "单位及职务太长，最多160个字。",
        "subjects-3-name": "“王示”和第1个重复了。",
    }


def test_somebody_stands_under_two_awards_only_as_long_as_a_unit_proposes_them() -> None:
    both = [WANG, replace(WANG, key="second", heading="优秀共产党员")]

    assert check_subjects(both) == {"subjects-1-name": "“王示”和第1个重复了。"}
    assert check_subjects(both, twice_under_awards=True) == {}


def test_whoever_is_pasted_again_keeps_the_key() -> None:
    again = new_subject("王示", "甲单位职员", heading="十佳共产党员")
    newcomer = new_subject("赵新", "丙单位职员")

    assert settle_keys((newcomer, again), (WANG, LI)) == (newcomer, replace(again, key=WANG.key))


def test_a_slip_that_is_put_right_keeps_the_key() -> None:
    corrected = replace(WANG, name="王拭")

    assert settle_keys((corrected, LI), (WANG, LI)) == (corrected, LI)


def test_whoever_is_written_over_another_gets_a_key_of_their_own() -> None:
    written_over = replace(WANG, name="赵新", text="丙单位职员")

    (settled,) = settle_keys((written_over,), (WANG,))

    assert (settled.name, settled.key == WANG.key) == ("赵新", False)


@pytest.mark.parametrize(
    ("after", "same"),
    [
        (replace(WANG, name="王拭"), True),
        (replace(WANG, text="甲单位主任"), True),
        (replace(WANG, heading="优秀共产党员"), True),
        (replace(WANG, name="赵新"), False),
        (replace(WANG, name="王拭", text="丙单位职员"), False),
    ],
)
def test_one_key_is_one_person_unless_name_and_post_say_otherwise(after: Subject, same: bool) -> None:
    assert is_same_subject(WANG, after) is same
