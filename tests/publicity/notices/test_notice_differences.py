"""What a version changes, and that the change itself says which kind it is."""

from dataclasses import replace

import pytest

from foundation.errors import InvalidInput
from publicity.notices.differences import (
    Difference,
    Paragraph,
    SubjectChange,
    TextChange,
    Wording,
    change_of,
    compare,
    refuse_mislabelled,
)
from publicity.notices.kinds import Change
from publicity.notices.office import Office
from publicity.notices.subjects import Subject, new_subject

VILLAGE = new_subject("示例村党支部", heading="十佳基层党组织")
WANG = new_subject("王示", "甲单位职员", heading="十佳共产党员")
LI = new_subject("李例", "乙单位职员", heading="优秀共产党员")
ZHAO = new_subject("赵新", "丙单位职员", heading="优秀共产党员")
OFFICE = Office("示例组织一科", "", "12380", "示例路1号", "")
OLD = Wording("示例公示", "<p>一</p><p>〔名单〕</p><p>二</p>", (VILLAGE, WANG, LI), ("一.pdf",), OFFICE)


def with_list(*subjects: Subject) -> Difference:
    return compare(OLD, replace(OLD, subjects=subjects))


def test_nothing_differs_between_a_version_and_itself() -> None:
    difference = compare(OLD, OLD)

    assert difference.is_empty
    assert change_of(difference) is None


def test_everything_that_differs_is_told() -> None:
    corrected = replace(WANG, text="甲单位主任")
    body, office = "<p>一</p><p>〔名单〕</p><p>三</p>", replace(OFFICE, phone="12345")
    newer = Wording("示例公示（更正）", body, (corrected, VILLAGE, ZHAO), ("二.pdf",), office)

    assert compare(OLD, newer) == Difference(
        added=(ZHAO,),
        removed=(LI,),
        replaced=(),
        moved=(),
        corrected=(SubjectChange(WANG, corrected),),
        reordered=True,
        texts=(TextChange("标题", "示例公示", "示例公示（更正）"), TextChange("电话", "12380", "12345")),
        paragraphs=(
            Paragraph("same", "一"),
            Paragraph("same", "〔名单〕"),
            Paragraph("removed", "二"),
            Paragraph("added", "三"),
        ),
        attachments_added=("二.pdf",),
        attachments_removed=("一.pdf",),
    )


@pytest.mark.parametrize(
    ("subjects", "change"),
    [
        ((VILLAGE, WANG, LI, ZHAO), Change.SUBJECTS),
        ((VILLAGE, WANG, ZHAO), Change.SUBJECTS),
        ((VILLAGE, WANG, replace(LI, name="赵新", text="丙单位职员")), Change.SUBJECTS),
        ((VILLAGE, WANG, replace(LI, heading="十佳共产党员")), Change.SUBJECTS),
        ((VILLAGE, WANG), Change.WITHDRAWAL),
        ((), Change.WITHDRAWAL),
        ((VILLAGE, WANG, replace(LI, name="李列")), Change.MISPRINT),
        ((VILLAGE, WANG, replace(LI, text="乙单位主任")), Change.MISPRINT),
        ((VILLAGE, WANG, replace(LI, heading="优秀共产党员（乡镇）")), Change.MISPRINT),
        ((VILLAGE, WANG, replace(LI, key="renewed")), None),
        ((WANG, VILLAGE, LI), Change.MISPRINT),
    ],
    ids=[
        "added",
        "exchanged",
        "written over",
        "another award",
        "one gone",
        "all gone",
        "name",
        "post",
        "award's name",
        "pasted again",
        "order",
    ],
)
def test_the_list_itself_says_which_kind_of_change_it_is(subjects: tuple[Subject, ...], change: Change | None) -> None:
    assert change_of(with_list(*subjects)) is change


def test_words_alone_are_a_misprint() -> None:
    assert change_of(compare(OLD, replace(OLD, title="示例公示二"))) is Change.MISPRINT
    assert change_of(compare(OLD, replace(OLD, body="<p>一</p><p>〔名单〕</p><p>改</p>"))) is Change.MISPRINT
    assert change_of(compare(OLD, replace(OLD, attachments=()))) is Change.MISPRINT


@pytest.mark.parametrize(
    ("subjects", "ticked", "message"),
    [
        (
            (VILLAGE, WANG, LI, ZHAO),
            Change.MISPRINT,
            "这一稿新列入了赵新，公示期要从发布后重新计算，应当选“增加或更换对象”，现在选的是“更正文字”。",
        ),
        (
            (VILLAGE, WANG),
            Change.MISPRINT,
            "这一稿撤下了李例，应当选“撤下对象”，现在选的是“更正文字”。",
        ),
        (
            (VILLAGE, WANG, replace(LI, text="乙单位主任")),
            Change.SUBJECTS,
            "这一稿没有增加、更换或撤下对象，只改了文字，应当选“更正文字”，现在选的是“增加或更换对象”。",
        ),
        ((VILLAGE, WANG, LI), Change.MISPRINT, "这一稿和现在公布的完全一样，没有什么可发布的。"),
        (
            (VILLAGE, replace(WANG, name="王拭")),
            Change.WITHDRAWAL,
            "“撤下对象”只能撤下对象，这一稿还改了王拭，请另发一次“更正文字”。",
        ),
    ],
)
def test_what_is_ticked_must_be_what_was_done(subjects: tuple[Subject, ...], ticked: Change, message: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        refuse_mislabelled(ticked, with_list(*subjects))

    assert (caught.value.field, caught.value.message) == ("change", message)


def test_a_withdrawal_may_have_the_text_follow() -> None:
    newer = replace(OLD, subjects=(VILLAGE, WANG), body="<p>一（改）</p><p>〔名单〕</p><p>二</p>")

    refuse_mislabelled(Change.WITHDRAWAL, compare(OLD, newer))
