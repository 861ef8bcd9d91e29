"""From an invitation to an account: one link, one use, one account, and a second person where it opens doors."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from flask import Flask
from sqlalchemy import select

from foundation.clock import utc_now
from foundation.errors import AppError, Conflict, InvalidInput, NotFound
from foundation.transaction import transaction
from staff.accounts import Account, disable_member, enable_member
from staff.actors import COMMAND_LINE, Actor
from staff.approvals.deciding import approve, refuse
from staff.approvals.requesting import find_request
from staff.people.accepting import (
    Welcome,
    accept_invitation,
    make_password_link,
    read_password_link,
    read_welcome,
    use_password_link,
)
from staff.people.details import PersonDetails
from staff.people.invitation_list import InvitationState, find_invitation, list_invitations
from staff.people.invitations import INVITE_KEY_ROLE, invite, make_link, withdraw_invitation
from staff.people.links import Handed
from staff.people.models import Invitation, PasswordLink
from staff.roles import Role
from staff.second_factor import has_second_factor
from staff.sessions import find_session, pending_of
from tests.staff.factories_staff import Browser, actor_of, make_staff, recorded
from tests.staff.people.factories_people import (
    CLERK,
    INVESTIGATOR,
    PASSWORD,
    STRANGER,
    accept,
    at_once,
    member_named,
    names,
)

if TYPE_CHECKING:
    from tests.conftest import DatabaseClock

LEADER = PersonDetails("示例新领导", Role.LEADER)
OTHER = "再想一句不一样的示例密码 2027"


def invited(details: PersonDetails, actor: Actor) -> tuple[str, Handed]:
    found = invite(details, actor)
    assert found.link is not None
    return found.key, found.link


def state_of(key: str) -> InvitationState:
    return find_invitation(key).state


def test_the_invited_person_gets_exactly_what_was_named(admin: Actor) -> None:
    key, link = invited(INVESTIGATOR, admin)
    accept(link, "kaocha")
    member = member_named("kaocha")
    found = (member.display_name, member.role, member.unit, member.valid_until, member.phone)
    assert found == ("示例考察员", "investigator", "示例县委", INVESTIGATOR.valid_until, b"13800005678")
    assert (state_of(key), find_invitation(key).name) == (InvitationState.ACCEPTED, "kaocha")
    assert recorded() == [
        ("guanli", "people.invite", "示例考察员（考察组，示例县委）", "done"),
        ("kaocha", "people.accept", "kaocha", "done"),
    ]


def test_whoever_accepts_stands_before_the_set_up_of_the_second_factor(admin: Actor) -> None:
    _, link = invited(CLERK, admin)
    token = accept(link)
    session = find_session(token)
    assert session is not None
    assert (session.name, session.complete, has_second_factor(session.member_id)) == ("xinren", False, False)
    assert pending_of(token) is not None


def test_the_former_session_of_the_browser_ends(app: Flask, admin: Actor, office: Account) -> None:
    browser = Browser(app).signed_in_as(office)
    _, link = invited(CLERK, admin)
    accept_invitation(link.token, "xinren", PASSWORD, PASSWORD, STRANGER, replaces=browser.token)
    assert not browser.is_signed_in()


def test_the_invited_person_reads_who_invited_them_to_what(admin: Actor) -> None:
    _, link = invited(INVESTIGATOR, admin)
    assert read_welcome(link.token) == Welcome(
        "示例考察员", "考察组，示例县委", "示例管理员", "系统管理员", INVESTIGATOR.valid_until, link.expires_at
    )


def test_the_token_rests_only_as_its_digest_and_the_number_only_encrypted(admin: Actor) -> None:
    _, link = invited(INVESTIGATOR, admin)
    with transaction() as session:
        row = session.execute(select(Invitation.__table__)).one()
        raw = session.connection().exec_driver_sql("SELECT row_to_json(i)::text FROM staff_invitation i").scalar_one()
    assert len(row.token_digest) == 32
    assert [secret in raw for secret in (link.token, "13800005678")] == [False, False]
    assert len(link.token) >= 22  # 128 bits in base 64


def test_the_number_leaves_the_invitation_once_it_is_used_or_withdrawn(admin: Actor) -> None:
    first, link = invited(INVESTIGATOR, admin)
    second, _ = invited(replace(INVESTIGATOR, display_name="示例考察员乙"), admin)
    accept(link)
    withdraw_invitation(second, admin)
    assert [find_invitation(key).phone for key in (first, second)] == ["", ""]


def _used(key: str, link: Handed, admin: Actor, clock: "DatabaseClock") -> None:
    accept(link, "xianlai")


def _withdrawn(key: str, link: Handed, admin: Actor, clock: "DatabaseClock") -> None:
    withdraw_invitation(key, admin)


def _replaced(key: str, link: Handed, admin: Actor, clock: "DatabaseClock") -> None:
    make_link(key, admin)


def _over(key: str, link: Handed, admin: Actor, clock: "DatabaseClock") -> None:
    clock.advance(timedelta(hours=72))


def _inviter_gone(key: str, link: Handed, admin: Actor, clock: "DatabaseClock") -> None:
    make_staff("guanlier", "示例管理员乙", Role.ADMINISTRATOR)
    disable_member("guanli", COMMAND_LINE)


@pytest.mark.parametrize("ending", [_used, _withdrawn, _replaced, _over, _inviter_gone])
def test_a_link_that_has_ended_leads_nowhere_and_does_not_say_why(
    admin: Actor, database_clock: "DatabaseClock", ending: Callable[..., None]
) -> None:
    key, link = invited(CLERK, admin)
    ending(key, link, admin, database_clock)
    before = names()
    with pytest.raises(NotFound) as unknown:
        read_welcome("A" * 43)
    for attempt in (lambda: read_welcome(link.token), lambda: accept(link)):
        with pytest.raises(NotFound) as ended:
            attempt()
        assert ended.value.message == unknown.value.message
    assert names() == before


def test_a_link_works_until_its_last_moment(admin: Actor, database_clock: "DatabaseClock") -> None:
    _, link = invited(CLERK, admin)
    database_clock.advance(timedelta(hours=72) - timedelta(minutes=1))
    accept(link)
    assert names() == ["guanli", "xinren"]


def test_two_who_use_one_link_at_once_make_one_account(app: Flask, admin: Actor) -> None:
    _, link = invited(CLERK, admin)
    came = at_once(app, lambda: accept(link, "xinrenjia"), lambda: accept(link, "xinrenyi"))
    assert sorted(map(str, came)) == sorted(["done", str(NotFound)])
    assert len(names()) == 2


def test_a_taken_name_is_refused_without_saying_that_somebody_has_it(admin: Actor, office: Account) -> None:
    _, link = invited(CLERK, admin)
    with pytest.raises(InvalidInput) as refused:
        accept(link, "jingban")
    assert (refused.value.field, refused.value.message) == ("name", "这个用户名不能用，请换一个。")
    accept(link)


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        (("x", PASSWORD, PASSWORD), "name"),
        (("xinren", "short", "short"), "password"),
        (("xinren", PASSWORD, OTHER), "repeated"),
        (("xinren", "示例新人2026202620", "示例新人2026202620"), "password"),
    ],
)
def test_what_will_not_do_is_told_at_its_field_and_the_link_still_works(
    admin: Actor, typed: tuple[str, str, str], field: str
) -> None:
    _, link = invited(CLERK, admin)
    with pytest.raises(InvalidInput) as refused:
        accept_invitation(link.token, *typed, STRANGER, replaces=None)
    assert refused.value.field == field
    accept(link)


def test_the_same_form_sent_twice_is_one_invitation_with_a_new_link(admin: Actor, second: Account) -> None:
    first = invite(CLERK, admin, key="0" * 32).link
    again = invite(CLERK, admin, key="0" * 32).link
    assert first is not None
    assert again is not None
    assert len(list_invitations().lines) == 1
    with pytest.raises(NotFound):
        read_welcome(first.token)
    assert read_welcome(again.token).display_name == "示例新人"
    with pytest.raises(Conflict):
        invite(CLERK, actor_of(second), key="0" * 32)


def test_a_link_made_by_another_administrator_is_theirs(admin: Actor, second: Account) -> None:
    key, _ = invited(CLERK, admin)
    disable_member("guanli", actor_of(second))
    assert state_of(key) is InvitationState.EXPIRED
    link = make_link(key, actor_of(second))
    assert read_welcome(link.token).inviter == "示例管理员乙"


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.LEADER, Role.SUPERVISOR])
def test_who_opens_doors_to_others_is_invited_by_two_people(role: Role, admin: Actor, leader: Account) -> None:
    asked = invite(PersonDetails("示例要员", role), admin, purpose="示例理由")
    assert (asked.link, state_of(asked.key)) == (None, InvitationState.WAITING)
    with pytest.raises(Conflict):
        make_link(asked.key, admin)
    request = find_request(INVITE_KEY_ROLE, asked.key)
    assert request is not None
    approve(request.key, actor_of(leader))
    assert state_of(asked.key) is InvitationState.APPROVED
    accept(make_link(asked.key, admin))
    assert member_named("xinren").role == role


def test_an_approval_that_lay_about_for_a_week_gets_no_link(
    admin: Actor, leader: Account, database_clock: "DatabaseClock"
) -> None:
    asked = invite(LEADER, admin)
    request = find_request(INVITE_KEY_ROLE, asked.key)
    assert request is not None
    approve(request.key, actor_of(leader))
    database_clock.set(utc_now() + timedelta(days=7, minutes=1))
    with pytest.raises(Conflict, match="批准已超过7天"):
        make_link(asked.key, admin)


def test_what_a_leader_refused_gets_no_link(admin: Actor, leader: Account) -> None:
    asked = invite(LEADER, admin)
    request = find_request(INVITE_KEY_ROLE, asked.key)
    assert request is not None
    refuse(request.key, actor_of(leader), "示例理由")
    assert state_of(asked.key) is InvitationState.REFUSED
    with pytest.raises(Conflict):
        make_link(asked.key, admin)


def test_an_invitation_withdrawn_takes_its_request_along(admin: Actor, leader: Account) -> None:
    asked = invite(LEADER, admin)
    request = find_request(INVITE_KEY_ROLE, asked.key)
    assert request is not None
    withdraw_invitation(asked.key, admin)
    with pytest.raises(Conflict):
        approve(request.key, actor_of(leader))
    assert state_of(asked.key) is InvitationState.WITHDRAWN


def test_withdrawn_by_a_colleague_it_cannot_be_approved_any_more(
    admin: Actor, second: Account, leader: Account
) -> None:
    asked = invite(LEADER, admin)
    request = find_request(INVITE_KEY_ROLE, asked.key)
    assert request is not None
    withdraw_invitation(asked.key, actor_of(second))
    with pytest.raises(Conflict):
        approve(request.key, actor_of(leader))


def test_at_the_machine_the_first_leader_needs_no_approval_and_the_second_does(admin: Actor) -> None:
    first = invite(LEADER, admin, at_the_machine=True).link
    assert first is not None
    accept(first)
    assert invite(replace(LEADER, display_name="示例又一领导"), admin, at_the_machine=True).link is None


def test_a_used_invitation_is_not_withdrawn_and_gets_no_link(admin: Actor) -> None:
    key, link = invited(CLERK, admin)
    accept(link)
    for attempt in (withdraw_invitation, make_link):
        with pytest.raises(Conflict):
            attempt(key, admin)


def test_an_account_is_not_born_after_its_end(admin: Actor, database_clock: "DatabaseClock") -> None:
    database_clock.set(datetime.fromisoformat("2026-04-29T12:00:00+08:00"))
    _, link = invited(replace(INVESTIGATOR, last_day=date(2026, 4, 30)), admin)
    database_clock.set(datetime.fromisoformat("2026-05-01T00:00:00+08:00"))
    with pytest.raises(NotFound):
        accept(link)


def test_invitations_are_listed_fifty_at_a_time(admin: Actor) -> None:
    for number in range(51):
        invite(replace(CLERK, display_name=f"示例{number}"), admin)
    first, last = list_invitations(1), list_invitations(2)
    assert ([len(first.lines), first.more], [len(last.lines), last.more]) == ([50, True], [1, False])
    assert first.lines[0].display_name == "示例50"


def test_a_password_link_sets_a_new_password_once(admin: Actor, office: Account, app: Flask) -> None:
    elsewhere = Browser(app).signed_in_as(office)
    link = make_password_link("jingban", admin, purpose="示例理由")
    assert elsewhere.is_signed_in()
    token = use_password_link(link.token, OTHER, OTHER, STRANGER, replaces=None)
    session = find_session(token)
    assert session is not None
    assert (session.name, session.complete, elsewhere.is_signed_in()) == ("jingban", False, False)
    with pytest.raises(NotFound):
        use_password_link(link.token, OTHER, OTHER, STRANGER, replaces=None)
    assert recorded() == [
        ("guanli", "people.make_password_link", "jingban", "done"),
        ("jingban", "people.use_password_link", "jingban", "done"),
    ]


def test_two_who_use_one_password_link_at_once_set_one_password(app: Flask, admin: Actor, office: Account) -> None:
    link = make_password_link("jingban", admin)
    came = at_once(
        app,
        lambda: use_password_link(link.token, OTHER, OTHER, STRANGER, replaces=None),
        lambda: use_password_link(link.token, PASSWORD, PASSWORD, STRANGER, replaces=None),
    )
    assert sorted(map(str, came)) == sorted(["done", str(NotFound)])


def test_a_password_link_ends_with_the_day_a_new_one_or_the_account(
    admin: Actor, office: Account, database_clock: "DatabaseClock"
) -> None:
    first = make_password_link("jingban", admin)
    second = make_password_link("jingban", admin)
    with pytest.raises(NotFound):
        read_password_link(first.token)
    disable_member("jingban", admin)
    with pytest.raises(NotFound):
        read_password_link(second.token)
    enable_member("jingban", admin)
    assert read_password_link(second.token).name == "jingban"
    database_clock.advance(timedelta(hours=24))
    with pytest.raises(NotFound):
        read_password_link(second.token)


def test_nobody_makes_a_password_link_for_themselves_or_for_a_disabled_account(admin: Actor, office: Account) -> None:
    disable_member("jingban", admin)
    for name in ("guanli", "jingban"):
        with pytest.raises(AppError):
            make_password_link(name, admin)
    with transaction() as session:
        assert session.scalars(select(PasswordLink)).all() == []
