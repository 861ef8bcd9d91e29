"""Looking at personal data that pages mask: for a purpose, which the trail keeps before the value is handed out."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from flask import current_app
from sqlalchemy import select

from foundation.errors import InvalidInput, NotAllowed, NotFound
from foundation.transaction import transaction
from staff.actors import Actor
from staff.audit import record
from staff.authority import may, note_refusal
from staff.models import Member
from staff.personal.retention import DeclaredTwiceError
from staff.roles import Role

REVEAL = "personal.reveal"
SHORTEST_PURPOSE, LONGEST_PURPOSE = 5, 200  # characters
SHOWN_FOR = 60  # seconds
PURPOSES = ("电话联系，核实本人身份", "通知会议或工作安排", "核实异议、举报的有关情况", "处理账号或安全问题")
"""Ready-made purposes; any other is typed."""

Read = Callable[[str], str]
"""Takes the key of a thing and returns its value; raises NotFound where there is none."""


@dataclass(frozen=True, slots=True)
class Revealable:
    """A kind of value that can be looked at: what pages call it, who may, and where it is read."""

    kind: str
    words: str
    roles: frozenset[Role]
    read: Read


_kinds: dict[str, Revealable] = {}
REVEALABLE: Mapping[str, Revealable] = MappingProxyType(_kinds)
"""Every kind by its name."""


def declare_revealable(kind: str, words: str, roles: Collection[Role], read: Read) -> None:
    """Declare that `roles` may look at what `read` finds by its key, one at a time and for a purpose."""
    declared = Revealable(kind, words, frozenset(roles), read)
    if _kinds.setdefault(kind, declared) != declared:
        raise DeclaredTwiceError(kind)


def find_revealable(kind: str) -> Revealable:
    """Return the kind; raises NotFound."""
    if kind not in REVEALABLE:
        raise NotFound("没有这种信息。")
    return REVEALABLE[kind]


def may_reveal(kind: str, actor: Actor) -> bool:
    """Tell whether `actor` may look at values of this kind."""
    return kind in REVEALABLE and actor.role in REVEALABLE[kind].roles and may(actor, REVEAL)


def reveal(kind: str, key: str, purpose: str, actor: Actor) -> str:
    """Return the value, once the trail has kept who looked at whose, and why; each refusal is kept too.

    The line stands by itself, whatever becomes of a transaction that is open. Raises NotFound, NotAllowed, and
    InvalidInput for a purpose of fewer than 5 or more than 200 characters.
    """
    found = find_revealable(kind)
    about = f"{found.words}：{key}"
    if not may_reveal(kind, actor):
        note_refusal(REVEAL, about, actor)
        raise NotAllowed(f"您没有查看“{found.words}”的权限。")
    purpose = " ".join(purpose.split())
    if not SHORTEST_PURPOSE <= len(purpose) <= LONGEST_PURPOSE:
        note_refusal(REVEAL, about, actor)
        raise InvalidInput(f"请写明用途，{SHORTEST_PURPOSE}到{LONGEST_PURPOSE}个字。", field="purpose")
    value = found.read(key)
    with current_app.app_context():  # a transaction of its own: committed here, or no value
        record(REVEAL, about, actor, fields=(kind,), purpose=purpose)
    return value


def _read_phone(name: str) -> str:
    """Return the telephone of a member of staff by their user name."""
    with transaction() as session:
        phone = session.scalars(select(Member.phone).where(Member.name == name)).one_or_none()
    if phone is None:
        raise NotFound("没有登记电话。")
    return phone.decode()


declare_revealable("staff.phone", "工作人员电话", {Role.ADMINISTRATOR, Role.LEADER}, _read_phone)
