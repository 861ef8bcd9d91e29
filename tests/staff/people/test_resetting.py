"""The keys of those who open doors or approve: one person alone never gets at them, whoever that is."""

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from flask import Flask, current_app

from foundation.errors import Conflict, NotAllowed, NotFound
from foundation.transaction import transaction
from staff.accounts import Account
from staff.actors import Actor
from staff.approvals.deciding import approve, refuse
from staff.approvals.listing import approval_sheet, waiting_for
from staff.approvals.requesting import find_request
from staff.cli import staff_commands
from staff.people.accepting import make_password_link, read_password_link, use_password_link
from staff.people.details import KEY_ROLES, PersonDetails
from staff.people.members import change_member
from staff.people.resetting import (
    LINK_KEY_ROLE,
    RESET_KEY_ROLE,
    link_or_ask,
    links_granted_to,
    reset_or_ask,
    take_granted_link,
)
from staff.roles import Role
from staff.second_factor import forget_second_factor, has_second_factor
from staff.supervision.alarms import list_alarms
from tests.staff.factories_keys import give_phone
from tests.staff.factories_staff import Browser, actor_of, make_staff, recorded
from tests.staff.people.factories_people import PASSWORD, STRANGER
from tests.staff.people.test_people_console import link_in

if TYPE_CHECKING:
    from tests.conftest import DatabaseClock

WHY = "本人来电，已核实"


@pytest.fixture
def supervisor(app: Flask) -> Account:
    return make_staff("jiandu", "示例监督员", Role.SUPERVISOR)


def asked_for(act: str, name: str) -> str:
    request = find_request(act, name)
    assert request is not None
    return request.key


def facts_of(act: str, reader: Account) -> dict[str, str]:
    with current_app.test_request_context():
        return dict(approval_sheet(asked_for(act, "lingdao"), actor_of(reader)).facts)


def has_link(token: str) -> bool:
    try:
        return read_password_link(token) is not None
    except NotFound:
        return False


@pytest.mark.parametrize("role", sorted(KEY_ROLES))
@pytest.mark.parametrize("approver", [Role.LEADER, Role.SUPERVISOR])
def test_a_second_factor_that_weighs_is_reset_by_two(app: Flask, admin: Actor, role: Role, approver: Role) -> None:
    concerned, second = make_staff("yaoyuan", "示例要员", role), make_staff("qita", "示例他人", approver)
    give_phone(concerned)
    browser = Browser(app).signed_in_as(concerned)

    assert reset_or_ask("yaoyuan", admin, purpose=WHY) is True
    assert (has_second_factor(concerned.id), browser.is_signed_in()) == (True, True)

    approve(asked_for(RESET_KEY_ROLE, "yaoyuan"), actor_of(second))
    assert (has_second_factor(concerned.id), browser.is_signed_in()) == (False, False)
    assert [row[:2] for row in recorded()] == [
        ("guanli", "approvals.request"),
        ("qita", "approvals.approve"),
        ("qita", RESET_KEY_ROLE),
    ]


@pytest.mark.parametrize("role", sorted(KEY_ROLES))
def test_a_password_that_weighs_is_reset_by_two_and_the_link_is_the_requesters(
    admin: Actor, second: Account, leader: Account, role: Role
) -> None:
    make_staff("yaoyuan", "示例要员", role)
    assert link_or_ask("yaoyuan", admin, purpose=WHY) is None
    with pytest.raises(Conflict):
        take_granted_link("yaoyuan", admin)

    approve(asked_for(LINK_KEY_ROLE, "yaoyuan"), actor_of(leader))
    assert links_granted_to(admin) == (("yaoyuan", "示例要员"),)
    with pytest.raises(Conflict):
        take_granted_link("yaoyuan", actor_of(second))
    link = take_granted_link("yaoyuan", admin)
    with pytest.raises(Conflict):
        take_granted_link("yaoyuan", admin)

    use_password_link(link.token, PASSWORD, PASSWORD, STRANGER, replaces=None)
    with pytest.raises(Conflict):
        take_granted_link("yaoyuan", admin)
    assert [row[:2] for row in recorded()] == [
        ("guanli", "approvals.request"),
        ("lingdao", "approvals.approve"),
        ("lingdao", LINK_KEY_ROLE),
        ("guanli", "people.make_password_link"),
        ("yaoyuan", "people.use_password_link"),
    ]


@pytest.mark.parametrize("ask", [reset_or_ask, link_or_ask])
@pytest.mark.parametrize("role", [Role.LEADER, Role.SUPERVISOR])
def test_whose_keys_they_are_decides_nothing_about_them(admin: Actor, role: Role, ask: "Ask") -> None:
    concerned = actor_of(make_staff("yaoyuan", "示例要员", role))
    ask("yaoyuan", admin, purpose=WHY)
    key = asked_for(RESET_KEY_ROLE if ask is reset_or_ask else LINK_KEY_ROLE, "yaoyuan")
    assert waiting_for(concerned) == ()
    with pytest.raises(NotAllowed):
        approve(key, concerned)
    with pytest.raises(NotAllowed):
        refuse(key, concerned, "不行")
    assert [row[3] for row in recorded()] == ["done", "refused", "refused"]
    helper = Role.SUPERVISOR if role is Role.LEADER else Role.LEADER
    assert [line.key for line in waiting_for(actor_of(make_staff("qita", "示例他人", helper)))] == [key]


