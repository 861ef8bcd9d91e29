"""The chat's way in: hands messages to a vote under way, and begins one at the word.

What a voter sends stands in votes/chat/words.py: START, then numbers such as “1 4”, then CONFIRM.
"""

from flask import Flask

from votes.chat.intentions import asks_to_start, is_needed
from votes.chat.keeping import forget_chat
from votes.chat.sheets import SheetShelf
from votes.chat.voting import EXTENSION, Letter, answer, start
from votes.chat.words import START
from wechat.forgetting import offer_forgetting
from wechat.inbox import Push, Reply, TextReply, register_handler
from wechat.keywords import is_answered
from wechat.offers import offer_keyword, offered_keywords, reserve_words


def register_chat(app: Flask) -> None:
    """Have votes under way hear messages before the other handlers; to be called before theirs are registered."""
    app.extensions[EXTENSION] = SheetShelf()
    offer_forgetting(app, forget_chat)
    reserve_words(app, is_needed)
    register_handler(app, answer_chat)


def offer_chat_word(app: Flask) -> None:
    """Name the word in the help text, in the place in which this is called."""
    offer_keyword(app, START, "不开网页，在聊天里发编号投票", leads_in=True)


def answer_chat(push: Push) -> Reply | None:
    """Answer whoever begins to vote in the chat or is at it, and leave everything else."""
    which = asks_to_start(push.asks_for)
    if which is not None:
        return TextReply(start(push.openid, which))
    if push.kind != "text" or not push.asks_for:
        return None
    letter = Letter(push.openid, push.asks_for, push.sent_at, lambda: _is_answered_elsewhere(push.asks_for))
    told = answer(letter)
    return None if told is None else TextReply(told)


def _is_answered_elsewhere(text: str) -> bool:
    wanting = [offer.word for offer in offered_keywords() if offer.follow]
    return is_answered(text) or text.startswith(tuple(wanting))
