"""Files that come with a notice: taken by what they are, not by what they are called; pictures without their past."""

import io
import zipfile

import pytest
from flask import Flask
from PIL import Image

from foundation.errors import Conflict, InvalidInput, NotFound
from foundation.files import file_store
from foundation.transaction import transaction
from foundation.uploads import Upload
from publicity.notices.attachments import LARGEST, MOST_ATTACHMENTS, SCANS, Document, inspect, safe_name
from publicity.notices.drafting import attach, detach, draft_notice
from publicity.notices.inspecting import MOST_PIXELS
from publicity.notices.personal_data import _files
from publicity.notices.sheet import notice_sheet
from publicity.notices.signing import submit
from tests.conftest import DatabaseClock
from tests.publicity.factories_notices import MONDAY, Staff, entry_for, make_office
from tests.staff.factories_staff import recorded

PDF = b"%PDF-1.7 example"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512)
PLACE = b"somewhere on earth"


def office_file(*parts: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for part in ("[Content_Types].xml", *parts):
            archive.writestr(part, "<x/>")
    return packed.getvalue()


def picture(kind: str, size: tuple[int, int] = (40, 30), mode: str = "RGB", *, turned: bool = False) -> bytes:
    image = Image.new(mode, size, "white")
    exif = Image.Exif()
    exif[0x010E] = PLACE.decode()
    if turned:
        exif[0x0112] = 6
    content = io.BytesIO()
    image.save(content, kind, exif=exif)
    return content.getvalue()


DOCX, XLSX = office_file("word/document.xml"), office_file("xl/workbook.xml")


@pytest.mark.parametrize(
    ("name", "content", "media_type"),
    [
        ("名单.pdf", PDF, "application/pdf"),
        ("名单.PDF", PDF, "application/pdf"),
        ("名单.doc", OLE, "application/msword"),
        ("名单.xls", OLE, "application/vnd.ms-excel"),
        ("名单.docx", DOCX, "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        ("名单.xlsx", XLSX, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ],
)
def test_a_document_is_kept_byte_for_byte(name: str, content: bytes, media_type: str) -> None:
    stem, _, ending = name.rpartition(".")

    assert inspect(Upload(name, content), field="x") == Document(f"{stem}.{ending.lower()}", media_type, content)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("名单.pdf", DOCX, "“名单.pdf”名字是 .pdf，内容却不是PDF文件。"),
        ("名单.docx", PDF, "“名单.docx”名字是 .docx，内容却不是Word文件。"),
        ("名单.docx", XLSX, "“名单.docx”名字是 .docx，内容却不是Word文件。"),
        ("名单.xls", XLSX, "“名单.xls”名字是 .xls，内容却不是Excel文件。"),
        (
            "名单.docx",
            office_file("word/document.xml", "word/vbaProject.bin"),
            "“名单.docx”带有宏，不能给读者下载，请另存为不带宏的文件再传。",
        ),
        (
            "名单.doc",
            OLE + "_VBA_PROJECT".encode("utf-16-le"),
            "“名单.doc”带有宏，不能给读者下载，请另存为不带宏的文件再传。",
        ),
        (
            "名单.docx",
            OLE + "EncryptedPackage".encode("utf-16-le"),
            "“名单.docx”加了密码，读者打不开，请去掉密码再传。",
        ),
        ("名单.docx", b"PK\x03\x04 broken", "“名单.docx”打不开，可能已损坏。"),
        ("名单.jpg", b"\xff\xd8\xff broken", "“名单.jpg”打不开，可能已损坏。"),
        ("名单.jpg", picture("PNG"), "“名单.jpg”名字是 .jpg，内容却不是JPG文件。"),
        ("名单.png", b"<svg/>", "“名单.png”打不开，可能已损坏。"),
        ("名单.exe", b"MZ", "“名单.exe”不能用，只能传PDF、Word、Excel、JPG、PNG文件。"),
        ("名单.pdf.exe", PDF, "“名单.pdf.exe”不能用，只能传PDF、Word、Excel、JPG、PNG文件。"),
        ("名单.svg", b"<svg onload=alert(1)>", "“名单.svg”不能用，只能传PDF、Word、Excel、JPG、PNG文件。"),
        ("名单", PDF, "“名单”不能用，只能传PDF、Word、Excel、JPG、PNG文件。"),
        ("", b"", "请先选文件。"),
        ("名单.pdf", b"", "“名单.pdf”是空的。"),
        ("名单.pdf", PDF + bytes(LARGEST), "“名单.pdf”超过20MB。"),
    ],
)
def test_a_file_that_is_not_what_it_is_called_is_refused(name: str, content: bytes, reason: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        inspect(Upload(name, content), field="attachment")

    assert (caught.value.field, caught.value.message) == ("attachment", reason)


def test_evidence_is_a_scan() -> None:
    with pytest.raises(InvalidInput, match="只能传PDF、JPG、PNG文件"):
        inspect(Upload("报纸.docx", DOCX), field="scan", kinds=SCANS)


@pytest.mark.parametrize(("kind", "name"), [("JPEG", "照片.jpeg"), ("PNG", "照片.png")])
def test_a_picture_is_whole_and_upright_and_says_nothing_of_where_it_was_taken(kind: str, name: str) -> None:
    original = picture(kind, (400, 300), turned=True)
    assert PLACE in original

    document = inspect(Upload(name, original), field="x")

    with Image.open(io.BytesIO(document.content)) as image:
        assert (image.format, image.size, dict(image.getexif()), image.info.get("exif")) == (kind, (300, 400), {}, None)
    assert PLACE not in document.content
    assert document.filename.endswith(".jpg" if kind == "JPEG" else ".png")


def test_what_is_transparent_stays_so() -> None:
    document = inspect(Upload("章.png", picture("PNG", mode="RGBA")), field="x")

    with Image.open(io.BytesIO(document.content)) as image:
        assert image.mode == "RGBA"


def test_a_page_scanned_finely_is_taken_and_what_is_larger_is_not() -> None:
    fine, huge = (Image.new("1", size) for size in ((4960, 7016), (6001, 6000)))
    contents = []
    for image in (fine, huge):
        content = io.BytesIO()
        image.save(content, "PNG")
        contents.append(content.getvalue())

    document = inspect(Upload("扫描.png", contents[0]), field="x")
    with pytest.raises(InvalidInput, match="超过3600万像素"):
        inspect(Upload("扫描.png", contents[1]), field="x")

    with Image.open(io.BytesIO(document.content)) as image:
        assert image.size == (4960, 7016)
    assert huge.width * huge.height > MOST_PIXELS


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("名单.PDF", "名单.pdf"),
        ("照片.JPEG", "照片.jpg"),
        ("C:\\用户\\名单.pdf", "名单.pdf"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\名单.docx", "名单.docx"),
        (".htaccess", "附件.htaccess"),
        ("名\u202e单\u200b.pdf", "名 单.pdf"),
        ("a\r\nSet-Cookie: x.pdf", "a Set-Cookie x.pdf"),
        ('<b>"名单"?*|.pdf', "b 名单.pdf"),
        ("名单 . pdf", "名单.pdf"),
        ("  .pdf", "附件.pdf"),
        ("字" * 200 + ".pdf", "字" * 80 + ".pdf"),
        ("没有结尾", "没有结尾"),
        ("", "附件"),
        ("𠮷·名单（定稿）.xlsx", "𠮷·名单（定稿）.xlsx"),
    ],
)
def test_a_name_misleads_neither_reader_nor_system(name: str, safe: str) -> None:
    assert safe_name(name) == safe


@pytest.fixture
def staff(app: Flask, database_clock: DatabaseClock) -> Staff:
    database_clock.set(MONDAY)
    return make_office()


@pytest.fixture
def draft(staff: Staff) -> str:
    return draft_notice(entry_for(), staff.drafter)


def names(key: str, staff: Staff) -> list[str]:
    found = notice_sheet(key, staff.drafter).draft
    assert found is not None
    return [line.filename for line in found.page.attachments]


def test_files_are_added_and_taken_away_each_a_new_revision(staff: Staff, draft: str) -> None:
    assert attach(draft, 0, Upload("一.pdf", PDF), staff.drafter) == 1
    assert attach(draft, 1, Upload("二.pdf", PDF), staff.reviewer) == 2
    found = notice_sheet(draft, staff.drafter).draft
    assert found is not None
    assert detach(draft, 2, found.page.attachments[0].key, staff.drafter) == 3

    assert names(draft, staff) == ["二.pdf"]
    assert [act for _, act, _, _ in recorded()] == ["notices.draft"] + ["notices.edit"] * 3


def test_two_files_of_one_content_rest_apart_encrypted_and_are_declared_kept(staff: Staff, draft: str) -> None:
    attach(draft, 0, Upload("一.pdf", PDF), staff.drafter)
    attach(draft, 1, Upload("二.pdf", PDF), staff.drafter)

    with transaction() as session:
        digests = [digest for digest in _files(session) if digest]
    assert len(set(digests)) == 2
    assert all(file_store().read_private(digest).endswith(PDF) for digest in digests)


def test_a_name_stands_once_in_a_version(staff: Staff, draft: str) -> None:
    attach(draft, 0, Upload("一.pdf", PDF), staff.drafter)

    with pytest.raises(InvalidInput, match=r"已经有一个叫“一\.pdf”的附件"):
        attach(draft, 1, Upload("一.PDF", PDF), staff.drafter)


def test_there_is_room_for_ten(staff: Staff, draft: str) -> None:
    for number in range(MOST_ATTACHMENTS):
        attach(draft, number, Upload(f"{number}.pdf", PDF), staff.drafter)

    with pytest.raises(Conflict, match="附件最多10个"):
        attach(draft, MOST_ATTACHMENTS, Upload("多.pdf", PDF), staff.drafter)
    assert len(names(draft, staff)) == MOST_ATTACHMENTS


def test_what_was_submitted_or_changed_meanwhile_takes_no_file(staff: Staff, draft: str) -> None:
    with pytest.raises(Conflict):
        attach(draft, 7, Upload("一.pdf", PDF), staff.drafter)
    with pytest.raises(NotFound):
        detach(draft, 0, "nothing", staff.drafter)
    submit(draft, 0, staff.drafter)
    with pytest.raises(Conflict):
        attach(draft, 0, Upload("一.pdf", PDF), staff.drafter)
