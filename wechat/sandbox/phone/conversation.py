"""What a person does on the phone: write, press the menu, scan, follow and leave; and what the account does back."""

import threading
from collections.abc import Mapping

from wechat.sandbox.engine.job_events import subscription_changed
from wechat.sandbox.engine.messages import MESSAGE_FIELDS, Field, Incoming, event, message
from wechat.sandbox.engine.replies import FAULTS, Reply
from wechat.sandbox.errors import ApiError, PhoneError
from wechat.sandbox.platform.message_content import news_content
from wechat.sandbox.state.account import Account
from wechat.sandbox.state.chat import Content, Delivery
from wechat.sandbox.state.customer import Occasion
from wechat.sandbox.state.followers import Follower
from wechat.sandbox.state.menu import KEYED, Button

OUT_OF_ORDER = "该公众号提供的服务出现故障，请稍后再试"
TEXT_BYTES = 2048
KEY_BYTES = 128
UNPRINTABLE = {number: None for number in range(32) if chr(number) not in "\t\n\r"} | {
    0xFFFE: None,
    0xFFFF: None,
}
LABELS = {
    "image": "[图片]",
    "voice": "[语音]",
    "video": "[视频]",
    "shortvideo": "[小视频]",
    "location": "[位置]",
    "link": "[链接]",
}


def say(account: Account, follower: Follower, content: str) -> Delivery:
    """Send a text message and show the reply."""
    words = content.translate(UNPRINTABLE).strip()
    if not words or len(words.encode(errors="replace")) > TEXT_BYTES:
        _must_follow(follower)
        raise PhoneError(422, "content", "请写下要发送的话，不超过 2048 个字节")
    return send(account, follower, "text", {"Content": words})


def send(account: Account, follower: Follower, kind: str, fields: Mapping[str, str | int]) -> Delivery:
    """Send a message of any kind, with the fields its XML has, and show the reply."""
    _must_follow(follower)
    if kind not in MESSAGE_FIELDS:
        raise PhoneError(422, "kind", f"没有这种消息，只有 {'、'.join(MESSAGE_FIELDS)}")
    shown = str(fields.get("Content", "")) if kind == "text" else LABELS[kind]
    account.outbox.write(follower.openid, "follower", "chat", Content(shown))
    push = message(account.config, account.clock, follower.openid, kind, fields)
    return _push_and_show(account, follower, push, "message")


def click(account: Account, follower: Follower, key: str) -> Delivery:
    """Press a CLICK button and show the reply."""
    _must_follow(follower)
    if not 1 <= len(key.encode()) <= KEY_BYTES:
        raise PhoneError(422, "key", "菜单的 key 要有 1 到 128 个字节")
    return _push_and_show(account, follower, _event(account, follower, "CLICK", key), "click")


def press(account: Account, follower: Follower, name: str, result: str) -> Delivery | None:
    """Press the button of that name, whatever its type; `result` is what was scanned, or the place that was chosen.

    None where the platform shows something by itself and pushes nothing.
    """
    _must_follow(follower)
    button = account.menu.button(follower, name)
    if button is None:
        raise PhoneError(404, "not_in_menu", "现在的菜单里没有这个按钮")
    kind = str(button["type"])
    if kind == "click":
        return click(account, follower, str(button["key"]))
    if kind == "view":
        return view(account, follower, str(button["url"]))
    if kind in KEYED:
        push = _event(account, follower, kind, str(button["key"]), _result_fields(kind, result))
        return _push_and_show(account, follower, push, "click")
    if kind == "miniprogram":
        push = _event(account, follower, "view_miniprogram", str(button["pagepath"]), _menu_id(account, follower))
        return _push_silently(account, follower, push)
    account.outbox.write(follower.openid, "account", "menu", _own_content(account, button))
    return None


def scan(account: Account, follower: Follower, scene: str) -> Delivery:
    """Scan a code with a scene: SCAN for one who follows, otherwise they come to follow through it."""
    if not 1 <= len(scene) <= 64:
        raise PhoneError(422, "scene", "二维码的场景要有 1 到 64 个字")
    code = account.scene_codes.for_scene(scene)
    ticket: tuple[Field, ...] = (("Ticket", code.ticket if code else f"gQ_{scene}"),)
    if account.followers.set_following(follower, True, scene):
        _note(account, follower, "扫码关注了公众号")
        push = _event(account, follower, "subscribe", f"qrscene_{scene}", ticket)
    else:
        _note(account, follower, "扫了公众号的二维码")
        push = _event(account, follower, "SCAN", scene, ticket)
    return _push_and_show(account, follower, push, "scan")


def follow(account: Account, follower: Follower) -> Delivery:
    """Follow the account and show its welcome."""
    if not account.followers.set_following(follower, True):
        raise PhoneError(409, "already_following", "已经关注了")
    _note(account, follower, "关注了公众号")
    return _push_and_show(account, follower, _event(account, follower, "subscribe"), "follow")


