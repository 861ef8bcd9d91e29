"""Candidates from a spreadsheet: every fault named with its place, and all of them imported at once or none."""

import io
import struct
import zipfile
from collections.abc import Callable
from dataclasses import replace

import pytest
import xlsxwriter
from flask import Flask
from openpyxl import load_workbook
from sqlalchemy import select

from foundation.database import db
from foundation.errors import Conflict, InvalidInput, NotFound
from staff.audit.models import AuditEntry
from tests.factories import CLERK, make_poll
from votes.candidate_sheet import check_grid, column_letters
from votes.grid import LARGEST_FILE, LARGEST_UNPACKED, Cell
from votes.importing import AwardImport, ImportSummary, SheetRow, import_candidates, read_candidates
from votes.models import Candidate, Poll
from votes.spreadsheet import COLUMNS, candidate_template

AWARDS = ("十佳组织", "十佳党员")
HEADINGS: list[Cell] = [column.heading for column in COLUMNS]
KEYS = [column.key for column in COLUMNS]
BLANK: list[Cell] = [""] * len(COLUMNS)
BRIEF, DEEDS = "简" * 200, "事" * 2000


def row(**cells: Cell) -> list[Cell]:
    """Make a faultless row of the sheet, but for `cells`."""
    usual: dict[str, Cell] = {
        "number": "",
        "award": "十佳党员",
        "name": "丁示例",
        "unit": "示例县一",
        "post": "示例镇示例村党支部书记",
        "brief": BRIEF,
        "deeds": DEEDS,
        "photo_file": "",
        "consented": "是",
        "secrecy_reviewed": "是",
    }
    return [{**usual, **cells}[key] for key in KEYS]


def sheet(*rows: list[Cell], headings: list[Cell] | None = None) -> list[list[Cell]]:
    return [headings or HEADINGS, *rows]


def without(key: str) -> list[list[Cell]]:
    at = KEYS.index(key)
    return [[cell for index, cell in enumerate(cells) if index != at] for cells in sheet(row())]


def faults_of(grid: list[list[Cell]]) -> list[str]:
    preview = check_grid(grid, AWARDS)
    assert not (preview.faults and preview.rows)
    return [str(fault) for fault in preview.faults]


EMPTY = ["一次最多导入2000行候选对象，现在有2001行。"]
WHO = "第3行 C列 姓名或组织名称：与第2行重复（奖项、姓名或名称、推荐单位都相同）。"

