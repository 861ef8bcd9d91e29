"""How long sending remembers people: who is not to be written to, and who allowed one message."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, CursorResult, delete, func, select
from sqlalchemy.orm import Session

from staff.personal.retention import Notice, declare_retention
from wechat.sending.models import OnceConsent, RecipientMark
from wechat.sending.once import ASKED_FOR

MARKS_KEPT = timedelta(days=30)
CONSENTS_KEPT = timedelta(days=180)


def _old_marks(now: datetime) -> ColumnElement[bool]:
    return RecipientMark.noted_at <= now - MARKS_KEPT


def _unanswered(now: datetime) -> ColumnElement[bool]:
    return OnceConsent.openid.is_(None) & (OnceConsent.asked_at <= now - ASKED_FOR)


def _old_consents(now: datetime) -> ColumnElement[bool]:
    return OnceConsent.accepted_at <= now - CONSENTS_KEPT


def _count(session: Session, table: type, condition: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count()).select_from(table).where(condition)) or 0


def _delete(session: Session, table: type, condition: ColumnElement[bool]) -> int:
    done = session.execute(delete(table).where(condition).execution_options(synchronize_session=False))
    assert isinstance(done, CursorResult)  # noqa: S101  # what a DELETE gives
    return done.rowcount


declare_retention(
    "wechat.marks",
    "不再发消息的人",
    MARKS_KEPT,
    lambda session, now: _count(session, RecipientMark, _old_marks(now)),
    lambda session, now: _delete(session, RecipientMark, _old_marks(now)),
    since="微信告知后",
    notice=Notice("微信说您不接收消息时，记一个认不出人的编码", "不再给您发这类消息", "没有人查看"),
)
declare_retention(
    "wechat.once_questions",
    "没有回答的一次性订阅询问",
    ASKED_FOR,
    lambda session, now: _count(session, OnceConsent, _unanswered(now)),
    lambda session, now: _delete(session, OnceConsent, _unanswered(now)),
    since="询问后",
)
declare_retention(
    "wechat.once_consents",
    "同意接收一次消息的人",
    CONSENTS_KEPT,
    lambda session, now: _count(session, OnceConsent, _old_consents(now)),
    lambda session, now: _delete(session, OnceConsent, _old_consents(now)),
    since="同意后，消息发出即删除，最长",
    notice=Notice("您同意接收一次消息时的代号（openid，加密保存）", "发出您同意的那一条消息", "没有人查看"),
)
