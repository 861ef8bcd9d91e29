"""One act on many candidates: first what it would do to each of them, then done to those it fits, all or none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, func, select, update
from sqlalchemy.orm import Session

from foundation.errors import Conflict, InvalidInput
from foundation.transaction import transaction
from staff.actors import Actor
from staff.audit import record
from votes.candidates import record_check
from votes.ledger import lock_poll_exclusively
from votes.models import Award, Candidate, Poll
from votes.polls import audited, check_reason, poll_to_change, poll_to_read
from votes.wording import list_numbers

SHOWN = 50


@dataclass(frozen=True, slots=True)
class BulkAct:
    """Something that is done to many candidates; `undo` names the act that takes it back.

    `check` is what is recorded or taken back, where it is one of the two checks; `said` tells what comes of it.
    """

    words: str
    said: str
    undo: str | None
    drafts_only: bool = False
    needs_reason: bool = False
    check: str | None = None


BULK_ACTS: Mapping[str, BulkAct] = {
    "consent": BulkAct("登记同意公开", "登记之后才能开启投票。", "unconsent", check="consented"),
    "unconsent": BulkAct(
        "撤销同意公开", "撤销之后不能开启投票，直到再登记。", "consent", drafts_only=True, check="consented"
    ),
    "review": BulkAct("登记保密审查", "登记之后才能开启投票。", "unreview", check="secrecy_reviewed"),
    "unreview": BulkAct(
        "撤销保密审查", "撤销之后不能开启投票，直到再登记。", "review", drafts_only=True, check="secrecy_reviewed"
    ),
    "withdraw": BulkAct(
        "退出", "页面上显示“已退出”，不能再选；已经投出的票保留在选票里。", "restore", needs_reason=True
    ),
    "restore": BulkAct(
        "恢复", "页面上不再显示“已退出”，又可以选；退出期间已经投票的人不能补选。", "withdraw", needs_reason=True
    ),
    "award": BulkAct("换奖项", "编号不变，在新的奖项里按顺序重新排列。", None, drafts_only=True),
}


@dataclass(frozen=True, slots=True)
class BulkLine:
    """A candidate the act is asked for; `fault` says why it stays as it is."""

    number: int
    name: str
    unit: str
    award: str
    fault: str | None


@dataclass(frozen=True, slots=True)
class BulkPreview:
    """What an act would change, and what it leaves; `target` is the award's name where one is chosen."""

    act: BulkAct
    changing: tuple[BulkLine, ...]
    staying: tuple[BulkLine, ...]
    missing: tuple[int, ...]
    target: str | None


@dataclass(frozen=True, slots=True)
class BulkDone:
    """The numbers that were changed, and how many stayed as they were."""

    act: BulkAct
    changed: tuple[int, ...]
    stayed: int


def preview_bulk(slug: str, key: str, numbers: Sequence[int], *, award_id: int | None = None) -> BulkPreview:
    """Say what the act `key` would do to each of `numbers`; changes nothing.

    Raises NotFound, InvalidInput where nothing is chosen, Conflict where the poll's state does not allow the act.
    """
    with transaction() as session:
        return _preview(session, poll_to_read(session, slug), key, numbers, award_id)


def carry_out_bulk(
    slug: str, key: str, numbers: Sequence[int], actor: Actor, *, reason: str = "", award_id: int | None = None
) -> BulkDone:
    """Do the act `key` to those of `numbers` it fits.

    Raises what `preview_bulk` raises, and InvalidInput where the act needs a reason and there is none.
    """
    reason = check_reason(reason) if _act(key).needs_reason else ""
    with transaction() as session:
        lock_poll_exclusively(session, poll_to_read(session, slug).id)
        poll = poll_to_change(session, slug)
        preview = _preview(session, poll, key, numbers, award_id)
        changed = tuple(line.number for line in preview.changing)
        if changed and preview.act.check:
            record_check(slug, changed, preview.act.check, actor, given=not preview.act.drafts_only)
        elif changed:
            _change(session, poll, key, changed, award_id)
            _note(poll, key, changed, actor, reason)
    return BulkDone(preview.act, changed, len(preview.staying) + len(preview.missing))


