"""The account as the console shows it: every setting but the secrets, and the menu as it would be published."""

from dataclasses import dataclass

from pydantic import SecretStr

from foundation.errors import InvalidInput
from wechat.account import current_account
from wechat.menu import Button, Published, build_menu, menu_entries, published_menu

MODES = {"plain": "明文模式", "compat": "兼容模式", "safe": "安全模式"}
RIGHTS = {
    "oauth": "网页授权（登录）",
    "menu": "自定义菜单",
    "users": "用户管理（查询是否关注）",
    "customer_message": "客服消息",
    "mass_tag": "按标签群发",
    "mass_openid": "按用户群发",
    "template": "模板消息",
    "once_subscription": "一次性订阅消息",
    "draft": "草稿与发布",
    "scene_qr": "带参数的二维码",
}


@dataclass(frozen=True, slots=True)
class Right:
    """What the account may do according to WECHAT_CAPABILITIES, which only an operator changes."""

    name: str
    held: bool


@dataclass(frozen=True, slots=True)
class AccountSheet:
    """Settings as pairs of name and value, rights, and the menu that is set: its buttons, or the fault that bars them;
    what was published last, and whether that is another one.
    """

    settings: tuple[tuple[str, str], ...]
    rights: tuple[Right, ...]
    buttons: tuple[Button, ...]
    fault: str | None
    publishable: bool
    published: Published | None
    differs: bool


def describe_account() -> AccountSheet:
    """Return what the page about the account shows; no secret is in it."""
    account = current_account()
    rights = tuple(Right(label, account.may(name)) for name, label in RIGHTS.items())
    buttons: list[Button] = []
    fault = None
    try:
        buttons = build_menu(menu_entries(), account.site)
    except InvalidInput as error:
        fault = error.message
    publishable, published = account.may("menu") and fault is None, published_menu()
    differs = published is not None and published.buttons != buttons
    return AccountSheet(_settings(), rights, tuple(buttons), fault, publishable, published, differs)


def _settings() -> tuple[tuple[str, str], ...]:
    account = current_account()
    settings = account.settings
    return (
        ("AppID", settings.wechat_appid),
        ("原始 ID", settings.wechat_original_id),
        ("AppSecret", _whether_set(settings.wechat_secret)),
        ("令牌（Token）", _whether_set(settings.wechat_token)),
        ("消息加密密钥", _whether_set(settings.wechat_aes_key)),
        ("上一个消息加密密钥", _whether_set(settings.wechat_previous_aes_key)),
        ("消息加解密方式", MODES[settings.wechat_message_mode]),
        ("服务器地址（URL）", f"{account.site}/wechat/callback"),
        ("网页授权域名", settings.public_host),
    )


def _whether_set(secret: SecretStr) -> str:
    return "已设置" if secret.get_secret_value() else "未设置"
