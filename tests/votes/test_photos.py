"""Photos from outside: matched to candidates without guessing, made fit for the public, harmless to the service."""

import io
import os
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from unicodedata import normalize

import pytest
from flask import Flask
from PIL import Image, ImageDraw, PngImagePlugin
from sqlalchemy import select

from foundation.confined import Confined, LostError
from foundation.database import db
from foundation.errors import InvalidInput, NotFound
from foundation.files import file_store
from staff.audit.models import AuditEntry
from tests.factories import CLERK, make_poll
from votes.models import Candidate, Poll
from votes.photo_archive import LARGEST_ARCHIVE
from votes.photos import (
    Assignment,
    LeftOut,
    Match,
    PhotoSummary,
    Question,
    RefusedPhoto,
    attach_photos,
    read_photo_zip,
    read_photos,
    remove_photo,
    set_photo,
)
from votes.pictures import LARGEST_FILE, LARGEST_THUMBNAIL, Picture, RefusedPicture, develop

BROKEN = "照片打不开，可能已损坏。"
FORMAT = "只能用 JPG、PNG 或 WebP 照片。"
PIXELS = "照片超过1200万像素，请缩小再试。"


def encoded(image: Image.Image, kind: str = "JPEG", **options: object) -> bytes:
    content = io.BytesIO()
    image.save(content, kind, **options)
    return content.getvalue()


