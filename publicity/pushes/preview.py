"""Trying a push out on somebody who is in on it: a preview of a mass message, a real one to a tester."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from foundation.errors import AppError, Conflict, InvalidInput
from foundation.ids import random_id
from foundation.transaction import transaction
from publicity.notices.reading import NoticePage, public_notice
from publicity.pushes.channels import Channel
from publicity.pushes.composing import notice_key_of, push_row, title_of
from publicity.pushes.contents import Content, is_article
from publicity.pushes.laying import lay_article
from staff.actors import Actor
from staff.audit import record
from wechat.account import current_account
from wechat.errors import NotAFollower, WeChatError
from wechat.following.tags import TEST_TAG, list_tags, tagged
from wechat.messages import TextReply
from wechat.sending.customer import send_customer_message
from wechat.sending.mass import MassArticles, MassContent, MassText, preview_to
from wechat.sending.templates import send_template

PREVIEW = "pushes.preview"
MOST_TESTERS = 20
NO_SUCH_NAME = 40132
BEFORE_THE_SENDING = ("draft", "approved")
BY_NAME = frozenset({Channel.MASS, Channel.PUBLICATION, Channel.DRAFT})
"""Channels whose preview may go to anybody who follows, by the name they gave themselves in WeChat."""


@dataclass(frozen=True, slots=True)
class Tester:
    """Somebody with the testers' tag: a name for forms that tells nothing of them, and what pages call them."""

    name: str
    words: str


@dataclass(frozen=True, slots=True)
class _Tried:
    """What is tried out."""

    key: str
    revision: int
    channel: Channel
    content: Content
    page: NoticePage


def can_be_tried(channel: str) -> str:
    """Return why a push over this channel cannot be tried out, or nothing where it can."""
    account = current_account()
    if channel == Channel.ONCE:
        return "每位读者只许发一条，试发会把它用掉，所以只能看下面的样子。"
    if channel in BY_NAME and not account.may("mass_tag"):
        return "这个公众号没有群发的权限，不能发预览，只能看下面的样子。"
    if channel not in BY_NAME and not account.may("users"):
        return "这个公众号没有用户管理的权限，找不到测试人员，只能看下面的样子。"
    return ""


def testers() -> tuple[Tester, ...]:
    """Return who has the testers' tag, at most twenty; asks the platform. Raises NotAllowed, WeChatError."""
    return tuple(Tester(_name_of(openid), words) for openid, words in _testers().items())


def send_preview(key: str, actor: Actor, *, tester: str = "", wechat_name: str = "") -> None:
    """Show a push to one person before it is sent: by the name in WeChat they chose, where the channel takes one, or
    the name of a tester. Not to be called inside a transaction.

    Raises NotFound, Conflict where it cannot be tried out, InvalidInput for nobody, and what sending raises.
    """
    tried = _tried(key)
    problem = can_be_tried(tried.channel)
    if problem:
        raise Conflict(problem)
    title = title_of(tried.page, tried.channel)
    try:
        _send(tried, tester, wechat_name if tried.channel in BY_NAME else "")
    except AppError:
        record(PREVIEW, title, actor, result="refused")
        raise
    record(PREVIEW, title, actor)


def _tried(key: str) -> _Tried:
    with transaction() as session:
        push = push_row(session, key)
        if push.state not in BEFORE_THE_SENDING:
            raise Conflict("这条推送已经开始发送，不用再预览。")
        page = public_notice(notice_key_of(session, push))
        return _Tried(key, push.revision, Channel(push.channel), push.content, page)


def _send(tried: _Tried, tester: str, wechat_name: str) -> None:
    openid = "" if wechat_name else _openid_of(tester)
    attempt = f"preview-{random_id()}"
    if tried.channel in BY_NAME:
        _preview_mass(attempt, _mass_content(tried), openid, wechat_name)
    elif tried.channel is Channel.TEMPLATE:
        fields = dict(tried.content["fields"])
        send_template(attempt, openid, tried.content["template_id"], fields, _address(tried))
    else:
        send_customer_message(openid, TextReply(f"{tried.content['text']}\n{_address(tried)}"))


def _preview_mass(attempt: str, content: MassContent, openid: str, wechat_name: str) -> None:
    try:
        preview_to(attempt, content, openid=openid, wechat_name=wechat_name)
    except WeChatError as error:
        if error.errcode == NO_SUCH_NAME:
            raise InvalidInput("微信说没有这个微信号。请核对，对方还要先关注公众号。", field="wechat_name") from None
        if isinstance(error, NotAFollower):
            field = "wechat_name" if wechat_name else "tester"
            raise InvalidInput("对方没有关注公众号，收不到预览。", field=field) from None
        raise


def _mass_content(tried: _Tried) -> MassContent:
    if not is_article(tried.channel, tried.content):
        return MassText(tried.content["text"])
    key = f"look-{tried.key}-{tried.revision}-{tried.page.head.version}"
    return MassArticles(str(lay_article(key, tried.page, tried.content).number))


def _address(tried: _Tried) -> str:
    return current_account().site + str(tried.content["path"])


def _openid_of(tester: str) -> str:
    if not tester:
        raise InvalidInput("请选一位测试人员。", field="tester")
    found = next((openid for openid in _testers() if _name_of(openid) == tester), None)
    if found is None:
        raise InvalidInput("这位测试人员已经不在“测试”标签里了，请重新选。", field="tester")
    return found


def _testers() -> Mapping[str, str]:
    """Return the testers' openids and what pages call them."""
    tag = next((tag for tag in list_tags() if tag.name == TEST_TAG), None)
    openids = list(islice(tagged(tag.number), MOST_TESTERS)) if tag else []
    remarks = _remarks(openids)
    return {
        openid: f"测试人员{place}{f'（{remarks[openid]}）' if remarks.get(openid) else ''}"
        for place, openid in enumerate(openids, start=1)
    }


def _remarks(openids: Sequence[str]) -> Mapping[str, str]:
    """Return by which words staff know somebody on the platform's own site, where they gave them any."""
    people = [{"openid": openid, "lang": "zh_CN"} for openid in openids]
    if not people:
        return {}
    try:
        infos = current_account().client.read("user/info/batchget", data={"user_list": people}).get("user_info_list")
    except WeChatError:
        return {}
    return {str(info.get("openid")): str(info.get("remark") or "") for info in infos or () if isinstance(info, dict)}


def _name_of(openid: str) -> str:
    return current_account().digest("push tester", openid).hex()[:24]
