"""Notices as staff look for them: by kind, by where they stand, by words of the title."""

from sqlalchemy import ColumnElement, and_, select, true
from sqlalchemy.orm import Session

from foundation.clock import database_now, local_day
from foundation.transaction import transaction
from publicity.notices.kinds import UNPUBLISHED, Kind, Phase, State
from publicity.notices.models import Notice, NoticeVersion
from publicity.notices.reading import read_page, staff_heads
from publicity.notices.sheet import NoticeLine, NoticeList


def find_notices(page: int = 1, *, words: str = "", kind: Kind | None = None, phase: Phase | None = None) -> NoticeList:
    """Return the notices whose title has every word, drafts first, then the newest version first."""
    matching = [NoticeVersion.title.icontains(word, autoescape=True) for word in words.split()]
    of_kind = Notice.kind == kind if kind else true()
    order = (NoticeVersion.published_at.desc().nulls_first(), Notice.id.desc())
    with transaction() as session:
        wanted = and_(true(), *matching, of_kind, _stands(session, phase))
        found = read_page(session, staff_heads().where(wanted), page, *order)
        states = _states(session, [head.id for head in found.rows])
    rows = tuple(NoticeLine(head, states.get(head.id)) for head in found.rows)
    return NoticeList(rows, found.found, found.page, found.pages)


def _stands(session: Session, phase: Phase | None) -> ColumnElement[bool]:
    """Say in SQL what `phase_of` says of one notice; no phase is every phase."""
    today = local_day(database_now(session))
    published, has_period = NoticeVersion.published_at.is_not(None), NoticeVersion.first_day.is_not(None)
    concluded, is_over = Notice.concluded_at.is_not(None), NoticeVersion.last_day < today
    conditions = {
        Phase.DRAFT: ~published,
        Phase.STANDING: published & ~has_period,
        Phase.CONCLUDED: has_period & concluded,
        Phase.OVER: has_period & ~concluded & is_over,
        Phase.RUNNING: has_period & ~concluded & ~is_over,
    }
    return true() if phase is None else conditions[phase]


def _states(session: Session, notice_ids: list[int]) -> dict[int, State]:
    of_these = (NoticeVersion.notice_id.in_(notice_ids), NoticeVersion.state.in_(UNPUBLISHED))
    query = select(NoticeVersion.notice_id, NoticeVersion.state).where(*of_these)
    return {notice_id: State(state) for notice_id, state in session.execute(query)}
