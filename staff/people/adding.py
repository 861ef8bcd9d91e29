"""Adding somebody from the command line, and when it may act for nobody in particular: as long as nobody could."""

from sqlalchemy import select

from foundation.errors import Conflict
from foundation.transaction import transaction
from staff.accounts import Account, add_member
from staff.actors import Actor
from staff.models import Member
from staff.people.details import KEY_ROLES, PersonDetails
from staff.people.invitations import somebody_approves
from staff.roles import ROLE_NAMES, Role
from staff.sessions import may_come_in


def add_at_the_machine(name: str, details: PersonDetails, password: str, actor: Actor) -> Account:
    """Add a member at once; whoever opens doors to others only while there is no leader to approve it.

    Raises InvalidInput, Conflict for a taken name or where an approval is needed: then they are invited.
    """
    if details.role in KEY_ROLES and somebody_approves():
        raise Conflict(f"添加{ROLE_NAMES[details.role]}要部领导批准，请改用 flask staff invite 提出邀请。")
    return add_member(
        name,
        details.display_name,
        password,
        actor,
        role=details.role,
        unit=details.unit,
        valid_until=details.valid_until,
    )


def somebody_else_administers(name: str = "") -> bool:
    """Tell whether there is an administrator other than the member of this name whose account works."""
    query = select(Member.id).where(Member.role == Role.ADMINISTRATOR, Member.name != name, may_come_in())
    with transaction() as session:
        return session.scalar(query.limit(1)) is not None
