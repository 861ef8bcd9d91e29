"""Coming in and going out, in two steps: the password opens a half-way session, the second factor a complete one.

At each step the browser gets a new token and its former session ends.
"""

from dataclasses import dataclass, replace

from foundation.errors import Conflict, NotFound
from foundation.transaction import transaction
from staff.accounts import Account, authenticate, list_accounts
from staff.actors import Actor
from staff.audit import record
from staff.recovery_codes import give_recovery_codes, use_recovery_code
from staff.second_factor import (
    WRONG_CODE,
    SetUp,
    accept_code,
    first_step,
    has_second_factor,
    id_of,
    new_secret,
    plain_code,
    put_second_factor,
    show_set_up,
    try_code,
)
from staff.sessions import begin_session, end_session, pending_of, raise_session, remember_pending

WRONG_RECOVERY_CODE = "恢复码不对，或已经用过。请换一个没有用过的。"


@dataclass(frozen=True, slots=True)
class Entry:
    """Who came in, and the token their browser shows from now on."""

    account: Account
    token: str


@dataclass(frozen=True, slots=True)
class Risen:
    """The token of a complete session, and the recovery codes that came with a new second factor."""

    token: str
    recovery_codes: tuple[str, ...] = ()


def sign_in(name: str, password: str, stranger: Actor, *, replaces: str | None, browser: str = "") -> Entry:
    """Open a half-way session for whoever proves to be `name`; raises what `authenticate` raises."""
    account = authenticate(name, password, stranger.network, request_id=stranger.request_id)
    return Entry(account, begin_half_way(account.id, stranger, replaces=replaces, browser=browser))


def begin_half_way(member_id: int, stranger: Actor, *, replaces: str | None, browser: str = "") -> str:
    """Begin the session that leads to the second step and return its token; `browser` is a few words.

    Where there is no second factor yet, one waits in the session to be set up.
    """
    with transaction():
        token = begin_session(member_id, replaces=replaces, network=stranger.network, browser=browser)
        if not has_second_factor(member_id):
            remember_pending(token, new_secret())
    return token


def pass_second_step(actor: Actor, token: str, typed: str) -> Risen:
    """Complete the half-way session of `token` by the six digits of the phone.

    Raises InvalidInput with field `code`, NotAllowed while locked out, Conflict where the session is over.
    """
    code = plain_code(typed)

    def accept() -> Risen | None:
        return _rise(actor, token, "code") if code and accept_code(id_of(actor), code) else None

    return try_code(actor, "staff.sign_in", accept, field="code", sentence=WRONG_CODE)


def pass_by_recovery_code(actor: Actor, token: str, typed: str) -> Risen:
    """Complete the half-way session of `token` by a recovery code, which is used up.

    Raises as for the digits, with field `recovery_code`.
    """

    def accept() -> Risen | None:
        return _rise(actor, token, "recovery_code") if use_recovery_code(id_of(actor), typed) else None

    return try_code(actor, "staff.sign_in", accept, field="recovery_code", sentence=WRONG_RECOVERY_CODE)


def waiting_set_up(actor: Actor, token: str) -> SetUp | None:
    """Return the second factor that waits in the session of `token` to be confirmed, None where none does."""
    secret = pending_of(token)
    return show_set_up(secret, actor.name) if secret else None


def pass_by_set_up(actor: Actor, token: str, typed: str) -> Risen:
    """Confirm the first second factor by one code of it and complete the session; raises as for the digits.

    Of two first set-ups one holds; the other is told by Conflict.
    """

    def accept() -> Risen | None:
        secret = pending_of(token)
        step = first_step(secret, typed) if secret else None
        if secret is None or (step and not put_second_factor(id_of(actor), secret, step)):
            raise Conflict("动态码已在别处设好，或这一页放得太久。请重新登录。")
        if step is None:
            return None
        record("staff.second_factor", actor.name, actor, fields=("second_factor", "recovery_codes"))
        return replace(_rise(actor, token, "code"), recovery_codes=give_recovery_codes(id_of(actor)))

    return try_code(actor, "staff.sign_in", accept, field="code", sentence=WRONG_CODE)


def sign_in_for_demo(name: str, stranger: Actor, *, replaces: str | None, browser: str = "") -> Entry:
    """Open a complete session without a password; only the demo has a way here. Raises NotFound."""
    for account in demo_accounts():
        if account.name == name:
            actor = replace(
                stranger,
                name=account.name,
                display_name=account.display_name,
                member_id=account.id,
                role=account.role,
                unit=account.unit,
            )
            with transaction():
                record("staff.demo_sign_in", account.name, actor)
                token = begin_session(
                    account.id, replaces=replaces, complete=True, network=stranger.network, browser=browser
                )
            return Entry(account, token)
    raise NotFound("没有这位演示人员。")


def demo_accounts() -> tuple[Account, ...]:
    """Return whom the demo offers to be."""
    return tuple(account for account in list_accounts() if not account.disabled)


def sign_out(token: str, actor: Actor) -> None:
    """End the session of `token`."""
    with transaction():
        end_session(token)
        record("staff.sign_out", actor.name, actor)


def _rise(actor: Actor, token: str, by: str) -> Risen:
    risen = raise_session(token)
    if risen is None:
        raise Conflict("登录已过期，请重新登录。")
    record("staff.sign_in", actor.name, actor, fields=(by,))
    return Risen(risen)
