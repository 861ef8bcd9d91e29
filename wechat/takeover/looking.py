"""Looking at the account, and going back: the two acts of a takeover that speak with the platform."""

from foundation.errors import Conflict
from foundation.transaction import transaction
from staff.actors import Actor
from staff.audit import record
from wechat.buttons import plain_buttons
from wechat.errors import WeChatError
from wechat.menu import published_menu, replace_menu
from wechat.takeover.living import read_menu, read_replies
from wechat.takeover.readings import as_created, drop_older_readings, keep_reading, replaced_menu

LOOK, PUT_BACK = "wechat.take_over", "wechat.menu_back"


def look(actor: Actor) -> None:
    """Read the account's menu and automatic replies and keep them; changes nothing there. Raises WeChatError."""
    try:
        menu, replies = read_menu(), read_replies()
    except WeChatError:
        record(LOOK, "公众号原有的菜单和回复", actor, fields=("button", "reply"), result="refused")
        raise
    with transaction() as session:
        drop_older_readings(session)
        keep_reading(session, menu, actor, replies=replies)
        record(LOOK, "公众号原有的菜单和回复", actor, fields=("button", "reply"))


def put_back(number: int, actor: Actor) -> None:
    """Publish a menu that ours replaced. Raises Conflict where nothing of it can be, NotFound, WeChatError."""
    buttons = as_created(replaced_menu(number).menu.buttons)
    if not buttons:
        raise Conflict("这份菜单是在公众号后台设置的，只能到公众号后台再设置。")
    replace_menu(buttons, actor, PUT_BACK)


def is_ours(buttons: list[dict[str, object]]) -> bool:
    """Tell whether these buttons are what we published last."""
    published = published_menu()
    return published is not None and plain_buttons(published.buttons) == plain_buttons(buttons)
