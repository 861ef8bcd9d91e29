"""The four formats: the same figures in each, a sheet ready to sign, and no text that a spreadsheet would run."""

import io
import re
import zipfile
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import product

import pytest
from docx.oxml.ns import qn
from docx.shared import Mm

from foundation.spreadsheets import harmless, readable
from tests.votes.exporting.reading_back import (
    MARK,
    candidates_in_json,
    csv_of,
    document_of,
    json_of,
    tables_in_csv,
    tables_in_document,
    tables_in_workbook,
    workbook_of,
    written,
)
from votes.exporting.formats import FORMATS
from votes.exporting.report import AwardTally, HourTurnout, TallyReport, TallyRow, TurnoutReport, UnitVotes
from votes.phases import Phase
from votes.ranking import Cut

BEGAN = datetime(2017, 4, 18, 15, 0, tzinfo=UTC)
TURNOUT = TurnoutReport(
    title="示例先进典型网上评议",
    slug="shili",
    phase=Phase.CLOSED,
    daily=False,
    counted_at=datetime(2017, 4, 25, 10, 0, 5, tzinfo=UTC),
    last_number=1234,
    voters=1234,
    hours=(HourTurnout(BEGAN, 1000), HourTurnout(BEGAN + timedelta(hours=1), 234)),
)
HEADINGS = "序号,奖项,编号,姓名（组织名称）,单位及职务,推荐单位,得票数,得票率（占有效票）,名次,备注"
SHEET = [
    ["1", "示例组织奖", "1", "示例村党总支部", "", "示例县", "987", "79.98%", "1", "在名额内"],
    ["2", "示例组织奖", "2", "示例社区党支部", "", "示例区", "988", "80.06%", "—", "已退出"],
    ["3", "示例党员奖", "3", "示例某", "示例医院医师", "示例县", "77", "6.24%", "1", "与末位名额并列"],
    ["4", "示例党员奖", "4", "示例某某", "示例中学教师", "示例县", "77", "6.24%", "1", "与末位名额并列"],
]
RANKING = [
    ["示例组织奖", "1", "1", "1", "示例村党总支部", "示例县", "987", "79.98%", "在名额内"],
    ["示例组织奖", "1", "—", "2", "示例社区党支部", "示例区", "988", "80.06%", "已退出"],
    ["示例党员奖", "1", "1", "3", "示例某", "示例县", "77", "6.24%", "与末位名额并列"],
    ["示例党员奖", "1", "1", "4", "示例某某", "示例县", "77", "6.24%", "与末位名额并列"],
]
UNITS = [
    ["示例县", "示例组织奖", "1", "987"],
    ["示例县", "示例党员奖", "2", "154"],
    ["示例区", "示例组织奖", "1", "988"],
]
HOURS = [["2017年4月18日", "23:00–00:00", "1000", "1000"], ["2017年4月19日", "00:00–01:00", "234", "1234"]]
NAMES = ["汇总表", "排名", "按推荐单位", "分时投票人数"]


def tally_of(*awards: AwardTally, units: tuple[UnitVotes, ...] = (), title: str = TURNOUT.title) -> TallyReport:
    return TallyReport(
        title, TURNOUT.slug, TURNOUT.phase, TURNOUT.daily, TURNOUT.counted_at, TURNOUT.last_number, TURNOUT.voters,
        TURNOUT.hours, valid=1234, voided=0, awards=awards, units=units,
    )  # fmt: skip


TALLY = tally_of(
    AwardTally(
        "示例组织奖",
        1,
        (
            TallyRow(1, 1, "示例村党总支部", "", "示例县", 987, Decimal("79.98"), 1, False, Cut.WITHIN),
            TallyRow(2, 2, "示例社区党支部", "", "示例区", 988, Decimal("80.06"), None, False, None),
        ),
    ),
    AwardTally(
        "示例党员奖",
        1,
        (
            TallyRow(3, 3, "示例某", "示例医院医师", "示例县", 77, Decimal("6.24"), 1, True, Cut.TIED_AT_CUT),
            TallyRow(4, 4, "示例某某", "示例中学教师", "示例县", 77, Decimal("6.24"), 1, True, Cut.TIED_AT_CUT),
        ),
    ),
    units=(
        UnitVotes("示例县", "示例组织奖", 1, 987),
        UnitVotes("示例县", "示例党员奖", 2, 154),
        UnitVotes("示例区", "示例组织奖", 1, 988),
    ),
)


