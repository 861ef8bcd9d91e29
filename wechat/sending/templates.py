"""Template messages: to followers of a verified service account, checked before the platform sees them."""

import re
from typing import Any

import structlog

from wechat.client import Answer, Grant
from wechat.errors import InvalidArgument, WeChatError
from wechat.sending.delivering import deliver, numbers_of
from wechat.sending.fields import checked_fields
from wechat.sending.ledger import Job, Order
from wechat.sending.permission import permitted
from wechat.sending.recipients import note_answer, stop_if_marked

log = structlog.get_logger(__name__)
PATH = "message/template/send"
NO_SUCH_TEMPLATE, BAD_VALUE = 40037, 47003
_NAMED = re.compile(r"data\.(\w+)(?:\.value)? invalid|data\.(\w+)")


def send_template(key: str, openid: str, template_id: str, fields: dict[str, str], url: str = "") -> Job:
    """Send `fields` (name in the template → text) to one follower once, however often it is called with `key`.

    Not to be called inside a transaction; the job is done when the platform took the message on. What it answers about
    the person is kept, and they are not asked for again: NotAFollower, RecipientBlocked, RecipientRefused. InvalidInput
    names a field that breaks the rules; InvalidArgument one that the platform refused all the same, or a template that
    is not this account's.
    """
    account, message = permitted("template"), _message(template_id, fields, url)
    stop_if_marked(openid, template_id)

    def call() -> Answer:
        return account.client.write(PATH, {**message, "touser": openid, "client_msg_id": key})

    try:
        return deliver(Order(key, "template"), call)
    except WeChatError as error:
        note_answer(openid, template_id, error)
        raise _named(error) from None


class TemplateMailing:
    """One template message to many followers, whose sender keeps the ledger and knows whom not to write to.

    Raises NotPermitted, and InvalidInput for a field that breaks the rules.
    """

    def __init__(self, template_id: str, fields: dict[str, str], url: str, per_second: float) -> None:
        self._message = _message(template_id, fields, url)
        self._line = permitted("template").client.line(PATH, per_second)

    def permits(self, wanted: int) -> Grant:
        """Take the right to send up to `wanted` messages now."""
        return self._line.permits(wanted)

    def send(self, openid: str, message_id: str) -> str:
        """Send it to one follower and return the platform's number of the message; may be called by many threads.

        For ten minutes the same `message_id` brings no second one. Raises WeChatError, InvalidArgument naming the
        field where it is the message itself that the platform refused.
        """
        try:
            answer = self._line.write({**self._message, "touser": openid, "client_msg_id": message_id})
        except WeChatError as error:
            raise _named(error) from None
        return numbers_of("template", answer).number or ""


def _message(template_id: str, fields: dict[str, str], url: str) -> dict[str, Any]:
    message = {"template_id": template_id, "data": checked_fields(fields)}
    return {**message, "url": url} if url else message


def _named(error: WeChatError) -> WeChatError:
    """Say what is wrong where it is the template or one of its values, and have the operator hear of it."""
    if error.errcode == NO_SUCH_TEMPLATE:
        log.error("wechat_template_unknown")
        return _refused("模板编号不对，请到公众平台核对模板库里的模板ID。", error)
    name = bad_field(error) if error.errcode == BAD_VALUE else ""
    if not name:
        return error
    log.error("wechat_template_value_refused", field=name)
    return _refused(f"模板的“{name}”填得不对，微信没有接受。", error, name)


def _refused(sentence: str, error: WeChatError, field: str | None = None) -> InvalidArgument:
    named = InvalidArgument(sentence, errcode=error.errcode, answer=error.answer)
    named.field = field
    return named


def bad_field(error: WeChatError) -> str:
    """Return the name of the value that the platform refused, or nothing where it does not say."""
    found = _NAMED.search(str(error.answer.get("errmsg", "")))
    return (found[1] or found[2]) if found else ""
