"""Invitations as the console lists them, and as whoever approves one reads it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Row, Select, select
from sqlalchemy.orm import aliased

from foundation.clock import database_now
from foundation.errors import NotFound
from foundation.transaction import transaction
from staff.actors import Actor
from staff.acts import Parameters
from staff.approvals.models import Approval
from staff.models import Member
from staff.people.details import last_day_of, masked_phone, place_of
from staff.people.invitations import INVITE_KEY_ROLE
from staff.people.models import Invitation
from staff.roles import Role

PAGE_SIZE = 50


class InvitationState(StrEnum):
    """How far an invitation is."""

    WAITING = "waiting"
    REFUSED = "refused"
    APPROVED = "approved"
    OPEN = "open"
    EXPIRED = "expired"
    ACCEPTED = "accepted"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class InvitationLine:
    """An invitation as the console shows it; `inviter` is a display name, `name` the member it became."""

    key: str
    display_name: str
    place: str
    phone: str
    valid_until: datetime | None
    inviter: str
    invited_at: datetime
    expires_at: datetime | None
    state: InvitationState
    name: str | None

    @property
    def can_get_a_link(self) -> bool:
        return self.state in (InvitationState.APPROVED, InvitationState.OPEN, InvitationState.EXPIRED)

    @property
    def can_be_withdrawn(self) -> bool:
        return self.state not in (InvitationState.ACCEPTED, InvitationState.WITHDRAWN)


@dataclass(frozen=True, slots=True)
class InvitationPage:
    """Up to 50 invitations, the latest first; `more` where older ones follow."""

    lines: tuple[InvitationLine, ...]
    page: int
    more: bool


_inviter, _invited = aliased(Member), aliased(Member)


def list_invitations(page: int = 1) -> InvitationPage:
    """Return a page of invitations, counted from 1."""
    query = _query().order_by(Invitation.id.desc()).offset((page - 1) * PAGE_SIZE).limit(PAGE_SIZE + 1)
    with transaction() as session:
        now = database_now(session)
        lines = tuple(_line(row, now) for row in session.execute(query))
    return InvitationPage(lines[:PAGE_SIZE], page, len(lines) > PAGE_SIZE)


def find_invitation(key: str) -> InvitationLine:
    """Return one invitation; raises NotFound."""
    with transaction() as session:
        found = session.execute(_query().where(Invitation.key == key)).one_or_none() if key.isalnum() else None
        if found is None:
            raise NotFound("没有这个邀请。")
        return _line(found, database_now(session))


def links_to_hand_over(actor: Actor) -> tuple[InvitationLine, ...]:
    """Return the invitations of `actor` that were approved and have had no link yet."""
    query = _query().where(
        Invitation.invited_by == actor.member_id,
        Invitation.approved_at.is_not(None),
        Invitation.token_digest.is_(None),
        Invitation.withdrawn_at.is_(None),
    )
    with transaction() as session:
        now = database_now(session)
        return tuple(_line(row, now) for row in session.execute(query.order_by(Invitation.id).limit(PAGE_SIZE)))


def facts_of_invitation(key: str, _parameters: Parameters) -> list[tuple[str, str]]:
    """Return what whoever approves an invitation reads of it."""
    line = find_invitation(key)
    last_day = last_day_of(line.valid_until)
    return [
        ("被邀请人", line.display_name),
        ("角色", line.place),
        ("使用期限", f"到{last_day:%Y-%m-%d}" if last_day else "长期"),
        ("手机", line.phone or "未填"),
    ]


def _query() -> Select[Invitation, Member, str, bool]:
    waits = (
        select(Approval.id)
        .where(Approval.act == INVITE_KEY_ROLE, Approval.subject == Invitation.key, Approval.state == "waiting")
        .exists()
    )
    return (
        select(Invitation, _inviter, _invited.name, waits)
        .outerjoin(_inviter, _inviter.id == Invitation.invited_by)
        .outerjoin(_invited, _invited.id == Invitation.member_id)
    )


def _line(found: Row[Invitation, Member, str, bool], now: datetime) -> InvitationLine:
    row, name, waits = found[0], found[2], found[3]
    inviter: Member | None = found[1]
    return InvitationLine(
        key=row.key,
        display_name=row.display_name,
        place=place_of(Role(row.role), row.unit),
        phone=masked_phone(row.phone),
        valid_until=row.valid_until,
        inviter=inviter.display_name if inviter else "命令行",
        invited_at=row.invited_at,
        expires_at=row.expires_at,
        state=_state(row, inviter, waits, now),
        name=name,
    )


def _state(row: Invitation, inviter: Member | None, waits: bool, now: datetime) -> InvitationState:
    if row.accepted_at is not None:
        return InvitationState.ACCEPTED
    if row.withdrawn_at is not None:
        return InvitationState.WITHDRAWN
    if row.approved_at is None:
        return InvitationState.WAITING if waits else InvitationState.REFUSED
    if row.expires_at is None:
        return InvitationState.APPROVED
    ended = [moment for moment in (row.expires_at, row.valid_until) if moment is not None and moment <= now]
    gone = inviter is not None and inviter.disabled_at is not None
    return InvitationState.EXPIRED if ended or gone else InvitationState.OPEN
