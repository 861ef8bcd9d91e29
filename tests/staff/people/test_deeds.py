"""Ending, restoring and handing over an account: by one for most, by two for whoever opens doors to others."""

from collections.abc import Callable

import pytest
from flask import Flask

from foundation.errors import Conflict, NotAllowed
from staff.accounts import Account, disable_member, find_account
from staff.actors import Actor
from staff.approvals.deciding import approve
from staff.approvals.listing import approval_sheet, waiting_for
from staff.approvals.requesting import find_request
from staff.people.deeds import (
    DISABLE_KEY_ROLE,
    ENABLE_KEY_ROLE,
    HAND_OVER_KEY_ROLE,
    disable_or_ask,
    enable_or_ask,
    hand_over_or_ask,
)
from staff.people.details import KEY_ROLES
from staff.people.handover import read_hand_over
from staff.people.member_list import read_member
from staff.roles import Role
from staff.supervision.alarms import list_alarms
from tests.staff.factories_staff import Browser, actor_of, make_staff, recorded

WHY = "示例理由"
WEIGHTY = pytest.mark.parametrize("role", sorted(KEY_ROLES))


@pytest.fixture
def supervisor(app: Flask) -> Account:
    return make_staff("jiandu", "示例监督员", Role.SUPERVISOR)


def asked_for(act: str, name: str = "yaoyuan") -> str:
    request = find_request(act, name)
    assert request is not None
    return request.key


def is_disabled(name: str = "yaoyuan") -> bool:
    return find_account(name).disabled


def test_most_accounts_are_ended_by_one(admin: Actor, office: Account, second: Account) -> None:
    assert (disable_or_ask("jingban", admin, purpose=WHY), is_disabled("jingban")) == (False, True)
    assert (enable_or_ask("jingban", admin, purpose=WHY), is_disabled("jingban")) == (False, False)
    assert hand_over_or_ask("jingban", "guanlier", WHY, admin) is not None
    assert is_disabled("jingban")


@WEIGHTY
def test_who_weighs_is_disabled_and_restored_by_two(app: Flask, admin: Actor, supervisor: Account, role: Role) -> None:
    browser = Browser(app).signed_in_as(make_staff("yaoyuan", "示例要员", role))

    assert disable_or_ask("yaoyuan", admin, purpose=WHY) is True
    assert (is_disabled(), browser.is_signed_in()) == (False, True)
    approve(asked_for(DISABLE_KEY_ROLE), actor_of(supervisor))
    assert (is_disabled(), browser.is_signed_in()) == (True, False)

    assert enable_or_ask("yaoyuan", admin, purpose=WHY) is True
    assert is_disabled()
    approve(asked_for(ENABLE_KEY_ROLE), actor_of(supervisor))
    assert not is_disabled()
    assert [row[:2] for row in recorded()] == [
        ("guanli", "approvals.request"),
        ("jiandu", "approvals.approve"),
        ("jiandu", "people.disable"),
        ("guanli", "approvals.request"),
        ("jiandu", "approvals.approve"),
        ("jiandu", "people.enable"),
    ]
    assert "账号停用或恢复" in alarms()


@WEIGHTY
def test_who_weighs_is_handed_over_by_two_and_the_sheet_names_who_asked(
    app: Flask, admin: Actor, office: Account, supervisor: Account, role: Role
) -> None:
    make_staff("yaoyuan", "示例要员", role)
    assert hand_over_or_ask("yaoyuan", "jingban", WHY, admin) is None
    assert read_member("yaoyuan").hand_over is None

    key = asked_for(HAND_OVER_KEY_ROLE)
    with app.test_request_context():
        facts = dict(approval_sheet(key, actor_of(supervisor)).facts)
    assert facts["接手人"] == "示例经办（组织一科）"
    approve(key, actor_of(supervisor))

    done = read_member("yaoyuan").hand_over
    assert done is not None
    sheet = read_hand_over(done)
    assert (sheet.done_by, sheet.successor, sheet.reason) == ("示例管理员", "示例经办", WHY)


@pytest.mark.parametrize(
    ("ask", "act"),
    [
        (lambda admin: disable_or_ask("lingdao", admin, purpose=WHY), DISABLE_KEY_ROLE),
        (lambda admin: hand_over_or_ask("lingdao", "jingban", WHY, admin), HAND_OVER_KEY_ROLE),
    ],
)
def test_whose_account_it_is_decides_nothing_about_it(
    admin: Actor, office: Account, leader: Account, ask: Callable[[Actor], object], act: str
) -> None:
    ask(admin)
    assert waiting_for(actor_of(leader)) == ()
    with pytest.raises(NotAllowed):
        approve(asked_for(act, "lingdao"), actor_of(leader))
    assert not is_disabled("lingdao")


def test_what_changed_since_it_was_asked_for_is_not_done(admin: Actor, leader: Account, supervisor: Account) -> None:
    disable_or_ask("lingdao", admin, purpose=WHY)
    disable_member("lingdao", admin)
    with pytest.raises(Conflict, match="内容又有改动"):
        approve(asked_for(DISABLE_KEY_ROLE, "lingdao"), actor_of(supervisor))


def test_nobody_asks_for_it_about_themselves(admin: Actor, office: Account) -> None:
    for ask in (
        lambda: disable_or_ask("guanli", admin, purpose=WHY),
        lambda: enable_or_ask("guanli", admin, purpose=WHY),
        lambda: hand_over_or_ask("guanli", "jingban", WHY, admin),
    ):
        with pytest.raises(NotAllowed):
            ask()
    assert recorded() == []


def test_the_pages_say_that_it_takes_two_and_ask(console: Browser, leader: Account, office: Account) -> None:
    path = "/console/people/members/lingdao"
    for deed in ("disable", "enable", "hand-over"):
        page = console.get(f"{path}/{deed}").text
        assert ("要部领导或监督员批准（不能是本人）" in page, "提出申请</button>" in page) == (True, True)
    assert console.submit(f"{path}/disable", purpose=WHY).location == path
    assert console.submit(f"{path}/hand-over", successor="jingban", reason=WHY).location == path
    assert "批准以前什么都不变" in console.get(path).text
    assert not is_disabled("lingdao")


def alarms() -> list[str]:
    return [alarm.name for alarm in list_alarms().lines]
