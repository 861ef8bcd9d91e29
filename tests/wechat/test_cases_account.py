"""The contract's cases about the menu and the followers, as they are written down."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Response, jsonify, request

from foundation.errors import InvalidInput
from tests.wechat.admin_of_sandbox import SandboxAdmin
from tests.wechat.conftest import UseAccount, World, served
from wechat.account import current_account
from wechat.buttons import Button
from wechat.errors import WeChatError
from wechat.following.pages import read_infos, read_pages
from wechat.menu import MenuEntry, build_menu
from wechat.takeover.living import read_menu

CASES: Mapping[str, Any] = {
    case["id"]: case for case in json.loads((Path(__file__).parent / "cases.json").read_text())["cases"]
}
SITE = "https://vote.example"
LEAF: Button = {"type": "click", "name": "一", "key": "键"}
CLICK = MenuEntry("菜单", "一", "click", "键")


def entry(**changes: str) -> MenuEntry:
    return MenuEntry(**{"button": "菜单", "name": "一", "kind": "click", "target": "键", **changes})  # type: ignore[arg-type]  # texts


def tops(count: int) -> list[Button]:
    return [{**LEAF, "name": f"钮{number}"} for number in range(count)]


WRONG_MENUS: Mapping[str, tuple[tuple[MenuEntry, ...], str, list[Button]]] = {
    "4 top buttons": (tuple(entry(button=f"钮{n}", name=f"钮{n}") for n in range(4)), "button", tops(4)),
    "6 sub buttons": (
        tuple(entry(name=f"项{n}") for n in range(6)),
        "button",
        [{"name": "菜单", "sub_button": [{**LEAF, "name": f"项{n}"} for n in range(6)]}],
    ),
    "top name 17 bytes (e.g. 投票公示大厅 = 18)": (
        (entry(button="投票公示大厅", name="投票公示大厅"),),
        "button",
        [{**LEAF, "name": "投票公示大厅"}],
    ),
    "sub name 61 bytes": (
        (entry(name="a" * 61),),
        "name",
        [{"name": "菜单", "sub_button": [{**LEAF, "name": "a" * 61}]}],
    ),
    "click without key": (
        (entry(button="一", target=""),),
        "target",
        [{"type": "click", "name": "一"}],
    ),
    "key 129 bytes": ((entry(button="一", target="k" * 129),), "target", [{**LEAF, "key": "k" * 129}]),
    "url 1025 bytes": (
        (entry(button="一", kind="page", target="https://example.org/" + "u" * 1005),),
        "target",
        [{"type": "view", "name": "一", "url": "https://example.org/" + "u" * 1005}],
    ),
}


@pytest.mark.parametrize("variant", CASES["M01"]["input"]["variants"])
def test_m01_a_menu_over_a_limit_is_refused_before_it_is_sent(world: World, variant: str) -> None:
    entries, field, buttons = WRONG_MENUS[variant]

    with pytest.raises(InvalidInput) as here:
        build_menu(entries, SITE)
    with pytest.raises(WeChatError) as there:
        current_account().client.create_menu(buttons)

    assert here.value.field == field
    assert there.value.errcode == CASES["M01"]["input"]["variants"][variant]


def test_m02_no_menu_is_none_and_no_error(world: World, admin: SandboxAdmin) -> None:
    found = read_menu()

    assert (found.source, found.buttons, found.conditional) == ("none", [], 0)
    assert admin.calls("/cgi-bin/menu/get") == [46003]


Script = Callable[[], Response]


@pytest.fixture
def scripted(app: Flask, use_account: UseAccount) -> Any:
    """A platform that gives a token and then answers as a case says; keeps the queries and bodies it was sent."""
    asked: list[tuple[str, Any]] = []
    answers: list[Any] = []
    stand_in = Flask("scripted")

    @stand_in.post("/cgi-bin/stable_token")
    def token() -> Response:
        return jsonify(access_token="token", expires_in=7200)

    @stand_in.get("/cgi-bin/user/get")
    def page() -> Response:
        query = request.query_string.decode().replace("access_token=token", "").strip("&")
        asked.append((query, None))
        return jsonify(answers.pop(0))

    @stand_in.post("/cgi-bin/user/info/batchget")
    def infos() -> Response:
        given = json.loads(request.get_data())["user_list"]
        asked.append(("", len(given)))
        return jsonify(user_info_list=[{"subscribe": 0, **one} for one in given])

    with served(stand_in) as url:
        use_account(wechat_api_url=url)
        yield answers, asked


def test_u01_all_pages_are_read_and_the_empty_one_ends_it(scripted: Any) -> None:
    case, (answers, asked) = CASES["U01"], scripted
    answers += case["input"]["upstream_sequence"]

    openids = [openid for page in read_pages(current_account().client) for openid in page.openids]

    assert len(openids) == case["expected"]["openids"]
    assert [query for query, _ in asked] == case["expected"]["queries"]
    assert len(asked) == case["expected"]["api_calls"]


def test_u02_many_are_asked_about_in_lots_of_a_hundred(scripted: Any) -> None:
    case, (_, asked) = CASES["U02"], scripted

    infos = list(read_infos(current_account().client, [f"oExample{n:04d}" for n in range(case["input"]["n"])]))

    assert len(infos) == case["input"]["n"]
    assert [size for _, size in asked] == case["expected"]["sizes"]
