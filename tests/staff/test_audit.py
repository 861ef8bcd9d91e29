"""The audit trail shares the fate of the act, keeps to itself what it must, and can be read."""

import pytest
from flask import Flask

from foundation.errors import NotFound
from foundation.transaction import transaction
from staff.accounts import Account, disable_member, enable_member, unlock_member
from staff.actors import COMMAND_LINE, SYSTEM
from staff.audit import latest_acts, record
from tests.staff.factories_staff import PASSWORD, Browser, actor_of, recorded


def test_an_act_that_fails_leaves_no_row(app: Flask) -> None:
    def open_a_poll_that_is_not_there() -> None:
        with transaction():
            record("polls.open", "example", SYSTEM)
            raise NotFound("没有这个投票。")

    with pytest.raises(NotFound):
        open_a_poll_that_is_not_there()
    assert recorded() == []


def test_acts_are_read_newest_first_with_the_persons_name(member: Account) -> None:
    with transaction():
        record("staff.add", "jingban", COMMAND_LINE)
        record("polls.open", "example", actor_of(member), fields=("state", "opens_at"))
    newest, oldest = latest_acts().lines
    assert (newest.person, newest.act, newest.fields, newest.network) == (
        "示例经办",
        "polls.open",
        ("state", "opens_at"),
        "127.0.0.0/24",
    )
    assert (oldest.person, oldest.actor, oldest.act, oldest.object) == (
        "命令行",
        "command line",
        "staff.add",
        "jingban",
    )


def test_acts_are_chosen_by_kind_and_by_person(member: Account) -> None:
    with transaction():
        record("polls.open", "one", actor_of(member))
        record("polls.close", "one", actor_of(member))
        record("polls.close", "two", SYSTEM)
    assert [line.object for line in latest_acts(act="polls.close").lines] == ["two", "one"]
    assert [line.act for line in latest_acts(actor="jingban").lines] == ["polls.close", "polls.open"]
    assert [line.object for line in latest_acts(act="polls.close", actor="system").lines] == ["two"]
    assert latest_acts(act="nothing").lines == ()


def test_the_trail_is_read_in_pages_that_neither_repeat_nor_miss(app: Flask) -> None:
    with transaction():
        for number in range(7):
            record("polls.open", str(number), SYSTEM)
    objects, before, sizes = [], None, []
    while True:
        page = latest_acts(before=before, size=3)
        objects += [line.object for line in page.lines]
        sizes.append(len(page.lines))
        before = page.older
        if before is None:
            break
    assert (objects, sizes) == (list("6543210"), [3, 3, 1])


def test_coming_going_and_failing_are_all_in_the_trail(browser: Browser, member: Account) -> None:
    browser.post("/console/sign-in", name="jingban", password="wrong, wrong, wrong")
    browser.post("/console/sign-in", name="a password typed here", password="")
    browser.post("/console/sign-in", name="jingban", password=PASSWORD)
    browser.submit("/console/sign-out")
    assert recorded() == [
        ("jingban", "staff.sign_in", "jingban", "refused"),
        ("unknown", "staff.sign_in", "unknown", "refused"),
        ("jingban", "staff.sign_in", "jingban", "done"),
        ("jingban", "staff.sign_out", "jingban", "done"),
    ]


def test_the_page_shows_who_did_what_in_words(desk: Browser) -> None:
    unlock_member("jingban", COMMAND_LINE)
    disable_member("jingban", COMMAND_LINE)
    enable_member("jingban", COMMAND_LINE)
    desk.post("/console/demo-sign-in/jingban")
    page = desk.get("/console/audit")
    assert page.status_code == 200
    for words in ("命令行", "解除暂停登录", "停用账号", "jingban", "disabled_at", "登录（演示）"):
        assert words in page.text
    assert "没有符合条件的记录。" in desk.get("/console/audit?act=staff.reset_password&person=system").text


def test_the_page_leads_to_what_is_older(desk: Browser) -> None:
    with transaction():
        for _ in range(201):
            record("staff.unlock", "jingban", SYSTEM)
    first = desk.get("/console/audit?person=").text
    assert (first.count("<tr>") - 1, "更早" in first, "最新</a>" in first) == (200, True, False)
    older = latest_acts().older
    second = desk.get(f"/console/audit?before={older}").text
    assert (second.count("<tr>") - 1, "更早" in second, "最新</a>" in second) == (1, False, True)


@pytest.mark.parametrize("query", ["act=%00", "person=%00&act=nothing", "before=99999999999999999999", "before=x"])
def test_what_the_page_does_not_offer_is_as_if_nothing_was_chosen(desk: Browser, query: str) -> None:
    unlock_member("jingban", COMMAND_LINE)
    page = desk.get(f"/console/audit?{query}")
    assert (page.status_code, page.text.count("<tr>") - 1) == (200, 1)
