"""Coming by a link: the invited person's own account, and a member's new password."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from foundation.clock import database_now
from foundation.errors import Conflict, InvalidInput, NotAllowed, NotFound
from foundation.forms import check_each
from foundation.transaction import transaction
from staff.accounts import (
    checked_name,
    find_account,
    locked_member,
    make_keys,
    put_member,
    refuse_oneself,
    replace_password,
)
from staff.actors import Actor
from staff.audit import record
from staff.models import Member
from staff.passwords import check_rules, hash_password, room_to_hash
from staff.people.details import KEY_ROLES, place_of
from staff.people.links import Handed, digest_of, new_token
from staff.people.models import Invitation, PasswordLink
from staff.roles import Role
from staff.second_factor import has_second_factor, new_secret
from staff.sessions import begin_session, may_come_in, remember_pending

PASSWORD_LINK_HOLDS = timedelta(hours=24)
_NO_INVITATION = "这个邀请链接不能用了：可能已经用过、被撤回，或超过了72小时。请联系发给您链接的人，重新要一个。"
_NO_PASSWORD_LINK = "这个链接不能用了：可能已经用过、换了新的，或超过了24小时。请联系管理员，重新要一个。"  # noqa: S105
_NAME_WILL_NOT_DO = "这个用户名不能用，请换一个。"


@dataclass(frozen=True, slots=True)
class Welcome:
    """What the invited person is told: as whom, by whom, for what, and until when the link and the account hold."""

    display_name: str
    place: str
    inviter: str
    inviter_place: str
    valid_until: datetime | None
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Whose new password a link sets, and until when it can be used."""

    name: str
    display_name: str
    expires_at: datetime


def read_welcome(token: str) -> Welcome:
    """Return what the link's holder is told; raises NotFound for a link that leads nowhere, whatever the cause."""
    with transaction() as session:
        row = session.scalars(select(Invitation).where(_usable(token))).one_or_none()
        if row is None or row.expires_at is None:
            raise NotFound(_NO_INVITATION)
        inviter = session.get(Member, row.invited_by) if row.invited_by else None
        return Welcome(
            display_name=row.display_name,
            place=place_of(Role(row.role), row.unit),
            inviter=inviter.display_name if inviter else "安装人员",
            inviter_place=place_of(Role(inviter.role), inviter.unit) if inviter else "命令行",
            valid_until=row.valid_until,
            expires_at=row.expires_at,
        )


def accept_invitation(
    token: str, name: str, password: str, repeated: str, stranger: Actor, *, replaces: str | None, browser: str = ""
) -> str:
    """Make the account of the link's holder and return the token of their session, whose second step is to come.

    Two who use one link at once make one account. Raises NotFound for a link that leads nowhere, InvalidFields
    with `name`, `password` or `repeated`.
    """
    shown = read_welcome(token).display_name
    check_each(
        lambda: checked_name(name),
        lambda: check_rules(password, name, shown),
        lambda: _check_repeated(password, repeated),
    )
    keys = make_keys(name, shown, password)
    try:
        with transaction() as session:
            row = session.scalars(select(Invitation).where(_usable(token)).with_for_update()).one_or_none()
            if row is None:
                raise NotFound(_NO_INVITATION)
            member = put_member(
                session, keys, role=Role(row.role), unit=row.unit, valid_until=row.valid_until, phone=row.phone
            )
            row.accepted_at, row.member_id, row.phone = func.clock_now(), member.id, None
            record("people.accept", member.name, _as_member(stranger, member), fields=("name", "password"))
            return _begin_half_way(member.id, stranger, replaces, browser)
    except Conflict:
        # Whoever asks from outside is not told whether somebody has this name.
        raise InvalidInput(_NAME_WILL_NOT_DO, field="name") from None


def make_password_link(name: str, actor: Actor, *, purpose: str = "") -> Handed:
    """Give somebody else a link by which they set a new password within 24 hours, to be shown once.

    The present password holds until then; a former link stops working. Raises NotFound, NotAllowed for oneself and
    for a role that takes two people, Conflict for a disabled account.
    """
    with transaction() as session:
        member = locked_member(session, name)
        refuse_oneself(actor, member, "自己的密码请在“我的账号”里修改。")
        refuse_disabled(member)
        if member.role in KEY_ROLES:
            raise NotAllowed("这个账号的密码要另一人批准才能重设。")
        record("people.make_password_link", member.name, actor, purpose=purpose)
        return hand_out(session, member)


