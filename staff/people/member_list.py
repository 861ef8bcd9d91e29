"""The people on the staff as the console lists them, and one of them whole."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Row, ScalarSelect, Select, func, or_, select
from sqlalchemy.orm import outerjoin

from foundation.clock import database_now
from foundation.transaction import transaction
from staff.accounts import find_account
from staff.models import Member, SignInTries, StaffSession
from staff.people.details import masked_phone, place_of
from staff.people.models import HandOver
from staff.roles import Role
from staff.sessions import browsers_of, may_come_in
from staff.tries import longest_lock

PAGE_SIZE = 50
SORTS = {"name": "用户名", "role": "角色", "seen": "最近使用", "new": "最近加入"}


class MemberState(StrEnum):
    """Whether somebody can sign in, and if not, why."""

    ACTIVE = "active"
    LOCKED = "locked"
    EXPIRED = "expired"
    DISABLED = "disabled"
    LEFT = "left"


STATE_NAMES = {
    MemberState.ACTIVE: "正常",
    MemberState.LOCKED: "暂停登录",
    MemberState.EXPIRED: "已到期",
    MemberState.DISABLED: "已停用",
    MemberState.LEFT: "已离任",
}


@dataclass(frozen=True, slots=True)
class MemberLine:
    """Somebody on the staff as the list shows them; `seen_at` is their latest use, None where there was none."""

    id: int
    name: str
    display_name: str
    role: Role
    unit: str | None
    state: MemberState
    locked_until: datetime | None
    valid_until: datetime | None
    seen_at: datetime | None
    created_at: datetime

    @property
    def place(self) -> str:
        return place_of(self.role, self.unit)


@dataclass(frozen=True, slots=True)
class MemberSheet:
    """One member whole: `sessions` that hold right now; `hand_over` is the key of the sheet where they have left."""

    line: MemberLine
    phone: str
    sessions: int
    hand_over: str | None


@dataclass(frozen=True, slots=True)
class MemberPage:
    """Up to 50 members that fit what was asked for, how many fit in all, and which page this is."""

    lines: tuple[MemberLine, ...]
    total: int
    page: int

    @property
    def last(self) -> int:
        return max(1, -(-self.total // PAGE_SIZE))


def list_members(
    *, search: str = "", role: Role | None = None, state: MemberState | None = None, sort: str = "name", page: int = 1
) -> MemberPage:
    """Return a page of members; `search` looks into user names, names and units."""
    wanted = [asked for asked in (_found_by(search), _in_role(role), _in_state(state)) if asked is not None]
    with transaction() as session:
        now = database_now(session)
        total = session.scalar(select(func.count()).select_from(_MEMBERS).where(*wanted)) or 0
        page = min(max(page, 1), max(1, -(-total // PAGE_SIZE)))
        query = _query().where(*wanted).order_by(*_order(sort)).offset((page - 1) * PAGE_SIZE).limit(PAGE_SIZE)
        return MemberPage(tuple(_line(row, now) for row in session.execute(query)), total, page)


def read_member(name: str) -> MemberSheet:
    """Return one member whole; raises NotFound."""
    account = find_account(name)
    with transaction() as session:
        row = session.execute(_query().where(Member.id == account.id)).one()
        line = _line(row, database_now(session))
        sheet = session.scalar(select(HandOver.key).where(HandOver.member_id == account.id))
        return MemberSheet(line, masked_phone(row[0].phone), len(browsers_of(account.id, None)), sheet)


def successors_of(member_id: int) -> tuple[MemberLine, ...]:
    """Return who could take over from a member: those who can sign in, of the same role first."""
    query = _query().where(Member.id != member_id, may_come_in()).order_by(Member.role, Member.name)
    with transaction() as session:
        now = database_now(session)
        lines = [_line(row, now) for row in session.execute(query)]
        role = session.get_one(Member, member_id).role
    return tuple(sorted(lines, key=lambda line: line.role != role))


_MEMBERS = outerjoin(Member, SignInTries, longest_lock(Member.name.expression))
_SEEN_AT: ScalarSelect[datetime] = (
    select(func.max(StaffSession.seen_at)).where(StaffSession.member_id == Member.id).scalar_subquery()
)


def _query() -> Select[Member, datetime | None, datetime]:
    return select(Member, SignInTries.locked_until, _SEEN_AT).select_from(_MEMBERS)


def _line(row: Row[Member, datetime | None, datetime], now: datetime) -> MemberLine:
    member: Member = row[0]
    locked_until = row[1]
    seen_at: datetime | None = row[2]
    return MemberLine(
        id=member.id,
        name=member.name,
        display_name=member.display_name,
        role=Role(member.role),
        unit=member.unit,
        state=_state(member, locked_until, now),
        locked_until=locked_until,
        valid_until=member.valid_until,
        seen_at=seen_at,
        created_at=member.created_at,
    )


def _state(member: Member, locked_until: datetime | None, now: datetime) -> MemberState:
    if member.left_at is not None:
        return MemberState.LEFT
    if member.disabled_at is not None:
        return MemberState.DISABLED
    if member.valid_until is not None and member.valid_until <= now:
        return MemberState.EXPIRED
    return MemberState.ACTIVE if locked_until is None else MemberState.LOCKED


def _found_by(search: str) -> ColumnElement[bool] | None:
    words = search.strip()
    if not words:
        return None
    return or_(
        *(column.icontains(words, autoescape=True) for column in (Member.name, Member.display_name, Member.unit))
    )


def _in_role(role: Role | None) -> ColumnElement[bool] | None:
    return None if role is None else Member.role == role


def _in_state(state: MemberState | None) -> ColumnElement[bool] | None:
    if state is None:
        return None
    expired, locked = Member.valid_until <= func.clock_now(), SignInTries.locked_until.is_not(None)
    works = may_come_in()
    return {
        MemberState.ACTIVE: works & ~locked,
        MemberState.LOCKED: works & locked,
        MemberState.EXPIRED: Member.disabled_at.is_(None) & expired,
        MemberState.DISABLED: Member.disabled_at.is_not(None) & Member.left_at.is_(None),
        MemberState.LEFT: Member.left_at.is_not(None),
    }[state]


def _order(sort: str) -> tuple[ColumnElement[Any], ...]:
    orders: dict[str, tuple[ColumnElement[Any], ...]] = {
        "role": (Member.role.asc(), Member.name.asc()),
        "seen": (_SEEN_AT.desc().nulls_last(), Member.name.asc()),
        "new": (Member.id.desc(),),
    }
    return orders.get(sort, (Member.name.expression.asc(),))
