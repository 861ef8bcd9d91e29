"""What can be done and by whom: every act of every room by its name, declared once when its room is imported."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from staff.actors import Actor, Consent
from staff.roles import Role

Parameters = Mapping[str, str | int | bool | None]
"""Plain values that a request keeps until somebody approves it."""


@dataclass(frozen=True, slots=True)
class ApprovedBy:
    """A second person it takes: of which roles, what is then carried out, and what it was asked about.

    `carry_out` takes the subject, the parameters and both people, in the approval's transaction. `fingerprint`
    tells one condition of the subject from another: what changed since it was asked for is asked for anew.
    Whoever decides reads `consequence` and the `facts` of the subject, and finds it at `page`. `concerned` returns
    the id of the member it is about, who decides nothing.
    """

    roles: frozenset[Role]
    carry_out: Callable[[str, Parameters, Consent], None]
    fingerprint: Callable[[str], str]
    consequence: str = ""
    facts: Callable[[str, Parameters], Sequence[tuple[str, str]]] | None = None
    page: Callable[[str], str] | None = None
    concerned: Callable[[str], int] | None = None


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that is done: what pages call it, which roles may, and which only with what is their own.

    An act of no role is the system's, or of whoever has not signed in yet.
    """

    name: str
    words: str
    roles: frozenset[Role]
    own: frozenset[Role] = frozenset()
    approval: ApprovedBy | None = None


@dataclass(frozen=True, slots=True)
class Belonging:
    """Whose a thing is: a member's, or a unit's."""

    member_id: int | None = None
    unit: str | None = None

    def is_of(self, actor: Actor) -> bool:
        """Tell whether it belongs to `actor`; what belongs to nobody is nobody's own."""
        if self.member_id is not None:
            return self.member_id == actor.member_id
        return self.unit is not None and self.unit == actor.unit


class UndeclaredActError(Exception):
    """A view asks for an act that nobody declared, or two rooms declare one act differently."""


_acts: dict[str, Act] = {}
ACTS: Mapping[str, Act] = MappingProxyType(_acts)
"""Every act by its name."""


def declare_act(
    name: str,
    words: str,
    *,
    roles: Collection[Role],
    own: Collection[Role] = (),
    approval: ApprovedBy | None = None,
) -> None:
    """Add an act to the registry; raises UndeclaredActError where it is there already and differs."""
    act = Act(name, words, frozenset(roles), frozenset(own), approval)
    if _acts.setdefault(name, act) != act:
        raise UndeclaredActError(f"{name} is declared twice and differently")


def is_declared_for(role: Role, name: str) -> bool:
    """Tell whether an act is among those of a role, be it only with its own things."""
    act = _acts.get(name)
    return act is not None and role in act.roles | act.own


def words_of(name: str) -> str:
    """Return what pages call the act, or its name where it is not known any more."""
    found = _acts.get(name)
    return found.words if found else name


def allows(actor: Actor, name: str, of: Belonging | None = None) -> bool:
    """Tell whether `actor` may do `name`, to the thing that belongs as `of` says, or to any thing at all for None.

    Where a role may only do it to its own, None asks whether there is anything it could do it to.
    """
    act = _acts.get(name)
    if act is None or actor.role is None:
        return False
    return actor.role in act.roles or (actor.role in act.own and (of is None or of.is_of(actor)))
