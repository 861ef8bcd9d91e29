"""The menu is published, read back and deleted, and no limit of the platform can be passed."""

from typing import Any

import pytest

from .platform import Platform

CLICK = {"type": "click", "name": "我的", "key": "MINE"}
VIEW = {"type": "view", "name": "网上评议", "url": "http://vote.example.org/"}
MENU = {"button": [VIEW, {"name": "公示公告", "sub_button": [CLICK, VIEW]}, CLICK]}


def create(platform: Platform, menu: Any) -> int:
    return int(platform.post("/cgi-bin/menu/create", menu, access_token=platform.token())["errcode"])


def under(button: dict[str, Any]) -> dict[str, Any]:
    return {"button": [{"name": "公示", "sub_button": [button]}]}


def test_the_published_menu_is_read_back_in_both_forms(platform: Platform) -> None:
    assert create(platform, MENU) == 0
    token = platform.token()
    assert platform.get("/cgi-bin/menu/get", access_token=token)["menu"] == {
        "button": [
            {**VIEW, "sub_button": []},
            {"name": "公示公告", "sub_button": [{**CLICK, "sub_button": []}, {**VIEW, "sub_button": []}]},
            {**CLICK, "sub_button": []},
        ]
    }
    info = platform.get("/cgi-bin/get_current_selfmenu_info", access_token=token)
    assert (info["is_menu_open"], info["selfmenu_info"]) == (
        1,
        {"button": [VIEW, {"name": "公示公告", "sub_button": {"list": [CLICK, VIEW]}}, CLICK]},
    )


def test_a_deleted_menu_is_gone(platform: Platform) -> None:
    create(platform, MENU)
    token = platform.token()
    assert platform.get("/cgi-bin/menu/delete", access_token=token)["errcode"] == 0
    assert platform.get("/cgi-bin/menu/get", access_token=token)["errcode"] == 46003
    info = platform.get("/cgi-bin/get_current_selfmenu_info", access_token=token)
    assert (info["is_menu_open"], info["selfmenu_info"]) == (0, {"button": []})


def test_a_refused_menu_leaves_the_old_one(platform: Platform) -> None:
    create(platform, MENU)
    assert create(platform, {"button": [CLICK] * 4}) == 40016
    assert len(platform.get("/cgi-bin/menu/get", access_token=platform.token())["menu"]["button"]) == 3


@pytest.mark.parametrize(
    ("menu", "errcode"),
    [
        ({}, 40017),
        ({"button": []}, 40017),
        ({"button": [CLICK] * 4}, 40016),
        ({"button": ["网上评议"]}, 47001),
        ({"button": [{**CLICK, "type": "press"}]}, 40015),
        ({"button": [{"name": "我的"}]}, 40015),
        ({"button": [{**CLICK, "name": "投票公示大厅"}]}, 40018),
        ({"button": [{**CLICK, "name": ""}]}, 40018),
        ({"button": [{"type": "click", "name": "我的"}]}, 40019),
        ({"button": [{**CLICK, "key": "k" * 129}]}, 40019),
        ({"button": [{"type": "view", "name": "我的"}]}, 40020),
        ({"button": [{**VIEW, "url": "http://a.example/" + "u" * 1008}]}, 40020),
        ({"button": [{**VIEW, "url": "vote.example.org"}]}, 40055),
        ({"button": [{**VIEW, "url": "http://[oops"}]}, 40055),
        ({"button": [{"name": "公示", "sub_button": [CLICK] * 6}]}, 40023),
        (under({**CLICK, "type": "press"}), 40024),
        (under({**CLICK, "name": "n" * 61}), 40025),
        (under({**CLICK, "key": "k" * 129}), 40026),
        (under({**VIEW, "url": "http://a.example/" + "u" * 1008}), 40027),
        (under({**VIEW, "url": "javascript:alert(1)"}), 40054),
        (under({"name": "公示", "sub_button": [CLICK]}), 40022),
        ({"button": [{"type": "media_id", "name": "图"}]}, 40007),
    ],
)
def test_a_menu_over_a_limit_is_refused_by_its_errcode(platform: Platform, menu: Any, errcode: int) -> None:
    assert create(platform, menu) == errcode


def test_everything_up_to_the_limits_is_accepted(platform: Platform) -> None:
    full = {
        "name": "投票公示吧a",
        "sub_button": [
            {"type": "click", "name": "n" * 60, "key": "k" * 128},
            {"type": "view", "name": "网上评议", "url": "http://a.example/" + "u" * 1007},
            {"type": "media_id", "name": "图", "media_id": "m"},
            *[CLICK] * 2,
        ],
    }
    assert create(platform, {"button": [full, full, full]}) == 0


def test_a_menu_may_lead_to_three_outside_domains_but_not_to_four(platform: Platform) -> None:
    def menu(*hosts: str) -> dict[str, Any]:
        return {"button": [{"name": "网站", "sub_button": [{**VIEW, "url": f"http://{host}/"} for host in hosts]}]}

    assert create(platform, menu("a.example", "b.example", "c.example", "mp.weixin.qq.com")) == 0
    assert create(platform, menu("a.example", "b.example", "c.example", "d.example")) == 65316


def test_a_menu_made_on_the_accounts_own_pages_is_told_by_its_own_call_alone(platform: Platform) -> None:
    made = [{"name": "关于", "sub_button": [{"type": "text", "name": "电话", "value": "示例电话"}]}]
    platform.order("POST", "/accounts/-/menu", button=made)
    token = platform.token()
    assert platform.get("/cgi-bin/menu/get", access_token=token)["errcode"] == 46003
    info = platform.get("/cgi-bin/get_current_selfmenu_info", access_token=token)
    assert (info["is_menu_open"], info["selfmenu_info"]) == (
        1,
        {"button": [{"name": "关于", "sub_button": {"list": made[0]["sub_button"]}}]},
    )
    platform.done("jia", "press", name="电话")
    assert platform.seen("jia", "menu")[-1]["text"] == "示例电话"
    assert create(platform, MENU) == 0
    assert len(platform.get("/cgi-bin/menu/get", access_token=token)["menu"]["button"]) == 3
