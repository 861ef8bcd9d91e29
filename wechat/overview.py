"""The account as the console shows it: every setting but the secrets, and the menu as it would be published."""

from dataclasses import dataclass

from pydantic import SecretStr

from foundation.errors import InvalidInput
from wechat.account import Account, current_account
from wechat.buttons import Button
from wechat.menu import Published, build_menu, menu_entries, published_menu
from wechat.rights import RIGHTS, Right
from wechat.troubles import Trouble, account_troubles

MODES = {"plain": "明文模式", "compat": "兼容模式", "safe": "安全模式"}


@dataclass(frozen=True, slots=True)
class HeldRight:
    """Whether the account has a right: WECHAT_CAPABILITIES, which only an operator changes, and the platform say so."""

    name: str
    held: bool
    refused: bool


@dataclass(frozen=True, slots=True)
class AccountSheet:
    """Settings as pairs of name and value, rights, what the platform refuses now, and the menu that is set: its
    buttons, or the fault that bars them; what was published last, and whether that is another one.
    """

    settings: tuple[tuple[str, str], ...]
    rights: tuple[HeldRight, ...]
    troubles: tuple[Trouble, ...]
    buttons: tuple[Button, ...]
    fault: str | None
    publishable: bool
    published: Published | None
    differs: bool


def describe_account() -> AccountSheet:
    """Return what the page about the account shows; no secret is in it."""
    account = current_account()
    rights = tuple(_held(account, right) for right in RIGHTS.values())
    buttons: list[Button] = []
    fault = None
    try:
        buttons = build_menu(menu_entries(), account.site)
    except InvalidInput as error:
        fault = error.message
    publishable, published = account.may("menu") and fault is None, published_menu()
    differs = published is not None and published.buttons != buttons
    return AccountSheet(_settings(), rights, account_troubles(), tuple(buttons), fault, publishable, published, differs)


def _held(account: Account, right: Right) -> HeldRight:
    held = account.may(right.name)
    return HeldRight(right.label, held, refused=account.capabilities.switched_on(right.name) and not held)


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
