"""The order of the console's navigation, and where the reader is in it."""

import pytest
from flask import Flask, g

import staff.downloads_acts  # noqa: F401  # an act that every clerk may do
from staff.accounts import Account
from staff.actors import SYSTEM
from staff.navigation import add_navigation, console_menu
from tests.staff.factories_staff import actor_of

PATHS = {"desk": "/console/", "polls": "/console/polls", "tally": "/console/polls/tally", "notices": "/console/notices"}


@pytest.fixture
def house() -> Flask:
    """An application with entries in the order in which rooms might be registered."""
    app = Flask("house")
    add_navigation(app, "管理", "操作记录", "audit", "downloads.see")
    for endpoint, path in {**PATHS, "audit": "/console/audit"}.items():
        app.add_url_rule(path, endpoint, lambda: "")
    add_navigation(app, "投票", "投票活动", "polls", "downloads.see")
    add_navigation(app, "公示", "公示与反映", "notices", "downloads.see")
    add_navigation(app, "投票", "得票与下载", "tally", "downloads.see")
    add_navigation(app, "", "今日", "desk", "downloads.see")
    add_navigation(app, "投票", "没有权限的", "desk", "nobody.declared")
    return app


def test_the_top_stands_first_and_administration_last(house: Flask, member: Account) -> None:
    with house.test_request_context("/console/"):
        g.actor = actor_of(member)
        menu = [(group.name, [entry.label for entry in group.entries]) for group in console_menu()]
    assert menu == [
        ("", ["今日"]),
        ("投票", ["投票活动", "得票与下载"]),
        ("公示", ["公示与反映"]),
        ("管理", ["操作记录"]),
    ]


@pytest.mark.parametrize(
    ("path", "current"),
    [
        ("/console/", ["今日"]),
        ("/console/polls", ["投票活动"]),
        ("/console/polls/example/edit", ["投票活动"]),
        ("/console/polls/tally", ["得票与下载"]),
        ("/console/pollsters", []),
        ("/console/account/password", []),
    ],
)
def test_one_entry_at_most_is_where_the_reader_is(house: Flask, member: Account, path: str, current: list[str]) -> None:
    with house.test_request_context(path):
        g.actor = actor_of(member)
        assert [entry.label for group in console_menu() for entry in group.entries if entry.current] == current


def test_who_may_nothing_sees_nothing(house: Flask) -> None:
    with house.test_request_context("/console/"):
        g.actor = SYSTEM
        assert console_menu() == ()