def portrait(size: tuple[int, int] = (600, 800), mode: str = "RGB") -> Image.Image:
    """Draw something with a clear top: a red upper and a blue lower half."""
    image = Image.new("RGB", size, "blue")
    ImageDraw.Draw(image).rectangle((0, 0, size[0], size[1] // 2), fill="red")
    return image.convert(mode)


def noise(size: tuple[int, int]) -> Image.Image:
    return Image.frombytes("RGB", size, os.urandom(size[0] * size[1] * 3))


def developed(content: bytes) -> Picture | RefusedPicture:
    ((_, picture),) = develop([("one", content)])
    return picture


def opened(content: bytes) -> Image.Image:
    picture = developed(content)
    assert isinstance(picture, Picture), picture
    return Image.open(io.BytesIO(picture.photo))


def colour(image: Image.Image, across: float, down: float) -> str:
    pixel = image.convert("RGB").getpixel((int(image.width * across), int(image.height * down)))
    assert isinstance(pixel, tuple)
    red, green, blue = pixel
    names = {(True, False, False): "red", (False, False, True): "blue", (True, True, True): "white"}
    return names.get((red > 128, green > 128, blue > 128), str(pixel))


# What comes out


@pytest.mark.parametrize(
    ("size", "result"),
    [
        ((600, 800), (600, 800)),
        ((413, 626), (412, 550)),
        ((1500, 2000), (720, 960)),
        ((4032, 3024), (720, 960)),
        ((3000, 4000), (720, 960)),
        ((120, 160), (120, 160)),
        ((160, 120), (90, 120)),
        ((2000, 200), (150, 200)),
    ],
)
def test_a_photo_is_cut_to_three_by_four_and_never_made_larger(size: tuple[int, int], result: tuple[int, int]) -> None:
    picture = developed(encoded(portrait(size)))
    assert isinstance(picture, Picture)
    with Image.open(io.BytesIO(picture.photo)) as photo, Image.open(io.BytesIO(picture.thumbnail)) as thumbnail:
        assert (photo.format, photo.mode, photo.size) == ("JPEG", "RGB", result)
        assert (thumbnail.format, thumbnail.mode, thumbnail.size) == ("JPEG", "RGB", (120, 160))


@pytest.mark.parametrize("size", [(120, 160), (600, 800), (2400, 3200)])
def test_a_thumbnail_has_at_most_eight_kilobytes_even_of_noise(size: tuple[int, int]) -> None:
    picture = developed(encoded(noise(size), quality=60))
    assert isinstance(picture, Picture)
    assert len(picture.thumbnail) <= LARGEST_THUMBNAIL


def test_a_photo_lying_on_its_side_is_turned_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: rotate by 90° clockwise to view
    photo = opened(encoded(portrait().rotate(90, expand=True), exif=exif))
    assert (photo.size, colour(photo, 0.5, 0.2), colour(photo, 0.5, 0.8)) == ((600, 800), "red", "blue")


def test_nothing_but_the_picture_is_published() -> None:
    exif = Image.Exif()
    exif[0x010F] = "Example Camera"
    exif.get_ifd(0x8825).update({1: "N", 2: (35.0, 13.0, 0.0), 3: "E", 4: (113.0, 14.0, 0.0)})
    original = encoded(portrait(), exif=exif, comment=b"private remark", dpi=(300, 300))
    assert Image.open(io.BytesIO(original)).getexif().get_ifd(0x8825)
    picture = developed(original)
    assert isinstance(picture, Picture)
    for content in (picture.photo, picture.thumbnail):
        image = Image.open(io.BytesIO(content))
        assert dict(image.getexif()) == {}
        assert not {"exif", "comment", "icc_profile", "xmp", "dpi"} & image.info.keys()
        assert b"Example Camera" not in content
        assert b"private remark" not in content


def test_an_archive_behind_a_picture_does_not_get_through() -> None:
    hidden = zipped(("hidden.html", b"<script>alert(1)</script>"))
    picture = developed(encoded(portrait()) + hidden)
    assert isinstance(picture, Picture)
    assert not zipfile.is_zipfile(io.BytesIO(picture.photo))
    assert b"<script>" not in picture.photo + picture.thumbnail


def deep_png() -> bytes:
    """Make a PNG of 16 bits a pixel that is dark above and bright below."""
    image = Image.new("I;16", (300, 400), 65_535)
    image.paste(0, (0, 0, 300, 200))
    return encoded(image, "PNG")


def test_sixteen_bits_of_grey_become_eight() -> None:
    photo = opened(deep_png())
    assert [photo.convert("L").getpixel((150, height)) for height in (50, 350)] == [0, 255]


COLOURED: list[tuple[str, bytes, str | None]] = [
    ("cmyk", encoded(portrait(mode="CMYK")), "red"),
    ("grey", encoded(portrait(mode="L")), "(76, 76, 76)"),
    ("png", encoded(portrait(), "PNG"), "red"),
    ("palette", encoded(portrait().quantize(8), "PNG"), "red"),
    ("bilevel", encoded(portrait(mode="1"), "PNG"), None),
    ("webp", encoded(portrait(), "WEBP", lossless=True), "red"),
    ("clear", encoded(Image.new("RGBA", (300, 400), (255, 0, 0, 0)), "PNG"), "white"),
    ("clear grey", encoded(Image.new("LA", (300, 400), (0, 0)), "PNG"), "white"),
    ("clear webp", encoded(Image.new("RGBA", (300, 400), (255, 0, 0, 0)), "WEBP"), "white"),
    ("clear palette", encoded(portrait().quantize(8), "PNG", transparency=0), None),
    ("no profile", encoded(portrait(), icc_profile=b"no profile at all"), "red"),
]


def test_every_kind_of_picture_comes_out_as_plain_colour() -> None:
    pictures = dict(develop((name, content) for name, content, _ in COLOURED))
    for name, _, above in COLOURED:
        picture = pictures[name]
        assert isinstance(picture, Picture), name
        with Image.open(io.BytesIO(picture.photo)) as photo:
            assert photo.mode == "RGB"
            assert above in {None, colour(photo, 0.5, 0.2)}, name


# What does not


def png_claiming(width: int, height: int) -> bytes:
    """Make a PNG of a few hundred bytes that claims to be of that size."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">L", len(content)) + kind + content + struct.pack(">L", zlib.crc32(kind + content))

    header = struct.pack(">2L5B", width, height, 8, 2, 0, 0, 0)
    data = zlib.compress(bytes(1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def png_with_text_bomb() -> bytes:
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", "x" * (80 * 1024 * 1024), zip=True)
    return encoded(portrait(), "PNG", pnginfo=info)


def animation(kind: str) -> bytes:
    return encoded(portrait(), kind, save_all=True, append_images=[noise((600, 800))])


HEIC = struct.pack(">L", 24) + b"ftypheic" + bytes(300)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
UNFIT: list[tuple[str, bytes, str]] = [
    ("nothing", b"", FORMAT),
    ("text", b"no picture", FORMAT),
    ("svg", SVG, FORMAT),
    ("gif", encoded(portrait(), "GIF"), FORMAT),
    ("bmp", encoded(portrait((300, 400)), "BMP"), FORMAT),
    ("tiff", encoded(portrait((300, 400)), "TIFF"), FORMAT),
    ("eps", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 300 400\n", FORMAT),
    ("heic", HEIC, "这是 HEIC 照片，请先转成 JPG。"),
    ("many pixels", png_claiming(4097, 3072), PIXELS),
    ("very many pixels", png_claiming(60_000, 60_000), PIXELS),
    ("as many pixels as can be claimed", png_claiming(2**31 - 1, 2**31 - 1), PIXELS),
    ("no rows behind the header", png_claiming(3000, 4000), BROKEN),
    ("text bomb", png_with_text_bomb(), BROKEN),
    ("jpeg cut off", encoded(noise((600, 800)))[:20_000], BROKEN),
    ("png cut off", encoded(noise((600, 800)), "PNG")[:20_000], BROKEN),
    ("webp cut off", encoded(noise((600, 800)), "WEBP")[:20_000], BROKEN),
    ("animated webp", animation("WEBP"), "动图不能用作照片。"),
    ("animated png", animation("PNG"), "动图不能用作照片。"),
    ("tiny", encoded(portrait((119, 300))), "照片太小，至少要120×160像素。"),
    ("small", encoded(portrait((150, 159))), "照片太小，至少要120×160像素。"),
    ("heavy", encoded(portrait()) + bytes(LARGEST_FILE), "照片超过5MB。"),
]


def test_what_is_no_photo_is_refused_in_one_sentence() -> None:
    pictures = develop((name, content) for name, content, _ in UNFIT)
    reasons = {name: picture.reason for name, picture in pictures if isinstance(picture, RefusedPicture)}
    assert reasons == {name: reason for name, _, reason in UNFIT}


def test_a_picture_of_exactly_twelve_megapixels_is_taken() -> None:
    assert opened(encoded(portrait((4096, 3072)))).size == (720, 960)


def test_a_bad_file_among_many_is_named_and_the_others_are_developed() -> None:
    good = encoded(portrait((300, 400)))
    files = {"a": good, "b": good[:2000], "c": png_claiming(60_000, 60_000), "d": good, "e": b"", "f": good}
    kinds = {name: type(picture).__name__ for name, picture in develop(files.items())}
    assert kinds == {name: "Picture" if name in "adf" else "RefusedPicture" for name in files}


# A child that dies, hangs or eats


def test_a_child_that_is_lost_costs_one_question_only() -> None:
    with Confined("tests.foundation.confined_child") as child:
        assert child.ask(b"echo one") == b"one"
        for fatal in (b"die", b"eat", b"write", b"babble"):
            with pytest.raises(LostError):
                child.ask(fatal)
            assert child.ask(b"echo two") == b"two"


def test_a_child_that_takes_too_long_is_ended() -> None:
    with Confined("tests.foundation.confined_child", seconds=1.0) as child:
        with pytest.raises(LostError):
            child.ask(b"hang")
    with Confined("tests.foundation.confined_child") as child:
        assert child.ask(b"echo again") == b"again"


def test_a_child_knows_nothing_of_the_service_s_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "not for children")
    with Confined("tests.foundation.confined_child") as child:
        assert sorted(child.ask(b"environment").decode().split()) == ["LANG", "PATH"]


# Whose photo it is


@dataclass(frozen=True)
class Person:
    number: int
    name: str
    unit: str = "示例县一"
    photo: str | None = None


PEOPLE = (
    Person(1, "甲示例"),
    Person(2, "乙示例"),
    Person(16, "丁示例"),
    Person(17, "丁示例", "示例县二"),
    Person(18, "买买提·示例", "示例县二", photo="there already"),
    Person(30, "示例街道第3社区党支部", "示例区"),
    Person(31, "示例机关"),
    Person(32, "示例县三", "示例县三"),
)
JPEG = encoded(portrait((120, 160)))


def zipped(*files: tuple[str | bytes, bytes]) -> bytes:
    """Make an archive; a name given as bytes is written as it is, without the mark of UTF-8."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, data in files:
            archive.writestr(name if isinstance(name, str) else name.decode("cp437"), data)
    marked = content.getvalue()
    for name, _ in files:
        if isinstance(name, bytes):
            marked = _unmarked(marked, name)
    return marked


def _unmarked(archive: bytes, name: bytes) -> bytes:
    """Write the raw name where zipfile has put it as UTF-8, and take its mark away."""
    result = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(result, "w") as new:
        for entry in old.infolist():
            copy = _Raw(entry.filename, name) if entry.filename == name.decode("cp437") else entry
            new.writestr(copy, old.read(entry))
    return result.getvalue()


class _Raw(zipfile.ZipInfo):
    """An entry whose name is written as these bytes."""

    def __init__(self, filename: str, raw: bytes) -> None:
        super().__init__(filename)
        self._raw = raw

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:  # noqa: N802  # zipfile's own name
        return self._raw, self.flag_bits & ~0x800


def verdict(*names: str | bytes, people: Sequence[Person] = PEOPLE) -> list[object]:
    preview = read_photo_zip(zipped(*((name, JPEG) for name in names)), people)
    assert preview.fault is None
    return [*preview.matches, *preview.questions, *preview.unmatched]


UNKNOWN = "文件名对不上任何候选对象。"
DIFFER = "编号与姓名对不上。"
SAME = "同名的候选对象不止一个。"


@pytest.mark.parametrize(
    ("file", "number"),
    [
        ("016.jpg", 16),
        ("16.JPG", 16),
        ("１６.jpeg", 16),
        ("16_丁示例.jpg", 16),
        ("16丁示例.png", 16),
        ("丁示例17.webp", 17),
        ("丁示例（17）.jpg", 17),
        ("017-丁示例-示例县二.jpg", 17),
        ("丁示例_示例县一.jpg", 16),
        ("示例县二_丁示例.jpg", 17),
        ("示例县二丁示例.jpg", 17),
        ("丁示例(示例县二).jpg", 17),
        ("示例县二 16号.jpg", None),
        ("示例县二 - 丁示例 - 17.jpg", 17),
        ("甲示例.jpg", 1),
        ("甲 示例 二寸照.jpg", 1),
        ("深层/文件夹/甲示例.jpg", 1),
        ("..\\..\\甲示例.jpg", 1),
        ("../../甲示例.jpg", 1),
        ("买买提示例.jpg", 18),
        ("买买提•示例.jpg", 18),
        ("示例街道第3社区党支部.jpg", 30),
        ("30示例街道第3社区党支部.jpg", 30),
        ("示例街道第3社区党支部-示例区.jpg", 30),
        ("示例县三.jpg", 32),
        ("01.02.jpg", None),
        ("示例县一.jpg", None),
        ("IMG_0016.jpg", None),
        ("999.jpg", None),
        ("某示例.jpg", None),
        ("照片.jpg", None),
        ("16.gif", None),
        (".jpg", None),
    ],
)
def test_a_file_is_matched_by_number_name_and_unit_in_any_order(file: str, number: int | None) -> None:
    found = [one for one in verdict(file) if isinstance(one, Match)]
    assert [one.number for one in found] == ([] if number is None else [number])


@pytest.mark.parametrize(
    ("file", "question"),
    [
        ("丁示例.jpg", ((16, 17), SAME)),
        ("1_丁示例.jpg", ((1, 16, 17), DIFFER)),
        ("丁示例(1).jpg", ((1, 16, 17), DIFFER)),
        ("甲示例(2).jpg", ((1, 2), DIFFER)),
        ("甲示例(99).jpg", ((1,), DIFFER)),
        ("16_17.jpg", ((16, 17), DIFFER)),
        ("16 丁示列.jpg", ((16,), "编号对得上，其余文字对不上。")),
    ],
)
def test_what_is_not_certain_is_asked(file: str, question: tuple[tuple[int, ...], str]) -> None:
    assert verdict(file) == [Question(file, *question)]


def test_two_files_for_one_candidate_are_both_asked() -> None:
    reason = "这个候选对象不止一张照片。"
    assert verdict("16.jpg", "甲示例.jpg", "丁示例16.jpg") == [
        Match("甲示例.jpg", 1),
        Question("16.jpg", (16,), reason),
        Question("丁示例16.jpg", (16,), reason),
    ]


@pytest.mark.parametrize(
    "raw",
    [
        "甲示例.jpg".encode("gbk"),
        "照片/甲示例.jpg".encode("gb18030"),
        "甲示例.jpg".encode(),
        normalize("NFD", "照片/甲示例.jpg").encode(),
    ],
    ids=["gbk", "gb18030 in a folder", "unmarked utf-8", "from a Mac"],
)
def test_names_are_read_in_the_encoding_they_were_written_in(raw: bytes) -> None:
    assert [one.number for one in verdict(raw) if isinstance(one, Match)] == [1]


def test_names_in_gbk_that_happen_to_be_letters_of_utf_8_are_read_as_gbk() -> None:
    raw = "摹.jpg".encode("gbk")  # the same two bytes are a letter with an accent in UTF-8
    assert len(raw.decode()) == len("摹.jpg")
    assert verdict(raw, people=[Person(5, "摹")]) == [Match("摹.jpg", 5)]


def test_what_systems_leave_behind_is_passed_over_and_other_files_are_named() -> None:
    files = ("__MACOSX/._甲示例.jpg", ".DS_Store", "照片/Thumbs.db", "desktop.ini", "照片/", "名单.xlsx", "甲示例.jpg")
    assert verdict(*files) == [Match("甲示例.jpg", 1), LeftOut("名单.xlsx", "不是照片文件。")]


def test_candidates_left_without_photo_are_listed() -> None:
    preview = read_photo_zip(zipped(("16.jpg", JPEG), ("某示例.jpg", JPEG)), PEOPLE)
    assert preview.without_photo == (1, 2, 17, 30, 31, 32)  # 18 has one already
    assert preview.unmatched == (LeftOut("某示例.jpg", UNKNOWN),)


def test_file_names_from_the_spreadsheet_come_first() -> None:
    archive = zipped(("IMG_0016.jpg", JPEG), ("img_17.JPG", JPEG))
    preview = read_photo_zip(archive, PEOPLE, {"IMG_0016.JPG": 2, "IMG_17.jpg": 404})
    assert preview.matches == (Match("IMG_0016.jpg", 2),)
    assert preview.unmatched == (LeftOut("img_17.JPG", UNKNOWN),)


def test_the_same_path_twice_is_two_files() -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        archive = zipped(("甲示例.jpg", JPEG), ("甲示例.jpg", JPEG + b"!"))
    preview = read_photo_zip(archive, PEOPLE)
    assert [one.file for one in preview.questions] == ["甲示例.jpg", "甲示例.jpg（第2个）"]
    second = list(read_photos(archive, {"甲示例.jpg（第2个）": 1}))
    assert second == [Assignment(1, "甲示例.jpg（第2个）", JPEG + b"!")]


def test_files_are_unpacked_for_the_numbers_given() -> None:
    archive = zipped(("16.jpg", b"sixteen"), ("甲示例.jpg", b"one"), ("17.jpg", b"seventeen"))
    assert list(read_photos(io.BytesIO(archive), {"16.jpg": 17, "甲示例.jpg": 1})) == [
        Assignment(17, "16.jpg", b"sixteen"),
        Assignment(1, "甲示例.jpg", b"one"),
    ]


# Archives that mean harm


def directory_entries(content: bytes) -> Iterator[int]:
    at = content.find(b"PK\x01\x02")
    while at >= 0:
        yield at
        at = content.find(b"PK\x01\x02", at + 4)


def claiming(content: bytes, offset: int, value: bytes) -> bytes:
    """Change a field in every entry of the archive's directory."""
    result = bytearray(content)
    for at in directory_entries(content):
        result[at + offset : at + offset + len(value)] = value
    return bytes(result)


BOMB = io.BytesIO()
with zipfile.ZipFile(BOMB, "w", zipfile.ZIP_DEFLATED) as _archive:
    _archive.writestr("16.jpg", bytes(60 * 1024 * 1024))


def test_a_zip_bomb_is_named_by_its_header() -> None:
    preview = read_photo_zip(BOMB.getvalue(), PEOPLE)
    assert (preview.matches, preview.unmatched) == ((), (LeftOut("16.jpg", "文件超过5MB。"),))


def test_a_zip_bomb_that_lies_about_its_size_is_not_unpacked_beyond_it() -> None:
    liar = claiming(BOMB.getvalue(), 24, struct.pack("<L", 1000))
    assert read_photo_zip(liar, PEOPLE).matches == (Match("16.jpg", 16),)
    assert list(read_photos(liar, {"16.jpg": 16})) == [Assignment(16, "16.jpg", b"")]


def test_a_damaged_entry_is_empty_and_the_others_are_read() -> None:
    archive = zipped(("16.jpg", b"sixteen"), ("17.jpg", b"seventeen"))
    damaged = archive.replace(b"sixteen", b"16teen!", 1)
    assert list(read_photos(damaged, {"16.jpg": 16, "17.jpg": 17})) == [
        Assignment(16, "16.jpg", b""),
        Assignment(17, "17.jpg", b"seventeen"),
    ]


def test_entries_with_a_password_or_an_odd_method_are_named() -> None:
    archive = zipped(("16.jpg", JPEG))
    for offset, value, reason in (
        (8, b"\x01", "文件加了密码。"),
        (10, struct.pack("<H", 14), "压缩方式不支持，请用普通 ZIP 重新压缩。"),
    ):
        assert read_photo_zip(claiming(archive, offset, value), PEOPLE).unmatched == (LeftOut("16.jpg", reason),)


def of_64_bits(archive: bytes) -> bytes:
    return archive[:-22] + b"PK\x06\x07" + bytes(16) + archive[-22:]


def directory_of_size(size: int, archive: bytes) -> bytes:
    return archive[:-10] + struct.pack("<L", size) + archive[-6:]


class _Huge(io.BytesIO):
    """A file that says it is larger than allowed."""

    def seek(self, offset: int, whence: int = 0) -> int:
        return super().seek(offset, whence) + (LARGEST_ARCHIVE if whence == os.SEEK_END else 0)


@pytest.mark.parametrize(
    ("archive", "fault"),
    [
        (b"", "这不是 ZIP 压缩包，或文件已损坏。"),
        (b"Rar!\x1a\x07\x01\x00" + bytes(500), "这不是 ZIP 压缩包，或文件已损坏。"),
        (zipped(("16.jpg", JPEG))[:-30], "这不是 ZIP 压缩包，或文件已损坏。"),
        (zipped(("16.jpg", JPEG)).replace(b"PK\x01\x02", b"PK\xff\xff"), "压缩包打不开，可能已损坏。"),
        (zipped(*((f"{n}.jpg", b"") for n in range(2001))), "压缩包里的文件超过2000个。"),
        (directory_of_size(2**31, zipped(("16.jpg", JPEG))), "压缩包里的文件超过2000个。"),
        (of_64_bits(zipped(("16.jpg", JPEG))), "压缩包是 ZIP64 格式，请用普通 ZIP 重新压缩。"),
    ],
    ids=["nothing", "rar", "cut off", "no directory", "2001 files", "a directory of 2 GB", "zip64"],
)
def test_an_archive_that_cannot_be_used_is_refused_in_one_sentence(archive: bytes, fault: str) -> None:
    preview = read_photo_zip(archive, PEOPLE)
    assert (preview.fault, preview.matches, preview.without_photo) == (fault, (), (1, 2, 16, 17, 30, 31, 32))


def test_an_archive_over_300_megabytes_is_not_read() -> None:
    assert read_photo_zip(_Huge(zipped(("16.jpg", JPEG))), PEOPLE).fault == "压缩包超过300MB。"


# To the candidates


@pytest.fixture
def poll(app: Flask) -> str:
    make_poll("demo", state="draft", awards=(("十佳党员", 3, 2),))
    return "demo"


def photos() -> dict[int, tuple[str | None, str | None]]:
    return {one.number: (one.photo, one.thumbnail) for one in db.session.scalars(select(Candidate))}


def size_of_file(digest: str | None) -> tuple[int, int]:
    assert digest is not None
    with Image.open(file_store().public_path(digest)) as image:
        return image.size


def acts() -> list[tuple[str, str, list[str]]]:
    found = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id))
    return [(one.act, one.object, one.fields) for one in found]


