"""How long sending remembers: who is not to be written to, who allowed one message, and what was sent."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement

from staff.personal.retention import Notice, Rows, declare_retention
from wechat.sending.models import OnceConsent, RecipientMark, SendingJob
from wechat.sending.once import ASKED_FOR

MARKS_KEPT = timedelta(days=30)
CONSENTS_KEPT = timedelta(days=180)
JOBS_KEPT = timedelta(days=730)


def _old_marks(now: datetime) -> ColumnElement[bool]:
    return RecipientMark.noted_at <= now - MARKS_KEPT


def _unanswered(now: datetime) -> ColumnElement[bool]:
    return OnceConsent.openid.is_(None) & (OnceConsent.asked_at <= now - ASKED_FOR)


def _old_consents(now: datetime) -> ColumnElement[bool]:
    return OnceConsent.accepted_at <= now - CONSENTS_KEPT


def _old_jobs(now: datetime) -> ColumnElement[bool]:
    return SendingJob.planned_at <= now - JOBS_KEPT


_OLD_MARKS = Rows({RecipientMark: _old_marks})
_UNANSWERED = Rows({OnceConsent: _unanswered})
_OLD_CONSENTS = Rows({OnceConsent: _old_consents})
_OLD_JOBS = Rows({SendingJob: _old_jobs})

declare_retention(
    "wechat.marks",
    "不再发消息的人",
    MARKS_KEPT,
    _OLD_MARKS,
    _OLD_MARKS.delete,
    since="微信告知后",
    notice=Notice("微信说您不接收消息时，记一个认不出人的编码", "不再给您发这类消息", "没有人查看"),
)
declare_retention(
    "wechat.once_questions",
    "没有回答的一次性订阅询问",
    ASKED_FOR,
    _UNANSWERED,
    _UNANSWERED.delete,
    since="询问后",
)
declare_retention(
    "wechat.once_consents",
    "同意接收一次消息的人",
    CONSENTS_KEPT,
    _OLD_CONSENTS,
    _OLD_CONSENTS.delete,
    since="同意后，消息发出即删除，最长",
    notice=Notice("您同意接收一次消息时的代号（openid，加密保存）", "发出您同意的那一条消息", "没有人查看"),
)
declare_retention(
    "wechat.sending_jobs",
    "以公众号名义发出的群发、文章和预览的记录（不记收件人）",
    JOBS_KEPT,
    _OLD_JOBS,
    _OLD_JOBS.delete,
    since="发出后",
)
