"""The sender of a push that goes to each follower by itself."""

from typing import Any

from publicity.pushes.channels import Channel
from publicity.pushes.pace import PER_SECOND
from publicity.pushes.senders.consents import OnceSender
from publicity.pushes.senders.followers import CustomerSender, TemplateSender
from publicity.pushes.senders.sender import Sender
from publicity.pushes.standing import Standing
from wechat.account import current_account


def sender_of(push: Standing) -> Sender[Any]:
    """Return what sends this push; raises NotPermitted, and InvalidInput for a content that cannot be sent."""
    site, rate = current_account().site, float(PER_SECOND.value())
    if push.channel == Channel.TEMPLATE:
        return TemplateSender(push.key, push.content, site, rate)
    if push.channel == Channel.ONCE:
        return OnceSender(push.content, site, rate)
    return CustomerSender(push.content, site, rate)
