"""Customer-service messages: an answer that comes later than the chat waits, while the platform's window is open."""

from typing import Any

from wechat.client import Grant
from wechat.messages import TEXT_BYTES, Article, Reply, TextReply, shorten
from wechat.sending.permission import permitted

PATH = "message/custom/send"


def send_customer_message(openid: str, reply: Reply) -> None:
    """Write to one person in the chat; not to be called inside a transaction, for it may take seconds.

    The platform alone counts the windows: five messages within 48 hours of a message, three within a minute of a click,
    a scan or the beginning of following. Raises OutsideWindow or WindowUsedUp where none is open; NotPermitted, which
    says what else there is; Unreachable where nobody knows whether it arrived, and then it is not to be sent again,
    for such a message has no id by which the platform would know it.
    """
    account = permitted("customer_message")
    account.client.write(PATH, {"touser": openid, **_content(reply)})


class CustomerMailing:
    """One such message to many people, whose sender keeps the ledger. Raises NotPermitted."""

    def __init__(self, reply: Reply, per_second: float) -> None:
        self._content = _content(reply)
        self._line = permitted("customer_message").client.line(PATH, per_second)

    def permits(self, wanted: int) -> Grant:
        """Take the right to send up to `wanted` messages now."""
        return self._line.permits(wanted)

    def send(self, openid: str) -> None:
        """Write to one person, as send_customer_message does; may be called by many threads."""
        self._line.write({"touser": openid, **self._content})


def _content(reply: Reply) -> dict[str, Any]:
    """Write a reply as such a message, which holds one card: several become lines of text."""
    if isinstance(reply, TextReply):
        return _text(reply.text)
    if len(reply.articles) == 1:
        return {"msgtype": "news", "news": {"articles": [_card(reply.articles[0])]}}
    return _text("\n".join(f"{article.title}\n{article.url}" for article in reply.articles))


def _text(text: str) -> dict[str, Any]:
    return {"msgtype": "text", "text": {"content": shorten(text, TEXT_BYTES)}}


def _card(article: Article) -> dict[str, str]:
    return {
        "title": article.title,
        "description": article.description,
        "url": article.url,
        "picurl": article.picture,
    }
