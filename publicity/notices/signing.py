"""The way of a draft to the public: submitted, examined, issued, or sent back; never twice by the same hands."""

from sqlalchemy.orm import Session

from foundation.clock import database_now, local_day
from foundation.errors import Conflict, InvalidInput, NotAllowed
from foundation.forms import InvalidFields
from foundation.transaction import transaction
from publicity.notices.acts import ISSUE, REVIEW, SEND_BACK, SUBMIT
from publicity.notices.kinds import Change, Kind, State, Steps
from publicity.notices.models import Notice, NoticeVersion
from publicity.notices.options import OWN_DAY, PERIOD, steps_now
from publicity.notices.period import Period, period_of
from publicity.notices.readiness import Concern, concerns
from publicity.notices.versions import (
    audited,
    draft_to_edit,
    member_of,
    note_hand,
    period_of_version,
    published_version,
    version_under_way,
    wording_of,
)
from staff.actors import Actor
from staff.audit import record
from staff.authority import demand, note_refusal
from staff.options.calendar import calendar_overrides

LONGEST_REASON = 500  # characters
_FIRST_STEP = {Steps.THREE: State.REVIEWING, Steps.TWO: State.SIGNING, Steps.ONE: State.PUBLISHED}


def submit(key: str, revision: int, actor: Actor) -> State:
    """Hand a draft on to whoever comes next, as the setting says; where nobody does, it is published.

    Returns the state it is in then. Raises InvalidFields with all that is missing, Conflict, NotFound, NotAllowed.
    """
    demand(actor, SUBMIT)
    member_id = member_of(actor)
    target = _FIRST_STEP[steps_now()]
    with transaction() as session:
        notice, version = draft_to_edit(session, key, revision)
        _refuse_unfinished(session, notice, version)
        note_hand(version, member_id)
        version.submitted_at, version.returned_because = database_now(session), ""
        record(SUBMIT, audited(notice, version), actor, fields=("state",))
        if target is State.PUBLISHED:
            _publish(session, notice, version, actor)
        else:
            version.state = target
    return target


def review(key: str, revision: int, actor: Actor) -> None:
    """Examine what was submitted and hand it on to be issued.

    Raises NotAllowed for whoever had a hand in the draft, Conflict, NotFound.
    """
    demand(actor, REVIEW)
    member_id = member_of(actor)
    with transaction() as session:
        notice, version = version_under_way(session, key, revision, State.REVIEWING)
        _refuse_hands(notice, version, REVIEW, actor)
        version.reviewed_by, version.reviewed_at = member_id, database_now(session)
        version.state = State.SIGNING
        record(REVIEW, audited(notice, version), actor, fields=("state",))


def issue(key: str, revision: int, actor: Actor) -> None:
    """Publish a version that waits to be issued: its days are fixed, and nothing of it changes any more.

    Raises NotAllowed for whoever drafted or examined it, UnknownYear where the period cannot be told, Conflict,
    InvalidFields, NotFound.
    """
    demand(actor, ISSUE)
    with transaction() as session:
        notice, version = version_under_way(session, key, revision, State.SIGNING)
        _refuse_hands(notice, version, ISSUE, actor)
        _refuse_unfinished(session, notice, version)
        _publish(session, notice, version, actor)


def send_back(key: str, revision: int, reason: str, actor: Actor) -> None:
    """Return what waits to its drafter, with the reason; whoever had a hand in it may take it back likewise.

    Raises InvalidInput without a reason, NotAllowed for whoever may not take the next step, Conflict, NotFound.
    """
    demand(actor, SEND_BACK)
    member_id = member_of(actor)
    reason = check_reason(reason, "reason")
    with transaction() as session:
        notice, version = version_under_way(session, key, revision, State.REVIEWING, State.SIGNING)
        if member_id not in version.editors:
            demand(actor, REVIEW if version.state == State.REVIEWING else ISSUE, object=audited(notice, version))
        version.state, version.returned_because = State.DRAFT, reason
        version.submitted_at = version.reviewed_by = version.reviewed_at = None
        record(SEND_BACK, audited(notice, version), actor, fields=("state",), purpose=reason)


def unfinished(session: Session, notice: Notice, version: NoticeVersion) -> tuple[Concern, ...]:
    """Return what a draft lacks before it may go on."""
    base = published_version(session, notice.id)
    before = wording_of(base) if base is not None else None
    found = concerns(Kind(notice.kind), Change(version.change), wording_of(version), before)
    if base is None and 0 < notice.working_days < PERIOD.value():
        return (*found, Concern("working_days", f"公示期不能少于{PERIOD.value()}个工作日。"))
    return found


def _refuse_unfinished(session: Session, notice: Notice, version: NoticeVersion) -> None:
    refuse_restart(notice, Change(version.change))
    faults: dict[str, str] = {}
    for concern in unfinished(session, notice, version):
        faults[concern.field] = faults.get(concern.field, "") + concern.text
    if faults:
        raise InvalidFields(faults)


def refuse_restart(notice: Notice, change: Change) -> None:
    """Raise Conflict where a concluded notice would begin anew."""
    if change is Change.SUBJECTS and notice.concluded_at is not None:
        raise Conflict("这份公示已经结束，不能再增加或更换对象；请为他们另发一份公示。", field="change")


def days_if_published(session: Session, notice: Notice, version: NoticeVersion) -> Period | None:
    """Return the period that a version gets when it is published now, None where it has none; raises UnknownYear.

    New subjects begin a new one; a withdrawal or a misprint keeps that of the version before.
    """
    if notice.working_days == 0:
        return None
    if version.change in {Change.FIRST, Change.SUBJECTS}:
        today = local_day(database_now(session))
        return period_of(today, notice.working_days, calendar_overrides(), own_day=OWN_DAY.value())
    base = published_version(session, notice.id)
    return None if base is None else period_of_version(base)


def hands_in(version: NoticeVersion, state: State) -> frozenset[int]:
    """Return the ids of those who must not take the step that a version in `state` waits for."""
    reviewers = {version.reviewed_by} if state is State.SIGNING and version.reviewed_by else set()
    return frozenset({*version.editors, *reviewers})


def check_reason(reason: str, field: str) -> str:
    """Return what was typed as a reason, without blanks around it; raises InvalidInput."""
    reason = reason.strip()
    if not reason:
        raise InvalidInput("请写明理由。", field=field)
    if len(reason) > LONGEST_REASON:
        raise InvalidInput(f"理由太长，最多{LONGEST_REASON}个字。", field=field)
    return reason


def _publish(session: Session, notice: Notice, version: NoticeVersion, actor: Actor) -> None:
    days = days_if_published(session, notice, version)
    if days is not None:
        version.first_day, version.last_day = days.first, days.last
    version.issued_by, version.published_at = member_of(actor), database_now(session)
    version.state = State.PUBLISHED
    session.flush()
    record(ISSUE, audited(notice, version), actor, fields=("state",))


def _refuse_hands(notice: Notice, version: NoticeVersion, act: str, actor: Actor) -> None:
    """Raise NotAllowed, and leave a line in the trail, where the actor was there before in another part."""
    if actor.member_id not in hands_in(version, State(version.state)):
        return
    note_refusal(act, audited(notice, version), actor)
    step = "审核" if act == REVIEW else "签发"
    part = "拟过或改过" if actor.member_id in version.editors else "审核过"
    raise NotAllowed(f"这一稿您{part}，{step}要由另一个人来办。")