FAULTY: list[tuple[str, list[list[Cell]], list[str]]] = [
    ("no rows", sheet(), ["表格里没有候选对象。"]),
    ("an empty sheet", [], ["前10行里找不到表头，请用模板的表头。"]),
    ("no headings", [row(), row()], ["前10行里找不到表头，请用模板的表头。"]),
    ("headings too far down", [BLANK] * 10 + sheet(row()), ["前10行里找不到表头，请用模板的表头。"]),
    ("only the example", sheet(row(number="示例")), ["表格里没有候选对象。"]),
    ("only blanks", sheet(row(**dict.fromkeys(KEYS, " \u3000"))), ["表格里没有候选对象。"]),
    ("too many rows", sheet(*[row(name=f"示例{n}") for n in range(2001)]), EMPTY),
    ("no award column", without("award"), ["第1行 表头：缺少“奖项”这一列。"]),
    ("no name column", without("name"), ["第1行 表头：缺少“姓名或组织名称”这一列。"]),
    ("no unit column", without("unit"), ["第1行 表头：缺少“推荐单位”这一列。"]),
    ("no consent column", without("consented"), ["第1行 表头：缺少“同意公开”这一列。"]),
    (
        "an unknown and a missing column",
        sheet(row(), headings=[*HEADINGS[:6], "材料", *HEADINGS[7:]]),
        ["第1行 表头：缺少“事迹材料”这一列。", "第1行 G列 表头：不认识“材料”这一列，请改成模板里的列名或删去。"],
    ),
    (
        "a column twice",
        sheet([*row(), "示例县"], headings=[*HEADINGS, "推荐单位"]),
        ["第1行 K列 表头：“推荐单位”与D列重复。"],
    ),
    (
        "contents without a heading",
        sheet([*row(), "", "手写的话"], headings=[*HEADINGS, "", ""]),
        ["第1行 L列 表头：这一列有内容却没有表头。"],
    ),
    ("no name", sheet(row(name="")), ["第2行 C列 姓名或组织名称：不能为空。"]),
    ("a name of spaces", sheet(row(name="\u3000 \u200b")), ["第2行 C列 姓名或组织名称：不能为空。"]),
    ("no unit", sheet(row(unit="")), ["第2行 D列 推荐单位：不能为空。"]),
    ("no award", sheet(row(award="")), ["第2行 B列 奖项：不能为空。"]),
    ("no consent", sheet(row(consented="")), ["第2行 I列 同意公开：不能为空。"]),
    ("no review", sheet(row(secrecy_reviewed="")), ["第2行 J列 保密审查：不能为空。"]),
    (
        "an unknown award",
        sheet(row(award="十佳青年")),
        ["第2行 B列 奖项：没有“十佳青年”这个奖项，可以填：十佳组织、十佳党员。"],
    ),
    (
        "a very long award",
        sheet(row(award="十" * 50)),
        [f"第2行 B列 奖项：没有“{'十' * 20}…”这个奖项，可以填：十佳组织、十佳党员。"],
    ),
    ("a number with a fraction", sheet(row(number=3.5)), ["第2行 A列 编号：“3.5”不是整数。"]),
    ("a number in words", sheet(row(number="三")), ["第2行 A列 编号：“三”不是整数。"]),
    ("a number with a word", sheet(row(number="3号")), ["第2行 A列 编号：“3号”不是整数。"]),
    ("a date as number", sheet(row(number="2017-04-25")), ["第2行 A列 编号：“2017-04-25”不是整数。"]),
    ("a formula as number", sheet(row(number="=A1")), ["第2行 A列 编号：“=A1”不是整数。"]),
    ("a truth as number", sheet(row(number=True)), ["第2行 A列 编号：“是”不是整数。"]),
    ("nought", sheet(row(number=0.0)), ["第2行 A列 编号：编号要在1到2000之间，现在是0。"]),
    ("less than nought", sheet(row(number=-1.0)), ["第2行 A列 编号：编号要在1到2000之间，现在是-1。"]),
    ("2001", sheet(row(number="２００１")), ["第2行 A列 编号：编号要在1到2000之间，现在是2001。"]),
    ("a number beyond all", sheet(row(number=1e300)), [f"第2行 A列 编号：“{str(int(1e300))[:20]}…”不是整数。"]),
    ("not a number", sheet(row(number=float("inf"))), ["第2行 A列 编号：“inf”不是整数。"]),
    (
        "a number twice",
        sheet(row(number=7), row(number="７", name="卜示例")),
        ["第3行 A列 编号：与第2行的编号7重复。"],
    ),
    (
        "a number three times",
        sheet(row(number=7), row(number=7, name="卜示例"), row(number=7, name="刁示例")),
        ["第3行 A列 编号：与第2行的编号7重复。", "第4行 A列 编号：与第2行的编号7重复。"],
    ),
    (
        "numbers here and there",
        sheet(row(number=1), row(name="卜示例"), row(number=3, name="刁示例"), row(name="于示例")),
        [
            "第2行 A列 编号：只有第2、4行填了编号，共2行。编号要么每行都填，要么全部留空。",
        ],
    ),
    ("somebody twice", sheet(row(), row()), [WHO]),
    ("somebody twice, padded", sheet(row(name="张三"), row(name="张\u3000三")), [WHO]),
    ("somebody twice, wide", sheet(row(name="丁示例A"), row(name="丁示例Ａ", unit=" 示例县 一")), [WHO]),
    (
        "a name too long",
        sheet(row(name="示" * 81)),
        ["第2行 C列 姓名或组织名称：最多80个字，现在有81个字。"],
    ),
    ("a unit too long", sheet(row(unit="示" * 81)), ["第2行 D列 推荐单位：最多80个字，现在有81个字。"]),
    ("a post too long", sheet(row(post="示" * 161)), ["第2行 E列 单位及职务：最多160个字，现在有161个字。"]),
    ("a brief too long", sheet(row(brief="示" * 1001)), ["第2行 F列 简要事迹：最多1000个字，现在有1001个字。"]),
    ("deeds too long", sheet(row(deeds="示" * 10001)), ["第2行 G列 事迹材料：最多10000个字，现在有10001个字。"]),
    (
        "a file name too long",
        sheet(row(photo_file="示" * 121)),
        ["第2行 H列 照片文件名：最多120个字，现在有121个字。"],
    ),
    ("consent in other words", sheet(row(consented="同意")), ["第2行 I列 同意公开：只能填“是”或“否”，现在是“同意”。"]),
    ("a tick", sheet(row(secrecy_reviewed="√")), ["第2行 J列 保密审查：只能填“是”或“否”，现在是“√”。"]),
    (
        "every fault, not the first alone",
        sheet(
            row(number="x", award="无", name="", unit="", post="示" * 161, consented="?", secrecy_reviewed=""),
            row(number=1, name="卜示例"),
            BLANK,
            row(number=1, name="卜示例"),
        ),
        [
            "第2行 A列 编号：“x”不是整数。",
            "第2行 B列 奖项：没有“无”这个奖项，可以填：十佳组织、十佳党员。",
            "第2行 C列 姓名或组织名称：不能为空。",
            "第2行 D列 推荐单位：不能为空。",
            "第2行 E列 单位及职务：最多160个字，现在有161个字。",
            "第2行 I列 同意公开：只能填“是”或“否”，现在是“?”。",
            "第2行 J列 保密审查：不能为空。",
            "第5行 A列 编号：与第3行的编号1重复。",
            "第5行 C列 姓名或组织名称：与第3行重复（奖项、姓名或名称、推荐单位都相同）。",
        ],
    ),
]


