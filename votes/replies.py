"""What polls answer in the chat: the way to vote, to the results, and whether a receipt is in."""

import re

from flask import Flask

from foundation.clock import show_moment
from foundation.ids import read_short_code
from votes.channels import channel_of
from votes.chat.words import START
from votes.current import CurrentPoll, current_polls
from votes.phases import Phase
from votes.receipts import find_receipt
from votes.voters import purpose_of
from wechat.account import current_account
from wechat.inbox import Push, Reply, TextReply, register_handler
from wechat.links import MINUTES, way_in
from wechat.menu import MenuEntry, offer_menu
from wechat.messages import joined
from wechat.offers import Way, offer_keyword, offer_ways

VOTE, RESULTS, RECEIPT = "投票", "结果", "查票"
VOTE_PATH = "/vote"
ENTER = "进入投票"
IN_THE_CHAT = f"也可以不打开网页，就在这里投：回复“{START}”。"
_RECEIPT = re.compile(rf"{RECEIPT}[\s:：]*(?P<code>.*)", re.DOTALL)


def register_replies(app: Flask) -> None:
    """Offer the chat, the welcome and the menu what polls have to say."""
    register_handler(app, answer_scan)
    register_handler(app, answer_vote)
    register_handler(app, answer_results)
    register_handler(app, answer_receipt)
    offer_keyword(app, VOTE, "打开正在进行的投票", leads_in=True)
    offer_keyword(app, RESULTS, "看已公布的结果")
    offer_keyword(app, RECEIPT, "看这张票是否已收录", follow="回执编号")
    offer_ways(app, ways_to_polls)
    offer_menu(
        app,
        _way_to_vote,
        MenuEntry("网上评议", "看结果", "click", RESULTS),
        MenuEntry("网上评议", "查票", "click", RECEIPT),
        MenuEntry("首页", "首页", "page", "/"),
    )


def ways_to_polls() -> tuple[Way, ...]:
    """Name the polls that take ballots now, each with the way in that makes a voter of the reader."""
    return tuple(
        Way(f"“{poll.title}”正在投票：", _marked(poll, "chat"), purpose_of(poll.slug), ENTER)
        for poll in _in(Phase.OPEN)
    )


def answer_scan(push: Push) -> Reply | None:
    """Answer whoever came by a channel's code with the way into its poll, marked as come by that channel."""
    found = channel_of(push.scene)
    if found is None:
        return None
    slug, key = found
    poll = next((poll for poll in _in(Phase.OPEN) if poll.slug == slug), None)
    return None if poll is None else TextReply(joined([_invitation(poll, push, key), IN_THE_CHAT]))


def answer_vote(push: Push) -> Reply | None:
    """Answer 投票 with a way into each poll that takes ballots, or with when the next begins."""
    if push.asks_for != VOTE:
        return None
    open_now = _in(Phase.OPEN)
    if open_now:
        channel = "menu" if push.event == "CLICK" else "chat"
        return TextReply(joined([*(_invitation(poll, push, channel) for poll in open_now), IN_THE_CHAT]))
    coming = _in(Phase.NOT_OPEN)
    if coming:
        return TextReply(f"“{coming[-1].title}”将于{show_moment(coming[-1].opens_at)}开始投票。")
    return TextReply("现在没有正在进行的投票。")


def answer_results(push: Push) -> Reply | None:
    """Answer 结果 with what may be seen by anybody."""
    if push.asks_for != RESULTS:
        return None
    shown = [poll for poll in current_polls() if poll.shows_results]
    if not shown:
        return TextReply("现在没有可以公布的结果。结果认证后会在这里公布。")
    return TextReply("\n\n".join(f"“{poll.title}”\n{_site()}{poll.path}/results" for poll in shown))


def answer_receipt(push: Push) -> Reply | None:
    """Answer 查票 and a code with whether that ballot is in the ledger; never with what is on it."""
    asked = _RECEIPT.fullmatch(push.asks_for)
    if asked is None:
        return None
    code = read_short_code(asked["code"])
    if code is None:
        return TextReply("请回复“查票”和回执编号，例如：查票 K7QX-3M9T-P2VA")
    receipt = find_receipt(code)
    if receipt is None:
        return TextReply(f"没有找到回执{code}。请核对编号是否抄写正确。")
    place = f"第{receipt.number:,}票" if receipt.number else "正在编号"
    return TextReply(f"回执{code}：已收录，{place}。\n{_site()}/receipts/{code}")


def _in(phase: Phase) -> list[CurrentPoll]:
    return [poll for poll in current_polls() if poll.phase is phase]


def _way_to_vote() -> MenuEntry:
    """Return what the menu says of voting: a page where WeChat signs the reader in, else a word that is answered."""
    if current_account().may("oauth"):
        return MenuEntry("网上评议", "投票", "view", f"{VOTE_PATH}?from=menu")
    return MenuEntry("网上评议", "投票", "click", VOTE)


def _invitation(poll: CurrentPoll, push: Push, channel: str) -> str:
    """Invite whoever sent `push`; the way in is theirs alone, so it is made anew for every push."""
    path = _marked(poll, channel)
    hint = "" if current_account().may("oauth") else f"点下面的链接投票（{MINUTES}分钟内有效，只限您本人）：\n"
    way = way_in(push.openid, purpose_of(poll.slug), path, button=ENTER)
    return f"“{poll.title}”正在投票，{show_moment(poll.closes_at)}结束。\n{hint}{way}"


def _marked(poll: CurrentPoll, channel: str) -> str:
    """Return the poll's path, marked so that its ballots count as come by this channel."""
    return f"{poll.path}?from={channel}"


def _site() -> str:
    return current_account().site
