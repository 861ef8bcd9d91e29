"""Adding members, proving who one is, and what stays of every try."""

import re
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from argon2 import PasswordHasher
from flask import Flask
from sqlalchemy import select, update

from foundation.clock import database_now
from foundation.errors import AppError, Conflict, InvalidInput, NotAllowed, NotFound
from foundation.transaction import transaction
from staff.accounts import (
    Account,
    add_member,
    authenticate,
    change_password,
    disable_member,
    enable_member,
    list_accounts,
    reset_password,
    unlock_member,
)
from staff.actors import COMMAND_LINE
from staff.audit.models import AuditEntry
from staff.models import Member, SignInTries
from staff.roles import Role
from staff.sessions import begin_session, end_session
from staff.tries import count_try, counters_of
from tests.staff.factories_staff import NETWORK, PASSWORD, Browser, actor_of, make_staff, recorded

if TYPE_CHECKING:
    from tests.conftest import DatabaseClock

WRONG = "用户名或密码不对，请核对后重新输入。"
OTHER = "另一句长长的示例密码 2027"


def attempt(name: str, password: str) -> Account | tuple[type[AppError], str]:
    try:
        return authenticate(name, password, NETWORK)
    except AppError as error:
        return type(error), error.message


def stored_hash(name: str) -> str:
    with transaction() as session:
        return session.scalars(select(Member.password_hash).where(Member.name == name)).one()


def test_a_member_is_added_and_recorded_without_values(app: Flask) -> None:
    account = add_member(" JingBan ", "示例经办", PASSWORD, COMMAND_LINE, role=Role.OFFICE)
    assert account == Account(account.id, "jingban", "示例经办", Role.OFFICE)
    assert list_accounts() == (account,)
    with transaction() as session:
        entry = session.scalars(select(AuditEntry)).one()
        assert (entry.actor, entry.act, entry.object) == ("command line", "people.add", "jingban")
        assert entry.fields == ["name", "display_name", "role", "password"]


