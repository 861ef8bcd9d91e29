"""Helping somebody back in who lost phone or password; for those who open doors to others it takes a second person.

Without that an administrator could make a leader's account their own, and approve what they asked for themselves.
"""

from sqlalchemy import func, select

from foundation.clock import show_moment
from foundation.errors import Conflict
from foundation.transaction import transaction
from staff.accounts import find_account, locked_member, refuse_oneself
from staff.actors import Actor, Consent
from staff.acts import Parameters
from staff.approvals.requesting import request_approval
from staff.audit import record
from staff.models import Member
from staff.people.accepting import hand_out, make_password_link, put_password_link, refuse_disabled
from staff.people.details import KEY_ROLES, masked_phone, place_of
from staff.people.links import Handed
from staff.people.models import PasswordLink
from staff.roles import Role
from staff.second_factor import reset_second_factor, set_up_at

RESET_KEY_ROLE = "people.reset_key_role_second_factor"
LINK_KEY_ROLE = "people.make_key_role_password_link"
_OWN = "自己的密码和动态码请在“我的账号”里修改。"


def reset_or_ask(name: str, actor: Actor, *, purpose: str) -> bool:
    """Reset somebody's second factor at once, or ask for it where it takes two; tell whether an approval is waited for.

    Raises NotFound, NotAllowed for oneself, Conflict where the same waits already.
    """
    with transaction() as session:
        member = locked_member(session, name)
        refuse_oneself(actor, member, _OWN)
        if member.role not in KEY_ROLES:
            reset_second_factor(member.name, actor, purpose=purpose)
            return False
        request_approval(RESET_KEY_ROLE, member.name, _title(member), actor, purpose=purpose)
        return True


def link_or_ask(name: str, actor: Actor, *, purpose: str) -> Handed | None:
    """Give somebody a link for a new password at once, or ask for it where it takes two: then None.

    Raises what `make_password_link` raises, Conflict where the same waits already.
    """
    with transaction() as session:
        member = locked_member(session, name)
        refuse_oneself(actor, member, _OWN)
        if member.role not in KEY_ROLES:
            return make_password_link(member.name, actor, purpose=purpose)
        refuse_disabled(member)
        request_approval(LINK_KEY_ROLE, member.name, _title(member), actor, purpose=purpose)
        return None


def carry_out_reset(name: str, _parameters: Parameters, consent: Consent) -> None:
    """Reset the second factor that two people agreed on, neither of them the one concerned."""
    with transaction() as session:
        refuse_oneself(consent.requester, locked_member(session, name), _OWN)
        reset_second_factor(name, consent.actor, act=RESET_KEY_ROLE)


def carry_out_link(name: str, _parameters: Parameters, consent: Consent) -> None:
    """Let the requester take a link within 24 hours; former links stop working now."""
    with transaction() as session:
        member = locked_member(session, name)
        for one in (consent.requester, consent.approver):
            refuse_oneself(one, member, _OWN)
        refuse_disabled(member)
        put_password_link(session, member, None, granted_to=consent.requester.member_id)
        record(LINK_KEY_ROLE, member.name, consent.actor)


def take_granted_link(name: str, actor: Actor) -> Handed:
    """Return the link that was approved for `actor` to hand over, once; raises NotFound, Conflict where none waits."""
    with transaction() as session:
        member = locked_member(session, name)
        if not _granted(actor, member.name):
            raise Conflict("没有等您取的链接：可能已经取过，或批准后超过了24小时。需要时请重新申请。")
        record("people.make_password_link", member.name, actor)
        return hand_out(session, member)


def may_take_link(name: str, actor: Actor) -> bool:
    """Tell whether an approved link for this member waits to be taken by `actor`."""
    return bool(_granted(actor, name))


def links_granted_to(actor: Actor) -> tuple[tuple[str, str], ...]:
    """Return user name and name of each member whose approved link `actor` has yet to take."""
    return _granted(actor)


def concerned_by_reset(name: str) -> int:
    """Return whose account it is, who decides nothing about it."""
    return find_account(name).id


def condition_of_keys(name: str) -> str:
    """Return what an approval is about: it does not hold once role or state changed, or the second factor is new."""
    with transaction() as session:
        member = session.scalars(select(Member).where(Member.name == name)).one()
        return f"{member.role} {member.disabled_at} {member.left_at} {set_up_at(member.id)}"


def facts_of_reset(name: str, _parameters: Parameters) -> list[tuple[str, str]]:
    """Return what whoever approves reads: whose keys they are, and what else of them is in other hands."""
    with transaction() as session:
        member = session.scalars(select(Member).where(Member.name == name)).one()
        since = set_up_at(member.id)
        held = PasswordLink.member_id == member.id, PasswordLink.expires_at > func.clock_now()
        link = session.scalar(select(PasswordLink.id).where(*held))
    facts = [
        ("人员", f"{member.display_name}（{member.name}）"),
        ("角色", place_of(Role(member.role), member.unit)),
        ("登记的手机", masked_phone(member.phone) or "未填"),
        ("动态码", f"{show_moment(since, year=True)}设置" if since else "还没有设置，有了密码就能登录"),
    ]
    return [*facts, ("请注意", "这个账号另有一个重设密码的链接还能用")] if link else facts


def _title(member: Member) -> str:
    return f"{member.display_name}（{place_of(Role(member.role), member.unit)}）"


def _granted(actor: Actor, *names: str) -> tuple[tuple[str, str], ...]:
    query = (
        select(Member.name, Member.display_name)
        .join(PasswordLink, PasswordLink.member_id == Member.id)
        .where(
            PasswordLink.granted_to == actor.member_id,
            PasswordLink.token_digest.is_(None),
            PasswordLink.expires_at > func.clock_now(),
        )
        .order_by(Member.name)
    )
    if names:
        query = query.where(Member.name.in_(names))
    with transaction() as session:
        return tuple((name, shown) for name, shown in session.execute(query))