def test_photos_are_kept_for_everyone_and_bad_ones_are_named(poll: str) -> None:
    assignments = [
        Assignment(3, "三.jpg", encoded(portrait())),
        Assignment(1, "一.jpg", b"no picture"),
        Assignment(404, "四.jpg", encoded(portrait())),
        Assignment(2, "二.png", encoded(portrait((300, 500)), "PNG")),
    ]
    summary = attach_photos(poll, iter(assignments), CLERK)
    assert summary == PhotoSummary(
        (2, 3), (RefusedPhoto(1, "一.jpg", FORMAT), RefusedPhoto(404, "四.jpg", "没有这名候选对象。"))
    )
    assert photos()[1] == (None, None)
    for number, size in ((2, (300, 400)), (3, (600, 800))):
        photo, thumbnail = photos()[number]
        assert photo is not None
        assert thumbnail is not None
        with (
            Image.open(file_store().public_path(photo)) as large,
            Image.open(file_store().public_path(thumbnail)) as small,
        ):
            assert (large.size, small.size) == (size, (120, 160))
    assert acts() == [("candidates.attach_photos", "示例网上评议（demo）：2、3号", ["photo", "thumbnail"])]


def test_the_photos_of_an_archive_reach_their_candidates(poll: str) -> None:
    archive = zipped(("照片/示例003.jpg", JPEG), ("1.jpg", encoded(portrait())), ("不认识.jpg", JPEG))
    candidates = db.session.scalars(select(Candidate)).all()
    preview = read_photo_zip(archive, candidates)
    assert (preview.matches, preview.without_photo) == ((Match("照片/示例003.jpg", 3), Match("1.jpg", 1)), (2,))
    numbers = {match.file: match.number for match in preview.matches}
    assert attach_photos(poll, read_photos(archive, numbers), CLERK) == PhotoSummary((1, 3), ())