@pytest.mark.parametrize("name", ["", "a", "a b", "a/b", "<b>", "名\x00字", "x" * 41, "示"])
def test_a_name_that_is_none_is_refused(app: Flask, name: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        add_member(name, "示例经办", PASSWORD, COMMAND_LINE, role=Role.OFFICE)
    assert refused.value.field == "name"


@pytest.mark.parametrize("name", ["system", "Unknown"])
def test_names_that_the_trail_uses_itself_are_nobodys(app: Flask, name: str) -> None:
    with pytest.raises(InvalidInput, match="由系统使用"):
        add_member(name, "示例", PASSWORD, COMMAND_LINE, role=Role.OFFICE)


def test_a_taken_name_is_refused_in_whatever_case(member: Account) -> None:
    with pytest.raises(Conflict, match="“jingban”已有人用") as refused:
        add_member("JINGBAN", "示例科长", PASSWORD, COMMAND_LINE, role=Role.OFFICE)
    assert refused.value.field == "name"
    assert list_accounts() == (member,)


def test_a_password_made_of_the_display_name_is_refused(app: Flask) -> None:
    with pytest.raises(InvalidInput, match="用户名、姓名或姓名的拼音"):
        add_member("jingban", "示例经办", "示例经办12345678", COMMAND_LINE, role=Role.OFFICE)


def test_the_right_password_in_whatever_writing_of_the_name(member: Account) -> None:
    assert [attempt(name, PASSWORD) for name in ("jingban", " JINGBAN ", "ｊｉｎｇｂａｎ")] == [member] * 3
    assert recorded() == [("jingban", "staff.prove", "jingban", "done")] * 3


def test_wrong_unknown_and_disabled_are_told_alike(member: Account, colleague: Account) -> None:
    disable_member("kezhang", COMMAND_LINE)
    answers = [attempt("jingban", OTHER), attempt("nobody", PASSWORD), attempt("kezhang", PASSWORD)]
    assert answers == [(InvalidInput, WRONG)] * 3


def test_what_was_typed_as_an_unknown_name_is_nowhere(app: Flask) -> None:
    for typed in ("MyRealPassword2026", "带\x00零", "x" * 500):
        assert attempt(typed, PASSWORD) == (InvalidInput, WRONG)
    assert recorded() == [("unknown", "staff.sign_in", "unknown", "refused")] * 3
    with transaction() as session:
        keys = sorted({re.sub("[0-9a-f]{3}(?=@|$)", "…", key) for key in session.scalars(select(SignInTries.key))})
        whose = set(session.scalars(select(SignInTries.whose)))
    assert keys == [f"network:{NETWORK}", "unknown:…", f"unknown:…@{NETWORK}"]
    assert all(re.fullmatch(f"unknown:[0-9a-f]{{3}}|network:{NETWORK}", one) for one in whose)


def test_a_try_is_recorded_with_its_network_and_request(member: Account) -> None:
    with pytest.raises(InvalidInput):
        authenticate("jingban", OTHER, NETWORK, request_id="0123456789abcdef")
    with transaction() as session:
        entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
        assert entry is not None
        assert (entry.network, entry.request_id, entry.fields) == (NETWORK, "0123456789abcdef", ["password"])


@pytest.mark.parametrize("name", ["jingban", "nobody"])
def test_after_five_failures_even_the_right_password_is_refused_alike(
    member: Account, database_clock: "DatabaseClock", name: str
) -> None:
    database_clock.set(datetime(2026, 4, 20, 2, 0, 10, tzinfo=UTC))
    locked = (NotAllowed, "输错次数太多，请在10:02以后再试。")
    assert [attempt(name, OTHER) for _ in range(5)] == [(InvalidInput, WRONG)] * 4 + [locked]
    assert [attempt(name, PASSWORD), attempt(name, OTHER)] == [locked, locked]
    who = name if name == member.name else "unknown"
    assert recorded() == [
        *[(who, "staff.sign_in", who, "refused")] * 5,
        (who, "staff.lock", who, "done"),
        *[(who, "staff.try_while_locked", who, "refused")] * 2,
    ]


def test_who_was_locked_out_from_elsewhere_comes_in_from_the_office(member: Account) -> None:
    end_session(begin_session(member.id, replaces=None, complete=True, network=NETWORK))
    for number in range(30):
        with pytest.raises(AppError):
            authenticate("jingban", OTHER, f"203.0.{number}.0/24")
    assert attempt("jingban", PASSWORD) == member
    with pytest.raises(NotAllowed):
        authenticate("jingban", PASSWORD, "198.51.100.0/24")


def test_a_network_that_tries_too_many_names_is_recorded_as_the_network(app: Flask) -> None:
    for number in range(49):
        count_try(counters_of(f"unknown:{number}", NETWORK, familiar=True))
    with pytest.raises(NotAllowed):
        authenticate("nobody", OTHER, NETWORK)
    assert recorded()[-1] == ("unknown", "staff.lock", NETWORK, "done")


@pytest.mark.parametrize("ended", [{"valid_until": timedelta(0)}, {"valid_until": timedelta(days=-3)}])
def test_an_account_past_its_last_day_is_told_no_more_than_a_wrong_password(
    member: Account, ended: dict[str, timedelta]
) -> None:
    with transaction() as session:
        now = database_now(session)
        session.execute(update(Member).values({column: now + off for column, off in ended.items()}))
    assert attempt("jingban", PASSWORD) == (InvalidInput, WRONG)


def test_at_the_minute_named_the_door_is_open_and_the_count_begins_anew(
    member: Account, database_clock: "DatabaseClock"
) -> None:
    database_clock.set(datetime(2026, 4, 20, 2, 0, 10, tzinfo=UTC))
    for _ in range(5):
        attempt("jingban", OTHER)
    database_clock.set(datetime(2026, 4, 20, 2, 2, 0, tzinfo=UTC))
    assert attempt("jingban", PASSWORD) == member
    assert [attempt("jingban", OTHER) for _ in range(4)] == [(InvalidInput, WRONG)] * 4


def test_tries_at_once_do_not_slip_past_the_count(app: Flask, member: Account) -> None:
    answers: list[object] = []

    def try_once() -> None:
        with app.app_context():
            answers.append(attempt("jingban", OTHER))

    threads = [threading.Thread(target=try_once) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert answers.count((InvalidInput, WRONG)) == 4
    assert len(answers) == 10
    assert [act for _, act, _, _ in recorded()].count("staff.sign_in") == 5


def test_a_hash_of_former_parameters_is_renewed_at_sign_in(member: Account) -> None:
    weaker = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    with transaction() as session:
        session.execute(update(Member).values(password_hash=weaker))
    assert attempt("jingban", PASSWORD) == member
    renewed = stored_hash("jingban")
    assert renewed != weaker
    assert attempt("jingban", PASSWORD) == member
    assert stored_hash("jingban") == renewed


def test_changing_the_password_ends_every_session(app: Flask, member: Account) -> None:
    office, home = Browser(app).signed_in_as(member), Browser(app).signed_in_as(member)
    change_password(actor_of(member), PASSWORD, OTHER)
    assert [office.is_signed_in(), home.is_signed_in()] == [False, False]
    assert [attempt("jingban", PASSWORD), attempt("jingban", OTHER)] == [(InvalidInput, WRONG), member]
    assert ("jingban", "staff.password", "jingban", "done") in recorded()


@pytest.mark.parametrize(
    ("current", "new", "field"), [(OTHER, OTHER + "一", "current"), (PASSWORD, "too short", "new")]
)
def test_a_password_is_not_changed_by_a_wrong_or_to_a_weak_one(
    member: Account, current: str, new: str, field: str
) -> None:
    before = stored_hash("jingban")
    with pytest.raises(InvalidInput) as refused:
        change_password(actor_of(member), current, new)
    assert refused.value.field == field
    assert stored_hash("jingban") == before


def test_guessing_the_current_password_from_a_left_desk_is_locked_out_too(member: Account) -> None:
    for _ in range(4):
        with pytest.raises(InvalidInput):
            change_password(actor_of(member), OTHER, OTHER)
    with pytest.raises(NotAllowed, match="输错次数太多"):
        change_password(actor_of(member), OTHER, OTHER)
    with pytest.raises(NotAllowed, match="输错次数太多"):
        change_password(actor_of(member), PASSWORD, OTHER)


def test_a_reset_gives_a_new_password_and_lifts_the_lock(app: Flask, member: Account) -> None:
    browser = Browser(app).signed_in_as(member)
    for _ in range(6):
        attempt("jingban", OTHER)
    reset_password("jingban", OTHER, COMMAND_LINE)
    assert not browser.is_signed_in()
    assert attempt("jingban", OTHER) == member


def test_unlocking_lets_a_member_try_at_once(member: Account) -> None:
    for _ in range(6):
        attempt("jingban", OTHER)
    assert list_accounts()[0].locked_until is not None
    unlock_member("jingban", COMMAND_LINE)
    assert list_accounts() == (member,)
    assert attempt("jingban", PASSWORD) == member


def test_a_disabled_member_is_out_at_once_until_enabled_again(app: Flask, member: Account) -> None:
    browser = Browser(app).signed_in_as(member)
    disable_member("jingban", COMMAND_LINE)
    assert not browser.is_signed_in()
    assert list_accounts() == (replace(member, disabled=True),)
    enable_member("jingban", COMMAND_LINE)
    assert not browser.is_signed_in()
    assert attempt("jingban", PASSWORD) == member


def test_an_unknown_member_cannot_be_changed(app: Flask) -> None:
    for change in (unlock_member, disable_member, enable_member):
        with pytest.raises(NotFound):
            change("nobody", COMMAND_LINE)
    with pytest.raises(NotFound):
        reset_password("nobody", OTHER, COMMAND_LINE)
    assert recorded() == []


def test_members_stand_by_name(app: Flask) -> None:
    accounts = [make_staff("kezhang", "示例科长"), make_staff("buzhang", "示例部长")]
    assert list_accounts() == tuple(reversed(accounts))
