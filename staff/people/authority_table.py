"""Who may do what: every act that members do, by kind, against the six roles."""

from dataclasses import dataclass

from staff.acts import ACTS, Act
from staff.audit.wording import acts_by_kind, kind_words
from staff.roles import ROLE_NAMES, Role

ALWAYS, OWN, NEVER = "可以", "限自己的", "—"


@dataclass(frozen=True, slots=True)
class AuthorityRow:
    """One act: what each role may, in the order of the roles, and who has to approve it."""

    name: str
    words: str
    cells: tuple[str, ...]
    approvers: str


@dataclass(frozen=True, slots=True)
class AuthorityGroup:
    """The acts of one kind."""

    words: str
    rows: tuple[AuthorityRow, ...]


def authority_table() -> tuple[AuthorityGroup, ...]:
    """Return every act that some role may do; what only the system or somebody not signed in does is left out."""
    groups = []
    for kind, acts in acts_by_kind().items():
        rows = tuple(_row(ACTS[name]) for name in acts if ACTS[name].roles or ACTS[name].own)
        if rows:
            groups.append(AuthorityGroup(kind_words(kind), rows))
    return tuple(groups)


def _row(act: Act) -> AuthorityRow:
    approvers = sorted(act.approval.roles, key=list(Role).index) if act.approval else []
    return AuthorityRow(
        act.name, act.words, tuple(_cell(act, role) for role in Role), "、".join(ROLE_NAMES[role] for role in approvers)
    )


def _cell(act: Act, role: Role) -> str:
    if role in act.roles:
        return ALWAYS
    return OWN if role in act.own else NEVER
