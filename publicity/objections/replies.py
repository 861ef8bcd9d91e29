"""What the chat answers to 反映: a way in, as the person who asks, to the forms of the notices that run."""

from flask import Flask

from publicity.notices.reading import running_notices
from publicity.objections.people import PURPOSE
from wechat.account import current_account
from wechat.inbox import Push, Reply, TextReply, register_handler
from wechat.links import MINUTES, way_in
from wechat.offers import offer_keyword

OBJECT = "反映"
BUTTON = "反映情况"
CHOOSE_PATH = "/objections"


def register_replies(app: Flask) -> None:
    """Offer the chat the word, after those of the notices."""
    register_handler(app, answer_objecting)
    offer_keyword(app, OBJECT, "对公示名单反映情况", leads_in=True)


def answer_objecting(push: Push) -> Reply | None:
    """Answer 反映 with one way in: a newer personal link of the same purpose takes an older one's place."""
    if push.asks_for != OBJECT:
        return None
    running = running_notices()
    if not running:
        return TextReply("现在没有正在进行的公示。对已经结束的公示有话要说，请打组织部门举报电话12380。")
    titles = "\n".join(f"“{notice.title}”" for notice in running[:5])
    path = f"{running[0].path}/objections" if len(running) == 1 else CHOOSE_PATH
    hint = "" if current_account().may("oauth") else f"（链接{MINUTES}分钟内有效，只限您本人）"
    way = way_in(push.openid, PURPOSE, path, button=BUTTON)
    return TextReply(f"正在公示：\n{titles}\n请点下面的链接反映情况{hint}：\n{way}")
