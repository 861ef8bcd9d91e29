"""Inviting somebody onto the staff: named by an administrator, approved where it opens doors, given a link."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from foundation.clock import database_now
from foundation.errors import Conflict, NotFound
from foundation.ids import random_id
from foundation.transaction import transaction
from staff.actors import Actor, Consent
from staff.acts import Parameters
from staff.approvals.requesting import find_request, request_approval, withdraw
from staff.audit import record
from staff.models import Member
from staff.people.details import KEY_ROLES, PersonDetails, place_of
from staff.people.links import Handed, digest_of, new_token
from staff.people.models import Invitation
from staff.roles import Role
from staff.sessions import may_come_in

LINK_HOLDS = timedelta(hours=72)
APPROVAL_HOLDS = timedelta(days=7)
INVITE_KEY_ROLE = "people.invite_key_role"


@dataclass(frozen=True, slots=True)
class Invited:
    """What came of inviting: the invitation's key and its link, which is None while an approval is waited for."""

    key: str
    link: Handed | None


def invite(
    details: PersonDetails, actor: Actor, *, key: str | None = None, purpose: str = "", at_the_machine: bool = False
) -> Invited:
    """Invite somebody; who would open doors to others waits for a leader's approval.

    `key` is the form's own: the same form sent twice makes one invitation, with a new link. `at_the_machine` is for
    the command line, which may do without the approval as long as there is no leader who could give it.
    Raises Conflict where the key is another's or its invitation is used up.
    """
    with transaction() as session:
        found = session.scalars(select(Invitation).where(Invitation.key == key)).one_or_none() if key else None
        if found is not None:
            return _again(found, details, actor)
        row = _new_row(details, actor, key or random_id())
        waits = details.role in KEY_ROLES and not (at_the_machine and not somebody_approves())
        row.approved_at = None if waits else database_now(session)
        session.add(row)
        session.flush()
        record("people.invite", details.title, actor, fields=_fields_of(details), purpose=purpose)
        if waits:
            request_approval(INVITE_KEY_ROLE, row.key, details.title, actor, purpose=purpose)
            return Invited(row.key, None)
        return Invited(row.key, _link(session, row))


def make_link(key: str, actor: Actor) -> Handed:
    """Give an invitation a link of 72 hours, to be shown once; a former link stops working.

    Whoever makes the link is who invites from now on. Raises NotFound, Conflict where the invitation is not approved
    yet, or used or withdrawn, or opens doors to others and was approved more than a week ago.
    """
    with transaction() as session:
        row = _locked(session, key)
        if row.accepted_at or row.withdrawn_at:
            raise Conflict("这个邀请已经用过或撤回，请重新邀请。")
        if row.approved_at is None:
            raise Conflict("这个邀请还没有获得批准，批准以后才能取链接。")
        if Role(row.role) in KEY_ROLES and row.approved_at + APPROVAL_HOLDS <= database_now(session):
            raise Conflict(f"批准已超过{APPROVAL_HOLDS.days}天。请撤回这个邀请，重新邀请，再请领导批准。")
        row.invited_by = actor.member_id
        record("people.make_link", title_of(row), actor)
        return _link(session, row)


def withdraw_invitation(key: str, actor: Actor) -> None:
    """Take an invitation back: its link leads nowhere. Raises NotFound, Conflict once it was used."""
    with transaction() as session:
        row = _locked(session, key)
        if row.accepted_at is not None:
            raise Conflict("对方已经用这个邀请开了账号，不能再撤回。不需要这个账号时请停用。")
        if row.withdrawn_at is not None:
            return
        _withdraw(row, actor)
        request = find_request(INVITE_KEY_ROLE, key)
        if request is not None and request.requested_by == actor.member_id:
            withdraw(request.key, actor, remark="邀请已撤回。")


def count_open_invitations_of(member_id: int) -> int:
    """Return how many invitations a member has issued that still lead, or may lead, to an account."""
    with transaction() as session:
        return session.scalar(select(func.count()).select_from(Invitation).where(_open_by(member_id))) or 0


def withdraw_invitations_of(member_id: int, actor: Actor) -> None:
    """Take back every invitation of a member that was not used."""
    with transaction() as session:
        query = select(Invitation).where(_open_by(member_id)).order_by(Invitation.id).with_for_update()
        for row in session.scalars(query).all():
            _withdraw(row, actor)


def admit_invited(key: str, _parameters: Parameters, consent: Consent) -> None:
    """Let an invitation that waited for its approval have a link; raises Conflict where it was withdrawn."""
    with transaction() as session:
        row = _locked(session, key)
        if row.withdrawn_at is not None:
            raise Conflict("这个邀请已经撤回。")
        row.approved_at = func.clock_now()
        record(INVITE_KEY_ROLE, title_of(row), consent.actor, fields=("approved_at",))


def condition_of_invitation(key: str) -> str:
    """Return what an approval of an invitation is about: it does not hold for one that was withdrawn since."""
    with transaction() as session:
        row = session.scalars(select(Invitation).where(Invitation.key == key)).one()
        return f"{title_of(row)} {row.valid_until} {row.withdrawn_at}"


def somebody_approves() -> bool:
    """Tell whether there is a leader who could approve."""
    query = select(Member.id).where(Member.role == Role.LEADER, may_come_in())
    with transaction() as session:
        return session.scalar(query.limit(1)) is not None


def title_of(row: Invitation) -> str:
    """Return the invited person's name with the role, as the trail and approvals call them."""
    return f"{row.display_name}（{place_of(Role(row.role), row.unit)}）"


def _again(row: Invitation, details: PersonDetails, actor: Actor) -> Invited:
    """Answer the same form sent once more; a link that was made for it is made anew."""
    if row.invited_by != actor.member_id or title_of(row) != details.title:
        raise Conflict("这个邀请已经提交过，请到邀请列表查看。")
    return Invited(row.key, make_link(row.key, actor) if row.approved_at else None)


def _new_row(details: PersonDetails, actor: Actor, key: str) -> Invitation:
    return Invitation(
        key=key,
        display_name=details.display_name,
        role=details.role,
        unit=details.unit,
        phone=details.phone.encode() if details.phone else None,
        valid_until=details.valid_until,
        invited_by=actor.member_id,
    )


def _fields_of(details: PersonDetails) -> list[str]:
    given = {"unit": details.unit, "valid_until": details.last_day, "phone": details.phone}
    return ["display_name", "role", *(name for name, value in given.items() if value)]


def _link(session: Session, row: Invitation) -> Handed:
    token = new_token()
    expires_at = database_now(session) + LINK_HOLDS
    row.token_digest, row.expires_at = digest_of(token), expires_at
    session.flush()
    return Handed(row.display_name, token, expires_at)


def _withdraw(row: Invitation, actor: Actor) -> None:
    row.withdrawn_at = func.clock_now()
    row.phone = None
    record("people.withdraw_invitation", title_of(row), actor, fields=("withdrawn_at",))


def _locked(session: Session, key: str) -> Invitation:
    row = session.scalars(select(Invitation).where(Invitation.key == key).with_for_update()).one_or_none()
    if row is None:
        raise NotFound("没有这个邀请。")
    return row


def _open_by(member_id: int) -> ColumnElement[bool]:
    return (Invitation.invited_by == member_id) & Invitation.accepted_at.is_(None) & Invitation.withdrawn_at.is_(None)
