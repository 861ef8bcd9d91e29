"""Ending a notice: when its period is over and nothing is open, or although something is, with a leader's reason."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation.clock import database_now, show_day
from foundation.errors import Conflict, InvalidInput
from foundation.transaction import transaction
from publicity.conclusion.acts import CONCLUDE
from publicity.notices.kinds import UNPUBLISHED, Phase, State
from publicity.notices.models import Notice, NoticeSubject, NoticeVersion
from publicity.notices.reading import NoticeHead, notice_head
from publicity.objections.standing import lock_subject, open_in_notice
from staff.actors import Actor
from staff.audit import record
from staff.authority import demand
from staff.roles import LEADERS

SHORTEST_REASON, LONGEST_REASON = 5, 500


@dataclass(frozen=True, slots=True)
class Readiness:
    """How far a notice is from its end: what stands in the way of everybody, and what only a leader may pass over."""

    head: NoticeHead
    obstacle: str
    open_objections: int

    @property
    def needs_leader(self) -> bool:
        return not self.obstacle and self.open_objections > 0


def conclude_notice(key: str, reason: str, actor: Actor) -> None:
    """End a notice whose period is over, for good: from then on nobody can object.

    While objections are open only a leader may, with a reason that is kept in the notice and in the trail. Raises
    NotFound, Conflict for what stands in the way, InvalidInput for the reason, NotAllowed.
    """
    with transaction() as session:
        demand(actor, CONCLUDE, object=key)
        _lock_subjects(session, key)
        head = notice_head(session, key, lock=True)
        readiness = _readiness(session, head)
        if readiness.obstacle:
            raise Conflict(readiness.obstacle)
        kept = _reason_kept(readiness, reason, actor)
        notice = session.get_one(Notice, head.id)
        notice.concluded_at, notice.concluded_by, notice.conclusion = database_now(session), actor.member_id, kept
        record(CONCLUDE, audited(head), actor, fields=("open_objections",) if kept else (), purpose=kept)


def conclusion_readiness(key: str) -> Readiness:
    """Say how far the notice is from its end, for the page that asks; raises NotFound."""
    with transaction() as session:
        return _readiness(session, notice_head(session, key))


def audited(head: NoticeHead) -> str:
    """Name the notice for the audit trail, by title and key."""
    return f"{head.title}（{head.key}）"


def may_pass_over_objections(actor: Actor) -> bool:
    """Tell whether `actor` may end a notice with objections open."""
    return actor.role in LEADERS


def _readiness(session: Session, head: NoticeHead) -> Readiness:
    return Readiness(head, _obstacle(session, head), open_in_notice(session, head.id))


def _obstacle(session: Session, head: NoticeHead) -> str:
    """Return why nobody may end the notice now, or nothing."""
    if head.phase is Phase.DRAFT:
        return "还没有发布，不能结束。"
    if head.phase is Phase.STANDING:
        return "这是公告，没有公示期，不用结束。"
    if head.phase is Phase.CONCLUDED:
        return "公示已经结束。"
    if head.phase is Phase.RUNNING and head.last_day is not None:
        return f"公示期到{head.last_day.year}年{show_day(head.last_day)}为止，期满以后才能结束，不能提前。"
    return "有一个新版本还没有发布，请先发布或放弃它。" if _version_under_way(session, head) else ""


def _version_under_way(session: Session, head: NoticeHead) -> bool:
    under_way = select(NoticeVersion.id).where(NoticeVersion.notice_id == head.id, NoticeVersion.state.in_(UNPUBLISHED))
    return session.scalar(under_way.limit(1)) is not None


def _lock_subjects(session: Session, key: str) -> None:
    """Hold everybody of any version, in one order and before the notice, so that no objection comes at this moment."""
    subjects = (
        select(NoticeSubject.kind, NoticeSubject.key)
        .join(NoticeVersion, NoticeVersion.id == NoticeSubject.version_id)
        .join(Notice, Notice.id == NoticeVersion.notice_id)
        .where(Notice.key == key, NoticeVersion.state == State.PUBLISHED)
        .distinct()
        .order_by(NoticeSubject.kind, NoticeSubject.key)
    )
    for kind, name in session.execute(subjects).all():
        lock_subject(session, kind, name)


def _reason_kept(readiness: Readiness, reason: str, actor: Actor) -> str:
    """Return the leader's reason where something is open, nothing where nothing is."""
    if not readiness.open_objections:
        return ""
    if not may_pass_over_objections(actor):
        raise Conflict(
            f"还有{readiness.open_objections}件反映没有办结，不能结束公示。确需结束的，由部领导写明理由后办理。"
        )
    reason = reason.strip()
    if len(reason) < SHORTEST_REASON:
        raise InvalidInput(
            f"还有{readiness.open_objections}件反映没有办结，请写明仍要结束的理由，至少{SHORTEST_REASON}个字。",
            field="reason",
        )
    if len(reason) > LONGEST_REASON:
        raise InvalidInput(f"理由太长，最多{LONGEST_REASON}个字。", field="reason")
    return reason
