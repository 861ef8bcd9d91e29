"""Coming in and going out: a proven member gets a new session, and the browser's former one ends."""

from dataclasses import dataclass, replace

from foundation.errors import InvalidInput, NotFound
from foundation.transaction import transaction
from staff.accounts import Account, authenticate, change_password, list_accounts
from staff.actors import Actor
from staff.audit import record
from staff.sessions import begin_session, end_session


@dataclass(frozen=True, slots=True)
class Entry:
    """Who came in, and the token their browser shows from now on."""

    account: Account
    token: str


def sign_in(name: str, password: str, stranger: Actor, *, replaces: str | None) -> Entry:
    """Open a session for whoever proves to be `name`; raises what `authenticate` raises."""
    account = authenticate(name, password, stranger.network, request_id=stranger.request_id)
    return Entry(account, begin_session(account.id, replaces=replaces))


def sign_in_for_demo(name: str, stranger: Actor, *, replaces: str | None) -> Entry:
    """Open a session without a password; only the demo has a way here. Raises NotFound."""
    for account in demo_accounts():
        if account.name == name:
            actor = replace(stranger, name=account.name, display_name=account.display_name, member_id=account.id)
            with transaction():
                record("staff.demo_sign_in", account.name, actor)
                return Entry(account, begin_session(account.id, replaces=replaces))
    raise NotFound("没有这位演示人员。")


def demo_accounts() -> tuple[Account, ...]:
    """Return whom the demo offers to be."""
    return tuple(account for account in list_accounts() if not account.disabled)


def sign_out(token: str, actor: Actor) -> None:
    """End the session of `token`."""
    with transaction():
        end_session(token)
        record("staff.sign_out", actor.name, actor)


def change_own_password(actor: Actor, current: str, new: str, repeated: str) -> Entry:
    """Replace the actor's password; every session ends, and this browser gets a new one."""
    if new != repeated:
        raise InvalidInput("两次输入的新密码不一样，请再输一次。", field="repeated")
    account = change_password(actor, current, new)
    return Entry(account, begin_session(account.id, replaces=None))