def _preview(session: Session, poll: Poll, key: str, numbers: Sequence[int], award_id: int | None) -> BulkPreview:
    act = _act(key)
    if not numbers:
        raise InvalidInput("请先勾选候选对象。", field="numbers")
    _refuse(poll, act)
    target = _target(poll, award_id) if key == "award" else None
    lines = [_line(row, key, award_id) for row in _rows(session, poll, numbers)]
    return BulkPreview(
        act=act,
        changing=tuple(line for line in lines if line.fault is None),
        staying=tuple(line for line in lines if line.fault is not None),
        missing=tuple(sorted(set(numbers) - {line.number for line in lines})),
        target=target,
    )


def _act(key: str) -> BulkAct:
    if key not in BULK_ACTS:
        raise InvalidInput("请选择要办的事。", field="act")
    return BULK_ACTS[key]


def _refuse(poll: Poll, act: BulkAct) -> None:
    if act.drafts_only and poll.state != "draft":
        raise Conflict(f"投票已批准开启，不能再{act.words}。", field="act")
    if act.needs_reason and poll.state not in {"draft", "open"}:
        raise Conflict(f"投票已经结束，不能再登记{act.words}。", field="act")


def _target(poll: Poll, award_id: int | None) -> str:
    name = next((award.name for award in poll.awards if award.id == award_id), None)
    if name is None:
        raise InvalidInput("请选择换到哪个奖项。", field="to")
    return name


def _rows(session: Session, poll: Poll, numbers: Sequence[int]) -> Sequence[Row[Any]]:
    columns: Sequence[Any] = (
        *(Candidate.number, Candidate.name, Candidate.unit, Candidate.award_id, Award.name.label("award")),
        *(Candidate.consented, Candidate.secrecy_reviewed, Candidate.withdrawn_at),
    )
    query = select(*columns).join(Award, Candidate.award_id == Award.id).order_by(Candidate.number)
    return session.execute(query.where(Candidate.poll_id == poll.id, Candidate.number.in_(numbers))).all()


def _line(row: Row[Any], key: str, award_id: int | None) -> BulkLine:
    faults = {
        "consent": (row.consented, "已经登记过同意公开。"),
        "unconsent": (not row.consented, "没有登记过同意公开。"),
        "review": (row.secrecy_reviewed, "已经登记过保密审查。"),
        "unreview": (not row.secrecy_reviewed, "没有登记过保密审查。"),
        "withdraw": (row.withdrawn_at is not None, "已经退出。"),
        "restore": (row.withdrawn_at is None, "没有退出。"),
        "award": (row.award_id == award_id, "已经在这个奖项。"),
    }
    applies, fault = faults[key]
    return BulkLine(row.number, row.name, row.unit, row.award, fault if applies else None)


def _change(session: Session, poll: Poll, key: str, numbers: Sequence[int], award_id: int | None) -> None:
    values: dict[str, dict[str, Any]] = {
        "withdraw": {"withdrawn_at": func.clock_now()},
        "restore": {"withdrawn_at": None},
        "award": {"award_id": award_id, "place_in_list": 0},
    }
    mine = (Candidate.poll_id == poll.id, Candidate.number.in_(numbers))
    session.execute(update(Candidate).where(*mine).values(**values[key]))
    session.expire_all()


_AUDITED = {
    "withdraw": ("candidates.withdraw", "withdrawn_at"),
    "restore": ("candidates.restore", "withdrawn_at"),
    "award": ("candidates.edit", "award"),
}


def _note(poll: Poll, key: str, numbers: Sequence[int], actor: Actor, reason: str) -> None:
    name, field = _AUDITED[key]
    poll.revision += 1
    record(name, audited(poll, f"：{list_numbers(numbers)}"), actor, fields=(field,), purpose=reason)
