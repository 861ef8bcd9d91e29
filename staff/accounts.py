"""Members of staff: added, proven by their password, changed, locked out and disabled."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from flask import current_app
from sqlalchemy import ColumnElement, func, select, true
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from config import Settings
from foundation.database import constraint_of
from foundation.errors import Conflict, InvalidInput, NotAllowed, NotFound
from foundation.transaction import transaction
from foundation.web import token_for
from staff.actors import NOT_MEMBERS, UNKNOWN, Actor
from staff.audit import record
from staff.models import Member, SignInTries
from staff.passwords import check_rules, hash_password, is_right, needs_rehash, normalise, room_to_hash
from staff.roles import Role
from staff.sessions import NOWHERE, end_sessions_of, is_familiar, may_come_in
from staff.tries import (
    Counter,
    count_try,
    counters_of,
    forget_tries,
    forget_try,
    key_of_member,
    longest_lock,
    record_lock,
    refuse_locked,
    too_many,
)

_NAME = re.compile(r"[\w.-]{2,40}")
_BUCKET_DIGITS = 3


@dataclass(frozen=True, slots=True)
class Account:
    """A member of staff as others see them; `locked_until` only while no password may be tried."""

    id: int
    name: str
    display_name: str
    role: Role
    unit: str | None = None
    disabled: bool = False
    locked_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Claim:
    """Who somebody says they are: the member of that name with the hash read before the slow work, or nobody."""

    actor: Actor
    counters: tuple[Counter, ...]
    password_hash: str | None


@dataclass(frozen=True, slots=True)
class NewKeys:
    """A checked name and password for somebody who is not a member yet; the password only as it will rest."""

    name: str
    display_name: str
    password_hash: str


def add_member(
    name: str,
    display_name: str,
    password: str,
    actor: Actor,
    *,
    role: Role,
    unit: str | None = None,
    valid_until: datetime | None = None,
) -> Account:
    """Add a member; raises InvalidInput for a name or password that will not do, Conflict for a taken name."""
    keys = make_keys(name, display_name, password)
    with transaction() as session:
        member = put_member(session, keys, role=role, unit=unit, valid_until=valid_until)
        given = [field for field in ("unit", "valid_until") if getattr(member, field)]
        record("people.add", keys.name, actor, fields=("name", "display_name", "role", *given, "password"))
        return _account(member, None)


def make_keys(name: str, display_name: str, password: str) -> NewKeys:
    """Check a name and a password and hash it, which is slow: outside of a transaction. Raises InvalidInput."""
    plain = checked_name(name)
    shown = display_name.strip() or plain
    if len(shown) > 40 or not shown.isprintable():
        raise InvalidInput("姓名最多40个字，不能有换行。", field="display_name")
    check_rules(password, plain, shown)
    with room_to_hash():
        return NewKeys(plain, shown, hash_password(password))


def put_member(
    session: Session,
    keys: NewKeys,
    *,
    role: Role,
    unit: str | None = None,
    valid_until: datetime | None = None,
    phone: bytes | None = None,
) -> Member:
    """Put a member into the running transaction, which the caller records; raises Conflict for a taken name."""
    member = Member(
        name=keys.name,
        display_name=keys.display_name,
        password_hash=keys.password_hash,
        role=role,
        unit=unit,
        valid_until=valid_until,
        phone=phone,
    )
    session.add(member)
    try:
        session.flush()
    except IntegrityError as error:
        if constraint_of(error) != "one_staff_member_per_name":
            raise
        raise Conflict(f"用户名“{keys.name}”已有人用。", field="name") from None
    return member


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
    account = prove_password(actor, current, field="current")
    replace_password(account.name, hash_password(new), "staff.password", actor)
    return account


def prove_password(actor: Actor, password: str, *, field: str = "password") -> Account:
    """Have a member who is signed in prove their password again, tried as at sign-in.

    Raises InvalidInput with `field`, NotAllowed while locked out.
    """
    try:
        return _prove("staff.prove", _claim(actor.name, actor.network, actor.request_id), password)
    except InvalidInput:
        raise InvalidInput("现在的密码不对，请核对后重新输入。", field=field) from None


def reset_password(name: str, new: str, actor: Actor) -> None:
    """Give somebody else a new password without asking for the old one; ends their sessions and their lock-out."""
    account = find_account(name)
    check_rules(new, account.name, account.display_name)
    rests = hash_password(new)
    with transaction() as session:
        refuse_oneself(actor, _member(session, name), "自己的密码请在“我的账号”里修改。")
        replace_password(account.name, rests, "people.reset_password", actor)


def unlock_member(name: str, actor: Actor) -> None:
    """Let a member who was locked out try again at once; raises NotFound."""
    with transaction() as session:
        member = _member(session, name)
        forget_tries(key_of_member(member.name))
        record("people.unlock", member.name, actor)


def disable_member(name: str, actor: Actor, *, purpose: str = "") -> None:
    """Keep a member from signing in and end their sessions; what they did stays theirs.

    Raises NotFound, NotAllowed for oneself, Conflict where nobody would be left to administer the staff.
    """
    with transaction() as session:
        member = locked_member(session, name)
        refuse_oneself(actor, member, "不能停用自己的账号，请由另一名管理员办理。")
        if member.disabled_at is None:
            with an_administrator_remains():
                member.disabled_at = func.clock_now()
                session.flush()
        end_sessions_of(member.id)
        record("people.disable", member.name, actor, fields=("disabled_at",), purpose=purpose)


def enable_member(name: str, actor: Actor, *, purpose: str = "") -> None:
    """Let a disabled member sign in again; raises NotFound, Conflict for one who has handed over and left."""
    with transaction() as session:
        member = locked_member(session, name)
        if member.left_at is not None:
            raise Conflict("这个人已办交接离任，账号不能恢复。回来工作请重新邀请。")
        member.disabled_at = None
        record("people.enable", member.name, actor, fields=("disabled_at",), purpose=purpose)


def find_account(name: str) -> Account:
    """Return the member of this name; raises NotFound."""
    plain = _plain_name(name)
    for account in _accounts(Member.name == plain) if plain else ():
        return account
    raise NotFound("没有这个用户名。", field="name")


def list_accounts() -> tuple[Account, ...]:
    """Return every member, by name, with who is disabled or locked out at this moment."""
    return _accounts(true())


def locked_member(session: Session, name: str) -> Member:
    """Return the member of this name, theirs alone until the transaction ends; raises NotFound."""
    member = _member(session, name)
    session.refresh(member, with_for_update=True)
    return member


def refuse_oneself(actor: Actor, member: Member, sentence: str) -> None:
    """Raise NotAllowed, with the sentence, where the actor is the member."""
    if actor.member_id == member.id:
        raise NotAllowed(sentence)


@contextmanager
def an_administrator_remains() -> Iterator[None]:
    """Turn the database's refusal to lose the last administrator into a sentence: Conflict."""
    try:
        yield
    except IntegrityError as error:
        if constraint_of(error) != "an_administrator_remains":
            raise
        raise Conflict("这是最后一名没有期限、能用的系统管理员。请先让另一人成为系统管理员，再办这一步。") from None