@pytest.mark.parametrize(("grid", "faults"), [case[1:] for case in FAULTY], ids=[case[0] for case in FAULTY])
def test_every_fault_of_a_sheet_is_named_with_its_place(grid: list[list[Cell]], faults: list[str]) -> None:
    assert faults_of(grid) == faults


def the_row(**cells: Cell) -> SheetRow:
    preview = check_grid(sheet(row(**cells)), AWARDS)
    assert preview.faults == ()
    return preview.rows[0]


@pytest.mark.parametrize(
    ("cells", "read"),
    [
        ({"number": 3.0}, {"number": 3}),
        ({"number": "3.0"}, {"number": 3}),
        ({"number": "０１６"}, {"number": 16}),
        ({"number": " 2000 "}, {"number": 2000}),
        ({"award": "十佳 组织\u3000"}, {"award": "十佳组织"}),
        ({"name": "张 三"}, {"name": "张三"}),
        ({"name": "张\u3000\u3000三"}, {"name": "张三"}),
        ({"name": "丁 示 例"}, {"name": "丁示例"}),
        ({"name": "买买提·示例"}, {"name": "买买提·示例"}),
        ({"name": "𠮷示䶮"}, {"name": "𠮷示䶮"}),
        ({"name": "Anna Beispiel"}, {"name": "Anna Beispiel"}),
        ({"name": "示例街道 第3社区"}, {"name": "示例街道 第3社区"}),
        ({"name": "=SUM(1)"}, {"name": "=SUM(1)"}),
        ({"name": "\ufeff丁示\u202e例\x00"}, {"name": "丁示例"}),
        ({"unit": 110.0}, {"unit": "110"}),
        ({"post": "示例\n职务"}, {"post": "示例 职务"}),
        ({"deeds": "\n第一段\r\n\r\n 第二段 \n"}, {"deeds": "第一段\n\n第二段"}),
        ({"post": "", "brief": "", "deeds": ""}, {"post": "", "brief": "", "deeds": ""}),
        ({"consented": "否", "secrecy_reviewed": True}, {"consented": False, "secrecy_reviewed": True}),
        ({"consented": " 是 ", "secrecy_reviewed": False}, {"consented": True, "secrecy_reviewed": False}),
        ({"photo_file": "丁示例.jpg"}, {"photo_file": "丁示例.jpg"}),
    ],
)
def test_what_clerks_type_is_read_as_it_is_meant(cells: dict[str, Cell], read: dict[str, object]) -> None:
    usual = SheetRow(2, 1, "十佳党员", "丁示例", "示例县一", "示例镇示例村党支部书记", BRIEF, DEEDS, "", True, True)
    assert the_row(**cells) == replace(usual, **read)  # type: ignore[arg-type]  # the fields' own values


def test_columns_may_stand_in_any_order_below_a_title() -> None:
    order = [3, 9, 0, 1, 8, 2, 6, 5, 4, 7]
    grid: list[list[Cell]] = [["2017年候选对象", *BLANK[1:]], *([cells[at] for at in order] for cells in sheet(row()))]
    preview = check_grid(grid, AWARDS)
    assert (preview.faults, preview.rows) == ((), (replace(the_row(), row=3),))


