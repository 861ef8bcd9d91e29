"""The second factor: six digits that a phone shows for half a minute, each accepted once."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hmac import compare_digest
from typing import TypeVar

import pyotp
import segno
from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert

from foundation.clock import database_now
from foundation.errors import InvalidInput, NotAllowed
from foundation.transaction import transaction
from staff.accounts import find_account
from staff.actors import Actor
from staff.audit import record
from staff.models import SecondFactor
from staff.passwords import normalise
from staff.recovery_codes import forget_recovery_codes, use_recovery_code
from staff.sessions import NOWHERE, end_sessions_of, is_familiar
from staff.tries import count_try, counters_of, forget_try, key_of_member, record_lock, refuse_locked, too_many

Outcome = TypeVar("Outcome")

STEP = 30
"""Seconds for which the phone shows one code."""

WINDOW = 1
"""How many steps the phone's clock may be early or late."""

ISSUER = "焦作党建评选"
"""What the phone's application calls us."""

WRONG_CODE = "动态码不对，或已经用过。请等手机上换了新的6位数字再输入。"

_DIGITS = re.compile(r"[0-9]{6}")


@dataclass(frozen=True, slots=True)
class SetUp:
    """A secret to bring to a phone: in groups of four to type, and as a picture (a data address) to scan."""

    secret: str
    picture: str


def new_secret() -> bytes:
    """Return 160 random bits in the base-32 letters that phones take."""
    return pyotp.random_base32().encode()


def show_set_up(secret: bytes, name: str) -> SetUp:
    """Return the secret of the member `name` as a page shows it."""
    text = secret.decode()
    address = pyotp.TOTP(text).provisioning_uri(name=name, issuer_name=ISSUER)
    picture: str = segno.make(address, error="m").svg_data_uri(scale=5, border=2)
    return SetUp(" ".join(text[start : start + 4] for start in range(0, len(text), 4)), picture)


def plain_code(typed: str) -> str | None:
    """Return the six digits that were typed, in whatever width and grouping, or None where they are none."""
    plain = "".join(normalise(typed).replace("-", "").split())
    return plain if _DIGITS.fullmatch(plain) else None


def matching_step(secret: bytes, code: str, moment: datetime, after: int) -> int | None:
    """Return the step, later than `after`, of which `code` is the code at this moment, else None.

    The latest one is taken where two neighbours share a code, so that it is never good twice.
    """
    now = int(moment.timestamp()) // STEP
    phone = pyotp.TOTP(secret.decode(), interval=STEP)
    fitting = [step for step in range(now - WINDOW, now + WINDOW + 1) if compare_digest(phone.generate_otp(step), code)]
    return max((step for step in fitting if step > after), default=None)


def has_second_factor(member_id: int) -> bool:
    return set_up_at(member_id) is not None


def set_up_at(member_id: int) -> datetime | None:
    """Return since when the member's second factor is the one it is, None where there is none."""
    with transaction() as session:
        query = select(SecondFactor.set_up_at).where(SecondFactor.member_id == member_id)
        return session.scalars(query).one_or_none()


def accept_code(member_id: int, code: str) -> bool:
    """Tell whether `code` is good now, and let no code up to its step be good again; joins the transaction.

    The row stays locked until the transaction ends, so that of two equal codes at once one is good.
    """
    query = select(SecondFactor.secret, SecondFactor.last_step).where(SecondFactor.member_id == member_id)
    with transaction() as session:
        row = session.execute(query.with_for_update()).one_or_none()
        step = matching_step(row.secret, code, database_now(session), row.last_step) if row else None
        if step is None:
            return False
        session.execute(update(SecondFactor).where(SecondFactor.member_id == member_id).values(last_step=step))
        return True


def accept_any_code(member_id: int, typed: str) -> bool:
    """Tell whether the phone's digits or a recovery code was typed, and use it up; joins the transaction."""
    code = plain_code(typed)
    return accept_code(member_id, code) if code else use_recovery_code(member_id, typed)


def first_step(secret: bytes, typed: str) -> int | None:
    """Return the step of the code that confirms a secret which is not in use yet, None where it does not."""
    code = plain_code(typed)
    with transaction() as session:
        return matching_step(secret, code, database_now(session), after=0) if code else None


def put_second_factor(member_id: int, secret: bytes, step: int) -> bool:
    """Let `secret` be the member's second factor, `step` being used; tell whether there was none yet.

    Joins the running transaction; of two at once one holds.
    """
    with transaction() as session:
        adding = insert(SecondFactor).values(member_id=member_id, secret=secret, last_step=step)
        added = adding.on_conflict_do_nothing().returning(SecondFactor.member_id)
        return session.execute(added).one_or_none() is not None


def forget_second_factor(member_id: int) -> None:
    """Take a second factor away with its recovery codes; joins the running transaction."""
    with transaction() as session:
        session.execute(delete(SecondFactor).where(SecondFactor.member_id == member_id))
        forget_recovery_codes(member_id)


def try_code(actor: Actor, act: str, accept: Callable[[], Outcome | None], *, field: str, sentence: str) -> Outcome:
    """Count a try of a code, then have `accept` look at it and do in one transaction what a good one is for.

    Where it returns None the try stays counted and the `act` is recorded as refused: InvalidInput with the field and
    the sentence, NotAllowed while locked out.
    """
    familiar = is_familiar(id_of(actor), actor.network)
    counters = counters_of(key_of_member(actor.name), actor.network or NOWHERE, familiar=familiar, what="code")
    tried = count_try(counters)
    if not tried.allowed:
        refuse_locked(tried, actor)
    with transaction():
        outcome = accept()
        if outcome is not None:
            forget_try(counters)
            return outcome
        record(act, actor.name, actor, fields=(field,), result="refused")
        record_lock(tried, actor)
    raise too_many(tried) if tried.locked_until else InvalidInput(sentence, field=field)


def id_of(actor: Actor) -> int:
    """Return which member acts; raises NotAllowed where it is none."""
    if actor.member_id is None:
        raise NotAllowed("请先登录。")
    return actor.member_id


def reset_second_factor(name: str, actor: Actor, *, purpose: str = "", act: str = "people.reset_second_factor") -> None:
    """Take a member's second factor and recovery codes away and end their sessions: the next sign-in sets up anew.

    Whether it takes a second person is the caller's to ask; at the machine it does not, where the database could be
    changed as well. Raises NotFound, NotAllowed for oneself, who proves password and code instead.
    """
    account = find_account(name)
    if account.id == actor.member_id:
        raise NotAllowed("自己的动态码请在“我的账号”里重新设置。")
    with transaction():
        forget_second_factor(account.id)
        end_sessions_of(account.id)
        record(act, account.name, actor, fields=("second_factor",), purpose=purpose)
