"""Channels that staff count apart: an address and a QR picture for each, and never one per unit."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from foundation.errors import Conflict, InvalidInput, NotFound
from tests.conftest import PUBLIC_URL
from tests.factories import CLERK, make_poll
from tests.staff.factories_staff import Browser, make_staff
from tests.votes.factories_polls import acts
from votes.channels import (
    MOST_CHANNELS,
    add_channel,
    channel_picture,
    channels_of,
    follow_picture,
    remove_channel,
    rename_channel,
)
from votes.replies import ways_to_polls
from votes.sources import write_sources
from votes.turnout import turnout


@pytest.fixture(autouse=True)
def poll(app: Flask) -> int:
    return make_poll()


def names() -> list[str]:
    return [channel.name for channel in channels_of("demo", PUBLIC_URL)]


def test_every_poll_has_the_channels_that_the_service_marks_itself() -> None:
    assert names() == ["公众号菜单", "公众号聊天", "焦作党建网专栏"]


def test_a_channel_is_added_renamed_and_removed_with_a_line_each_in_the_audit_trail() -> None:
    key = add_channel("demo", " 政务大厅  海报 ", CLERK)
    assert channels_of("demo", PUBLIC_URL)[-1].address == f"{PUBLIC_URL}/polls/demo?from={key}"
    rename_channel("demo", key, "政务大厅屏幕", CLERK)
    assert names()[-1] == "政务大厅屏幕"
    remove_channel("demo", key, CLERK)
    assert len(names()) == 3
    assert [act for _, act, _ in acts()] == ["polls.edit_channels"] * 3


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("  ", "请填写渠道名称"),
        ("长" * 31, "最多30个字"),
        ("公众号菜单", "已经有“公众号菜单”"),
        ("海报", "已经有“海报”"),
        ("示例县1的二维码", "“示例县1”是推荐单位"),
        ("示例县", "是推荐单位"),
    ],
)
def test_a_name_that_is_none_there_already_or_a_units_is_refused(name: str, said: str) -> None:
    add_channel("demo", "海报", CLERK)
    with pytest.raises(InvalidInput, match=said) as refused:
        add_channel("demo", name, CLERK)
    assert refused.value.field == "name"


def test_a_channel_by_which_ballots_came_stays() -> None:
    key = add_channel("demo", "海报", CLERK)
    write_sources({("demo", turnout("demo").as_of.replace(minute=0, second=0, microsecond=0), key): 1})
    with pytest.raises(Conflict, match="可以改名"):
        remove_channel("demo", key, CLERK)


def test_there_are_only_so_many() -> None:
    for number in range(MOST_CHANNELS):
        add_channel("demo", f"海报{number}", CLERK)
    with pytest.raises(Conflict):
        add_channel("demo", "再一张", CLERK)


@pytest.mark.parametrize(("kind", "begins"), [("svg", b"<?xml"), ("png", b"\x89PNG")])
def test_a_picture_is_there_for_the_screen_and_for_print(kind: str, begins: bytes) -> None:
    content, name = channel_picture("demo", "menu", kind, PUBLIC_URL)
    assert (content[: len(begins)], name) == (begins, "公众号菜单")
    with pytest.raises(NotFound):
        channel_picture("demo", "nobody", kind, PUBLIC_URL)


def test_the_page_adds_a_channel_and_keeps_a_name_that_is_refused(app: Flask) -> None:
    desk = Browser(app).signed_in_as(make_staff())
    path = "/console/polls/demo/channels/"
    assert desk.submit(path, name="政务大厅海报").status_code == 303
    page = desk.get(path).text
    assert re.findall(r'<th scope="row">([^<]+)', page)[-1] == "政务大厅海报"
    assert re.search(rf"{PUBLIC_URL}/polls/demo\?from=q[0-9a-f]{{6}}", page)
    refused = desk.submit(path, name="示例县1海报")
    assert (refused.status_code, 'value="示例县1海报"' in refused.text) == (422, True)
    picture = desk.get("/console/polls/demo/channels/menu/qr.png?download=1")
    assert (picture.mimetype, "attachment" in picture.headers["Content-Disposition"]) == ("image/png", True)


def test_a_code_that_leads_through_the_account_is_offered_where_the_account_may_have_one(app: Flask) -> None:
    desk, path = Browser(app).signed_in_as(make_staff()), "/console/polls/demo/channels/"
    assert "先进公众号的图片" not in desk.get(path).text

    content, name = follow_picture("demo", "menu", PUBLIC_URL)

    assert (content, name) == channel_picture("demo", "menu", "png", PUBLIC_URL)
    assert desk.get(f"{path}menu/follow.png").data == content
    assert desk.get(f"{path}nothing/follow.png").status_code == 404


def test_menu_and_chat_lead_to_marked_pages(app: Flask, client: FlaskClient) -> None:
    assert client.get("/vote?from=menu").location == "/polls/demo?from=menu"
    assert client.get("/vote").location == "/polls/demo"
    with app.test_request_context():
        assert [way.path for way in ways_to_polls()] == ["/polls/demo?from=chat"]
