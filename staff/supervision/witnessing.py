"""Witnessing 见证: rooms say what can be witnessed, and supervisors leave their word that it went as the facts say."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Text, any_, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from foundation.database import constraint_of
from foundation.errors import Conflict, InvalidInput, NotAllowed, NotFound
from foundation.transaction import transaction
from staff.actors import Actor
from staff.audit import record
from staff.models import Member
from staff.supervision.models import WitnessMark

LONGEST_REMARK = 500
Facts = tuple[tuple[str, str], ...]
"""What is shown to whoever witnesses: pairs of a name and a value, without personal data."""


class Standing(StrEnum):
    """A step that is not in sight, about to be done, done."""

    LATER = "later"
    COMING = "coming"
    HAPPENED = "happened"


@dataclass(frozen=True, slots=True)
class Step:
    """How a step stands: since or from when, and the facts. Once it happened its facts should stay as they are."""

    standing: Standing
    at: datetime | None = None
    facts: Facts = ()


@dataclass(frozen=True, slots=True)
class Witnessable:
    """A matter of a room: its key and title outside, its page, its steps by name; a step may be missing.

    `finished` ones take no more marks.
    """

    key: str
    title: str
    page: str
    steps: Mapping[str, Step]
    finished: bool = False


@dataclass(frozen=True, slots=True)
class Subject:
    """What an opinion can be about: the room's kind of thing, its key, what it is called and where it is."""

    kind: str
    key: str
    title: str
    page: str


@dataclass(frozen=True, slots=True)
class Mark:
    """Somebody's word; `holds` while the facts are those that were witnessed."""

    person: str
    member_id: int
    at: datetime
    remark: str
    facts: Facts
    holds: bool


@dataclass(frozen=True, slots=True)
class StepSheet:
    """A step with all words given about it; `digest` names the facts that are shown."""

    name: str
    words: str
    standing: Standing
    at: datetime | None
    facts: Facts
    digest: str
    marks: tuple[Mark, ...]
    takes_marks: bool

    @property
    def witnessed(self) -> bool:
        """Tell whether somebody stands for the facts as they are."""
        return any(mark.holds for mark in self.marks)

    def awaits(self, actor: Actor) -> bool:
        """Tell whether `actor` could still leave a mark."""
        mine = (mark for mark in self.marks if mark.holds and mark.member_id == actor.member_id)
        return self.takes_marks and next(mine, None) is None


@dataclass(frozen=True, slots=True)
class WitnessSheet:
    """A matter with its steps, in the order in which the room declared them."""

    subject: Subject
    steps: tuple[StepSheet, ...]

    @property
    def in_sight(self) -> tuple[StepSheet, ...]:
        """Return the steps that happened or are about to."""
        return tuple(step for step in self.steps if step.standing is not Standing.LATER)

    @property
    def waiting(self) -> tuple[StepSheet, ...]:
        """Return the steps that happened and that nobody has witnessed as they are."""
        return tuple(step for step in self.steps if step.takes_marks and not step.witnessed)


@dataclass(frozen=True, slots=True)
class _Kind:
    words: str
    steps: Mapping[str, str]
    find: Callable[[str], Witnessable | None]
    current: Callable[[], Sequence[Witnessable]]


_kinds: dict[str, _Kind] = {}


def declare_witnessed(
    kind: str,
    words: str,
    steps: Mapping[str, str],
    *,
    find: Callable[[str], Witnessable | None],
    current: Callable[[], Sequence[Witnessable]],
) -> None:
    """Offer a kind of thing to supervisors: what it is called, its steps with their words, how one is found.

    `current` returns those of today, the latest first; what is finished may be left out.
    """
    _kinds[kind] = _Kind(words, dict(steps), find, current)


def find_subject(kind: str, key: str) -> Subject | None:
    """Return what a room knows under this kind and key."""
    found = _found(kind, key)
    return None if found is None else _subject(kind, found)


def current_subjects() -> tuple[Subject, ...]:
    """Return what rooms offer today, kind by kind."""
    return tuple(_subject(kind, found) for kind, found in _current())


def witness_sheet(kind: str, key: str) -> WitnessSheet:
    """Return a matter with its facts and the words given about it; raises NotFound."""
    with transaction() as session:
        return _sheets(session, [(kind, _demanded(kind, key))])[0]


def witness_sheets() -> tuple[WitnessSheet, ...]:
    """Return what rooms offer today and is not finished."""
    with transaction() as session:
        return _sheets(session, [(kind, found) for kind, found in _current() if not found.finished])


