"""How long pushes remember to whom they went: then only counts are left."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, exists, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from foundation.database import rows_changed
from publicity.pushes.models import Delivery, Push, PushCount
from publicity.pushes.standing import ENDED
from staff.personal.retention import Notice, declare_retention
from wechat.followers import follower_digest
from wechat.models import Follower

KEPT = timedelta(days=30)


def _is_old(now: datetime) -> ColumnElement[bool]:
    return Push.ended_at <= now - KEPT


def _count(session: Session, now: datetime) -> int:
    counted = select(func.count()).select_from(Delivery).join(Push, Push.id == Delivery.push_id).where(_is_old(now))
    return session.scalar(counted) or 0


def _erase(session: Session, now: datetime) -> int:
    """Keep the counts of what is old, and delete the rows; returns how many those were."""
    with_rows = exists().where(Delivery.push_id == Push.id)
    old = session.scalars(select(Push.id).where(_is_old(now), with_rows).with_for_update()).all()
    for push in old:
        _keep_counts(session, push)
    return rows_changed(session.execute(delete(Delivery).where(Delivery.push_id.in_(old))))


def _keep_counts(session: Session, push: int) -> None:
    errcode = func.coalesce(Delivery.errcode, 0)
    counted = select(Delivery.push_id, Delivery.state, errcode, func.count()).where(Delivery.push_id == push)
    new = insert(PushCount).from_select(
        ["push_id", "state", "errcode", "count"], counted.group_by(Delivery.push_id, Delivery.state, errcode)
    )
    session.execute(new.on_conflict_do_nothing())
    repeats = select(func.coalesce(func.sum(Delivery.repeats), 0)).where(Delivery.push_id == push).scalar_subquery()
    session.execute(update(Push).where(Push.id == push).values(repeats=Push.repeats + repeats))


def forget_follower(session: Session, openid: str) -> None:
    """Send nothing more to somebody who left or asked to be forgotten, and keep no trace of what they got."""
    person = select(Follower.id).where(Follower.digest == follower_digest(openid)).scalar_subquery()
    waiting = (Delivery.follower_id == person) & (Delivery.state == "waiting")
    session.execute(update(Delivery).where(waiting).values(state="unfollowed"))
    over = exists().where(Push.id == Delivery.push_id, Push.state.in_(ENDED))
    ended = (Delivery.follower_id == person) & (Delivery.state != "sending") & over
    session.execute(update(Delivery).where(ended).values(follower_id=None, number=None, told=None))


declare_retention(
    "pushes.deliveries",
    "推送给每位关注者的情况",
    KEPT,
    _count,
    _erase,
    since="推送结束后",
    notice=Notice(
        "给您发过哪些公示消息、发到没有",
        "不重复、不漏发，并统计送达人数",
        "没有人查看",
    ),
)