def test_headings_are_known_without_their_notes_and_number_and_photo_columns_may_be_missing() -> None:
    headings: list[Cell] = ["奖 项", "姓名或组织名称", "推荐单位", "单位及职务", "简要事迹", "事迹材料"]
    grid = [[*headings, "同意公示", "保密审查（是/否）"], [*row()[1:7], "是", "是"]]
    assert check_grid(grid, AWARDS).rows == (the_row(),)


def test_without_numbers_they_run_from_one_through_the_awards_in_their_order() -> None:
    grid = sheet(
        row(name="甲示例"), row(name="示例支部", award="十佳组织"), BLANK, row(name="乙示例"), row(number="示例")
    )
    rows = check_grid(grid, AWARDS).rows
    assert [(one.number, one.name, one.row) for one in rows] == [(1, "示例支部", 3), (2, "甲示例", 2), (3, "乙示例", 5)]


def test_given_numbers_stay_as_they_are() -> None:
    grid = sheet(row(number=9), row(number=2, name="示例支部", award="十佳组织"))
    assert [(one.number, one.name) for one in check_grid(grid, AWARDS).rows] == [(2, "示例支部"), (9, "丁示例")]


def test_unusual_lengths_and_two_awards_for_one_person_are_doubts_and_no_faults() -> None:
    grid = sheet(
        row(brief="示" * 149, deeds="示" * 2501),
        row(name="卜示例", brief="示" * 150 + "\n  ", deeds="示" * 2500),
        row(name="刁示例", brief="示" * 251, deeds=""),
        row(award="十佳组织"),
        row(name="丁示例", unit="示例县二"),
    )
    preview = check_grid(grid, AWARDS)
    assert (len(preview.rows), preview.faults) == (5, ())
    assert [str(warning) for warning in preview.warnings] == [
        "第2行 F列 简要事迹：现在有149字，一般为150至250字。",
        "第2行 G列 事迹材料：现在有2501字，一般为1500至2500字。",
        "第4行 F列 简要事迹：现在有251字，一般为150至250字。",
        "第4行 G列 事迹材料：还没有填写，一般为1500至2500字。",
        "第5行 C列 姓名或组织名称：与第2行同名同单位，奖项不同，请确认是否要参评两项。",
    ]


def test_columns_have_the_names_that_excel_gives_them() -> None:
    assert [column_letters(index) for index in (0, 25, 26, 51, 52, 701, 702)] == [
        "A",
        "Z",
        "AA",
        "AZ",
        "BA",
        "ZZ",
        "AAA",
    ]


# The file itself


def xlsx(*rows: list[Cell], name: str = "候选对象", others: tuple[str, ...] = ()) -> bytes:
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True, "strings_to_formulas": False}) as book:
        page = book.add_worksheet(name)
        for number, cells in enumerate(sheet(*rows)):
            page.write_row(number, 0, cells)
        for other in others:
            book.add_worksheet(other)
    return content.getvalue()


