"""One reminder of the next notice, offered to whoever reads one: the platform asks them, and keeps whom it asked."""

import re
from collections.abc import Mapping

from foundation.errors import NotFound
from staff.options.acts import PUBLICITY
from staff.options.kinds import Line
from staff.options.registry import Group, declare_option
from wechat.account import current_account
from wechat.sending.once import ask_once

PURPOSE = "notices"
"""What the consents are kept for; whoever tells of a notice asks `consents_of` for them."""

SCENE = 1
"""The platform takes one message for each yes of a person to a template and a scene."""

_TEMPLATE_ID = re.compile(r"[A-Za-z0-9_-]{20,64}")


def _check(template_id: str) -> Mapping[str, str]:
    usable = not template_id or _TEMPLATE_ID.fullmatch(template_id)
    return {} if usable else {"value": "模板编号由字母、数字、横线和下划线组成，请从公众平台原样复制。"}


TEMPLATE = declare_option(
    "publicity.once_template",
    "新公示提醒的模板编号",
    Line(most=64, required=False),
    "",
    group=Group.PUBLICITY,
    act=PUBLICITY,
    hint="公众平台“接口权限”的“一次性订阅消息”里的模板编号。填上以后，公示页上出现“有新公示时提醒我一次”，"
    "读者同意一次，就可以给他发一条提醒。空着就不出现。",
    check=_check,
)


def offers_reminder() -> bool:
    """Tell whether readers can ask to be told of the next notice: the account may, and its template is set."""
    return bool(TEMPLATE.value()) and current_account().may("once_subscription")


def ask_for_reminder(return_path: str) -> str:
    """Return where the platform asks one reader, who then comes back; raises NotFound where none is offered."""
    if not offers_reminder():
        raise NotFound("现在没有提供这项提醒。")
    return ask_once(PURPOSE, TEMPLATE.value(), SCENE, return_path)