def unfollow(account: Account, follower: Follower) -> Delivery:
    """Leave the account; whatever it answers to that, nobody sees."""
    if not account.followers.set_following(follower, False):
        raise PhoneError(409, "not_following", "本来就没有关注")
    account.windows.close(follower.openid)
    _note(account, follower, "取消了关注")
    return _push_silently(account, follower, _event(account, follower, "unsubscribe"))


def locate(account: Account, follower: Follower, latitude: str, longitude: str) -> Delivery:
    """Let the account know where the person is, as when the chat is opened."""
    _must_follow(follower)
    if not account.may("location"):
        raise PhoneError(409, "no_right", "这个公众号不能取得位置")
    where = (("Latitude", latitude), ("Longitude", longitude), ("Precision", "40.000000"))
    push = event(account.config, account.clock, follower.openid, "LOCATION", None, where)
    return _push_silently(account, follower, push)


def answer_notices(account: Account, follower: Follower, template_id: str, accept: bool, *, later: bool) -> Delivery:
    """Accept or reject a template's notices in a page's pop-up, or `later` in the account's settings."""
    try:
        template = account.notice_templates.get(template_id)
    except ApiError as error:
        raise PhoneError(404, "unknown_template", "没有这个通知模板") from error
    if accept:
        account.consents.accept(follower.openid, template)
    elif later:
        account.consents.withdraw(follower.openid, template_id)
    name = "subscribe_msg_change_event" if later else "subscribe_msg_popup_event"
    answers = [(template_id, "accept" if accept else "reject")]
    push = subscription_changed(account.config, account.clock, follower.openid, name, answers)
    return _push_silently(account, follower, push)


def view(account: Account, follower: Follower, url: str) -> Delivery:
    """Press a VIEW button and wait until the backend knows; its answer is not shown."""
    return _push_silently(account, follower, _view_event(account, follower, url))


def view_meanwhile(account: Account, follower: Follower, url: str) -> None:
    """Press a VIEW button without waiting: the page opens while the backend is told."""
    push = _view_event(account, follower, url)
    threading.Thread(target=_push_silently, args=(account, follower, push), daemon=True).start()


def _view_event(account: Account, follower: Follower, url: str) -> Incoming:
    _must_follow(follower)
    if url not in account.menu.urls(follower):
        raise PhoneError(404, "not_in_menu", "现在的菜单里没有这个网址")
    account.followers.comes_from_chat(follower)
    return _event(account, follower, "VIEW", url, _menu_id(account, follower))


def _menu_id(account: Account, follower: Follower) -> tuple[Field, ...]:
    menuid = account.menu.for_follower(follower)[1]
    return () if menuid is None else (("MenuId", menuid),)


def _result_fields(kind: str, result: str) -> tuple[Field, ...]:
    if kind.startswith("scancode"):
        return (("ScanCodeInfo", (("ScanType", "qrcode"), ("ScanResult", result))),)
    if kind.startswith("pic"):
        picture = ("item", (("PicMd5Sum", "5a75aaca956d97be686719218f275c6b"),))
        return (("SendPicsInfo", (("Count", 1), ("PicList", (picture,)))),)
    where = (("Location_X", "35.24"), ("Location_Y", "113.23"), ("Scale", "15"), ("Label", result), ("Poiname", ""))
    return (("SendLocationInfo", where),)


def _own_content(account: Account, button: Button) -> Content:
    """What the platform sends by itself for a button that names material or an article, or holds words."""
    if button.get("type") == "text":
        return Content(str(button.get("value", "")))
    try:
        if "article_id" in button:
            return news_content(account.articles.by_article_id(button["article_id"]).bundle)
        medium = account.media.permanent(button.get("media_id"))
    except ApiError as error:
        raise PhoneError(404, "gone", "按钮指向的素材已经没有了") from error
    return Content("[图片]", picture=medium.url) if medium.url else Content(f"[{medium.kind}]")


def _event(account: Account, follower: Follower, name: str, key: str = "", more: tuple[Field, ...] = ()) -> Incoming:
    return event(account.config, account.clock, follower.openid, name, key, more)


def _must_follow(follower: Follower) -> None:
    if not follower.following:
        raise PhoneError(409, "not_following", "还没有关注公众号")


def _note(account: Account, follower: Follower, text: str) -> None:
    account.outbox.write(follower.openid, "system", "notice", Content(text))


def _push_and_show(account: Account, follower: Follower, push: Incoming, occasion: Occasion) -> Delivery:
    account.windows.open(follower.openid, occasion)

    def then(delivery: Delivery, reply: Reply) -> None:
        account.outbox.record(follower.openid, delivery)
        _show(account, follower, reply)

    return account.engine.deliver(push, then)


def _push_silently(account: Account, follower: Follower, push: Incoming) -> Delivery:
    return account.engine.deliver(push, lambda delivery, _reply: account.outbox.record(follower.openid, delivery))


def _show(account: Account, follower: Follower, reply: Reply) -> None:
    if reply.fault:
        _note(account, follower, f"{OUT_OF_ORDER}\n（模拟器：{FAULTS[reply.fault]}）")
    elif reply.text or reply.articles:
        content = Content(reply.text, reply.articles)
        account.outbox.write(follower.openid, "account", "passive", content)
