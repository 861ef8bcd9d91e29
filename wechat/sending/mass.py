"""Mass messages: to everybody, to a tag, to a list; once under an id of ours, within the quota, tried out before."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from foundation.errors import InvalidInput
from wechat.account import Account
from wechat.client import Answer
from wechat.sending.delivering import deliver
from wechat.sending.ledger import Ending, Job, Order, find_job, note_ended
from wechat.sending.permission import permitted
from wechat.sending.quotas import need_mass_quota, need_preview_quota

FEWEST, MOST = 2, 10_000
TEXT_CHARACTERS = 600
_ENDINGS = {
    "SEND_SUCCESS": Ending("finished", "SEND_SUCCESS"),
    "SEND_FAIL": Ending("failed", "SEND_FAIL"),
    "DELETE": Ending("finished", "DELETE"),
}


@dataclass(frozen=True, slots=True)
class MassText:
    """Plain words, up to 600 characters."""

    text: str


@dataclass(frozen=True, slots=True)
class MassArticles:
    """The articles of a draft, which is used up by sending it."""

    media_id: str


MassContent = MassText | MassArticles


def send_to_all(key: str, content: MassContent) -> Job:
    """Send to every follower, once however often it is called with `key`; not to be called inside a transaction.

    The job ends when the platform says so. AlreadySent (45065) is success here. Raises InvalidInput, NoMassQuota
    before the platform is asked, TooEarly within a minute of a first try, OutcomeUnknown a day after one, WeChatError.
    """
    return _send(permitted("mass_tag"), Order(key, "mass", "all", _media_of(content)), {"is_to_all": True}, content)


def send_to_tag(key: str, tag_id: int, content: MassContent) -> Job:
    """Send to the followers with a tag; otherwise as send_to_all."""
    chosen = {"is_to_all": False, "tag_id": tag_id}
    return _send(permitted("mass_tag"), Order(key, "mass", f"tag {tag_id}", _media_of(content)), chosen, content)


def send_to_list(key: str, openids: Sequence[str], content: MassContent) -> Job:
    """Send to 2 to 10,000 followers by name, which only a verified service account may; otherwise as send_to_all.

    On other accounts NotPermitted says to send by tag. Raises InvalidInput for fewer or more.
    """
    account, people = permitted("mass_openid"), list(dict.fromkeys(openids))
    if not FEWEST <= len(people) <= MOST:
        raise InvalidInput(f"按名单群发一次要有{FEWEST}到{MOST}人，现在有{len(people)}人。", field="recipients")
    order = Order(key, "mass", f"list of {len(people)}", _media_of(content))
    body = {"touser": people, **_body(content), "send_ignore_reprint": 0, "clientmsgid": key}

    def call() -> Answer:
        return account.client.write("message/mass/send", body)

    return deliver(order, call, before=need_mass_quota)


def preview_to(key: str, content: MassContent, *, openid: str = "", wechat_name: str = "") -> Job:
    """Show a mass message to one follower, by openid or by the name of their own choice in WeChat, which wins.

    A hundred a day; the draft stays. Raises InvalidInput, QuotaReached, NotAFollower, WeChatError.
    """
    account = permitted("mass_tag")
    if not openid and not wechat_name:
        raise InvalidInput("请填写接收预览的微信号。", field="wechat_name")
    body = {"towxname": wechat_name} if wechat_name else {"touser": openid}

    def call() -> Answer:
        return account.client.write("message/mass/preview", {**body, **_body(content)})

    return deliver(Order(key, "preview", media_id=_media_of(content)), call, before=need_preview_quota)


def refresh_mass(key: str) -> Job:
    """Ask the platform how a mass message stands, in case its event was lost. Raises NotFound, WeChatError."""
    account, job = permitted("mass_tag"), find_job(key)
    if job.state != "sent" or job.number is None:
        return job
    answer = account.client.read("message/mass/get", data={"msg_id": int(job.number)})
    ending = _ENDINGS.get(str(answer.get("msg_status")))
    return job if ending is None else note_ended(key, ending)


def take_back(key: str, place: int = 0) -> None:
    """Delete a mass message that went out, or one article of it (counted from 1); chats that show it lose it.

    Raises NotFound, InvalidInput where it did not go out, WeChatError.
    """
    account, job = permitted("mass_tag"), find_job(key)
    if job.kind != "mass" or job.number is None:
        raise InvalidInput("这条群发没有发出，不用撤回。", field="key")
    account.client.write("message/mass/delete", {"msg_id": int(job.number), "article_idx": place})


def _send(account: Account, order: Order, chosen: dict[str, Any], content: MassContent) -> Job:
    body = {"filter": chosen, **_body(content), "send_ignore_reprint": 0, "clientmsgid": order.key}

    def call() -> Answer:
        return account.client.write("message/mass/sendall", body)

    return deliver(order, call, before=need_mass_quota)


def _body(content: MassContent) -> dict[str, Any]:
    if isinstance(content, MassArticles):
        return {"msgtype": "mpnews", "mpnews": {"media_id": content.media_id}}
    if not 1 <= len(content.text) <= TEXT_CHARACTERS:
        raise InvalidInput(f"群发的文字要有1到{TEXT_CHARACTERS}个字。", field="text")
    return {"msgtype": "text", "text": {"content": content.text}}


def _media_of(content: MassContent) -> str:
    return content.media_id if isinstance(content, MassArticles) else ""
