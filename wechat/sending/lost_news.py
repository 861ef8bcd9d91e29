"""Jobs whose event never came: after a while the platform is asked how they ended."""

from datetime import timedelta

import structlog
from sqlalchemy import or_, select

from foundation.clock import database_now
from foundation.transaction import transaction
from wechat.account import current_account
from wechat.errors import WeChatError
from wechat.sending.delivering import OutcomeUnknown
from wechat.sending.mass import refresh_mass
from wechat.sending.models import SendingJob
from wechat.sending.publishing import refresh_publication

log = structlog.get_logger(__name__)
AFTER, GIVEN_UP_AFTER = timedelta(minutes=10), timedelta(days=3)
MOST_AT_ONCE = 20
_REFRESH = {"mass": (refresh_mass, "mass_tag"), "publication": (refresh_publication, "draft")}


def ask_for_lost_news() -> None:
    """Ask how mass messages and publications of the last three days ended, where nothing was heard."""
    for key, kind in _waiting():
        refresh, right = _REFRESH[kind]
        if not current_account().may(right):
            continue
        try:
            refresh(key)
        except (WeChatError, OutcomeUnknown) as error:
            log.info("wechat_job_still_unknown", kind=kind, error=type(error).__name__)


def _waiting() -> list[tuple[str, str]]:
    with transaction() as session:
        now = database_now(session)
        planned = (SendingJob.state == "planned") & (SendingJob.kind == "publication")
        nameless = (SendingJob.state == "finished") & SendingJob.article_id.is_(None)
        due = or_(
            SendingJob.state == "sent", planned, nameless & (SendingJob.kind == "publication")
        ) & SendingJob.planned_at.between(now - GIVEN_UP_AFTER, now - AFTER)
        query = select(SendingJob.key, SendingJob.kind).where(due, SendingJob.kind.in_(_REFRESH))
        rows = session.execute(query.order_by(SendingJob.planned_at).limit(MOST_AT_ONCE)).all()
    return [(row.key, row.kind) for row in rows]
