"""What the platform tells of pushes by its events: whether a message arrived, and how its own jobs ended.

An event may come before the answer to the call that it is about. Then it is laid down with the one delivery to this
person that is on its way, and counts once the answer names the same message.
"""

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from foundation.transaction import transaction
from publicity.pushes.models import Delivery
from publicity.pushes.models import Push as PushRow
from publicity.pushes.planning import settle_job
from publicity.pushes.standing import find_under_way
from wechat.followers import follower_digest
from wechat.job_events import TemplateSent
from wechat.messages import Push
from wechat.models import Follower
from wechat.sending.news import is_refusal

TEMPLATE_ENDED = "TEMPLATESENDJOBFINISH"
JOBS_ENDED = ("MASSSENDJOBFINISH", "PUBLISHJOBFINISH")
_LONGEST_NUMBER = 32
_IN_DOUBT = ("sending", "waiting", "unknown")


def note_template_event(event: Push) -> None:
    """Mark the delivery that the event is about, in the event's own transaction."""
    news = event.news
    if not isinstance(news, TemplateSent) or not 0 < len(news.job) <= _LONGEST_NUMBER:
        return
    state = _state(news)
    with transaction() as session:
        # Between the two looks an answer may have been marked, for which the second one waits.
        if _mark(session, news.job, state) or _lay_down(session, event.openid, news.job, state):
            return
        _mark(session, news.job, state)


def note_job_event(_event: Push) -> None:
    """End the pushes whose jobs have ended; the account's ledger heard of it before."""
    for push in find_under_way():
        if not push.per_follower:
            settle_job(push)


def _state(news: TemplateSent) -> str:
    if news.arrived:
        return "delivered"
    return "refused" if is_refusal(news) else "failed"


def _mark(session: Session, number: str, state: str) -> bool:
    ours = (Delivery.number == number) & (Delivery.state == "sent")
    marked = update(Delivery).where(ours).values(state=state).returning(Delivery.id)
    return session.execute(marked).first() is not None


def _lay_down(session: Session, openid: str, number: str, state: str) -> bool:
    """Keep what was told with the delivery that is on its way to this person; one that nobody knew of ends by it."""
    person = select(Follower.id).where(Follower.digest == follower_digest(openid)).scalar_subquery()
    template = exists().where(PushRow.id == Delivery.push_id, PushRow.channel == "template")
    open_ones = select(Delivery).where(
        Delivery.follower_id == person, Delivery.state.in_(_IN_DOUBT), Delivery.doubted_at.is_not(None), template
    )
    found = session.scalars(open_ones.order_by(Delivery.doubted_at.desc()).limit(1).with_for_update()).one_or_none()
    if found is None:
        return False
    found.number, found.told = number, state
    if found.state == "unknown":
        found.state = state
    return True