@pytest.mark.parametrize("ask", [reset_or_ask, link_or_ask])
def test_nobody_asks_about_their_own_keys(admin: Actor, ask: "Ask") -> None:
    with pytest.raises(NotAllowed):
        ask("guanli", admin, purpose=WHY)


def test_everybody_else_is_helped_at_once(admin: Actor, office: Account) -> None:
    give_phone(office)
    assert reset_or_ask("jingban", admin, purpose=WHY) is False
    assert not has_second_factor(office.id)
    link = link_or_ask("jingban", admin, purpose=WHY)
    assert link is not None
    assert has_link(link.token)


def test_the_way_past_the_question_is_closed_too(admin: Actor, leader: Account) -> None:
    with pytest.raises(NotAllowed):
        make_password_link("lingdao", admin)


def test_a_link_for_a_small_account_does_not_grow_with_it(admin: Actor, office: Account, leader: Account) -> None:
    link = make_password_link("jingban", admin)
    change_member("jingban", PersonDetails("示例经办", Role.LEADER), admin)
    assert has_link(link.token)
    approve(asked_for("people.change_key_role", "jingban"), actor_of(leader))
    assert not has_link(link.token)


def test_an_approval_is_of_the_keys_as_they_were(admin: Actor, leader: Account, supervisor: Account) -> None:
    give_phone(leader)
    reset_or_ask("lingdao", admin, purpose=WHY)
    with transaction():
        forget_second_factor(leader.id)
    with pytest.raises(Conflict):
        approve(asked_for(RESET_KEY_ROLE, "lingdao"), actor_of(supervisor))


def test_what_was_granted_is_taken_within_a_day(
    admin: Actor, leader: Account, supervisor: Account, database_clock: "DatabaseClock"
) -> None:
    link_or_ask("lingdao", admin, purpose=WHY)
    approve(asked_for(LINK_KEY_ROLE, "lingdao"), actor_of(supervisor))
    database_clock.advance(timedelta(hours=24))
    with pytest.raises(Conflict):
        take_granted_link("lingdao", admin)


def test_whoever_approves_reads_what_else_lies_open(
    app: Flask, admin: Actor, leader: Account, supervisor: Account
) -> None:
    link_or_ask("lingdao", admin, purpose=WHY)
    assert facts_of(LINK_KEY_ROLE, supervisor)["动态码"] == "还没有设置，有了密码就能登录"
    approve(asked_for(LINK_KEY_ROLE, "lingdao"), actor_of(supervisor))
    reset_or_ask("lingdao", admin, purpose=WHY)
    assert facts_of(RESET_KEY_ROLE, supervisor)["请注意"] == "这个账号另有一个重设密码的链接还能用"


def test_each_reset_that_weighs_is_an_alarm(admin: Actor, leader: Account, supervisor: Account) -> None:
    for ask, act in ((reset_or_ask, RESET_KEY_ROLE), (link_or_ask, LINK_KEY_ROLE)):
        ask("lingdao", admin, purpose=WHY)
        approve(asked_for(act, "lingdao"), actor_of(supervisor))
    raised = {(line.name, line.about) for line in list_alarms().lines}
    assert {("动态码重设", "示例部领导"), ("密码重设", "示例部领导")} <= raised


def test_at_the_machine_it_is_done_recorded_and_an_alarm(app: Flask, administrator: Account, leader: Account) -> None:
    give_phone(leader)
    words = (("reset-second-factor", "lingdao"), ("password", "lingdao", "--password-stdin"))
    done = [CliRunner().invoke(staff_commands, (*said, "--as", "guanli"), input=PASSWORD) for said in words]
    assert [result.exit_code for result in done] == [0, 0]
    assert not has_second_factor(leader.id)
    assert recorded() == [
        ("guanli", "people.reset_second_factor", "lingdao", "done"),
        ("guanli", "people.reset_password", "lingdao", "done"),
    ]
    assert {line.name for line in list_alarms().lines} == {"动态码重设", "密码重设"}


def test_the_pages_lead_from_the_wish_to_the_link(
    app: Flask, console: Browser, leader: Account, supervisor: Account
) -> None:
    path = "/console/people/members/lingdao"
    assert "要部领导或监督员批准（不能是本人）" in console.get(f"{path}/password-link").text
    answer = console.submit(f"{path}/password-link", purpose=WHY)
    assert (answer.status_code, answer.location) == (303, path)
    page = console.get(path).text
    assert ("等部领导或监督员批准" in page, "password-link/take" in page) == (True, False)

    desk = Browser(app).signed_in_as(supervisor)
    key = asked_for(LINK_KEY_ROLE, "lingdao")
    assert WHY in desk.get(f"/console/approvals/{key}").text
    assert desk.submit(f"/console/approvals/{key}/approve", confirmed="1").status_code == 303

    assert "password-link/take" not in desk.get(path).text
    assert "给示例部领导重设密码已获批准" in console.get("/console/").text
    assert "password-link/take" in console.get(path).text
    assert has_link(link_in(console.submit(f"{path}/password-link/take").text).rsplit("/", 1)[1])
    assert console.submit(f"{path}/password-link/take").status_code == 409
    assert console.submit(f"{path}/second-factor", purpose=WHY).status_code == 303
    assert asked_for(RESET_KEY_ROLE, "lingdao")


if TYPE_CHECKING:
    from collections.abc import Callable

    Ask = Callable[..., object]