def hand_out(session: Session, member: Member) -> Handed:
    """Make a link for the member's new password in the running transaction, which the caller records."""
    token = new_token()
    return Handed(member.display_name, token, put_password_link(session, member, digest_of(token)))


def put_password_link(
    session: Session, member: Member, digest: bytes | None, *, granted_to: int | None = None
) -> datetime:
    """Let a link rest in place of the former, or without `digest` the right of `granted_to` to take one; its end."""
    values = {
        "token_digest": digest,
        "granted_to": granted_to,
        "made_at": func.clock_now(),
        "expires_at": (expires_at := database_now(session) + PASSWORD_LINK_HOLDS),
    }
    made = insert(PasswordLink).values(member_id=member.id, **values)
    session.execute(made.on_conflict_do_update(index_elements=[PasswordLink.member_id], set_=values))
    return expires_at


def refuse_disabled(member: Member) -> None:
    """Raise Conflict for an account that is disabled: a new password would be of no use to it."""
    if member.disabled_at is not None:
        raise Conflict("这个账号已停用，请先恢复。")


def read_password_link(token: str) -> Newcomer:
    """Return whose password the link sets; raises NotFound for one that leads nowhere, whatever the cause."""
    with transaction() as session:
        found = _holder(session, token)
        if found is None:
            raise NotFound(_NO_PASSWORD_LINK)
        member, link = found
        return Newcomer(member.name, member.display_name, link.expires_at)


def use_password_link(
    token: str, password: str, repeated: str, stranger: Actor, *, replaces: str | None, browser: str = ""
) -> str:
    """Set the new password of the link's holder and return their session's token, whose second step is to come.

    Raises NotFound for a link that leads nowhere, InvalidFields with `password` or `repeated`.
    """
    holder = read_password_link(token)
    check_each(
        lambda: check_rules(password, holder.name, holder.display_name),
        lambda: _check_repeated(password, repeated),
    )
    with room_to_hash():
        rests = hash_password(password)
    with transaction() as session:
        account = find_account(holder.name)
        member = locked_member(session, account.name)
        if _holder(session, token) is None:
            raise NotFound(_NO_PASSWORD_LINK)
        session.execute(delete(PasswordLink).where(PasswordLink.member_id == member.id))
        replace_password(member.name, rests, "people.use_password_link", _as_member(stranger, member))
        return _begin_half_way(member.id, stranger, replaces, browser)


def _check_repeated(password: str, repeated: str) -> None:
    if password != repeated:
        raise InvalidInput("两次输入的密码不一样，请再输一次。", field="repeated")


def _begin_half_way(member_id: int, stranger: Actor, replaces: str | None, browser: str) -> str:
    """Begin the session that leads to the second step, with a second factor to set up where there is none yet."""
    begun = begin_session(member_id, replaces=replaces, network=stranger.network, browser=browser)
    if not has_second_factor(member_id):
        remember_pending(begun, new_secret())
    return begun


def _usable(token: str) -> ColumnElement[bool]:
    """Return the condition for an invitation whose link holds: not used, withdrawn or over, its inviter still here."""
    inviter_is_here = select(Member.id).where(Member.id == Invitation.invited_by, may_come_in()).exists()
    return (
        (Invitation.token_digest == digest_of(token))
        & Invitation.accepted_at.is_(None)
        & Invitation.withdrawn_at.is_(None)
        & (Invitation.expires_at > func.clock_now())
        & (Invitation.valid_until.is_(None) | (Invitation.valid_until > func.clock_now()))
        & (Invitation.invited_by.is_(None) | inviter_is_here)
    )


def _holder(session: Session, token: str) -> tuple[Member, PasswordLink] | None:
    query = (
        select(Member, PasswordLink)
        .join(PasswordLink, PasswordLink.member_id == Member.id)
        .where(
            PasswordLink.token_digest == digest_of(token),
            PasswordLink.expires_at > func.clock_now(),
            may_come_in(),
        )
    )
    row = session.execute(query).one_or_none()
    return None if row is None else (row[0], row[1])


def _as_member(stranger: Actor, member: Member) -> Actor:
    return replace(
        stranger,
        name=member.name,
        display_name=member.display_name,
        member_id=member.id,
        role=Role(member.role),
        unit=member.unit,
    )
