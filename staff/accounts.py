"""Members of staff: added, proven by their password, changed, locked out and disabled."""

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from config import Settings
from foundation.clock import local
from foundation.errors import AppError, Conflict, InvalidInput, NotAllowed, NotFound
from foundation.transaction import transaction
from foundation.web import token_for
from staff.actors import NOT_MEMBERS, UNKNOWN, Actor
from staff.audit import record
from staff.models import Member, SignInTries
from staff.passwords import check_rules, hash_password, is_right, needs_rehash, normalise, room_to_hash
from staff.sessions import end_sessions_of
from staff.tries import count_try, forget_tries

_NAME = re.compile(r"[\w.-]{2,40}")
_MEMBER_KEY = "member:"
_BUCKET_DIGITS = 3


@dataclass(frozen=True, slots=True)
class Account:
    """A member of staff as others see them; `locked_until` only while no password may be tried."""

    id: int
    name: str
    display_name: str
    disabled: bool = False
    locked_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Claim:
    """Who somebody says they are: the member of that name with the hash read before the slow work, or nobody."""

    actor: Actor
    tries_key: str
    password_hash: str | None


def add_member(name: str, display_name: str, password: str, actor: Actor) -> Account:
    """Add a member; raises InvalidInput for a name or password that will not do, Conflict for a taken name."""
    plain = _checked_name(name)
    shown = display_name.strip() or plain
    if len(shown) > 40 or not shown.isprintable():
        raise InvalidInput("姓名最多40个字，不能有换行。", field="display_name")
    check_rules(password, plain, shown)
    rests = hash_password(password)
    try:
        with transaction() as session:
            member = Member(name=plain, display_name=shown, password_hash=rests)
            session.add(member)
            session.flush()
            record("staff.add", plain, actor, fields=("name", "display_name", "password"))
            return Account(member.id, plain, shown)
    except IntegrityError:
        raise Conflict(f"用户名“{plain}”已有人用。", field="name") from None


def authenticate(name: str, password: str, network: str | None, *, request_id: str | None = None) -> Account:
    """Return whose name and password these are, else raise one sentence that tells nothing apart.

    Wrong, unknown and disabled raise InvalidInput after the same work; too many tries NotAllowed, which says until
    when. Success, failure and lock-out are recorded; a name that nobody has is recorded as unknown, never as typed.
    """
    return _prove("staff.sign_in", _claim(name, network, request_id), password)


def change_password(actor: Actor, current: str, new: str) -> Account:
    """Replace the actor's own password and end all their sessions; the current one is tried as at sign-in.

    Raises InvalidInput with field `new` or `current`, NotAllowed while locked out.
    """
    check_rules(new, actor.name, actor.display_name, field="new")
    try:
        account = _prove("staff.prove", _claim(actor.name, actor.network, actor.request_id), current)
    except InvalidInput:
        raise InvalidInput("现在的密码不对，请核对后重新输入。", field="current") from None
    _replace_password(account.name, hash_password(new), "staff.password", actor)
    return account


def reset_password(name: str, new: str, actor: Actor) -> None:
    """Give a member a new password without asking for the old one; ends their sessions and their lock-out."""
    account = find_account(name)
    check_rules(new, account.name, account.display_name)
    _replace_password(account.name, hash_password(new), "staff.reset_password", actor)


def unlock_member(name: str, actor: Actor) -> None:
    """Let a member who was locked out try again at once; raises NotFound."""
    with transaction() as session:
        member = _member(session, name)
        forget_tries(_MEMBER_KEY + member.name)
        record("staff.unlock", member.name, actor)


def disable_member(name: str, actor: Actor) -> None:
    """Keep a member from signing in and end their sessions; what they did stays theirs. Raises NotFound."""
    with transaction() as session:
        member = _member(session, name)
        member.disabled_at = func.clock_now()
        end_sessions_of(member.id)
        record("staff.disable", member.name, actor, fields=("disabled_at",))


def enable_member(name: str, actor: Actor) -> None:
    """Let a disabled member sign in again; raises NotFound."""
    with transaction() as session:
        member = _member(session, name)
        member.disabled_at = None
        record("staff.enable", member.name, actor, fields=("disabled_at",))


def find_account(name: str) -> Account:
    """Return the member of this name; raises NotFound."""
    plain = _plain_name(name)
    for account in list_accounts():
        if account.name == plain:
            return account
    raise NotFound("没有这个用户名。", field="name")


