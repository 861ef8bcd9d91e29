"""The candidates of a poll, one by one and many at once: entered, numbered, placed, checked, withdrawn."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import update

from foundation.clock import database_now
from foundation.errors import Conflict, InvalidInput
from foundation.forms import InvalidFields
from foundation.transaction import transaction
from staff.actors import Actor
from staff.audit import record
from votes.candidate_list import candidate_of, listed_in
from votes.ledger import lock_poll_exclusively
from votes.models import Candidate, Poll
from votes.ordering import initials
from votes.polls import audited, check_reason, draft_to_change, poll_to_change
from votes.rules import MAX_CANDIDATES
from votes.wording import list_numbers

MAY_CHANGE_AFTER_OPENING = frozenset({"unit", "post", "brief", "deeds"})
CHECKS = {"consented": "同意公开", "secrecy_reviewed": "保密审查"}
_LONGEST = {"name": 80, "unit": 80, "post": 160, "brief": 1_000, "deeds": 10_000}
_LABELS = {"name": "姓名或名称", "unit": "推荐单位", "post": "单位及职务", "brief": "简要事迹", "deeds": "事迹材料"}


@dataclass(frozen=True, slots=True)
class CandidateEntry:
    """A candidate as entered; `award` is the award's id."""

    award: int
    name: str
    unit: str
    post: str = ""
    brief: str = ""
    deeds: str = ""


def add_candidate(slug: str, entry: CandidateEntry, actor: Actor) -> int:
    """Add a candidate to a draft and return the number, which follows the highest. Raises InvalidFields, Conflict."""
    with transaction() as session:
        poll = draft_to_change(session, slug)
        _refuse(_faults(entry, poll))
        number = max((candidate.number for candidate in poll.candidates), default=0) + 1
        if number > MAX_CANDIDATES:
            raise Conflict(f"编号已到{MAX_CANDIDATES}，不能再加候选对象。")
        candidate = Candidate(poll_id=poll.id, number=number)
        _enter(candidate, entry)
        session.add(candidate)
        _note(poll, "candidates.add", actor, f"{number}号")
    return number


def edit_candidate(slug: str, number: int, entry: CandidateEntry, actor: Actor) -> tuple[str, ...]:
    """Change what is entered about a candidate; returns the names of the fields that changed.

    Once the poll is open, award and name stay as they are. Raises InvalidFields, Conflict, NotFound.
    """
    with transaction() as session:
        poll = poll_to_change(session, slug)
        candidate = candidate_of(session, slug, number)
        _refuse(_faults(entry, poll))
        before = _entry_of(candidate)
        changed = tuple(name for name, value in asdict(entry).items() if getattr(before, name) != value)
        if poll.state == "certified" and changed:
            raise Conflict("结果已认证，候选对象的内容不能再改。", field=changed[0])
        if poll.state != "draft" and not MAY_CHANGE_AFTER_OPENING.issuperset(changed):
            raise Conflict("投票已批准开启，姓名和奖项不能再改。", field=changed[0])
        if "award" in changed:
            candidate.place_in_list = 0
        if changed:
            _enter(candidate, entry)
            _note(poll, "candidates.edit", actor, f"{number}号", changed)
    return changed


def renumber_candidate(slug: str, number: int, new: int, actor: Actor) -> None:
    """Give a draft's candidate another number; whoever has it takes the old one. Raises InvalidInput, Conflict."""
    if not 1 <= new <= MAX_CANDIDATES:
        raise InvalidInput(f"编号要在1和{MAX_CANDIDATES}之间。", field="number")
    with transaction() as session:
        poll = draft_to_change(session, slug)
        candidate = candidate_of(session, slug, number)
        for other in poll.candidates:
            if other.number == new:
                other.number = number
        candidate.number = new
        _note(poll, "candidates.renumber", actor, f"{number}号改为{new}号", ("number",))


def move_candidate(slug: str, number: int, place: int, actor: Actor) -> None:
    """Fix a draft's candidate at a place, from 1, in the award's list; 0 lets the poll's own order place them again.

    Raises Conflict where the order is drawn or each voter's own, which no hand corrects.
    """
    with transaction() as session:
        poll = draft_to_change(session, slug)
        if poll.candidate_order in {"drawn", "per_voter"}:
            raise Conflict("候选对象按抽签或随机排列，不能手动调整先后。", field="place")
        candidate = candidate_of(session, slug, number)
        others = [other for other in listed_in(candidate.award, poll) if other is not candidate]
        place = min(max(0, place), len(others) + 1)
        candidate.place_in_list = place
        if place:
            _keep_fixed([*others[: place - 1], candidate, *others[place - 1 :]])
        _note(poll, "candidates.move", actor, f"{number}号", ("place_in_list",))


