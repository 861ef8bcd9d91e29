"""What a draft still lacks before it may be submitted or published; pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from foundation.errors import InvalidInput
from publicity.notices.cleaning import paragraphs_of
from publicity.notices.differences import Wording, compare, refuse_mislabelled
from publicity.notices.kinds import WITH_PERIOD, Change, Kind
from publicity.notices.office import lacking
from publicity.notices.wording import LIST, LIST_PARAGRAPH, PERIOD


@dataclass(frozen=True, slots=True)
class Concern:
    """Something that is missing, in a sentence, and the field where it is put right."""

    field: str
    text: str


def concerns(kind: Kind, change: Change, wording: Wording, base: Wording | None = None) -> tuple[Concern, ...]:
    """Return what is missing; `base` is what is published now, None for a first version."""
    found = [*_text(wording), *(_with_period(change, wording) if kind in WITH_PERIOD else _without_period(wording))]
    if base is not None:
        found += _mislabelled(change, base, wording)
    return tuple(found)


def _text(wording: Wording) -> Iterator[Concern]:
    if not wording.title:
        yield Concern("title", "请填写标题。")
    if not paragraphs_of(wording.body):
        yield Concern("body", "请填写正文。")
    if wording.body.count(LIST) != wording.body.count(LIST_PARAGRAPH):
        yield Concern("body", f"正文里的{LIST}要单独成一段，前后不能有别的字。")


def _with_period(change: Change, wording: Wording) -> Iterator[Concern]:
    if not wording.subjects and change is not Change.WITHDRAWAL:
        yield Concern("subjects", "请填写公示的对象。")
    for token, words in ((LIST, "名单"), (PERIOD, "公示期")):
        often = wording.body.count(token)
        if often != 1:
            there = "没有" if often == 0 else f"有{often}处"
            yield Concern("body", f"正文里{there}{token}，要正好有一处，发布时{words}就显示在那里。")
    yield from (Concern(field, text) for field, text in lacking(wording.office).items())


def _without_period(wording: Wording) -> Iterator[Concern]:
    if PERIOD in wording.body:
        yield Concern("body", f"这种公告没有公示期，正文里不要写{PERIOD}。")
    if wording.subjects and LIST not in wording.body:
        yield Concern("body", f"填了名单，正文里却没有{LIST}，读者看不到。")


def _mislabelled(change: Change, base: Wording, wording: Wording) -> Iterator[Concern]:
    try:
        refuse_mislabelled(change, compare(base, wording))
    except InvalidInput as error:
        yield Concern(error.field or "", error.message)
