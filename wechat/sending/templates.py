"""Template messages: one to one follower of a verified service account, checked before the platform sees it."""

import re

import structlog

from wechat.errors import InvalidArgument, WeChatError
from wechat.sending.delivering import Answer, deliver
from wechat.sending.fields import checked_fields
from wechat.sending.ledger import Job, Order
from wechat.sending.permission import permitted
from wechat.sending.recipients import note_answer, stop_if_marked

log = structlog.get_logger(__name__)
PATH = "message/template/send"
NO_SUCH_TEMPLATE, BAD_VALUE = 40037, 47003
_NAMED = re.compile(r"data\.(\w+)(?:\.value)? invalid|data\.(\w+)")


def send_template(key: str, openid: str, template_id: str, fields: dict[str, str], url: str = "") -> Job:
    """Send `fields` (name in the template → text) to a follower once, however often it is called with `key`.

    Not to be called inside a transaction. What the platform answers about the person is kept, and they are not asked
    for again: NotAFollower, RecipientBlocked, RecipientRefused. InvalidInput names a field that breaks the rules;
    InvalidArgument one that the platform refused all the same, or a template that is not this account's.
    """
    account = permitted("template")
    data = checked_fields(fields)
    stop_if_marked(openid, template_id)
    message = {"touser": openid, "template_id": template_id, "client_msg_id": key, "data": data}
    if url:
        message["url"] = url

    def call() -> Answer:
        return account.client.write(PATH, message)

    try:
        return deliver(Order(key, "template"), call)
    except WeChatError as error:
        note_answer(openid, template_id, error)
        raise _named(error) from None


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