def withdraw_candidate(slug: str, number: int, reason: str, actor: Actor) -> None:
    """Take a candidate out of the running: from now on nobody can choose them, votes already cast stay.

    `reason` is kept in the audit trail. Raises InvalidInput, and Conflict once the poll has closed.
    """
    reason = check_reason(reason)
    with transaction() as session:
        candidate = candidate_of(session, slug, number)
        lock_poll_exclusively(session, candidate.poll_id)
        poll = poll_to_change(session, slug)
        if poll.state not in {"draft", "open"}:
            raise Conflict("投票已经结束，不能再登记退出。")
        if candidate.withdrawn_at is not None:
            raise Conflict(f"{number}号已经退出。")
        candidate.withdrawn_at = database_now(session)
        _note(poll, "candidates.withdraw", actor, f"{number}号：{reason}", ("withdrawn_at",))


def record_check(slug: str, numbers: Sequence[int], check: str, actor: Actor, *, given: bool = True) -> int:
    """Record for many candidates that consent was given or 保密审查 passed; returns how many changed.

    `check` is one of CHECKS. Taking it back (`given` false) is only possible in a draft.
    """
    if check not in CHECKS:
        raise InvalidInput("请选择要登记的内容。", field="check")
    if not numbers:
        raise InvalidInput("请先勾选候选对象。", field="numbers")
    with transaction() as session:
        poll = poll_to_change(session, slug) if given else draft_to_change(session, slug)
        column = Candidate.consented if check == "consented" else Candidate.secrecy_reviewed
        lacking = update(Candidate).where(
            Candidate.poll_id == poll.id, Candidate.number.in_(numbers), column.is_not(given)
        )
        changed = session.scalars(lacking.values({column: given}).returning(Candidate.number)).all()
        session.expire_all()
        if changed:
            verb = "" if given else "撤回"
            _note(poll, "candidates.record_check", actor, f"{verb}{list_numbers(changed)}", (check,))
    return len(changed)


def delete_candidate(slug: str, number: int, actor: Actor) -> None:
    """Remove a candidate from a draft; the other numbers stay. Raises Conflict, NotFound."""
    with transaction() as session:
        poll = draft_to_change(session, slug)
        session.delete(candidate_of(session, slug, number))
        _note(poll, "candidates.delete", actor, f"{number}号")


def _keep_fixed(listed: Sequence[Candidate]) -> None:
    """Let those fixed by hand keep the places they have in `listed`."""
    for place, candidate in enumerate(listed, start=1):
        if candidate.place_in_list:
            candidate.place_in_list = place


def _faults(entry: CandidateEntry, poll: Poll) -> dict[str, str]:
    faults = {}
    if all(award.id != entry.award for award in poll.awards):
        faults["award"] = "请选择奖项。"
    for field, most in _LONGEST.items():
        if len(getattr(entry, field)) > most:
            faults[field] = f"{_LABELS[field]}最多{most}个字。"
    for field in ("name", "unit"):
        if not getattr(entry, field):
            faults[field] = f"请填写{_LABELS[field]}。"
    return faults


def _refuse(faults: dict[str, str]) -> None:
    if faults:
        raise InvalidFields(faults)


def _enter(candidate: Candidate, entry: CandidateEntry) -> None:
    candidate.award_id = entry.award
    candidate.name, candidate.unit, candidate.post = entry.name, entry.unit, entry.post
    candidate.brief, candidate.deeds = entry.brief, entry.deeds
    candidate.initials = initials(entry.name)


def _entry_of(candidate: Candidate) -> CandidateEntry:
    return CandidateEntry(
        candidate.award_id, candidate.name, candidate.unit, candidate.post, candidate.brief, candidate.deeds
    )


def _note(poll: Poll, act: str, actor: Actor, detail: str, names: Sequence[str] = ()) -> None:
    poll.revision += 1
    record(act, audited(poll, f"：{detail}"), actor, fields=names)
