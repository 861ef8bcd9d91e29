"""Handing over when somebody leaves: what they hold is counted and passed on, and their account ends for good."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, aliased

from foundation.errors import Conflict, InvalidInput, NotFound
from foundation.ids import random_id
from foundation.transaction import transaction
from staff.accounts import an_administrator_remains, find_account, locked_member, refuse_oneself
from staff.actors import Actor
from staff.approvals.models import Approval
from staff.approvals.requesting import withdraw_all_of
from staff.audit import record
from staff.models import Download, Member
from staff.people.details import checked_reason, place_of
from staff.people.invitations import count_open_invitations_of, withdraw_invitations_of
from staff.people.models import HandOver
from staff.roles import Role
from staff.sessions import browsers_of, end_sessions_of, may_come_in

_ASK_ANEW = "申请人已办交接离任，由接手人核对后重新提出。"


@dataclass(frozen=True, slots=True)
class Holding:
    """One kind of thing somebody may hold: its name, how many they hold, and what becomes of it."""

    name: str
    outcome: str
    holds: Callable[[int], int]


@dataclass(frozen=True, slots=True)
class HeldItem:
    """How many of one kind somebody holds, and what becomes of it when they leave."""

    name: str
    count: int
    outcome: str


@dataclass(frozen=True, slots=True)
class HandOverSheet:
    """A hand-over that was done, as the sheet to print and sign has it."""

    key: str
    name: str
    display_name: str
    place: str
    successor: str
    successor_place: str
    reason: str
    items: tuple[HeldItem, ...]
    done_by: str
    done_at: datetime


_declared: dict[str, tuple[Holding, Callable[[int, int], None]]] = {}


def declare_handover(
    name: str, holds: Callable[[int], int], hand_over: Callable[[int, int], None], *, outcome: str = "转给接手人"
) -> None:
    """Let a room pass on what a member holds of its own, when the room is imported.

    `holds` takes a member's id; `hand_over` takes the ids of who leaves and who takes over, and joins the
    transaction of the hand-over. `outcome` says in a few words what becomes of it.
    """
    _declared[name] = (Holding(name, outcome, holds), hand_over)


def held_by(name: str) -> tuple[HeldItem, ...]:
    """Return everything a member holds, kind by kind, with those they hold none of. Raises NotFound."""
    member_id = find_account(name).id
    with transaction():
        holdings = [*_OWN, *(holding for holding, _ in _declared.values())]
        return tuple(HeldItem(holding.name, holding.holds(member_id), holding.outcome) for holding in holdings)


def hand_over(name: str, successor: str, reason: str, actor: Actor, *, handed_over_by: Actor | None = None) -> str:
    """Pass on what a member holds and end their account for good, all or nothing; return the key of the sheet.

    The sheet names the actor, or else whoever handed over with the actor's approval. Raises InvalidInput with field
    `successor` or `reason`, NotAllowed for oneself, Conflict where they have left already or no administrator would
    remain.
    """
    by = handed_over_by or actor
    with transaction() as session:
        member = locked_member(session, name)
        reason, next_one = check_hand_over(session, member, successor, reason, by)
        items = held_by(member.name)
        row = HandOver(
            key=random_id(),
            member_id=member.id,
            successor_id=next_one.id,
            reason=reason,
            items=[[item.name, item.count, item.outcome] for item in items],
            handed_over_by=by.member_id,
        )
        session.add(row)
        _pass_on(member.id, next_one.id, actor)
        _end_account(session, member)
        record("people.hand_over", member.name, actor, fields=("left_at", "disabled_at"), purpose=reason)
        return row.key


def check_hand_over(session: Session, member: Member, successor: str, reason: str, actor: Actor) -> tuple[str, Member]:
    """Return the reason as it rests and who takes over, where `actor` may hand over for the member now.

    Raises what `hand_over` raises.
    """
    reason = checked_reason(reason, required=True)
    if actor.member_id is None:
        raise InvalidInput("交接要由一名管理员办理。", field="reason")
    refuse_oneself(actor, member, "不能给自己办交接，请由另一名管理员办理。")
    if member.left_at is not None:
        raise Conflict("这个人的交接已经办过。")
    return reason, _successor(session, successor, member)


def read_hand_over(key: str) -> HandOverSheet:
    """Return a hand-over's sheet; raises NotFound."""
    leaver, successor, doer = aliased(Member), aliased(Member), aliased(Member)
    query = (
        select(HandOver, leaver, successor, doer)
        .join(leaver, leaver.id == HandOver.member_id)
        .join(successor, successor.id == HandOver.successor_id)
        .join(doer, doer.id == HandOver.handed_over_by)
        .where(HandOver.key == key)
    )
    with transaction() as session:
        found = session.execute(query).one_or_none() if key.isalnum() else None
        if found is None:
            raise NotFound("没有这份交接单。")
        row, left, took, did = found
        return HandOverSheet(
            key=row.key,
            name=left.name,
            display_name=left.display_name,
            place=place_of(Role(left.role), left.unit),
            successor=took.display_name,
            successor_place=place_of(Role(took.role), took.unit),
            reason=row.reason,
            items=tuple(HeldItem(str(name), int(count), str(outcome)) for name, count, outcome in row.items),
            done_by=did.display_name,
            done_at=row.handed_over_at,
        )


def _successor(session: Session, name: str, member: Member) -> Member:
    plain = name.strip()
    found = session.scalars(select(Member).where(Member.name == plain, may_come_in())).one_or_none() if plain else None
    if found is None:
        raise InvalidInput("请选择接手人，要是能登录的人员。", field="successor")
    if found.id == member.id:
        raise InvalidInput("接手人不能是离任人自己。", field="successor")
    return found


def _pass_on(member_id: int, successor_id: int, actor: Actor) -> None:
    withdraw_all_of(member_id, actor, remark=_ASK_ANEW)
    withdraw_invitations_of(member_id, actor)
    _give_up_downloads(member_id)
    for _, pass_on in _declared.values():
        pass_on(member_id, successor_id)


def _end_account(session: Session, member: Member) -> None:
    with an_administrator_remains():
        member.disabled_at = func.coalesce(Member.disabled_at, func.clock_now())
        member.left_at = func.clock_now()
        session.flush()
    end_sessions_of(member.id)


def _count_requests(member_id: int) -> int:
    query = select(func.count()).select_from(Approval)
    with transaction() as session:
        return session.scalar(query.where(Approval.requested_by == member_id, Approval.state == "waiting")) or 0


def _count_downloads(member_id: int) -> int:
    query = select(func.count()).select_from(Download)
    unfinished = Download.state.in_(("waiting", "running"))
    with transaction() as session:
        return session.scalar(query.where(Download.requested_by == member_id, unfinished)) or 0


def _give_up_downloads(member_id: int) -> None:
    with transaction() as session:
        session.execute(
            update(Download)
            .where(Download.requested_by == member_id, Download.state.in_(("waiting", "running")))
            .values(state="failed", error="申请人已办交接离任，请由接手人重新申请。")
        )


def _count_sessions(member_id: int) -> int:
    return len(browsers_of(member_id, None))


_OWN = (
    Holding("提出后等待批准的申请", "撤回，由接手人重新提出", _count_requests),
    Holding("发出后还没有用的邀请", "撤回，由接手人重新邀请", count_open_invitations_of),
    Holding("还没有做完的下载", "停止，由接手人重新申请", _count_downloads),
    Holding("正在使用的登录", "全部退出", _count_sessions),
)