def test_the_workbook_holds_the_sheet_the_ranking_the_units_and_the_hours() -> None:
    assert tables_in_workbook(TALLY) == dict(zip(NAMES, (SHEET, RANKING, UNITS, HOURS), strict=True))


def test_the_document_holds_the_same_tables() -> None:
    assert tables_in_document(TALLY) == [SHEET, RANKING, UNITS, HOURS]


def test_the_csv_holds_the_same_tables() -> None:
    assert tables_in_csv(TALLY) == dict(zip(NAMES, (SHEET, RANKING, UNITS, HOURS), strict=True))


def test_the_json_holds_the_same_figures() -> None:
    value = json_of(TALLY)
    assert candidates_in_json(TALLY) == SHEET
    assert value.pop("awards") is not None
    assert value == {
        "format": 1,
        "kind": "tally",
        "poll": {"slug": "shili", "title": "示例先进典型网上评议", "phase": "closed"},
        "counted_at": "2017-04-25T18:00:05+08:00",
        "last_number": 1234,
        "exported": MARK,
        "voters": 1234,
        "turnout_by_hour": [
            {"began": "2017-04-18T23:00:00+08:00", "ballots": 1000},
            {"began": "2017-04-19T00:00:00+08:00", "ballots": 234},
        ],
        "ballots": {"valid": 1234, "voided": 0},
        "by_unit": [
            {"unit": "示例县", "award": "示例组织奖", "candidates": 1, "votes": 987},
            {"unit": "示例县", "award": "示例党员奖", "candidates": 2, "votes": 154},
            {"unit": "示例区", "award": "示例组织奖", "candidates": 1, "votes": 988},
        ],
    }


def test_a_candidate_in_the_json_has_all_its_names() -> None:
    assert json_of(TALLY)["awards"][1]["candidates"][0] == {
        "position": 3,
        "number": 3,
        "name": "示例某",
        "post": "示例医院医师",
        "unit": "示例县",
        "votes": 77,
        "share_percent": "6.24",
        "rank": 1,
        "tied": True,
        "withdrawn": False,
        "cut": "tied_at_cut",
        "remark": "与末位名额并列",
    }


def test_the_head_names_poll_time_and_last_number_in_every_format() -> None:
    when, where = "统计时间：2017年4月25日 18:00:05", "选票范围：截至第 1234 票"
    head = f"投票：示例先进典型网上评议　　{when}　　{where}　　状态：投票已结束，结果未认证"
    assert [sheet["A2"].value for sheet in workbook_of(TALLY)] == [head] * 4
    assert [line.text for line in document_of(TALLY).paragraphs].count(head) == 4
    assert csv_of(TALLY)[:5] == [
        ["网上评议得票情况汇总表"],
        ["投票", "示例先进典型网上评议"],
        ["统计时间", "2017年4月25日 18:00:05"],
        ["选票范围", "截至第 1234 票"],
        ["状态", "投票已结束，结果未认证"],
    ]


def test_the_sheet_ends_with_its_numbers_and_room_for_three_signatures() -> None:
    foot = "投票人数：1234　　有效：1234　　作废：0　　统计时间：2017年4月25日 18:00:05"
    line = "_" * 20
    signatures = f"制表人（签字）：{line}　　复核人（签字）：{line}　　监督人（签字）：{line}"
    sheet = workbook_of(TALLY)["汇总表"]
    assert [sheet[f"A{sheet.max_row - up}"].value for up in (2, 1, 0)] == [foot, signatures, MARK]
    assert document_of(TALLY).tables[0].rows[-1].cells[0].text.split("\n") == [foot, signatures]
    assert csv_of(TALLY)[-5:-1] == [
        ["投票人数", "1234"],
        ["有效", "1234"],
        ["作废", "0"],
        ["统计时间", "2017年4月25日 18:00:05"],
    ]


