"""The account as the platform knows it: credentials, rights, pushes that arrive or are refused, the menu."""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import func, select

from foundation.clock import show_moment
from foundation.transaction import transaction
from wechat.account import Account
from wechat.doctor.findings import Finding, fault, good, hint
from wechat.errors import Misconfigured, NotPermitted, WeChatError
from wechat.menu import published_menu
from wechat.models import AnsweredPush
from wechat.refused_pushes import refused_pushes
from wechat.rights import RIGHTS
from wechat.troubles import account_troubles

_SERVER_PAGE = "微信公众平台“设置与开发—基本配置—服务器配置”"
_PROBES: Mapping[str, tuple[str, dict[str, Any] | None]] = {
    "menu": ("menu/get", None),
    "users": ("tags/get", None),
    "customer_message": ("customservice/getkflist", None),
    "mass_tag": ("message/mass/speed/get", {}),
    "template": ("template/get_all_private_template", None),
    "draft": ("draft/count", None),
    "material": ("material/get_materialcount", None),
}
"""For each right a call that changes nothing; the others have none."""

_REFUSED: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "signature": ("签名不对，多半是两边的令牌（Token）不一样", (f"核对{_SERVER_PAGE}里的令牌和服务器的WECHAT_TOKEN",)),
    "timestamp": ("时间差得太多", ("把服务器的时钟对准", "如果时钟是准的，可能是有人重放旧消息，不用处理")),
    "encryption": (
        "消息加解密方式不一致",
        (f"核对{_SERVER_PAGE}里的“消息加解密方式”和服务器的WECHAT_MESSAGE_MODE（建议两边都用安全模式）",),
    ),
    "ciphertext": (
        "密文解不开，多半是EncodingAESKey或AppID不一样",
        (
            f"核对{_SERVER_PAGE}里的EncodingAESKey和服务器的WECHAT_AES_KEY",
            "刚换过密钥的，把旧的填进WECHAT_PREVIOUS_AES_KEY",
        ),
    ),
}


def check_credentials(account: Account) -> Iterator[Finding]:
    """Ask for an access token; what the platform says against it stands among the troubles."""
    try:
        account.client.check_token()
    except Misconfigured:
        return  # told by `check_troubles`, with what to click
    except WeChatError as error:
        yield fault(
            "连不上微信的接口",
            error.message,
            f"在服务器上运行 curl -sI {account.settings.wechat_api_url}，看网络通不通",
            "检查防火墙是否允许服务器访问api.weixin.qq.com的443端口",
        )
    else:
        yield good("AppID、AppSecret和IP白名单都对", "微信给了调用凭证。")


def check_rights(account: Account) -> Iterator[Finding]:
    """Try every right that is switched on and can be tried without an effect."""
    held = [name for name in _PROBES if account.may(name)]
    works = [RIGHTS[name].label for name in held if _works(account, *_PROBES[name])]
    if works:
        yield good("试过的权限都能用" if len(works) == len(held) else "这些权限能用", "、".join(works))
    missing = [right for right in RIGHTS.values() if not account.capabilities.switched_on(right.name)]
    if missing:
        yield hint(
            "这些功能没有打开：" + "、".join(right.label for right in missing),
            "系统用别的办法代替，不影响投票。",
            "在微信公众平台“设置与开发—接口权限”里如果看到其中哪一项“已获得”，请管理员在WECHAT_CAPABILITIES里加上",
        )


def check_troubles(_account: Account) -> Iterator[Finding]:
    """Tell what the platform refused, at this examination or before."""
    for trouble in account_troubles():
        yield fault(trouble.text, f"现在：{trouble.instead}。", trouble.remedy)


def check_pushes(account: Account) -> Iterator[Finding]:
    """Tell whether the platform's messages arrive, and why some were turned away."""
    with transaction() as session:
        latest = session.scalar(select(func.max(AnsweredPush.received_at)))
    refused = refused_pushes()
    if latest is not None:
        yield good("收得到公众号的消息", f"最近一条在{show_moment(latest)}。")
    elif not refused:
        yield hint(
            "最近一天没有收到公众号的消息",
            "没有人发消息时是正常的。刚接入的，多半是服务器配置还没有启用。",
            f"{_SERVER_PAGE}，确认URL是{account.site}/wechat/callback，点“启用”",
            "用手机给公众号发“帮助”，有回答就接通了",
        )
    for what, at in refused.items():
        if what in _REFUSED and (latest is None or at > latest):
            meaning, steps = _REFUSED[what]
            yield fault(f"有消息被拒收：{meaning}", f"最近一次在{show_moment(at)}，此后没有收到过能用的消息。", *steps)


def check_menu(account: Account) -> Iterator[Finding]:
    """Tell whether the menu was ever published."""
    if not account.may("menu"):
        return
    published = published_menu()
    if published is None:
        yield hint(
            "公众号的菜单还没有发布",
            "关注者可以发送“投票”等关键词，但没有底部菜单。",
            "在工作台打开“公众号设置—接管原有内容”，看公众号原来有什么菜单和回复",
            "再打开“公众号设置”，点“发布菜单”",
        )
    else:
        yield good("菜单已发布", f"{show_moment(published.at)}由{published.person}发布。")


def _works(account: Account, path: str, data: dict[str, Any] | None) -> bool:
    try:
        account.client.read(path, data=data)
    except NotPermitted:
        return False
    except WeChatError as error:
        # Any other answer of the platform's, such as 46003 for no menu, is given only to whoever has the right.
        return error.errcode is not None and not isinstance(error, Misconfigured)
    return True
