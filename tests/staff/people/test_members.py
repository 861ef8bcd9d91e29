"""Changing, disabling and handing over: who may be touched by whom, and that an administrator remains."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from flask import Flask
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from foundation.database import constraint_of
from foundation.errors import Conflict, NotAllowed, NotFound
from foundation.transaction import transaction
from staff.accounts import Account, disable_member, enable_member, reset_password
from staff.actors import Actor
from staff.approvals.deciding import approve
from staff.approvals.requesting import find_request
from staff.models import Member
from staff.people.details import PersonDetails
from staff.people.member_list import (
    MemberState,
    list_members,
    read_member,
    successors_of,
)
from staff.people.members import CHANGE_KEY_ROLE, change_member
from staff.roles import Role
from staff.second_factor import reset_second_factor
from tests.staff.factories_staff import PASSWORD, Browser, actor_of, make_staff, recorded
from tests.staff.people.factories_people import at_once, latest_fields, member_named

if TYPE_CHECKING:
    from tests.conftest import DatabaseClock

CLERK = PersonDetails("示例经办", Role.OFFICE)
ADMINISTRATOR = PersonDetails("示例管理员", Role.ADMINISTRATOR)


def shown(**asked: object) -> list[str]:
    return [line.name for line in list_members(**asked).lines]  # type: ignore[arg-type]  # each test names its own


def test_a_changed_role_takes_effect_and_signs_out(app: Flask, admin: Actor, office: Account) -> None:
    browser = Browser(app).signed_in_as(office)
    last_day = date(2099, 4, 30)
    details = PersonDetails("示例经办", Role.INVESTIGATOR, "示例县委", last_day)
    assert change_member("jingban", details, admin) == (True, False)
    member = member_named("jingban")
    assert (member.role, member.unit, member.valid_until) == ("investigator", "示例县委", details.valid_until)
    assert not browser.is_signed_in()
    assert (recorded(), latest_fields()) == (
        [("guanli", "people.change", "jingban", "done")],
        ["role", "unit", "valid_until"],
    )


def test_what_goes_with_no_role_signs_nobody_out(app: Flask, admin: Actor, office: Account) -> None:
    browser = Browser(app).signed_in_as(office)
    assert change_member("jingban", replace(CLERK, display_name="示例新名", phone="13800005678"), admin) == (
        True,
        False,
    )
    assert (member_named("jingban").phone, browser.is_signed_in()) == (b"13800005678", True)
    assert latest_fields() == ["display_name", "phone"]


def test_a_number_that_was_not_typed_anew_is_kept_until_it_is_removed(admin: Actor, office: Account) -> None:
    change_member("jingban", replace(CLERK, phone="13800005678"), admin)
    assert change_member("jingban", CLERK, admin) == (False, False)
    assert read_member("jingban").phone == "138****5678"
    assert change_member("jingban", CLERK, admin, keeps_phone=False) == (True, False)
    assert read_member("jingban").phone == ""


def test_saving_what_is_there_already_changes_and_records_nothing(admin: Actor, office: Account) -> None:
    assert change_member("jingban", CLERK, admin) == (False, False)
    assert recorded() == []


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("jingban", Role.OFFICE, Role.ADMINISTRATOR),
        ("jingban", Role.OFFICE, Role.LEADER),
        ("er", Role.LEADER, Role.OFFICE),
    ],
)
def test_into_and_out_of_a_key_role_takes_two_people(
    name: str, before: Role, after: Role, admin: Actor, leader: Account
) -> None:
    make_staff(name, "示例经办", before)
    assert change_member(name, PersonDetails("示例经办", after), admin, purpose="示例理由") == (False, True)
    assert member_named(name).role == before
    request = find_request(CHANGE_KEY_ROLE, name)
    assert request is not None
    approve(request.key, actor_of(leader))
    assert member_named(name).role == after
    assert recorded()[-1] == ("lingdao", "people.change_key_role", name, "done")


def test_what_changed_since_it_was_asked_for_is_asked_for_anew(admin: Actor, leader: Account, office: Account) -> None:
    change_member("jingban", replace(ADMINISTRATOR, display_name="示例经办"), admin)
    disable_member("jingban", admin)
    request = find_request(CHANGE_KEY_ROLE, "jingban")
    assert request is not None
    with pytest.raises(Conflict):
        approve(request.key, actor_of(leader))
    assert member_named("jingban").role == Role.OFFICE


def test_nobody_disables_demotes_or_resets_themselves(admin: Actor, second: Account) -> None:
    attempts = (
        lambda: disable_member("guanli", admin),
        lambda: change_member("guanli", PersonDetails("示例管理员", Role.OFFICE), admin),
        lambda: change_member("guanli", replace(ADMINISTRATOR, last_day=date(2099, 1, 1)), admin),
        lambda: reset_second_factor("guanli", admin),
        lambda: reset_password("guanli", PASSWORD, admin),
    )
    for attempt in attempts:
        with pytest.raises(NotAllowed):
            attempt()
    assert (member_named("guanli").role, member_named("guanli").disabled_at) == ("administrator", None)


def test_ones_own_name_may_be_corrected(admin: Actor) -> None:
    assert change_member("guanli", replace(ADMINISTRATOR, display_name="示例更名"), admin) == (True, False)


def test_the_last_administrator_stays(admin: Actor, administrator: Account, office: Account) -> None:
    clerk = actor_of(office)
    with pytest.raises(Conflict) as refused:
        disable_member("guanli", clerk)
    assert refused.value.message.startswith("这是最后一名没有期限、能用的系统管理员。")
    with pytest.raises(Conflict):
        change_member("guanli", replace(ADMINISTRATOR, last_day=date(2099, 1, 1)), clerk)


def test_an_administrator_for_a_time_does_not_count_as_one_who_remains(
    admin: Actor, second: Account, office: Account
) -> None:
    change_member("guanlier", PersonDetails("示例管理员乙", Role.ADMINISTRATOR, None, date(2099, 1, 1)), admin)
    with pytest.raises(Conflict):
        disable_member("guanli", actor_of(second))


def test_two_administrators_who_disable_each_other_at_once_leave_one(
    app: Flask, administrator: Account, second: Account
) -> None:
    came = at_once(
        app,
        lambda: disable_member("guanlier", actor_of(administrator)),
        lambda: disable_member("guanli", actor_of(second)),
    )
    assert sorted(map(str, came)) == sorted(["done", str(Conflict)])
    assert shown(role=Role.ADMINISTRATOR, state=MemberState.ACTIVE) in (["guanli"], ["guanlier"])


def test_the_database_itself_keeps_the_last_administrator(administrator: Account) -> None:
    with pytest.raises(IntegrityError) as refused, transaction() as session:
        session.execute(update(Member).where(Member.name == "guanli").values(role="office"))
    assert constraint_of(refused.value) == "an_administrator_remains"


def test_a_disabled_member_comes_back_as_they_were(admin: Actor, office: Account) -> None:
    disable_member("jingban", admin, purpose="示例理由")
    assert read_member("jingban").line.state is MemberState.DISABLED
    enable_member("jingban", admin)
    assert read_member("jingban").line.state is MemberState.ACTIVE


def test_the_list_is_searched_filtered_and_sorted(
    app: Flask, administrator: Account, leader: Account, office: Account, database_clock: "DatabaseClock"
) -> None:
    make_staff("danwei", "示例单位", Role.UNIT, "示例_县委")
    assert shown() == ["danwei", "guanli", "jingban", "lingdao"]
    assert shown(search="_县") == ["danwei"]
    assert shown(search="示例部") == ["lingdao"]
    assert shown(search="%") == []
    assert shown(role=Role.LEADER) == ["lingdao"]
    assert shown(sort="new") == ["danwei", "jingban", "lingdao", "guanli"]
    Browser(app).signed_in_as(office)
    database_clock.advance(timedelta(minutes=5))
    Browser(app).signed_in_as(leader)
    assert shown(sort="seen") == ["lingdao", "jingban", "danwei", "guanli"]


def test_each_state_is_found_where_it_is(
    admin: Actor, second: Account, office: Account, database_clock: "DatabaseClock"
) -> None:
    database_clock.set(datetime.fromisoformat("2026-04-01T12:00:00+08:00"))
    make_staff("kaocha", "示例考察员", Role.INVESTIGATOR, "示例县委")
    change_member("kaocha", PersonDetails("示例考察员", Role.INVESTIGATOR, "示例县委", date(2026, 4, 30)), admin)
    disable_member("jingban", admin)
    database_clock.set(datetime.fromisoformat("2026-05-01T00:00:00+08:00"))
    found = {state: shown(state=state) for state in MemberState}
    assert found == {
        MemberState.ACTIVE: ["guanli", "guanlier"],
        MemberState.LOCKED: [],
        MemberState.EXPIRED: ["kaocha"],
        MemberState.DISABLED: ["jingban"],
        MemberState.LEFT: [],
    }
    assert read_member("kaocha").line.state is MemberState.EXPIRED


def test_the_list_has_pages_of_fifty_and_asks_the_same_few_questions(app: Flask, administrator: Account) -> None:
    with transaction() as session:
        session.add_all(
            Member(name=f"renyuan{number:03}", display_name="示例", password_hash="-", role="office")
            for number in range(120)
        )
    first, last, beyond = (list_members(page=page) for page in (1, 3, 99))
    assert ([len(first.lines), first.total, first.last], [len(last.lines), last.page]) == ([50, 121, 3], [21, 3])
    assert beyond == last


def test_who_takes_over_can_sign_in_and_the_same_role_comes_first(
    admin: Actor, leader: Account, office: Account
) -> None:
    make_staff("jingbaner", "示例经办乙")
    make_staff("jingbansan", "示例经办丙")
    disable_member("jingbansan", admin)
    assert [line.name for line in successors_of(office.id)] == ["jingbaner", "guanli", "lingdao"]


def test_there_is_nothing_to_read_of_nobody(app: Flask) -> None:
    with pytest.raises(NotFound):
        read_member("nobody")
