"""One objection as the console shows it: what it is about to those who handle it, how far it is to those who watch."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from foundation.errors import NotAllowed, NotFound
from foundation.transaction import transaction
from foundation.uploads import read_upload
from publicity.objections.acts import FETCH, READ
from publicity.objections.handling import colleagues_of, find_objection, holds_key
from publicity.objections.listing import ObjectionLine, line_of
from publicity.objections.models import Objection, ObjectionAttachment, ObjectionStep
from publicity.objections.reporters import Reporter, masked_reporter
from publicity.objections.rules import STATE_NAMES, State
from publicity.objections.wording import audited
from staff.actors import Actor
from staff.audit import record
from staff.authority import demand, may, note_refusal
from staff.models import Member


@dataclass(frozen=True, slots=True)
class FileLine:
    """A file that was handed in; `size` in bytes."""

    key: str
    name: str
    size: int
    is_seal: bool


@dataclass(frozen=True, slots=True)
class Matter:
    """What somebody raised, for those who handle it; `text` is None once it was erased in its time."""

    text: str | None
    has_lead: bool
    lead: str
    reporter: Reporter
    files: tuple[FileLine, ...]


@dataclass(frozen=True, slots=True)
class StepLine:
    """What was done, by whom; `note` is None for those who may not read it, and once it was erased."""

    number: int
    words: str
    note: str | None
    person: str
    handed_to: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ObjectionSheet:
    """An objection with what was done about it. `matter` is None for those who only watch.

    `in_hand` tells whether the reader may take its next steps and look at who raised it; `seen` is the last step.
    """

    line: ObjectionLine
    matter: Matter | None
    steps: tuple[StepLine, ...]
    summary: str
    in_hand: bool
    colleagues: Mapping[str, str]

    @property
    def seen(self) -> int:
        return self.steps[-1].number


@dataclass(frozen=True, slots=True)
class AttachmentFile:
    """A file on its way to whoever handles the objection."""

    name: str
    media_type: str
    content: bytes


def objection_sheet(code: str, actor: Actor) -> ObjectionSheet:
    """Return an objection as `actor` may see it; raises NotFound."""
    reads = may(actor, READ)
    with transaction() as session:
        objection = find_objection(session, code)
        in_hand = reads and holds_key(objection, actor)
        return ObjectionSheet(
            line=line_of(session, objection.id),
            matter=_matter(objection, in_hand=in_hand) if reads else None,
            steps=_steps(session, objection.id, reads=reads),
            summary=objection.summary if reads else "",
            in_hand=in_hand,
            colleagues=colleagues_of(session, objection.handler_id) if in_hand else {},
        )


def take_attachment(code: str, key: str, actor: Actor) -> AttachmentFile:
    """Return a file that was handed in; each taking is kept in the trail. Raises NotFound, NotAllowed."""
    demand(actor, FETCH, object=audited(code))
    with transaction() as session:
        objection = find_objection(session, code)
        query = select(ObjectionAttachment).filter_by(objection_id=objection.id, key=key)
        found = session.scalars(query).one_or_none()
        if found is None:
            raise NotFound("没有这个文件，或已按期删除。")
        if found.is_seal and not holds_key(objection, actor):
            note_refusal(FETCH, audited(objection.code), actor)
            raise NotAllowed("盖公章的扫描件只有这件反映的办理人和部领导可以查看。")
        record(FETCH, audited(objection.code), actor, fields=("attachments",))
        return AttachmentFile(found.filename.decode(), found.media_type, read_upload(found.digest))


def _matter(objection: Objection, *, in_hand: bool) -> Matter:
    """Return what it is about; the scan with a seal names who raised it, and is for those who may look at that."""
    files = tuple(
        FileLine(file.key, file.filename.decode(), file.size, file.is_seal)
        for file in objection.attachments
        if in_hand or not file.is_seal
    )
    return Matter(
        None if objection.text is None else objection.text.decode(),
        objection.has_lead,
        (objection.lead or b"").decode(),
        masked_reporter(objection),
        files,
    )


def _steps(session: Session, objection_id: int, *, reads: bool) -> tuple[StepLine, ...]:
    by, to = aliased(Member), aliased(Member)
    query = (
        select(ObjectionStep, by.display_name, to.display_name)
        .outerjoin(by, by.id == ObjectionStep.member_id)
        .outerjoin(to, to.id == ObjectionStep.handler_id)
        .where(ObjectionStep.objection_id == objection_id)
        .order_by(ObjectionStep.number)
    )
    lines: list[StepLine] = []
    before: str | None = None
    for step, person, handler in session.execute(query):
        handed = before == step.state
        note = step.note.decode() if reads and step.note is not None else None
        words = "转交" if handed else _words(State(step.state))
        who = person or ("网上提交" if step.number == 1 else "系统按规则")
        lines.append(StepLine(step.number, words, note, who, handler if handed else "", step.at))
        before = step.state
    return tuple(lines)


_DONE = {State.RECEIVED: "收到", State.ACCEPTED: "受理", State.EXAMINED: "核查完毕", State.DECLINED: "不予受理"}


def _words(state: State) -> str:
    """Return what was done to come to a state."""
    return _DONE.get(state) or f"认定{STATE_NAMES[state]}"
