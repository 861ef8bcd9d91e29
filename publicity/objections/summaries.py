"""What a 推荐单位 reads of objections to those it nominated: the result and the written summary, and nothing else."""

from dataclasses import dataclass

from sqlalchemy import select

from foundation.transaction import transaction
from publicity.notices.models import Notice, NoticeVersion
from publicity.objections.acts import SUMMARIES
from publicity.objections.models import Objection
from publicity.objections.rules import RESULTS, STATE_NAMES, State
from publicity.objections.version_meant import VERSION_MEANT
from staff.actors import Actor
from staff.authority import demand


@dataclass(frozen=True, slots=True)
class UnitSummary:
    """One result: of whom, under which notice, what, and why."""

    subject_name: str
    notice_key: str
    notice_title: str
    result: str
    summary: str


def summaries_for(actor: Actor) -> tuple[UnitSummary, ...]:
    """Return what the unit of `actor` is told, ordered by notice and name so that no order tells when it came."""
    demand(actor, SUMMARIES)
    query = (
        select(Objection.subject_name, Notice.key, NoticeVersion.title, Objection.state, Objection.summary)
        .join(Notice, Notice.id == Objection.notice_id)
        .join(NoticeVersion, VERSION_MEANT)
        .where(Objection.subject_unit == (actor.unit or ""), Objection.subject_unit != "")
        .where(Objection.state.in_(RESULTS), Objection.summary != "")
        .order_by(Notice.id.desc(), Objection.subject_name, Objection.summary)
    )
    with transaction() as session:
        return tuple(
            UnitSummary(name, key, title, STATE_NAMES[State(state)], summary)
            for name, key, title, state, summary in session.execute(query)
        )
