"""What notices answer in the chat: which run now and until when, or what was published last."""

from flask import Flask

from publicity.notices.reading import NoticeHead, public_notices, running_notices
from publicity.notices.showing import period_words
from wechat.account import current_account
from wechat.inbox import Push, Reply, TextReply, register_handler
from wechat.menu import MenuEntry, offer_menu
from wechat.messages import joined
from wechat.offers import offer_keyword

NOTICES = "公示"
BUTTON = "公示公告"


def register_replies(app: Flask) -> None:
    """Offer the chat and the menu what notices have to say."""
    register_handler(app, answer_notices)
    offer_keyword(app, NOTICES, "看正在进行的公示")
    offer_menu(app, MenuEntry(BUTTON, BUTTON, "page", "/notices"))


def answer_notices(push: Push) -> Reply | None:
    """Answer 公示 with the notices whose period runs, else with the latest, else say that there is none."""
    if push.asks_for != NOTICES:
        return None
    running = running_notices()
    if running:
        told = ["正在公示：", *(_told(notice) for notice in running)]
        return TextReply(joined(told, f"全部公示：\n{_site()}/notices"))
    latest = public_notices().rows[:1]
    if not latest:
        return TextReply("现在还没有公示。有新的公示会在公众号里发布。")
    return TextReply(f"现在没有正在进行的公示。最近发布的是：\n\n“{latest[0].title}”\n{_site()}{latest[0].path}")


def _told(notice: NoticeHead) -> str:
    return f"“{notice.title}”\n{period_words(notice)}\n{_site()}{notice.path}"


def _site() -> str:
    return current_account().site
