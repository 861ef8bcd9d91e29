"""The second person's word: an approval does the act in its own transaction, a refusal says why not."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from foundation.errors import Conflict, InvalidInput, NotAllowed
from foundation.transaction import transaction
from staff.actors import Actor, Consent
from staff.acts import ACTS, Belonging, allows
from staff.approvals.models import Approval
from staff.approvals.requesting import approval_of, checked_text, waiting_row
from staff.audit import record
from staff.authority import note_refusal
from staff.models import Member
from staff.roles import Role
from staff.sessions import may_come_in


def approve(key: str, actor: Actor) -> None:
    """Do what was asked for, with both people in the trail; all of it or nothing.

    Raises NotFound, NotAllowed for whoever may not decide this, Conflict where it was decided already or the
    subject changed since, and whatever the act itself raises; then the request goes on waiting.
    """
    with transaction() as session:
        row = waiting_row(session, key)
        approval = approval_of(row.act)
        _refuse_the_wrong_person(row, actor)
        requester = _requester(session, row)
        if approval.fingerprint(row.subject) != row.fingerprint:
            raise Conflict("申请提出以后内容又有改动。请退回这个申请，由申请人核对后重新提出。")
        _decide(row, "approved", actor)
        record("approvals.approve", _object_of(row), actor, purpose=row.purpose)
        approval.carry_out(row.subject, row.parameters, Consent(requester, actor))


def refuse(key: str, actor: Actor, reason: str) -> None:
    """Say no, with a reason that the requester reads; raises what `approve` raises, InvalidInput without reason."""
    reason = checked_text(reason, "reason")
    if not reason:
        raise InvalidInput("请写明不同意的理由，申请人会看到。", field="reason")
    with transaction() as session:
        row = waiting_row(session, key)
        _refuse_the_wrong_person(row, actor)
        _decide(row, "refused", actor)
        row.remark = reason
        record("approvals.refuse", _object_of(row), actor, purpose=reason)


def may_decide(row: Approval, actor: Actor) -> bool:
    """Tell whether `actor` is a second person for it: of the right role, not who asked, and not whom it is about."""
    approval = approval_of(row.act)
    if actor.role not in approval.roles or actor.member_id == row.requested_by:
        return False
    return approval.concerned is None or approval.concerned(row.subject) != actor.member_id


def _refuse_the_wrong_person(row: Approval, actor: Actor) -> None:
    if may_decide(row, actor):
        return
    note_refusal("approvals.approve", _object_of(row), actor)
    if row.requested_by == actor.member_id:
        raise NotAllowed("自己提出的申请要由另一人批准。")
    raise NotAllowed("这个申请不由您批准。")


def _requester(session: Session, row: Approval) -> Actor:
    """Return who asked, as they were when they asked; whoever is gone or may not any more has nothing approved."""
    member, works = session.execute(select(Member, may_come_in()).where(Member.id == row.requested_by)).one()
    requester = Actor(member.name, member.display_name, member.id, role=Role(member.role), unit=member.unit)
    if not works or not allows(requester, row.act, Belonging(member.id, member.unit)):
        raise Conflict(f"申请人{member.display_name}已不再办理这项工作。请退回这个申请，由现在的经办人重新提出。")
    return requester


def _decide(row: Approval, state: str, actor: Actor) -> None:
    row.state, row.decided_by, row.decided_at = state, actor.member_id, func.clock_now()


def _object_of(row: Approval) -> str:
    return f"{ACTS[row.act].words}：{row.title}"
