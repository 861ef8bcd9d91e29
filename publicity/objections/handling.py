"""Handling an objection: taken in hand, examined, settled; one step at a time, each with its note."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from foundation.clock import database_now
from foundation.errors import Conflict, InvalidInput, NotAllowed, NotFound
from foundation.forms import check_each
from foundation.ids import read_short_code
from foundation.transaction import transaction
from publicity.objections.acts import ACCEPT, DECLINE, EXAMINE, HAND_OVER, HANDLERS, RESOLVE
from publicity.objections.deadlines import due_after
from publicity.objections.models import Objection, ObjectionStep
from publicity.objections.rules import RESULTS, STATE_NAMES, State, may_be_handed_over, may_become
from publicity.objections.wording import audited
from staff.actors import Actor
from staff.audit import record
from staff.authority import demand, note_refusal
from staff.models import Member
from staff.roles import Role

LONGEST_NOTE, LONGEST_SUMMARY = 2_000, 1_000
_SHORTEST_GIVEAWAY = 2  # characters


def accept(code: str, note: str, actor: Actor, *, seen: int) -> None:
    """Take an objection in hand: whoever accepts it handles it. `seen` is the number of the last step that was read.

    This and each further step raises NotFound, NotAllowed, InvalidInput, and Conflict where somebody was faster.
    """
    _check_note(note, required=False)
    with transaction() as session:
        objection, last = _take(session, code, ACCEPT, actor, seen)
        _require(objection, State.ACCEPTED)
        objection.handler_id = actor.member_id
        objection.due_on = objection.due_on or due_after(objection.arrived_on)
        _step(objection, last, State.ACCEPTED, note, actor, handler=actor.member_id)
        record(ACCEPT, audited(objection.code), actor, fields=("state", "handler", "note"))


def decline(code: str, reason: str, summary: str, actor: Actor, *, seen: int) -> None:
    """Settle an objection as one that is not looked into, for a reason; the summary is what the report tells."""
    with transaction() as session:
        objection, last = _take(session, code, DECLINE, actor, seen)
        _require(objection, State.DECLINED)
        check_each(lambda: _check_note(reason), lambda: _check_summary(objection, summary, required=False))
        _settle(session, objection, State.DECLINED, summary)
        _step(objection, last, State.DECLINED, reason, actor)
        record(DECLINE, audited(objection.code), actor, fields=("state", "note"))


def hand_over(code: str, to: str, reason: str, actor: Actor, *, seen: int) -> None:
    """Give an objection that is in hand to a colleague, by their user name."""
    with transaction() as session:
        objection, last = _take(session, code, HAND_OVER, actor, seen)
        if not may_be_handed_over(State(objection.state)):
            raise _not_now(objection)
        _check_hand(objection, actor, HAND_OVER)
        colleague = session.scalars(select(Member).where(Member.name == to, _can_handle(session))).one_or_none()
        check_each(lambda: _check_colleague(objection, colleague), lambda: _check_note(reason))
        objection.handler_id = colleague.id if colleague else None
        _step(objection, last, State(objection.state), reason, actor, handler=objection.handler_id)
        record(HAND_OVER, audited(objection.code), actor, fields=("handler", "note"))


def examine(code: str, note: str, actor: Actor, *, seen: int) -> None:
    """Note what was found out, so that the result can be told."""
    with transaction() as session:
        objection, last = _take(session, code, EXAMINE, actor, seen)
        _require(objection, State.EXAMINED)
        _check_hand(objection, actor, EXAMINE)
        _check_note(note)
        _step(objection, last, State.EXAMINED, note, actor)
        record(EXAMINE, audited(objection.code), actor, fields=("state", "note"))


def resolve(code: str, result: State | None, note: str, summary: str, actor: Actor, *, seen: int) -> None:
    """Settle an examined objection as founded or not, with a summary for the unit that nominated its subject."""
    with transaction() as session:
        objection, last = _take(session, code, RESOLVE, actor, seen)
        if State(objection.state) is not State.EXAMINED:
            raise _not_now(objection)
        _check_hand(objection, actor, RESOLVE)
        required = bool(objection.subject_unit)
        check_each(
            lambda: _check_result(result),
            lambda: _check_note(note),
            lambda: _check_summary(objection, summary, required=required),
        )
        state = result or State.UNFOUNDED
        _settle(session, objection, state, summary)
        _step(objection, last, state, note, actor)
        record(RESOLVE, audited(objection.code), actor, fields=("state", "note", "summary"))


def colleagues_of(session: Session, handler_id: int | None) -> dict[str, str]:
    """Return who else may handle an objection: display names by user name."""
    query = select(Member.name, Member.display_name).where(_can_handle(session)).order_by(Member.id)
    if handler_id is not None:
        query = query.where(Member.id != handler_id)
    return {row[0]: row[1] for row in session.execute(query)}


def find_objection(session: Session, code: str, *, lock: bool = False) -> Objection:
    """Return the objection of a code as it is written or typed; raises NotFound."""
    query = select(Objection).where(Objection.code == (read_short_code(code) or ""))
    objection = session.scalars(query.with_for_update() if lock else query).one_or_none()
    if objection is None:
        raise NotFound("没有这件反映。")
    return objection


def holds_key(objection: Objection, actor: Actor) -> bool:
    """Tell whether it lies in the hands of `actor`, or of everybody that a leader stands above."""
    return actor.role is Role.LEADER or (actor.member_id is not None and objection.handler_id == actor.member_id)


def _take(session: Session, code: str, act: str, actor: Actor, seen: int) -> tuple[Objection, int]:
    """Lock the objection for its next step and return the number of its last; raises Conflict unless that was seen."""
    demand(actor, act, object=audited(code) if read_short_code(code) else "")
    objection = find_objection(session, code, lock=True)
    if actor.member_id is None:
        raise NotAllowed("反映件要由本人登录后办理。")
    steps = select(ObjectionStep.number).where(ObjectionStep.objection_id == objection.id)
    last = session.scalars(steps.order_by(ObjectionStep.number.desc()).limit(1)).one()
    if last != seen:
        raise Conflict("刚才有人办理了这件反映，请看过最新的情况再办。")
    return objection, last


def _require(objection: Objection, target: State) -> None:
    if not may_become(State(objection.state), target):
        raise _not_now(objection)


def _not_now(objection: Objection) -> Conflict:
    return Conflict(f"这件反映现在是“{STATE_NAMES[State(objection.state)]}”，不能这样办理。")


def _check_hand(objection: Objection, actor: Actor, act: str) -> None:
    """Raise NotAllowed, and leave a line in the trail, for whoever neither has it in hand nor stands above."""
    if not holds_key(objection, actor):
        note_refusal(act, audited(objection.code), actor)
        raise NotAllowed("这件反映由别的同事办理。要由您办，请他或部领导先转交给您。")


def _settle(session: Session, objection: Objection, state: State, summary: str) -> None:
    objection.settled_at = database_now(session)
    objection.summary = summary
    objection.state = state


def _step(
    objection: Objection, last: int, state: State, note: str, actor: Actor, *, handler: int | None = None
) -> None:
    objection.state = state
    objection.steps.append(
        ObjectionStep(number=last + 1, state=state, note=note.encode(), member_id=actor.member_id, handler_id=handler)
    )


def _can_handle(session: Session) -> ColumnElement[bool]:
    now: datetime = database_now(session)
    roles: Sequence[str] = sorted(HANDLERS)
    in_office = Member.valid_until.is_(None) | (Member.valid_until > now)
    return Member.role.in_(roles) & Member.disabled_at.is_(None) & Member.left_at.is_(None) & in_office


def _check_colleague(objection: Objection, colleague: Member | None) -> None:
    if colleague is None:
        raise InvalidInput("请选择转交给谁。", field="to")
    if colleague.id == objection.handler_id:
        raise InvalidInput("现在就由这位同事办理，不用转交。", field="to")


def _check_result(result: State | None) -> None:
    if result not in RESULTS:
        raise InvalidInput("请选择属实或不属实。", field="result")


def _check_note(note: str, *, required: bool = True) -> None:
    if required and not note:
        raise InvalidInput("请写明情况，只有办理的人看得到。", field="note")
    if len(note) > LONGEST_NOTE:
        raise InvalidInput(f"最多{LONGEST_NOTE}个字，现在是{len(note)}个。", field="note")


def _check_summary(objection: Objection, summary: str, *, required: bool) -> None:
    """Raise InvalidInput for a summary that is missing, too long, or gives away who objected."""
    if required and not summary:
        raise InvalidInput("请写给推荐单位的书面说明。", field="summary")
    if len(summary) > LONGEST_SUMMARY:
        raise InvalidInput(f"书面说明最多{LONGEST_SUMMARY}个字，现在是{len(summary)}个。", field="summary")
    if any(given_away in summary for given_away in _giveaways(objection)):
        raise InvalidInput("说明里有反映人的姓名、单位或电话。推荐单位不能知道是谁反映的，请改写。", field="summary")


def _giveaways(objection: Objection) -> list[str]:
    """Return what would tell who objected, unless it names the subject as well."""
    known = (objection.reporter_name, objection.reporter_unit, objection.reporter_phone)
    words = [value.decode() for value in known if value]
    public = objection.subject_name + objection.subject_unit
    return [word for word in words if len(word) >= _SHORTEST_GIVEAWAY and word not in public]
