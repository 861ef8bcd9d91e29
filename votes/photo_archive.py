"""A ZIP of photos matched to candidates by the files' names; whatever is not certain is asked, never guessed."""

import io
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from pathlib import PurePosixPath
from typing import BinaryIO, Protocol
from zipfile import ZipFile, ZipInfo

from votes.archives import ArchiveError, check_entry, open_archive, read_entry
from votes.pictures import LARGEST_FILE

LARGEST_ARCHIVE = 300 * 1024 * 1024
MOST_ENTRIES = 2_000
_PHOTO_SUFFIXES = frozenset({".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".heic", ".heif"})
_LEFT_BY_SYSTEMS = frozenset({"thumbs.db", "desktop.ini"})
_UTF8_FLAG = 0x800
_SEPARATORS = re.compile(r"[\s_\-+,，、()（）\[\]【】]+")
_DOTS = "·•・‧∙"
_AROUND_WORD = re.compile(r"([0-9]{0,9})(.*?)([0-9]{0,9})")
_UNKNOWN = "文件名对不上任何候选对象。"
_MOST_WORDS = 4  # whose orders are all tried
# Words that say nothing about whose photo it is.
_FILLERS = frozenset(
    {"照片", "相片", "免冠照", "免冠照片", "证件照", "登记照", "二寸照", "二寸", "2寸", "2寸照", "寸照"}
)


class Pictured(Protocol):
    """What has to be known of a candidate to match photos."""

    @property
    def number(self) -> int: ...
    @property
    def name(self) -> str: ...
    @property
    def unit(self) -> str: ...
    @property
    def photo(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Match:
    """A file that can only be this candidate's; `file` is its path in the archive."""

    file: str
    number: int


@dataclass(frozen=True, slots=True)
class Question:
    """A file that a person has to assign: whose photo is it, out of these numbers?"""

    file: str
    numbers: tuple[int, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file that is not used, and why."""

    file: str
    reason: str


@dataclass(frozen=True, slots=True)
class PhotoPreview:
    """What an archive of photos would bring; `fault` where it cannot be used at all.

    `without_photo` are the numbers that have neither a photo yet nor a file matched to them.
    """

    matches: tuple[Match, ...]
    questions: tuple[Question, ...]
    unmatched: tuple[LeftOut, ...]
    without_photo: tuple[int, ...]
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Assignment:
    """A photo to be given to a candidate; empty where the archive is damaged."""

    number: int
    file: str
    content: bytes


def read_photo_zip(
    zip_bytes: bytes | BinaryIO, candidates: Sequence[Pictured], named: Mapping[str, int] | None = None
) -> PhotoPreview:
    """Match the archive's files to candidates by number, name, or name and unit; nothing is unpacked yet.

    `named` are file names that the spreadsheet gave, with their candidates' numbers; they come first.
    """
    try:
        with _open(zip_bytes) as archive:
            files = list(_files(archive))
    except ArchiveError as error:
        return PhotoPreview((), (), (), _lacking(candidates, ()), error.message)
    names = _Names(candidates, named or {})
    findings = [_judge(one, names) for one in files]
    matches, questions = _one_file_each([one for one in findings if isinstance(one, Match)])
    questions += [one for one in findings if isinstance(one, Question)]
    return PhotoPreview(
        matches=tuple(matches),
        questions=tuple(sorted(questions, key=lambda one: one.file)),
        unmatched=tuple(one for one in findings if isinstance(one, LeftOut)),
        without_photo=_lacking(candidates, matches),
    )


def read_photos(zip_bytes: bytes | BinaryIO, numbers: Mapping[str, int]) -> Iterator[Assignment]:
    """Unpack the files named in `numbers` one after another, each for its candidate; others stay packed.

    Raises ArchiveError where the archive itself cannot be opened.
    """
    with _open(zip_bytes) as archive:
        for one in _files(archive):
            if one.file in numbers:
                yield Assignment(numbers[one.file], one.file, _unpack(archive, one.entry))


def _open(zip_bytes: bytes | BinaryIO) -> ZipFile:
    source = io.BytesIO(zip_bytes) if isinstance(zip_bytes, bytes) else zip_bytes
    return open_archive(source, max_bytes=LARGEST_ARCHIVE, max_entries=MOST_ENTRIES)


def _unpack(archive: ZipFile, entry: ZipInfo) -> bytes:
    try:
        return read_entry(archive, entry, LARGEST_FILE)
    except ArchiveError:
        return b""


@dataclass(frozen=True, slots=True)
class _File:
    """A file in the archive: the name that tells it from all others, its path, where it is."""

    file: str
    path: PurePosixPath
    entry: ZipInfo


def _files(archive: ZipFile) -> Iterator[_File]:
    """Go through the files that a person put there; no path is ever written to."""
    seen: Counter[PurePosixPath] = Counter()
    for entry in archive.infolist():
        path = PurePosixPath(_path_of(entry))
        system = path.name.lower() in _LEFT_BY_SYSTEMS or path.name.startswith(".") or "__MACOSX" in path.parts
        if entry.is_dir() or system or not path.name:
            continue
        seen[path] += 1
        yield _File(str(path) if seen[path] == 1 else f"{path}（第{seen[path]}个）", path, entry)


def _path_of(entry: ZipInfo) -> str:
    """Return the path as it was written: archives made in China often carry GBK, those of a Mac unmarked UTF-8."""
    path = entry.filename
    if not entry.flag_bits & _UTF8_FLAG and not path.isascii():
        raw = path.encode("cp437")
        path = _decode(raw, "utf-8", _looks_chinese) or _decode(raw, "gb18030", str.isprintable) or path
    return unicodedata.normalize("NFC", path).replace("\\", "/")


def _decode(raw: bytes, encoding: str, fits: Callable[[str], bool]) -> str | None:
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError:
        return None
    return text if fits(text) else None


def _looks_chinese(text: str) -> bool:
    """Two bytes of GBK can be one odd letter of UTF-8; only East Asian letters and the dot of names count."""
    return all(letter.isascii() or letter >= "\u2e80" or letter in _DOTS for letter in text)


class _Names:
    """The candidates, by everything a file may be called after."""

    def __init__(self, candidates: Sequence[Pictured], named: Mapping[str, int]) -> None:
        self.numbers = {one.number for one in candidates}
        self.files = {_folded(file): number for file, number in named.items() if number in self.numbers}
        self._texts: dict[str, set[int]] = defaultdict(set)
        for one in candidates:
            name, unit = _joined(one.name), _joined(one.unit)
            for text in {name, name + unit, unit + name} - {""}:
                self._texts[text].add(one.number)

    def of(self, words: Sequence[str]) -> set[int]:
        """Return the numbers of all candidates that these words together name, in whatever order."""
        orders = permutations(words) if len(words) <= _MOST_WORDS else [words]
        return {number for order in orders for number in self._texts.get("".join(order), ())}


def _judge(one: _File, names: _Names) -> Match | Question | LeftOut:
    if one.path.suffix.lower() not in _PHOTO_SUFFIXES:
        return LeftOut(one.file, "不是照片文件。")
    try:
        check_entry(one.entry, LARGEST_FILE)
    except ArchiveError as error:
        return LeftOut(one.file, error.message)
    if (number := names.files.get(_folded(one.path.name))) is not None:
        return Match(one.file, number)
    return _judge_stem(one.file, _folded(one.path.stem), names)


def _judge_stem(file: str, stem: str, names: _Names) -> Match | Question | LeftOut:
    words = [_joined(word) for word in _SEPARATORS.split(stem) if word not in _FILLERS]
    words = [word for word in words if word]
    numbers: list[int] = []
    if not (called := names.of(words)):
        numbers, words = _split_numbers(words)
        called = names.of(words)
    numbered = names.numbers.intersection(numbers)
    if words and not called:
        if numbered and stem[0].isdecimal():
            return Question(file, tuple(sorted(numbered)), "编号对得上，其余文字对不上。")
        return LeftOut(file, _UNKNOWN)
    return _weigh(file, called, numbered, numbers)


def _weigh(file: str, called: set[int], numbered: set[int], numbers: Sequence[int]) -> Match | Question | LeftOut:
    """Decide between the candidates of that name and those of the numbers beside it."""
    possible = called | numbered
    if not possible:
        return LeftOut(file, _UNKNOWN)
    certain = called & numbered if called and numbers else called or numbered
    if len(certain) == 1 and len(numbers) <= 1:
        return Match(file, next(iter(certain)))
    reason = "编号与姓名对不上。" if numbers else "同名的候选对象不止一个。"
    return Question(file, tuple(sorted(possible)), reason)


def _split_numbers(words: Sequence[str]) -> tuple[list[int], list[str]]:
    """Take the numbers off the words: 16, 16丁示例, 丁示例16."""
    numbers, rest = [], []
    for word in words:
        found = _AROUND_WORD.fullmatch(word)
        before, inside, after = found.groups() if found else ("", word, "")
        numbers += [int(digits) for digits in (before, after) if digits]
        rest += [inside] if inside else []
    return numbers, rest


def _one_file_each(matches: Sequence[Match]) -> tuple[list[Match], list[Question]]:
    """Ask where several files are the same candidate's."""
    times = Counter(match.number for match in matches)
    single = [match for match in matches if times[match.number] == 1]
    several = [
        Question(match.file, (match.number,), "这个候选对象不止一张照片。")
        for match in matches
        if times[match.number] > 1
    ]
    return single, several


def _lacking(candidates: Sequence[Pictured], matches: Sequence[Match]) -> tuple[int, ...]:
    matched = {match.number for match in matches}
    return tuple(sorted(one.number for one in candidates if not one.photo and one.number not in matched))


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().casefold()


def _joined(text: str) -> str:
    """Return a name without what people put between its parts."""
    return "".join(letter for letter in _SEPARATORS.sub("", _folded(text)) if letter not in _DOTS)
