"""How long sending remembers: who is not to be written to, who allowed one message, and what was sent."""

from datetime import timedelta

from staff.personal.retention import Notice, declare_expiring
from wechat.sending.models import OnceConsent, RecipientMark, SendingJob
from wechat.sending.once import ASKED_FOR

MARKS_KEPT = timedelta(days=30)
CONSENTS_KEPT = timedelta(days=180)
JOBS_KEPT = timedelta(days=730)


declare_expiring(
    "wechat.marks",
    "不再发消息的人",
    MARKS_KEPT,
    RecipientMark.noted_at,
    since="微信告知后",
    notice=Notice("微信说您不接收消息时，记一个认不出人的编码", "不再给您发这类消息", "没有人查看"),
)
declare_expiring(
    "wechat.once_questions",
    "没有回答的一次性订阅询问",
    ASKED_FOR,
    OnceConsent.asked_at,
    OnceConsent.openid.is_(None),
    since="询问后",
)
declare_expiring(
    "wechat.once_consents",
    "同意接收一次消息的人",
    CONSENTS_KEPT,
    OnceConsent.accepted_at,
    since="同意后，消息发出即删除，最长",
    notice=Notice("您同意接收一次消息时的代号（openid，加密保存）", "发出您同意的那一条消息", "没有人查看"),
)
declare_expiring(
    "wechat.sending_jobs",
    "以公众号名义发出的群发、文章和预览的记录（不记收件人）",
    JOBS_KEPT,
    SendingJob.planned_at,
    since="发出后",
)
