"""What a person does on the phone: write, press the menu, scan, follow and leave; and what the account does back."""

import threading

from wechat.sandbox.account import Account
from wechat.sandbox.chat import Delivery
from wechat.sandbox.customer import Occasion
from wechat.sandbox.errors import PhoneError
from wechat.sandbox.followers import Follower
from wechat.sandbox.messages import Incoming, event, text_message
from wechat.sandbox.replies import FAULTS, Reply

OUT_OF_ORDER = "该公众号提供的服务出现故障，请稍后再试"
TEXT_BYTES = 2048
KEY_BYTES = 128
UNPRINTABLE = {number: None for number in range(32) if chr(number) not in "\t\n\r"} | {
    0xFFFE: None,
    0xFFFF: None,
}


def say(account: Account, follower: Follower, content: str) -> Delivery:
    """Send a text message and show the reply."""
    _must_follow(follower)
    words = content.translate(UNPRINTABLE).strip()
    if not words or len(words.encode(errors="replace")) > TEXT_BYTES:
        raise PhoneError(422, "content", "请写下要发送的话，不超过 2048 个字节")
    account.followers.write(follower, "follower", "chat", words)
    return _push_and_show(account, follower, text_message(account.config, follower, words), "message")


def click(account: Account, follower: Follower, key: str) -> Delivery:
    """Press a CLICK button and show the reply."""
    _must_follow(follower)
    if not 1 <= len(key.encode()) <= KEY_BYTES:
        raise PhoneError(422, "key", "菜单的 key 要有 1 到 128 个字节")
    return _push_and_show(account, follower, event(account.config, follower, "CLICK", key), "click")


def scan(account: Account, follower: Follower, scene: str) -> Delivery:
    """Scan a code with a scene: SCAN for one who follows, otherwise they come to follow through it."""
    if not 1 <= len(scene) <= 64:
        raise PhoneError(422, "scene", "二维码的场景要有 1 到 64 个字")
    ticket = f"gQ_{scene}"
    if account.followers.set_following(follower, True):
        account.followers.write(follower, "system", "notice", "扫码关注了公众号")
        push = event(account.config, follower, "subscribe", f"qrscene_{scene}", ticket)
    else:
        account.followers.write(follower, "system", "notice", "扫了公众号的二维码")
        push = event(account.config, follower, "SCAN", scene, ticket)
    return _push_and_show(account, follower, push, "scan")


def follow(account: Account, follower: Follower) -> Delivery:
    """Follow the account and show its welcome."""
    if not account.followers.set_following(follower, True):
        raise PhoneError(409, "already_following", "已经关注了")
    account.followers.write(follower, "system", "notice", "关注了公众号")
    return _push_and_show(account, follower, event(account.config, follower, "subscribe"), "follow")


def unfollow(account: Account, follower: Follower) -> Delivery:
    """Leave the account; whatever it answers to that, nobody sees."""
    if not account.followers.set_following(follower, False):
        raise PhoneError(409, "not_following", "本来就没有关注")
    account.windows.close(follower.openid)
    account.followers.write(follower, "system", "notice", "取消了关注")
    return _push_silently(account, follower, event(account.config, follower, "unsubscribe"))


def view(account: Account, follower: Follower, url: str) -> Delivery:
    """Press a VIEW button and wait until the backend knows; its answer is not shown."""
    return _push_silently(account, follower, _view_event(account, follower, url))


def view_meanwhile(account: Account, follower: Follower, url: str) -> None:
    """Press a VIEW button without waiting: the page opens while the backend is told."""
    push = _view_event(account, follower, url)
    threading.Thread(target=_push_silently, args=(account, follower, push), daemon=True).start()


def _view_event(account: Account, follower: Follower, url: str) -> Incoming:
    _must_follow(follower)
    if url not in account.menu.urls():
        raise PhoneError(404, "not_in_menu", "现在的菜单里没有这个网址")
    return event(account.config, follower, "VIEW", url)


def _must_follow(follower: Follower) -> None:
    if not follower.following:
        raise PhoneError(409, "not_following", "还没有关注公众号")


def _push_and_show(account: Account, follower: Follower, push: Incoming, occasion: Occasion) -> Delivery:
    account.windows.open(follower.openid, occasion)
    delivery, reply = account.engine.deliver(push)
    account.followers.record(follower, delivery)
    _show(account, follower, reply)
    return delivery


def _push_silently(account: Account, follower: Follower, push: Incoming) -> Delivery:
    delivery, _ = account.engine.deliver(push)
    account.followers.record(follower, delivery)
    return delivery


def _show(account: Account, follower: Follower, reply: Reply) -> None:
    if reply.fault:
        account.followers.write(follower, "system", "notice", f"{OUT_OF_ORDER}\n（模拟器：{FAULTS[reply.fault]}）")
    elif reply.text or reply.articles:
        account.followers.write(follower, "account", "passive", reply.text, reply.articles)