def test_the_workbook_prints_on_a4_landscape_with_headings_on_every_page() -> None:
    book = workbook_of(TALLY)
    first = book["汇总表"]
    assert ",".join(str(cell.value).replace("\n", "") for cell in first[3]) == HEADINGS
    for sheet in book.worksheets:
        assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 9)
        assert sheet.sheet_properties.pageSetUpPr is not None
        assert sheet.oddFooter is not None
        assert sheet.oddFooter.center is not None
        assert (sheet.sheet_properties.pageSetUpPr.fitToPage, sheet.page_setup.fitToHeight) == (True, 0)
        assert sheet.print_title_rows == "$1:$3"
        assert sheet.oddFooter.center.text == "第 &P 页　共 &N 页"
        last = sheet.cell(sheet.max_row, sheet.max_column).coordinate
        assert sheet.print_area.replace("$", "").endswith(f"A1:{last}")


def test_numbers_are_numbers_and_everything_else_is_text() -> None:
    row = [cell.data_type for cell in workbook_of(TALLY)["汇总表"][4]]
    assert row == ["n", "s", "n", "s", "s", "s", "n", "n", "n", "s"]


def test_the_document_is_a4_landscape_and_keeps_rows_headings_and_signatures_together() -> None:
    document = document_of(TALLY)
    section = document.sections[0]
    assert section.page_width is not None
    assert section.page_height is not None
    assert (round(section.page_width / Mm(1)), round(section.page_height / Mm(1))) == (297, 210)
    for table in document.tables:
        rows = [row._tr for row in table.rows]
        assert [row.find(qn("w:trPr")).find(qn("w:tblHeader")) is not None for row in rows] == [True] + [False] * (
            len(rows) - 1
        )
        assert all(row.find(qn("w:trPr")).find(qn("w:cantSplit")) is not None for row in rows)
    assert document.tables[0].rows[-2].cells[0].paragraphs[0].paragraph_format.keep_with_next
    assert {field.get(qn("w:instr")) for field in section.footer._element.iter(qn("w:fldSimple"))} == {
        "PAGE",
        "NUMPAGES",
    }


def test_the_document_names_chinese_faces_and_what_to_use_without_them() -> None:
    document = document_of(TALLY)
    faces = {
        style.name: style.element.rPr.rFonts.get(qn("w:eastAsia"))
        for style in document.styles
        if style.name in {"表格", "表注"}
    }
    assert faces == {"表格": "宋体", "表注": "仿宋"}
    table = next(part for part in document.part.package.iter_parts() if part.partname == "/word/fontTable.xml")
    assert re.findall(r'w:name="(.+?)"><w:altName w:val="(.+?)"', table.blob.decode()) == [
        ("仿宋", "FangSong"),
        ("宋体", "SimSun"),
    ]


def test_the_csv_begins_with_a_byte_order_mark_and_ends_its_lines_with_cr_lf() -> None:
    raw = written(TALLY, "csv")
    assert raw.startswith(b"\xef\xbb\xbf")
    assert raw.count(b"\n") == raw.count(b"\r\n")
    assert raw.endswith(b"\r\n")


@pytest.mark.parametrize("report", [TALLY, TURNOUT], ids=["tally", "turnout"])
def test_every_format_says_who_exported_it_and_when(report: TurnoutReport) -> None:
    book, document = workbook_of(report), document_of(report)
    assert {sheet[f"A{sheet.max_row}"].value for sheet in book.worksheets} == {MARK}
    assert document.sections[0].footer.paragraphs[-1].text == MARK
    assert (csv_of(report)[-1], json_of(report)["exported"]) == ([MARK], MARK)


def test_a_name_in_the_mark_is_no_formula() -> None:
    stream = io.BytesIO()
    FORMATS["csv"](TURNOUT, stream, "=1+1")
    assert stream.getvalue().decode("utf-8-sig").splitlines()[-1] == "'=1+1"


