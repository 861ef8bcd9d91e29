"""保全: what must not be erased for now, on the word of two people, until two people lift it."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from foundation.errors import Conflict, InvalidInput, NotFound
from foundation.ids import random_id
from foundation.transaction import transaction
from staff.actors import Actor, Consent
from staff.acts import ApprovedBy, Parameters
from staff.approvals.requesting import ApprovalRequest, find_request, request_approval
from staff.audit import record
from staff.models import Member
from staff.personal.models import RetentionHold
from staff.personal.retention import RULES
from staff.roles import LEADERS

HOLD, LIFT = "retention.hold", "retention.lift"
LONGEST_SUBJECT, SHORTEST_REASON, LONGEST_REASON = 100, 5, 500  # characters
SHOWN = 50
_EVERYTHING = "全部"


@dataclass(frozen=True, slots=True)
class Hold:
    """A hold as its page shows it; `what` names the rules and the subject. `lift_asked` where lifting waits."""

    key: str
    what: str
    reason: str
    placed_at: datetime
    requested_by: str
    approved_by: str
    lifted_at: datetime | None
    lift_asked: bool


def request_hold(rules: Collection[str], subject: str, reason: str, actor: Actor) -> ApprovalRequest:
    """Ask for `rules` (none: all) to erase nothing, about one subject or at all; a leader decides.

    Raises InvalidInput with the field rules, subject or reason, NotAllowed, Conflict where the same waits.
    """
    chosen, subject, reason = sorted(set(rules)), subject.strip(), reason.strip()
    if not RULES.keys() >= set(chosen):
        raise InvalidInput("请从列表里选择规则。", field="rules")
    if len(subject) > LONGEST_SUBJECT or not subject.isprintable():
        raise InvalidInput(f"对象最多{LONGEST_SUBJECT}个字，不能换行。", field="subject")
    _check_reason(reason)
    name = f"{','.join(chosen)}|{subject}"
    return request_approval(HOLD, name, _what(chosen, subject), actor, purpose=reason, parameters={"reason": reason})


def request_lift(key: str, reason: str, actor: Actor) -> ApprovalRequest:
    """Ask for a hold to end, so that what is due is erased again; raises NotFound, Conflict, InvalidInput."""
    reason = reason.strip()
    _check_reason(reason)
    with transaction() as session:
        hold = _find(session, key)
        if hold.lifted_at is not None:
            raise Conflict("这项保全已经解除。")
        return request_approval(LIFT, key, _what(hold.rules, hold.subject), actor, purpose=reason)


def all_holds() -> tuple[Hold, ...]:
    """Return every hold there was, those in force first, the latest first."""
    query = select(RetentionHold).order_by(RetentionHold.lifted_at.desc().nulls_first(), RetentionHold.id.desc())
    with transaction() as session:
        holds = list(session.scalars(query.limit(SHOWN)))
        people = {name for hold in holds for name in (hold.requested_by, hold.approved_by)}
        named = select(Member.name, Member.display_name).where(Member.name.in_(people))
        names = {row[0]: row[1] for row in session.execute(named)}
        return tuple(_shown(hold, names) for hold in holds)


def holds_in_force(session: Session) -> tuple[RetentionHold, ...]:
    """Return the holds that stop something now."""
    return tuple(session.scalars(select(RetentionHold).where(RetentionHold.lifted_at.is_(None))))


def is_held(rule: str, holds: Iterable[RetentionHold]) -> bool:
    """Tell whether, with `holds` in force, a rule erases nothing at all."""
    knows_subjects = bool(RULES[rule].subjects) if rule in RULES else False
    return any(not hold.subject or not knows_subjects for hold in holds if _covers(hold, rule))


def held_subjects(rule: str, holds: Iterable[RetentionHold]) -> frozenset[str]:
    """Return the subjects that a rule has to leave alone with `holds` in force."""
    return frozenset(hold.subject for hold in holds if hold.subject and _covers(hold, rule))


def not_held(subject: InstrumentedAttribute[str], rule: str) -> ColumnElement[bool]:
    """Return the condition that a rule need not leave a subject alone: no hold that is in force now names it."""
    named = RetentionHold.rules.contains([rule]) | (func.cardinality(RetentionHold.rules) == 0)
    return ~exists().where(RetentionHold.lifted_at.is_(None), RetentionHold.subject == subject, named)


def _covers(hold: RetentionHold, rule: str) -> bool:
    return not hold.rules or rule in hold.rules


def _place(name: str, parameters: Parameters, consent: Consent) -> None:
    rules, _, subject = name.partition("|")
    chosen = [rule for rule in rules.split(",") if rule]
    with transaction() as session:
        hold = RetentionHold(
            key=random_id(),
            rules=chosen,
            subject=subject,
            reason=str(parameters["reason"]),
            requested_by=consent.requester.name,
            approved_by=consent.approver.name,
        )
        session.add(hold)
        record(HOLD, _what(chosen, subject), consent.actor, fields=("rules", "subject"), purpose=hold.reason)


def _lift(key: str, _parameters: Parameters, consent: Consent) -> None:
    with transaction() as session:
        hold = _find(session, key)
        if hold.lifted_at is not None:
            raise Conflict("这项保全已经解除。")
        hold.lifted_at = func.clock_now()
        hold.lift_requested_by, hold.lift_approved_by = consent.requester.name, consent.approver.name
        record(LIFT, _what(hold.rules, hold.subject), consent.actor, fields=("lifted_at",))


def _fingerprint_of_holds(_name: str) -> str:
    return "hold"


def _fingerprint_of_hold(key: str) -> str:
    with transaction() as session:
        return "lifted" if _find(session, key).lifted_at else "in force"


def _facts(name: str, parameters: Parameters) -> list[tuple[str, str]]:
    rules, _, subject = name.partition("|")
    chosen = [rule for rule in rules.split(",") if rule]
    return [("停止清理", _named(chosen)), ("对象", subject or _EVERYTHING), ("理由", str(parameters["reason"]))]


def _facts_of_hold(key: str, _parameters: Parameters) -> list[tuple[str, str]]:
    with transaction() as session:
        hold = _find(session, key)
        return [("停止清理", _named(hold.rules)), ("对象", hold.subject or _EVERYTHING), ("当初的理由", hold.reason)]


def _find(session: Session, key: str) -> RetentionHold:
    query = select(RetentionHold).where(RetentionHold.key == key).with_for_update()
    hold = session.scalars(query).one_or_none() if key.isalnum() else None
    if hold is None:
        raise NotFound("没有这项保全。")
    return hold


def _check_reason(reason: str) -> None:
    if not SHORTEST_REASON <= len(reason) <= LONGEST_REASON:
        raise InvalidInput(f"请写明理由，{SHORTEST_REASON}到{LONGEST_REASON}个字。", field="reason")


def _what(rules: Collection[str], subject: str) -> str:
    return f"{_named(rules)}（{subject}）" if subject else _named(rules)


def _named(rules: Collection[str]) -> str:
    return "、".join(RULES[rule].words if rule in RULES else rule for rule in rules) or _EVERYTHING


def _shown(hold: RetentionHold, names: Mapping[str, str]) -> Hold:
    return Hold(
        hold.key,
        _what(hold.rules, hold.subject),
        hold.reason,
        hold.placed_at,
        names.get(hold.requested_by, hold.requested_by),
        names.get(hold.approved_by, hold.approved_by),
        hold.lifted_at,
        lift_asked=hold.lifted_at is None and find_request(LIFT, hold.key) is not None,
    )


HOLDING = ApprovedBy(
    LEADERS,
    _place,
    _fingerprint_of_holds,
    consequence="到期的内容从此不再删除，直到两人办理解除。",
    facts=_facts,
)
LIFTING = ApprovedBy(
    LEADERS,
    _lift,
    _fingerprint_of_hold,
    consequence="保全解除后，已到期的内容在下一次清理时删除，不能恢复。",
    facts=_facts_of_hold,
)
