"""A member's own keys: the password, the second factor, the recovery codes, and the browsers signed in with them."""

from dataclasses import dataclass
from datetime import datetime

from foundation.errors import Conflict, InvalidInput, NotFound
from foundation.transaction import transaction
from staff.accounts import change_password, prove_password
from staff.actors import Actor
from staff.acts import Belonging
from staff.audit import record
from staff.authority import may, note_refusal
from staff.entry import Entry, Risen
from staff.recovery_codes import give_recovery_codes, recovery_codes_left
from staff.second_factor import (
    WRONG_CODE,
    accept_any_code,
    first_step,
    forget_second_factor,
    has_second_factor,
    id_of,
    new_secret,
    put_second_factor,
    set_up_at,
    try_code,
)
from staff.sessions import (
    SignedInBrowser,
    begin_session,
    browsers_of,
    end_session_of,
    end_sessions_of,
    owner_of_session,
    pending_of,
    remember_pending,
)


@dataclass(frozen=True, slots=True)
class OwnKeys:
    """What a member sees of their keys; `second_factor_at` is None in the demo, where nobody needed one."""

    second_factor_at: datetime | None
    recovery_codes_left: int
    browsers: tuple[SignedInBrowser, ...]


def keys_of(actor: Actor, token: str) -> OwnKeys:
    """Return the actor's keys, seen from the browser of `token`."""
    member_id = id_of(actor)
    with transaction():
        return OwnKeys(set_up_at(member_id), recovery_codes_left(member_id), browsers_of(member_id, token))


def change_own_password(actor: Actor, current: str, new: str, repeated: str, *, browser: str = "") -> Entry:
    """Replace the actor's password; every session ends, and this browser gets a new one."""
    if new != repeated:
        raise InvalidInput("两次输入的新密码不一样，请再输一次。", field="repeated")
    account = change_password(actor, current, new)
    return Entry(account, _begin_again(actor, browser))


def begin_new_second_factor(actor: Actor, token: str, password: str, typed: str) -> None:
    """Prove password and code, and let a new second factor wait in this session for its first code.

    The present one holds until then. Raises InvalidInput with field `password` or `code`, NotAllowed while locked
    out.
    """
    prove_password(actor, password)
    member_id = id_of(actor)

    def accept() -> bool | None:
        return accept_any_code(member_id, typed) or None

    if has_second_factor(member_id):
        try_code(actor, "staff.second_factor", accept, field="code", sentence=WRONG_CODE)
    remember_pending(token, new_secret())


def confirm_new_second_factor(actor: Actor, token: str, typed: str, *, browser: str = "") -> Risen:
    """Put the waiting second factor in the place of the former one by its first code.

    Every session ends, this browser gets a new one, and there are new recovery codes. Raises InvalidInput with field
    `code`, Conflict where nothing waits any more.
    """
    member_id = id_of(actor)

    def accept() -> Risen | None:
        secret = pending_of(token)
        if secret is None:
            raise Conflict("这一页放得太久，请重新开始设置。")
        step = first_step(secret, typed)
        if step is None:
            return None
        forget_second_factor(member_id)
        if not put_second_factor(member_id, secret, step):
            raise Conflict("动态码刚刚在别处重新设好了，请重新登录。")
        record("staff.second_factor", actor.name, actor, fields=("second_factor", "recovery_codes"))
        end_sessions_of(member_id)
        return Risen(_begin_again(actor, browser), give_recovery_codes(member_id))

    return try_code(actor, "staff.second_factor", accept, field="code", sentence=WRONG_CODE)


def new_recovery_codes(actor: Actor, typed: str) -> tuple[str, ...]:
    """Return ten new recovery codes for a code of the phone; the former ones are void.

    Raises InvalidInput with field `code`, NotAllowed while locked out, Conflict without a second factor.
    """
    if not has_second_factor(id_of(actor)):
        raise Conflict("还没有设置动态码，请先设置。")

    def accept() -> tuple[str, ...] | None:
        if not accept_any_code(id_of(actor), typed):
            return None
        record("staff.recovery_codes", actor.name, actor, fields=("recovery_codes",))
        return give_recovery_codes(id_of(actor))

    return try_code(actor, "staff.recovery_codes", accept, field="code", sentence=WRONG_CODE)


def end_own_session(actor: Actor, key: str) -> None:
    """End the actor's session that goes by `key`; of anybody else's it says the same as of none: NotFound."""
    owner = owner_of_session(key)
    if owner is None or not may(actor, "staff.sessions", Belonging(member_id=owner)):
        if owner is not None:
            note_refusal("staff.sessions", key, actor)
        raise NotFound("没有这个登录，或已经退出。")
    with transaction():
        if end_session_of(owner, key):
            record("staff.sessions", key, actor, fields=("ended_at",))


def end_other_sessions(actor: Actor, token: str) -> int:
    """End every session of the actor but the one of `token`; return how many there were."""
    with transaction():
        ended = end_sessions_of(id_of(actor), but=token)
        record("staff.sessions", "others", actor, fields=("ended_at",))
        return ended


def _begin_again(actor: Actor, browser: str) -> str:
    return begin_session(id_of(actor), replaces=None, complete=True, network=actor.network, browser=browser)