@pytest.mark.parametrize("phase", [Phase.OPEN, Phase.CLOSED])
def test_a_turnout_report_has_nothing_but_voters_in_any_format(phase: Phase) -> None:
    assert tables_in_workbook(TURNOUT) == {"分时投票人数": HOURS}
    assert tables_in_document(TURNOUT) == [HOURS]
    assert tables_in_csv(TURNOUT) == {"分时投票人数": HOURS}
    assert sorted(json_of(TURNOUT)) == [
        "counted_at", "exported", "format", "kind", "last_number", "poll", "turnout_by_hour", "voters",
    ]  # fmt: skip


BEGINNINGS = ("=", "+", "-", "@", "\t", "\r", "\x00=", "＝", "＋", "－", "＠", " =", "\n=", "\u200b=", "\ufeff@")
REMAINDERS = ('HYPERLINK("http://example.invalid","x")', "cmd|' /C calc'!A0", "1+1", "SUM(A1:A9)")
PAYLOADS = [beginning + remainder for beginning, remainder in product(BEGINNINGS, REMAINDERS)]


def poisoned(*payloads: str) -> TallyReport:
    """Put each payload wherever a text can stand: name, post, unit, award and the poll's title."""
    rows = [TallyRow(n, n, p, p, p, 1, None, 1, False, Cut.WITHIN) for n, p in enumerate(payloads, start=1)]
    return tally_of(
        *(AwardTally(row.name, 1, (row,)) for row in rows),
        units=tuple(UnitVotes(payload, payload, 1, 1) for payload in payloads),
        title=payloads[0],
    )


def test_there_are_sixty_payloads() -> None:
    assert len(set(PAYLOADS)) == 60


def test_no_cell_of_the_workbook_is_a_formula_or_a_link() -> None:
    report = poisoned(*PAYLOADS)
    cells = [cell for sheet in workbook_of(report) for row in sheet.iter_rows() for cell in row]
    assert [cell.value for cell in cells if cell.data_type == "f" or cell.hyperlink] == []
    with zipfile.ZipFile(io.BytesIO(written(report, "xlsx"))) as package:
        assert [name for name in package.namelist() if b"<f>" in package.read(name)] == []
    assert [row[3] for row in tables_in_workbook(report)["汇总表"]] == [readable(payload) for payload in PAYLOADS]


def test_no_cell_of_the_csv_begins_like_a_formula() -> None:
    report = poisoned(*PAYLOADS)
    dangerous = re.compile(r"[\s\x00\u200b\ufeff]*[=+\-@＝＋－＠]|[\t\r\n\x00]")
    assert [cell for row in csv_of(report) for cell in row if dangerous.match(cell)] == []
    assert [row[3] for row in tables_in_csv(report)["汇总表"]] == [f"'{readable(payload)}" for payload in PAYLOADS]


def test_payloads_are_plain_text_in_the_document_and_unchanged_in_the_json() -> None:
    report = poisoned(*PAYLOADS)
    assert [row[3] for row in tables_in_document(report)[0]] == [readable(payload) for payload in PAYLOADS]
    assert [row[3] for row in candidates_in_json(report)] == PAYLOADS


@pytest.mark.parametrize("text", ["\tx", "\rx", "\x00x", "  ＝x", "-1"])
def test_an_apostrophe_stands_before_what_might_run(text: str) -> None:
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize("text", ["示例某", "1+1", "示例－某", "", "'=1", "12"])
def test_harmless_text_stays_as_it_is(text: str) -> None:
    assert harmless(text) == text


def test_letters_that_xml_cannot_hold_do_not_spoil_a_file() -> None:
    report = poisoned("示例\x01\x0b\ufffe某")
    assert tables_in_workbook(report)["汇总表"][0][3] == "示例某"
    assert tables_in_document(report)[0][0][3] == "示例某"


def test_a_long_text_makes_its_row_higher() -> None:
    row = TallyRow(1, 1, "示例某", "示例单位" * 20, "示例县", 1, None, 1, False, Cut.WITHIN)
    sheet = workbook_of(tally_of(AwardTally("奖", 1, (row,))))["汇总表"]
    assert sheet.row_dimensions[4].height >= 15 * (80 / 15)