def replace_password(name: str, password_hash: str, act: str, actor: Actor) -> None:
    """Let a password rest in place of the former, end the member's sessions and their lock-out."""
    with transaction() as session:
        member = _member(session, name)
        member.password_hash = password_hash
        end_sessions_of(member.id)
        forget_tries(key_of_member(member.name))
        record(act, member.name, actor, fields=("password",))


def _accounts(wanted: ColumnElement[bool]) -> tuple[Account, ...]:
    query = (
        select(Member, SignInTries.locked_until)
        .outerjoin(SignInTries, longest_lock(Member.name.expression))
        .where(wanted)
        .order_by(Member.name)
    )
    with transaction() as session:
        return tuple(_account(member, until) for member, until in session.execute(query))


def _account(member: Member, locked_until: datetime | None) -> Account:
    disabled = member.disabled_at is not None
    return Account(member.id, member.name, member.display_name, Role(member.role), member.unit, disabled, locked_until)


def _prove(act: str, claim: _Claim, password: str) -> Account:
    """Try `password` for the one claimed; no connection is held while the hash is made.

    A wrong one is recorded as the `act` refused.
    """
    with room_to_hash():
        tried = count_try(claim.counters)
        right = tried.allowed and is_right(claim.password_hash, password)
        renewed = hash_password(password) if right and needs_rehash(claim.password_hash or "") else None
    if not tried.allowed:
        refuse_locked(tried, claim.actor)
    with transaction() as session:
        member = _still_there(session, claim) if right else None
        if member is not None:
            member.password_hash = renewed or member.password_hash
            forget_try(claim.counters)
            record("staff.prove", claim.actor.name, claim.actor)
            return _account(member, None)
        record(act, claim.actor.name, claim.actor, fields=("password",), result="refused")
        record_lock(tried, claim.actor)
    if tried.locked_until:
        raise too_many(tried)
    raise InvalidInput("用户名或密码不对，请核对后重新输入。", field="password")


def _claim(name: str, network: str | None, request_id: str | None) -> _Claim:
    plain, here = _plain_name(name), network or NOWHERE
    query = select(Member, may_come_in()).where(Member.name == plain)
    with transaction() as session:
        row = session.execute(query).one_or_none() if plain else None
        if row is None:
            actor = replace(UNKNOWN, network=network, request_id=request_id)
            return _Claim(actor, counters_of(_bucket_of(name), here, familiar=False), None)
        member, usable = row
        actor = Actor(member.name, member.display_name, member.id, network, request_id, Role(member.role), member.unit)
        counters = counters_of(key_of_member(member.name), here, familiar=is_familiar(member.id, network))
        return _Claim(actor, counters, member.password_hash if usable else None)


def _still_there(session: Session, claim: _Claim) -> Member | None:
    """Return the member unless the password was changed or the account ended while the hash was made."""
    query = select(Member).where(
        Member.id == claim.actor.member_id, Member.password_hash == claim.password_hash, may_come_in()
    )
    return session.scalars(query.with_for_update()).one_or_none()


def _member(session: Session, name: str) -> Member:
    plain = _plain_name(name)
    member = session.scalars(select(Member).where(Member.name == plain)).one_or_none() if plain else None
    if member is None:
        raise NotFound("没有这个用户名。", field="name")
    return member


def checked_name(name: str) -> str:
    """Return a user name as it rests; raises InvalidInput for one that cannot be anybody's."""
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
