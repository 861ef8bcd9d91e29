"""The menu, the menus for some, and what is set in the account's own pages."""

from collections.abc import Mapping

from wechat.sandbox.errors import ApiError
from wechat.sandbox.platform.calls import OK, Answer, Call, Endpoint
from wechat.sandbox.state.account import Account


def create(account: Account, call: Call) -> Answer:
    account.menu.create(call.body)
    return OK


def get(account: Account, _call: Call) -> Answer:
    return account.menu.published()


def delete(account: Account, _call: Call) -> Answer:
    account.menu.delete()
    return OK


def add_conditional(account: Account, call: Call) -> Answer:
    rule = call.body.get("matchrule")
    tag = rule.get("tag_id") if isinstance(rule, dict) else None
    if tag:
        account.tags.existing(int(tag) if str(tag).isdigit() else tag)
    return {"menuid": str(account.menu.add_conditional(call.body))}


def delete_conditional(account: Account, call: Call) -> Answer:
    account.menu.delete_conditional(call.body.get("menuid"))
    return OK


def try_match(account: Account, call: Call) -> Answer:
    person = account.followers.by_openid(str(call.body.get("user_id", "")))
    if person is None:
        raise ApiError(65302, "no matched user")
    buttons, menuid = account.menu.for_follower(person)
    return {"button": buttons} | ({"menuid": str(menuid)} if menuid else {})


def current_selfmenu(account: Account, _call: Call) -> Answer:
    return account.menu.self_menu_info()


def current_autoreply(account: Account, _call: Call) -> Answer:
    closed = {"is_add_friend_reply_open": 0, "is_autoreply_open": 0, "keyword_autoreply_info": {"list": []}}
    return {**closed, **account.autoreply}


ENDPOINTS: Mapping[str, Endpoint] = {
    "/cgi-bin/menu/create": Endpoint("POST", create, "menu"),
    "/cgi-bin/menu/get": Endpoint("GET", get, "menu"),
    "/cgi-bin/menu/delete": Endpoint("GET", delete, "menu"),
    "/cgi-bin/menu/addconditional": Endpoint("POST", add_conditional, "menu"),
    "/cgi-bin/menu/delconditional": Endpoint("POST", delete_conditional, "menu"),
    "/cgi-bin/menu/trymatch": Endpoint("POST", try_match, "menu"),
    "/cgi-bin/get_current_selfmenu_info": Endpoint("GET", current_selfmenu),
    "/cgi-bin/get_current_autoreply_info": Endpoint("GET", current_autoreply),
}
