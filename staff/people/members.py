"""Changing what somebody is on the staff, and the acts on their account that name its consequence."""

from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from foundation.clock import database_now, show_moment
from foundation.errors import Conflict
from foundation.transaction import transaction
from staff.accounts import an_administrator_remains, find_account, locked_member, refuse_oneself
from staff.actors import Actor, Consent
from staff.acts import Parameters
from staff.approvals.requesting import request_approval
from staff.audit import record
from staff.models import Member
from staff.people.details import KEY_ROLES, PersonDetails, last_day_of, place_of, read_details
from staff.people.models import PasswordLink
from staff.roles import ROLE_NAMES, Role
from staff.second_factor import set_up_at
from staff.sessions import end_sessions_of

CHANGE_KEY_ROLE = "people.change_key_role"
_ROLE_FIELDS = ("role", "unit", "valid_until")


def change_member(
    name: str, details: PersonDetails, actor: Actor, *, keeps_phone: bool = True, purpose: str = ""
) -> tuple[bool, bool]:
    """Change somebody's details; return whether anything changed, and whether an approval is waited for.

    A change into or out of a role that opens doors is only asked for, with the unit and the last day that go with
    it; the rest takes effect at once. A phone number that was not typed anew is kept where `keeps_phone` says so.
    Whoever's role or unit changes is signed out. Raises NotFound, NotAllowed for one's own role, Conflict where no
    administrator would remain.
    """
    with transaction() as session:
        member = locked_member(session, name)
        if member.left_at is not None:
            raise Conflict("这个人已办交接离任，资料不能再改。")
        waits = member.role != details.role and bool(KEY_ROLES & {member.role, details.role})
        fields = _change_rest(member, details, keeps_phone=keeps_phone)
        if not waits:
            fields += _change_place(session, member, details, actor)
        if fields:
            record("people.change", member.name, actor, fields=fields, purpose=purpose)
        if waits:
            refuse_oneself(actor, member, "不能改自己的角色，请由另一名管理员办理。")
            _ask(member, details, actor, purpose)
        return bool(fields), waits


def carry_out_change(name: str, parameters: Parameters, consent: Consent) -> None:
    """Change a role that two people agreed on; raises Conflict where the last day has passed or nobody would remain."""
    with transaction() as session:
        member = locked_member(session, name)
        typed = {key: str(value or "") for key, value in parameters.items()}
        details = read_details({**typed, "display_name": member.display_name}, database_now(session))
        fields = _change_place(session, member, details, consent.requester)
        record(CHANGE_KEY_ROLE, member.name, consent.actor, fields=fields)


def condition_of_member(name: str) -> str:
    """Return what an approval of a change is about: it does not hold once role, unit or state have changed."""
    with transaction() as session:
        member = locked_member(session, name)
        return f"{member.role} {member.unit} {member.valid_until} {member.disabled_at} {member.left_at}"


def facts_of_change(name: str, parameters: Parameters) -> list[tuple[str, str]]:
    """Return what whoever approves a change of role reads."""
    account = find_account(name)
    unit, last_day = (str(parameters.get(key) or "") for key in ("unit", "last_day"))
    since = set_up_at(account.id)
    return [
        ("人员", f"{account.display_name}（{account.name}）"),
        ("现在", place_of(account.role, account.unit)),
        ("改为", place_of(Role(str(parameters["role"])), unit or None)),
        ("使用期限", f"到{last_day}" if last_day else "长期"),
        ("动态码", f"{show_moment(since, year=True)}设置" if since else "还没有设置"),
    ]


def _ask(member: Member, details: PersonDetails, actor: Actor, purpose: str) -> None:
    title = f"{member.display_name}由{ROLE_NAMES[Role(member.role)]}改为{place_of(details.role, details.unit)}"
    last_day = details.last_day.isoformat() if details.last_day else None
    parameters = {"role": details.role.value, "unit": details.unit, "last_day": last_day}
    request_approval(CHANGE_KEY_ROLE, member.name, title, actor, parameters=parameters, purpose=purpose)


def _change_rest(member: Member, details: PersonDetails, *, keeps_phone: bool) -> list[str]:
    """Change what goes with no role; return the names of what changed."""
    fields = []
    if member.display_name != details.display_name:
        member.display_name = details.display_name
        fields.append("display_name")
    phone = details.phone.encode() if details.phone else None
    if (phone or not keeps_phone) and member.phone != phone:
        member.phone = phone
        fields.append("phone")
    return fields


def _change_place(session: Session, member: Member, details: PersonDetails, actor: Actor) -> list[str]:
    """Change role, unit and validity; return the names of what changed. New rights need a new session."""
    new: dict[str, object] = {
        "role": details.role.value,
        "unit": details.unit,
        "valid_until": details.valid_until,
    }
    fields = [field for field in _ROLE_FIELDS if getattr(member, field) != new[field]]
    if not fields:
        return []
    refuse_oneself(actor, member, "不能改自己的角色、单位和期限，请由另一名管理员办理。")
    with an_administrator_remains():
        for field in fields:
            setattr(member, field, new[field])
        session.flush()
    if fields != ["valid_until"]:
        end_sessions_of(member.id)
        # Whoever was given it for an account of little weight has no way into one that opens doors.
        session.execute(delete(PasswordLink).where(PasswordLink.member_id == member.id))
    return fields


def day_typed(valid_until: datetime | None) -> str:
    """Return the last day as a form holds it."""
    last_day = last_day_of(valid_until)
    return last_day.isoformat() if last_day else ""
