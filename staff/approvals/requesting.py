"""Asking for what a second person has to approve, and taking the wish back."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from foundation.clock import database_now
from foundation.database import constraint_of
from foundation.errors import Conflict, InvalidInput, NotAllowed, NotFound
from foundation.ids import random_id
from foundation.transaction import transaction
from staff.actors import SYSTEM, Actor
from staff.acts import ACTS, ApprovedBy, Belonging, Parameters, allows, words_of
from staff.approvals.models import Approval
from staff.audit import record
from staff.authority import demand, note_refusal

LONGEST_PURPOSE = 500
WAITS = timedelta(days=7)
"""How long a request waits for somebody to decide; then it ends by itself, and has to be asked for anew."""


@dataclass(frozen=True, slots=True)
class ApprovalRequest:
    """A wish that waits: its key, the act, and what it is about."""

    key: str
    act: str
    subject: str
    title: str
    purpose: str
    requested_by: int
    requested_at: datetime


def request_approval(
    act: str, subject: str, title: str, actor: Actor, *, parameters: Parameters | None = None, purpose: str = ""
) -> ApprovalRequest:
    """Ask in the name of `actor` for an act that takes a second person; nothing is done yet.

    Raises NotAllowed for whoever may not ask or is no member, Conflict where the same waits already.
    """
    approval = approval_of(act)
    if actor.member_id is None:
        raise NotAllowed("这一步要另一人批准，请以人员的名义提出申请。")
    demand(actor, act, object=title)
    purpose = checked_text(purpose, "purpose")
    try:
        with transaction() as session:
            _expire(session, Approval.act == act, Approval.subject == subject)
            row = Approval(
                key=random_id(),
                act=act,
                subject=subject,
                title=title,
                parameters=dict(parameters or {}),
                purpose=purpose,
                fingerprint=approval.fingerprint(subject),
                requested_by=actor.member_id,
            )
            session.add(row)
            session.flush()
            record("approvals.request", f"{ACTS[act].words}：{title}", actor, purpose=purpose)
            return _request(row)
    except IntegrityError as error:
        if constraint_of(error) != "one_waiting_approval_per_act_and_subject":
            raise
        raise Conflict("同样的申请已经提出，正在等待批准。") from None


def withdraw(key: str, actor: Actor, *, remark: str = "") -> None:
    """Take back a request of one's own that still waits; raises NotFound, Conflict."""
    with transaction() as session:
        row = waiting_row(session, key)
        if not allows(actor, "approvals.withdraw", Belonging(row.requested_by)):
            note_refusal("approvals.withdraw", f"{ACTS[row.act].words}：{row.title}", actor)
            raise NotFound("没有这个申请。")
        row.state, row.decided_by, row.decided_at = "withdrawn", row.requested_by, func.clock_now()
        row.remark = checked_text(remark, "remark")
        record("approvals.withdraw", f"{ACTS[row.act].words}：{row.title}", actor, fields=("state",))


def withdraw_all_of(member_id: int, actor: Actor, *, remark: str) -> int:
    """Take back everything that somebody who leaves still asks for; returns how many requests that were."""
    with transaction() as session:
        rows = session.scalars(
            select(Approval)
            .where(Approval.requested_by == member_id, Approval.state == "waiting")
            .order_by(Approval.id)
            .with_for_update()
        ).all()
        for row in rows:
            row.state, row.decided_by, row.decided_at = "withdrawn", actor.member_id or member_id, func.clock_now()
            row.remark = remark
            record("approvals.withdraw", f"{ACTS[row.act].words}：{row.title}", actor, fields=("state",))
    return len(rows)


def expire_requests() -> int:
    """End the requests that nobody has decided in time; returns how many those were."""
    with transaction() as session:
        return _expire(session)


def find_request(act: str, subject: str) -> ApprovalRequest | None:
    """Return the request that waits for this act on this subject, if there is one."""
    query = select(Approval).where(Approval.act == act, Approval.subject == subject, *_waits())
    with transaction() as session:
        row = session.scalars(query).one_or_none()
        return None if row is None else _request(row)


def subjects_asked_for(*acts: str) -> frozenset[tuple[str, str]]:
    """Return the acts, of these, that wait for a second person, each with its subject."""
    query = select(Approval.act, Approval.subject).where(Approval.act.in_(acts), *_waits())
    with transaction() as session:
        return frozenset((act, subject) for act, subject in session.execute(query))


def approval_of(act: str) -> ApprovedBy:
    """Return who has to approve an act; an act that takes nobody is a mistake of the code."""
    approval = ACTS[act].approval
    if approval is None:
        raise ValueError(f"{act} takes no second person")
    return approval


def waiting_row(session: Session, key: str) -> Approval:
    """Return the request locked until the transaction ends; raises NotFound, or Conflict once it is decided."""
    query = select(Approval).where(Approval.key == key).with_for_update()
    row = session.scalars(query).one_or_none() if key.isalnum() else None
    if row is None:
        raise NotFound("没有这个申请。")
    if row.state == "waiting" and row.requested_at + WAITS <= database_now(session):
        raise Conflict(f"这个申请提出{WAITS.days}天没有人批准，已经失效。需要时请申请人重新提出。")
    if row.state != "waiting":
        raise Conflict("这个申请已经处理过了。")
    return row


def checked_text(text: str, field: str) -> str:
    """Return the text without blanks around it; raises InvalidInput where it is too long."""
    text = text.strip()
    if len(text) > LONGEST_PURPOSE:
        raise InvalidInput(f"太长了，最多{LONGEST_PURPOSE}个字。", field=field)
    return text


def _waits() -> tuple[ColumnElement[bool], ...]:
    return Approval.state == "waiting", Approval.requested_at > func.clock_now() - WAITS


def _expire(session: Session, *conditions: ColumnElement[bool]) -> int:
    late = Approval.requested_at <= func.clock_now() - WAITS
    rows = session.scalars(
        select(Approval)
        .where(Approval.state == "waiting", late, *conditions)
        .order_by(Approval.id)
        .with_for_update(skip_locked=True)
    ).all()
    for row in rows:
        row.state, row.decided_at = "expired", func.clock_now()
        record("approvals.expire", f"{words_of(row.act)}：{row.title}", SYSTEM, fields=("state",))
    session.flush()
    return len(rows)


def _request(row: Approval) -> ApprovalRequest:
    return ApprovalRequest(row.key, row.act, row.subject, row.title, row.purpose, row.requested_by, row.requested_at)
