"""How much may still be sent, by our own ledger: days and months are those of Asia/Shanghai.

What was sent by hand on the platform's own site is not in the ledger, but the platform's refusal for want of quota is.
"""

from dataclasses import dataclass
from datetime import datetime, time
from typing import Literal

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from foundation.clock import SHANGHAI, database_now, local
from foundation.transaction import transaction
from wechat.account import current_account
from wechat.errors import NoMassQuota, QuotaReached
from wechat.sending.ledger import Kind
from wechat.sending.models import SendingJob

MASS_PER_DAY, MASS_PER_MONTH, PREVIEWS_PER_DAY, PUBLICATIONS_PER_DAY = 1, 4, 100, 100
_NO_QUOTA = "errcode 45028"
Period = Literal["day", "month"]


@dataclass(frozen=True, slots=True)
class Quota:
    """What is left of `limit` in this day or calendar month, and the sentence that says so."""

    left: int
    limit: int
    period: Period
    words: str


def mass_quota() -> Quota:
    """Return how many mass messages are left: one a day, or of a service account four a month to each follower.

    Of a service account it is what is left for a follower who got all of this month's.
    """
    if is_service_account():
        left = _left("mass", "month", MASS_PER_MONTH)
        return Quota(left, MASS_PER_MONTH, "month", f"本月每位关注者还能收到{left}次群发")
    left = _left("mass", "day", MASS_PER_DAY)
    return Quota(left, MASS_PER_DAY, "day", f"今天还能群发{left}次")


def preview_quota() -> Quota:
    left = _left("preview", "day", PREVIEWS_PER_DAY)
    return Quota(left, PREVIEWS_PER_DAY, "day", f"今天还能预览{left}次")


def publication_quota() -> Quota:
    left = _left("publication", "day", PUBLICATIONS_PER_DAY)
    return Quota(left, PUBLICATIONS_PER_DAY, "day", f"今天还能发布{left}次")


def need_mass_quota() -> None:
    """Raise NoMassQuota where this message, which is planned already, is more than the quota."""
    if is_service_account():
        if _used("mass", "month") > MASS_PER_MONTH:
            raise NoMassQuota("这个月给每位关注者的4次群发已经用完，请下个月再发。")
    elif _used("mass", "day") > MASS_PER_DAY:
        raise NoMassQuota("今天的1次群发已经用完，请明天再发。")


def need_preview_quota() -> None:
    """Raise QuotaReached where this preview, which is planned already, is more than the quota."""
    if _used("preview", "day") > PREVIEWS_PER_DAY:
        raise QuotaReached("今天的100次预览已经用完，请明天再试。")


def need_publication_quota() -> None:
    """Raise QuotaReached where this publication, which is planned already, is more than the quota."""
    if _used("publication", "day") > PUBLICATIONS_PER_DAY:
        raise QuotaReached("今天的100次发布已经用完，请明天再试。")


def is_service_account() -> bool:
    return current_account().settings.wechat_capabilities.startswith("service")


def _left(kind: Kind, period: Period, limit: int) -> int:
    with transaction() as session:
        of_period = _of(session, kind, period)
        if session.scalar(select(func.count()).where(of_period, SendingJob.raw == _NO_QUOTA)):
            return 0
    return max(limit - _used(kind, period), 0)


def _used(kind: Kind, period: Period) -> int:
    """Count what the platform took on, and what it may have taken on."""
    with transaction() as session:
        taken = or_(SendingJob.state != "failed", SendingJob.number.is_not(None))
        return session.scalar(select(func.count()).where(_of(session, kind, period), taken)) or 0


def _of(session: Session, kind: Kind, period: Period) -> ColumnElement[bool]:
    today = local(database_now(session)).date()
    first = today if period == "day" else today.replace(day=1)
    return (SendingJob.kind == kind) & (SendingJob.planned_at >= datetime.combine(first, time(), SHANGHAI))