def leave_mark(kind: str, key: str, step: str, actor: Actor, *, digest: str, remark: str = "") -> None:
    """Leave the word of `actor` that the step went as the facts of `digest` say, with a remark or without objection.

    Raises NotFound; Conflict where the facts are others by now, the step has not happened, or the word was given.
    """
    remark = remark.strip()
    if len(remark) > LONGEST_REMARK:
        raise InvalidInput(f"说明太长，最多{LONGEST_REMARK}个字。", field="remark")
    if actor.member_id is None:
        raise NotAllowed("见证要由本人登录后进行。")
    try:
        with transaction() as session:
            found = _demanded(kind, key)
            facts = _facts_to_mark(found, step, digest)
            session.add(
                WitnessMark(
                    kind=kind,
                    subject=key,
                    title=found.title,
                    step=step,
                    facts=[list(fact) for fact in facts],
                    digest=digest,
                    remark=remark,
                    member_id=actor.member_id,
                )
            )
            words = _kinds[kind].steps[step]
            record("supervision.witness", f"{words}：{found.title}（{key}）", actor, fields=("facts", "remark"))
            session.flush()
    except IntegrityError as error:
        if constraint_of(error) != "one_witness_mark_per_person_step_and_facts":
            raise
        raise Conflict("这一步您已经见证过了。") from None


def digest_of(facts: Facts) -> str:
    """Return what tells these facts from others."""
    return hashlib.sha256(json.dumps(facts, ensure_ascii=False).encode()).hexdigest()


def _facts_to_mark(found: Witnessable, step: str, digest: str) -> Facts:
    stands = found.steps.get(step)
    if stands is None:
        raise NotFound("没有这一步。")
    if found.finished:
        raise Conflict("这件事已经办结，不再补见证。")
    if stands.standing is not Standing.HAPPENED:
        raise Conflict("这一步还没有发生，发生以后才能见证。")
    if digest_of(stands.facts) != digest:
        raise Conflict("刚才显示的情况有了变动，请按现在的情况重新核对。")
    return stands.facts


def _sheets(session: Session, matters: Sequence[tuple[str, Witnessable]]) -> tuple[WitnessSheet, ...]:
    marks = _marks(session, [(kind, found.key) for kind, found in matters])
    return tuple(_sheet(kind, found, marks) for kind, found in matters)


def _sheet(
    kind: str, found: Witnessable, marks: Mapping[tuple[str, str, str], list[tuple[WitnessMark, str]]]
) -> WitnessSheet:
    words = _kinds[kind].steps
    steps = (
        _step_sheet(name, words[name], found, found.steps[name], marks.get((kind, found.key, name), []))
        for name in words
        if name in found.steps
    )
    return WitnessSheet(_subject(kind, found), tuple(steps))


def _step_sheet(
    name: str, words: str, found: Witnessable, step: Step, marks: Iterable[tuple[WitnessMark, str]]
) -> StepSheet:
    digest = digest_of(step.facts)
    happened = step.standing is Standing.HAPPENED
    return StepSheet(
        name=name,
        words=words,
        standing=step.standing,
        at=step.at,
        facts=step.facts,
        digest=digest,
        marks=tuple(_mark(mark, person, holds=happened and mark.digest == digest) for mark, person in marks),
        takes_marks=happened and not found.finished,
    )


def _mark(mark: WitnessMark, person: str, *, holds: bool) -> Mark:
    facts = tuple((name, value) for name, value in mark.facts)
    return Mark(person, mark.member_id, mark.marked_at, mark.remark, facts, holds)


def _marks(
    session: Session, subjects: Sequence[tuple[str, str]]
) -> dict[tuple[str, str, str], list[tuple[WitnessMark, str]]]:
    keys = literal([key for _, key in subjects], ARRAY(Text))
    query = (
        select(WitnessMark, Member.display_name)
        .join(Member, Member.id == WitnessMark.member_id)
        .where(WitnessMark.kind.in_({kind for kind, _ in subjects}), WitnessMark.subject == any_(keys))
        .order_by(WitnessMark.id)
    )
    marks: dict[tuple[str, str, str], list[tuple[WitnessMark, str]]] = {}
    for mark, person in session.execute(query) if subjects else ():
        marks.setdefault((mark.kind, mark.subject, mark.step), []).append((mark, person))
    return marks


def _current() -> list[tuple[str, Witnessable]]:
    with transaction():
        return [(name, found) for name, kind in _kinds.items() for found in kind.current()]


def _found(kind: str, key: str) -> Witnessable | None:
    known = _kinds.get(kind)
    with transaction():
        return None if known is None else known.find(key)


def _demanded(kind: str, key: str) -> Witnessable:
    found = _found(kind, key)
    if found is None:
        raise NotFound("没有这件可以见证的事。")
    return found


def _subject(kind: str, found: Witnessable) -> Subject:
    return Subject(kind, found.key, found.title, found.page)
