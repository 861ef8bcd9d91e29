"""What keeps the account from its work: since when, what works meanwhile, what to click; and how to try again."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from flask import url_for

from foundation.clock import show_moment
from foundation.errors import NotFound
from foundation.transaction import transaction
from staff.actors import Actor
from staff.acts import allows
from staff.audit import record
from staff.desk import DeskItem
from wechat.account import current_account
from wechat.acts import RESTORE
from wechat.capabilities import Refusal
from wechat.client import TICKET, TOKEN, Pause
from wechat.errors import MINUTE_USED_UP, Misconfigured
from wechat.menu import ACT as PUBLISH_MENU
from wechat.rights import right_of

BANNED = 48004
_NEEDED_FOR = {TOKEN: "取得调用凭证", TICKET: "网页分享签名"}
_BASICS = "登录微信公众平台，在“设置与开发—基本配置”（新版叫“开发接口管理”）"
_REMEDIES = {
    40013: ("AppID不对", f"{_BASICS}核对AppID，请管理员改正服务器的WECHAT_APPID"),
    40125: ("AppSecret不对", f"{_BASICS}重置AppSecret，请管理员填到服务器的WECHAT_SECRET，并重新启动服务"),
    40243: ("AppSecret被冻结", f"{_BASICS}解冻AppSecret"),
}
_WITHOUT_CALLS = "看内容、在对话里投票和自动回复照常；登录、菜单、消息发送要等恢复"


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that does not work: `key` names it to `try_again`; `instead` is what works meanwhile."""

    key: str
    text: str
    since: datetime
    instead: str
    remedy: str
    ends: datetime | None = None
    urgent: bool = False


def account_troubles() -> tuple[Trouble, ...]:
    """Return what the platform refuses this account now: first wrong settings, then rights, then used up calls."""
    account = current_account()
    pauses = account.client.breaker.pauses()
    wrong = tuple(_wrong_settings(pause) for pause in pauses if isinstance(pause.error, Misconfigured))
    refused = tuple(_refused_right(refusal) for refusal in account.capabilities.refusals())
    return (*wrong, *refused, *_used_up(pauses))


def try_again(key: str, actor: Actor) -> None:
    """Trust again what was refused, in the name of `actor`; if the platform still refuses, it is off again.

    Raises NotFound where nothing of that name is refused; WeChatError where it is the credentials, which are tried at
    once, and they still do not work.
    """
    account = current_account()
    trouble = next((one for one in account_troubles() if one.key == key), None)
    if trouble is None:
        raise NotFound("这一项已经恢复，或者从来没有停用。")
    kind, _, name = key.partition(":")
    with transaction():
        if kind == "right":
            account.capabilities.restore(name)
        record(RESTORE, trouble.text, actor, fields=("right" if kind == "right" else "pause",))
    if kind == "path":
        account.client.breaker.clear(name)
    if name == TOKEN:
        account.client.check_token()


def desk_items(actor: Actor) -> tuple[DeskItem, ...]:
    """Return the troubles for those who look after the account or work with it."""
    if not (allows(actor, RESTORE) or allows(actor, PUBLISH_MENU)):
        return ()
    page = url_for("wechat_console.account", _anchor="troubles")
    return tuple(
        DeskItem("urgent" if one.urgent else "due", one.text, _in_short(one), "看怎么处理", page)
        for one in account_troubles()
    )


def _in_short(trouble: Trouble) -> str:
    until = f"，{show_moment(trouble.ends)}恢复" if trouble.ends else ""
    return f"{show_moment(trouble.since)}起{until}。现在：{trouble.instead}。办法：{trouble.remedy}。"


def _wrong_settings(pause: Pause) -> Trouble:
    assert isinstance(pause.error, Misconfigured)  # noqa: S101  # for the reader of types
    if pause.error.ip:
        what = f"服务器地址{pause.error.ip}不在IP白名单里"
        remedy = f"{_BASICS}的“IP白名单”里加上{pause.error.ip}，几分钟后再点“重新试用”"
    else:
        what, remedy = _REMEDIES.get(pause.error.errcode or 0, ("服务器地址不在IP白名单里", f"{_BASICS}核对IP白名单"))
    return Trouble(
        f"path:{pause.path}", f"微信不接受本站的调用：{what}", pause.since, _WITHOUT_CALLS, remedy, urgent=True
    )


def _refused_right(refusal: Refusal) -> Trouble:
    right = refusal.right
    why = "微信封禁了" if refusal.errcode == BANNED else "微信不允许本公众号使用"
    return Trouble(f"right:{right.name}", f"{why}“{right.label}”，已停用", refusal.since, right.instead, right.remedy)


def _used_up(pauses: tuple[Pause, ...]) -> Iterator[Trouble]:
    for pause in pauses:
        if isinstance(pause.error, Misconfigured) or pause.error.errcode == MINUTE_USED_UP:
            continue
        right = right_of(pause.path)
        label = right.label if right else _NEEDED_FOR.get(pause.path, pause.path)
        instead = right.instead if right else _WITHOUT_CALLS
        remedy = "等到恢复；急用时在微信公众平台清零接口调用次数（每月10次），再点“重新试用”"
        text = f"“{label}”今天的调用次数已用完（{pause.path}）"
        yield Trouble(f"path:{pause.path}", text, pause.since, instead, remedy, ends=pause.until)