def list_accounts() -> tuple[Account, ...]:
    """Return every member, by name, with who is disabled or locked out at this moment."""
    locked = SignInTries.locked_until > func.clock_now()
    query = (
        select(Member, SignInTries.locked_until)
        .outerjoin(SignInTries, (SignInTries.key == _MEMBER_KEY + Member.name) & locked)
        .order_by(Member.name)
    )
    with transaction() as session:
        return tuple(_account(member, until) for member, until in session.execute(query))


def _account(member: Member, locked_until: datetime | None) -> Account:
    return Account(member.id, member.name, member.display_name, member.disabled_at is not None, locked_until)


def _prove(act: str, claim: _Claim, password: str) -> Account:
    """Try `password` for the one claimed; no connection is held while the hash is made."""
    with room_to_hash():
        tried = count_try(claim.tries_key)
        right = tried.allowed and is_right(claim.password_hash, password)
        renewed = hash_password(password) if right and needs_rehash(claim.password_hash or "") else None
    if not tried.allowed:
        record("staff.try_while_locked", claim.actor.name, claim.actor, result="refused")
        raise _refusal(tried.locked_until)
    with transaction() as session:
        member = _still_there(session, claim) if right else None
        if member is not None:
            member.password_hash = renewed or member.password_hash
            forget_tries(claim.tries_key)
            record(act, claim.actor.name, claim.actor)
            return _account(member, None)
        record(act, claim.actor.name, claim.actor, fields=("password",), result="refused")
        if tried.locked_until:
            record("staff.lock", claim.actor.name, claim.actor)
    raise _refusal(tried.locked_until)


def _claim(name: str, network: str | None, request_id: str | None) -> _Claim:
    plain = _plain_name(name)
    with transaction() as session:
        member = session.scalars(select(Member).where(Member.name == plain)).one_or_none() if plain else None
        if member is None:
            actor = replace(UNKNOWN, network=network, request_id=request_id)
            return _Claim(actor, _bucket_of(name), None)
        actor = Actor(member.name, member.display_name, member.id, network, request_id)
        usable = member.password_hash if member.disabled_at is None else None
        return _Claim(actor, _MEMBER_KEY + member.name, usable)


def _still_there(session: Session, claim: _Claim) -> Member | None:
    """Return the member unless the password was changed or the account disabled while the hash was made."""
    query = select(Member).where(
        Member.id == claim.actor.member_id,
        Member.password_hash == claim.password_hash,
        Member.disabled_at.is_(None),
    )
    return session.scalars(query.with_for_update()).one_or_none()


def _replace_password(name: str, password_hash: str, act: str, actor: Actor) -> None:
    with transaction() as session:
        member = _member(session, name)
        member.password_hash = password_hash
        end_sessions_of(member.id)
        forget_tries(_MEMBER_KEY + member.name)
        record(act, member.name, actor, fields=("password",))


def _member(session: Session, name: str) -> Member:
    plain = _plain_name(name)
    member = session.scalars(select(Member).where(Member.name == plain)).one_or_none() if plain else None
    if member is None:
        raise NotFound("没有这个用户名。", field="name")
    return member


def _refusal(locked_until: datetime | None) -> AppError:
    if locked_until is None:
        return InvalidInput("用户名或密码不对，请核对后重新输入。", field="password")
    # Rounded up: whoever comes back at the minute named finds the door open.
    minute = local(locked_until + timedelta(seconds=59)).replace(second=0, microsecond=0)
    return NotAllowed(f"输错次数太多，请在{minute:%H:%M}以后再试。")


def _checked_name(name: str) -> str:
    plain = _plain_name(name)
    if not plain:
        raise InvalidInput("用户名要2到40个字，只能用文字、数字和“.”“_”“-”。", field="name")
    if plain in NOT_MEMBERS:
        raise InvalidInput("这个用户名由系统使用，请换一个。", field="name")
    return plain


def _plain_name(name: str) -> str:
    """Return the name as it rests, or nothing where it cannot be anybody's."""
    plain = normalise(name).strip().casefold()
    return plain if _NAME.fullmatch(plain) else ""


def _bucket_of(name: str) -> str:
    settings: Settings = current_app.config["SETTINGS"]
    secret = settings.secret_key.get_secret_value()
    return "unknown:" + token_for(secret, "sign-in bucket", normalise(name).strip().casefold())[:_BUCKET_DIGITS]
