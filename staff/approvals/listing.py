"""Requests as their pages show them: what waits, for whom, and what was decided."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session, aliased

from foundation.errors import NotFound
from foundation.transaction import transaction
from staff.actors import Actor
from staff.acts import ACTS, ApprovedBy, words_of
from staff.approvals.deciding import may_decide
from staff.approvals.models import Approval
from staff.approvals.requesting import WAITS
from staff.models import Member

PAGE_SIZE = 30
STATES = {
    "waiting": "等待批准",
    "approved": "已批准",
    "refused": "已退回",
    "withdrawn": "已撤回",
    "expired": "过期失效",
}
_Requester, _Decider, _Again = aliased(Member), aliased(Member), aliased(Approval)
_LINES = (
    select(Approval, _Requester.display_name, _Decider.display_name)
    .join(_Requester, _Requester.id == Approval.requested_by)
    .outerjoin(_Decider, _Decider.id == Approval.decided_by)
)
_ASKED_AGAIN = exists().where(_Again.act == Approval.act, _Again.subject == Approval.subject, _Again.id > Approval.id)


@dataclass(frozen=True, slots=True)
class ApprovalLine:
    """A request as a list shows it to one reader."""

    id: int
    key: str
    act: str
    words: str
    title: str
    purpose: str
    state: str
    requester: str
    requested_at: datetime
    decider: str | None
    decided_at: datetime | None
    remark: str
    is_own: bool
    is_mine_to_decide: bool

    @property
    def waits_until(self) -> datetime:
        """Return when it ends by itself, undecided."""
        return self.requested_at + WAITS

    @property
    def state_words(self) -> str:
        return STATES[self.state]


@dataclass(frozen=True, slots=True)
class ApprovalSheet:
    """A request with all that whoever decides has to know; `outdated` where the subject changed since."""

    line: ApprovalLine
    consequence: str
    facts: Sequence[tuple[str, str]]
    page: str | None
    outdated: bool


@dataclass(frozen=True, slots=True)
class ApprovalPage:
    """Decided requests, the latest first; `older` leads on, None at the end."""

    lines: tuple[ApprovalLine, ...]
    older: int | None


def waiting_requests(reader: Actor) -> tuple[ApprovalLine, ...]:
    """Return all that waits, the oldest first, as `reader` sees it."""
    with transaction() as session:
        return _lines(session, reader, Approval.state == "waiting", Approval.id.asc(), None)


def waiting_for(actor: Actor) -> tuple[ApprovalLine, ...]:
    """Return what waits for the decision of `actor`."""
    return tuple(line for line in waiting_requests(actor) if line.is_mine_to_decide)


def decided_requests(reader: Actor, before: int | None = None) -> ApprovalPage:
    """Return a page of what was decided, below the id `before`."""
    condition = Approval.state != "waiting"
    if before is not None:
        condition = condition & (Approval.id < before)
    with transaction() as session:
        lines = _lines(session, reader, condition, Approval.id.desc(), PAGE_SIZE + 1)
    return ApprovalPage(lines[:PAGE_SIZE], lines[PAGE_SIZE - 1].id if len(lines) > PAGE_SIZE else None)


def lately_failed(actor: Actor, since: datetime) -> tuple[ApprovalLine, ...]:
    """Return the requests of `actor` that were refused, or ran out, after `since` and not asked for again."""
    condition = (
        (Approval.requested_by == actor.member_id)
        & Approval.state.in_(("refused", "expired"))
        & (Approval.decided_at > since)
        & ~_ASKED_AGAIN
    )
    with transaction() as session:
        return _lines(session, actor, condition, Approval.id.asc(), PAGE_SIZE)


def approval_sheet(key: str, reader: Actor) -> ApprovalSheet:
    """Return one request whole; raises NotFound."""
    with transaction() as session:
        row = session.scalars(select(Approval).where(Approval.key == key)).one_or_none() if key.isalnum() else None
        if row is None:
            raise NotFound("没有这个申请。")
        line = _lines(session, reader, Approval.id == row.id, Approval.id.asc(), 1)[0]
        approval = ACTS[row.act].approval if row.act in ACTS else None
        if approval is None or row.state != "waiting":
            return ApprovalSheet(line, "", (), None, outdated=False)
        return _open_sheet(line, approval, row)


def _open_sheet(line: ApprovalLine, approval: ApprovedBy, row: Approval) -> ApprovalSheet:
    return ApprovalSheet(
        line,
        approval.consequence,
        approval.facts(row.subject, row.parameters) if approval.facts else (),
        approval.page(row.subject) if approval.page else None,
        outdated=approval.fingerprint(row.subject) != row.fingerprint,
    )


def _lines(
    session: Session,
    reader: Actor,
    condition: ColumnElement[bool],
    order: ColumnElement[int],
    limit: int | None,
) -> tuple[ApprovalLine, ...]:
    query = _LINES.where(condition).order_by(order).limit(limit)
    return tuple(_line(row, requester, decider, reader) for row, requester, decider in session.execute(query))


def _line(row: Approval, requester: str, decider: str | None, reader: Actor) -> ApprovalLine:
    waiting = row.state == "waiting"
    return ApprovalLine(
        id=row.id,
        key=row.key,
        act=row.act,
        words=words_of(row.act),
        title=row.title,
        purpose=row.purpose,
        state=row.state,
        requester=requester,
        requested_at=row.requested_at,
        decider=decider,
        decided_at=row.decided_at,
        remark=row.remark,
        is_own=row.requested_by == reader.member_id,
        is_mine_to_decide=waiting and row.act in ACTS and may_decide(row, reader),
    )