def changed(content: bytes, change: Callable[[str, bytes], bytes], *more: tuple[str, bytes]) -> bytes:
    """Write the archive anew with every part as `change` makes it."""
    result = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(result, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
        for name, part in more:
            new.writestr(name, part)
    return result.getvalue()


def with_cell_far_away(name: str, part: bytes) -> bytes:
    far = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    return part.replace(b"</sheetData>", far) if name.endswith("sheet1.xml") else part


def with_cell_a_bit_away(name: str, part: bytes) -> bytes:
    far = b'<row r="30000"><c r="A30000"><v>1</v></c></row></sheetData>'
    return part.replace(b"</sheetData>", far) if name.endswith("sheet1.xml") else part


def lying_about_sizes(content: bytes) -> bytes:
    """Let the directory claim that every part has ten bytes."""
    result, at = bytearray(content), content.find(b"PK\x01\x02")
    while at >= 0:
        result[at + 24 : at + 28] = struct.pack("<L", 10)
        at = content.find(b"PK\x01\x02", at + 4)
    return bytes(result)


def encrypted(content: bytes) -> bytes:
    result, at = bytearray(content), content.find(b"PK\x01\x02")
    while at >= 0:
        result[at + 8] |= 1
        at = content.find(b"PK\x01\x02", at + 4)
    return bytes(result)


GOOD = xlsx(row())
BROKEN = "表格打不开，可能已损坏。请在 Excel 或 WPS 里另存为 .xlsx 再试。"
NO_ZIP = "表格打不开：这不是 ZIP 压缩包，或文件已损坏。请上传 .xlsx 表格。"
UNUSABLE: list[tuple[str, bytes, str]] = [
    ("nothing", b"", NO_ZIP),
    ("text", "姓名,单位\n".encode() * 20, NO_ZIP),
    ("old Excel", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
     "这是旧版 .xls 表格，或加了密码。请去掉密码，另存为 .xlsx 再试。"),
    ("cut off", GOOD[: len(GOOD) // 2], NO_ZIP),
    ("too big", GOOD + bytes(LARGEST_FILE), "表格打不开：压缩包超过10MB。请上传 .xlsx 表格。"),
    ("another archive", changed(GOOD, lambda _, part: part).replace(b"xl/workbook.xml", b"xx/workbook.xml"),
     "这不是 .xlsx 表格。请下载模板填写，或另存为 .xlsx 再试。"),
    ("a bomb", changed(GOOD, lambda _, part: part, ("xl/bomb.xml", bytes(LARGEST_UNPACKED))),
     "表格解开后太大，请去掉图片和多余的工作表再试。"),
    ("false sizes", lying_about_sizes(GOOD), "表格打不开：文件解不开，可能已损坏。请上传 .xlsx 表格。"),
    ("a password", encrypted(GOOD), "表格打不开：文件加了密码。请上传 .xlsx 表格。"),
    ("too many parts", changed(GOOD, lambda _, part: part, *((f"xl/{n}.xml", b"") for n in range(600))),
     "表格打不开：压缩包里的文件超过500个。请上传 .xlsx 表格。"),
    ("17 billion cells", changed(GOOD, with_cell_far_away), BROKEN),
    ("a cell far below", changed(GOOD, with_cell_a_bit_away),
     "表格太大：下方或右侧很远的单元格里还有内容，请删去再试。"),
    ("no XML", changed(GOOD, lambda name, part: b"<" if "sheet1" in name else part), BROKEN),
    ("other sheets", xlsx(row(), name="Sheet1", others=("Sheet2",)), "找不到名为“候选对象”的工作表。"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "fault"), [case[1:] for case in UNUSABLE], ids=[case[0] for case in UNUSABLE])
def test_a_file_that_is_no_sheet_of_candidates_is_refused_in_one_sentence(content: bytes, fault: str) -> None:
    preview = read_candidates(content, AWARDS)
    assert ([str(one) for one in preview.faults], preview.rows, preview.warnings) == ([fault], (), ())


def test_the_only_sheet_is_read_whatever_its_name() -> None:
    assert read_candidates(xlsx(row(), name="Sheet1"), AWARDS).rows == (the_row(),)


def test_pictures_inside_a_workbook_are_not_even_unpacked() -> None:
    content = changed(GOOD, lambda _, part: part, ("xl/media/image1.png", bytes(LARGEST_UNPACKED + 1)))
    assert read_candidates(content, AWARDS).rows == (the_row(),)


def test_the_empty_template_has_no_candidates() -> None:
    assert [str(one) for one in read_candidates(candidate_template(AWARDS), AWARDS).faults] == ["表格里没有候选对象。"]


def test_a_filled_in_template_comes_back_as_it_was_filled_in() -> None:
    book = load_workbook(io.BytesIO(candidate_template(AWARDS)))
    page = book["候选对象"]
    filled = [row(number=2, name="=丁示例"), row(number=1, name="示例支部", award="十佳组织", consented="否")]
    for cells in filled:
        page.append(cells)
        page.cell(page.max_row, KEYS.index("name") + 1).data_type = "s"
    saved = io.BytesIO()
    book.save(saved)
    preview = read_candidates(saved.getvalue(), AWARDS)
    assert (preview.faults, preview.warnings) == ((), ())
    assert preview.rows == (
        replace(the_row(number=1, name="示例支部", award="十佳组织", consented="否"), row=4),
        replace(the_row(number=2, name="=丁示例"), row=3),
    )


def test_the_template_offers_the_awards_and_yes_or_no() -> None:
    book = load_workbook(io.BytesIO(candidate_template(AWARDS)))
    page, guide = book["候选对象"], book["填写说明"]
    assert [cell.value for cell in page[1]] == HEADINGS
    assert (page["A2"].value, page["B2"].value, page.freeze_panes) == ("示例", "十佳组织", "D2")
    choices = {str(one.sqref): one.formula1 for one in page.data_validations.dataValidation}
    assert choices == {"B2:B2002": "'填写说明'!$B$14:$B$15", "I2:I2002": '"是,否"', "J2:J2002": '"是,否"'}
    assert [guide["B14"].value, guide["B15"].value] == list(AWARDS)
    assert page["C5"].number_format in {"@", "General"}
    assert page.column_dimensions["A"].width > 8


# Into the poll


def rows_of(*cells: dict[str, Cell]) -> tuple[SheetRow, ...]:
    preview = check_grid(sheet(*(row(**one) for one in cells)), AWARDS)
    assert preview.faults == ()
    return preview.rows


def candidates() -> list[tuple[int, str, str, str, str, str | None]]:
    found = db.session.scalars(select(Candidate).order_by(Candidate.number))
    return [(one.number, one.award.name, one.name, one.unit, one.initials, one.photo) for one in found]


def acts() -> list[tuple[str, str, str]]:
    return [(one.act, one.actor, one.object) for one in db.session.scalars(select(AuditEntry).order_by(AuditEntry.id))]


def test_an_import_replaces_all_candidates_and_photos_stay_with_name_and_unit(app: Flask) -> None:
    make_poll("demo", state="draft", awards=(("十佳组织", 1, 1), ("十佳党员", 2, 2)))
    for one in db.session.scalars(select(Candidate)):
        one.photo, one.thumbnail = f"photo {one.number}", f"thumbnail {one.number}"
    db.session.commit()
    rows = rows_of(
        {"number": 5, "name": "示例002", "unit": "示例县3"},
        {"number": 7, "name": "示例003", "unit": "示例县三"},
        {"number": 6, "name": "单示例"},
    )
    summary = import_candidates("demo", rows, CLERK)
    assert summary == ImportSummary((AwardImport("十佳组织", 0, 0, 1), AwardImport("十佳党员", 2, 1, 1)), 1)
    assert summary.candidates == 3
    assert candidates() == [
        (5, "十佳党员", "示例002", "示例县3", "sl002", "photo 2"),
        (6, "十佳党员", "单示例", "示例县一", "ssl dsl", None),
        (7, "十佳党员", "示例003", "示例县三", "sl003", None),
    ]
    assert acts() == [("candidates.import", "clerk", "示例网上评议（demo）")]


def test_everything_in_the_sheet_reaches_the_poll(app: Flask) -> None:
    make_poll("demo", state="draft")
    before = db.session.scalars(select(Poll.revision)).one()
    (row_,) = rows_of({"number": 9, "consented": "否"})
    import_candidates("demo", [row_], CLERK)
    one = db.session.scalars(select(Candidate)).one()
    assert (one.number, one.award.name, one.name, one.unit, one.post, one.brief, one.deeds) == (
        (9, "十佳党员", "丁示例", "示例县一", "示例镇示例村党支部书记", BRIEF, DEEDS)
    )
    assert (one.consented, one.secrecy_reviewed, one.place_in_list, one.photo) == (False, True, 0, None)
    assert one.poll.revision == before + 1


def test_importing_the_same_sheet_again_changes_nothing(app: Flask) -> None:
    make_poll("demo", state="draft")
    rows = rows_of({"name": "丁示例"}, {"name": "卜示例"})
    import_candidates("demo", rows, CLERK)
    first = candidates()
    summary = import_candidates("demo", rows, CLERK)
    assert summary == ImportSummary((AwardImport("十佳组织", 0, 0, 0), AwardImport("十佳党员", 0, 2, 0)), 0)
    assert candidates() == first


@pytest.mark.parametrize("state", ["open", "closed", "certified"])
def test_past_draft_nothing_is_imported(app: Flask, state: str) -> None:
    make_poll("demo", state=state)
    before = candidates()
    with pytest.raises(Conflict):
        import_candidates("demo", rows_of({}), CLERK)
    assert (candidates(), acts()) == (before, [])


def test_an_award_renamed_since_the_preview_stops_the_import(app: Flask) -> None:
    make_poll("demo", state="draft", awards=(("十佳组织", 2, 1), ("优秀党员", 2, 2)))
    before = candidates()
    with pytest.raises(InvalidInput, match="投票里没有“十佳党员”这个奖项"):
        import_candidates("demo", rows_of({}), CLERK)
    with pytest.raises(InvalidInput, match="没有可以导入的候选对象"):
        import_candidates("demo", (), CLERK)
    with pytest.raises(NotFound):
        import_candidates("elsewhere", rows_of({}), CLERK)
    assert (candidates(), acts()) == (before, [])
