"""Disabling, restoring and handing over an account; whoever opens doors to others is ended by two people alone.

Without that an administrator could shut out, one by one, whoever approves and whoever watches.
"""

from collections.abc import Callable
from typing import Protocol

from foundation.transaction import transaction
from staff.accounts import disable_member, enable_member, find_account, locked_member, refuse_oneself
from staff.actors import Actor, Consent
from staff.acts import Parameters
from staff.approvals.requesting import request_approval
from staff.models import Member
from staff.people.details import KEY_ROLES, place_of
from staff.people.handover import check_hand_over, hand_over, held_by
from staff.roles import Role

DISABLE_KEY_ROLE = "people.disable_key_role"
ENABLE_KEY_ROLE = "people.enable_key_role"
HAND_OVER_KEY_ROLE = "people.hand_over_key_role"
_OWN = "不能停用、恢复自己的账号，也不能给自己办交接，请由另一名管理员办理。"


class Deed(Protocol):
    """Something that is done to an account, for a reason."""

    def __call__(self, name: str, actor: Actor, *, purpose: str) -> None: ...


def disable_or_ask(name: str, actor: Actor, *, purpose: str) -> bool:
    """Disable an account at once, or ask for it where it takes two; tell whether an approval is waited for.

    Raises what `disable_member` raises, Conflict where the same waits already.
    """
    return _do_or_ask(DISABLE_KEY_ROLE, disable_member, name, actor, purpose)


def enable_or_ask(name: str, actor: Actor, *, purpose: str) -> bool:
    """Let a disabled member in again, or ask for it where it takes two; as `disable_or_ask`."""
    return _do_or_ask(ENABLE_KEY_ROLE, enable_member, name, actor, purpose)


def hand_over_or_ask(name: str, successor: str, reason: str, actor: Actor) -> str | None:
    """Hand over at once and return the key of the sheet, or ask for it where it takes two: then None.

    Raises what `hand_over` raises, Conflict where the same waits already.
    """
    with transaction() as session:
        member = locked_member(session, name)
        if member.role not in KEY_ROLES:
            return hand_over(name, successor, reason, actor)
        reason, next_one = check_hand_over(session, member, successor, reason, actor)
        parameters = {"successor": next_one.name, "reason": reason}
        request_approval(HAND_OVER_KEY_ROLE, member.name, _title(member), actor, parameters=parameters, purpose=reason)
        return None


def carry_out(deed: Deed) -> Callable[[str, Parameters, Consent], None]:
    """Return what does a deed that two people agreed on."""
    return lambda name, _parameters, consent: deed(name, consent.actor, purpose="")


def carry_out_hand_over(name: str, parameters: Parameters, consent: Consent) -> None:
    """Hand over as two people agreed; the sheet names who asked for it."""
    hand_over(
        name, str(parameters["successor"]), str(parameters["reason"]), consent.actor, handed_over_by=consent.requester
    )


def concerned_by_deed(name: str) -> int:
    """Return whose account it is, who decides nothing about it."""
    return find_account(name).id


def facts_of_deed(name: str, parameters: Parameters) -> list[tuple[str, str]]:
    """Return what whoever approves reads: who it is, and for a hand-over who takes over what."""
    account = find_account(name)
    facts = [
        ("人员", f"{account.display_name}（{account.name}）"),
        ("角色", place_of(account.role, account.unit)),
        ("现在", "已停用" if account.disabled else "能登录"),
    ]
    if "successor" not in parameters:
        return facts
    successor = find_account(str(parameters["successor"]))
    held = "，".join(f"{item.name}{item.count}" for item in held_by(name) if item.count)
    taking_over = ("接手人", f"{successor.display_name}（{place_of(successor.role, successor.unit)}）")
    return [*facts, taking_over, ("手上的事", held or "没有")]


def _do_or_ask(act: str, deed: Deed, name: str, actor: Actor, purpose: str) -> bool:
    with transaction() as session:
        member = locked_member(session, name)
        if member.role not in KEY_ROLES:
            deed(member.name, actor, purpose=purpose)
            return False
        refuse_oneself(actor, member, _OWN)
        request_approval(act, member.name, _title(member), actor, purpose=purpose)
        return True


def _title(member: Member) -> str:
    return f"{member.display_name}（{place_of(Role(member.role), member.unit)}）"