def test_a_photo_is_set_replaced_and_removed(poll: str) -> None:
    revision = db.session.scalars(select(Poll.revision)).one()
    set_photo(poll, 1, encoded(portrait()), CLERK)
    first = photos()[1]
    set_photo(poll, 1, encoded(portrait((400, 500))), CLERK)
    second = photos()[1]
    remove_photo(poll, 1, CLERK)
    remove_photo(poll, 1, CLERK)
    assert None not in (*first, *second)
    assert first != second
    assert photos()[1] == (None, None)
    assert [act for act, _, _ in acts()] == ["candidates.attach_photos"] * 2 + ["candidates.remove_photo"]
    assert db.session.scalars(select(Poll.revision)).one() == revision + 3


def test_a_bad_photo_changes_nothing_and_its_field_is_named(poll: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        set_photo(poll, 1, b"no picture", CLERK)
    assert (refused.value.message, refused.value.field) == (FORMAT, "photo")
    assert (photos()[1], acts()) == ((None, None), [])


def test_only_candidates_that_exist_have_photos(poll: str) -> None:
    for slug, number in (("elsewhere", 1), (poll, 404)):
        with pytest.raises(NotFound):
            set_photo(slug, number, encoded(portrait()), CLERK)
        with pytest.raises(NotFound):
            remove_photo(slug, number, CLERK)
    with pytest.raises(NotFound):
        attach_photos("elsewhere", [], CLERK)
    with pytest.raises(InvalidInput):
        attach_photos(poll, read_photos(b"no archive", {}), CLERK)
