"""The second step of signing in: codes of the phone, each once, and recovery codes, each once."""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

import pyotp
import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import LargeBinary, select, text, type_coerce

from foundation.errors import AppError, Conflict, InvalidInput, NotAllowed, NotFound
from foundation.transaction import transaction
from staff.accounts import Account
from staff.actors import COMMAND_LINE
from staff.entry import (
    Risen,
    pass_by_recovery_code,
    pass_by_set_up,
    pass_second_step,
    sign_in,
    waiting_set_up,
)
from staff.models import RecoveryCode, SecondFactor
from staff.own_keys import begin_new_second_factor, confirm_new_second_factor, keys_of, new_recovery_codes
from staff.recovery_codes import recovery_codes_left
from staff.second_factor import STEP, has_second_factor, matching_step, plain_code, reset_second_factor
from staff.sessions import find_session, pending_of
from tests.staff.factories_keys import Phone, at_once, give_codes, give_phone, half_way
from tests.staff.factories_staff import PASSWORD, Browser, actor_of, recorded

if TYPE_CHECKING:
    from tests.conftest import DatabaseClock

SECRET = b"JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
moments = st.integers(1_767_225_600, 2_082_758_400).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


def code_of(step: int) -> str:
    return pyotp.TOTP(SECRET.decode()).generate_otp(step)


def step_of(moment: datetime) -> int:
    return int(moment.timestamp()) // STEP


def rise(account: Account, code: str) -> Risen | type[AppError]:
    """Give the code to a half-way session of the member, and return what comes of it."""
    try:
        return pass_second_step(actor_of(account), half_way(account), code)
    except AppError as error:
        return type(error)


def is_complete(token: str) -> bool:
    found = find_session(token)
    return found is not None and found.complete


# The rule


@given(moments, st.integers(-1, 1))
def test_a_code_is_good_one_step_early_and_one_step_late(moment: datetime, off: int) -> None:
    step = step_of(moment) + off
    found = matching_step(SECRET, code_of(step), moment, after=0)
    assert found is not None
    assert code_of(found) == code_of(step)


@given(moments, st.integers(2, 1000) | st.integers(-1000, -2))
def test_a_code_further_off_is_none(moment: datetime, off: int) -> None:
    now, step = step_of(moment), step_of(moment) + off
    near = {code_of(now + one) for one in (-1, 0, 1)}
    assert (matching_step(SECRET, code_of(step), moment, after=0) is None) == (code_of(step) not in near)


@given(moments, st.integers(-1, 1), st.integers(-1, 1))
def test_no_step_up_to_the_last_one_is_good_again(moment: datetime, off: int, last: int) -> None:
    now = step_of(moment)
    found = matching_step(SECRET, code_of(now + off), moment, after=now + last)
    assert found is None or found > now + last


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("123456", "123456"),
        (" 123 456 ", "123456"),
        ("１２３４５６", "123456"),
        ("123-456", "123456"),
        ("12345", None),
        ("1234567", None),
        ("12345a", None),
        ("", None),
        ("١٢٣٤٥٦", None),
    ],
)
def test_six_digits_are_read_in_whatever_width_and_grouping(typed: str, code: str | None) -> None:
    assert plain_code(typed) == code


# Coming in


def test_the_phones_code_makes_the_session_a_complete_one_under_a_new_token(member: Account) -> None:
    phone, token = give_phone(member), half_way(member)
    risen = pass_second_step(actor_of(member), token, phone.code())
    assert (is_complete(risen.token), find_session(token), risen.token == token) == (True, None, False)
    assert recorded() == [("jingban", "staff.sign_in", "jingban", "done")]


def test_a_replayed_code_is_refused(member: Account) -> None:
    phone = give_phone(member)
    code = phone.code()
    assert isinstance(rise(member, code), Risen)
    assert rise(member, code) is InvalidInput
    assert recorded()[-1] == ("jingban", "staff.sign_in", "jingban", "refused")


def test_an_older_code_is_refused_once_a_newer_one_was_used(member: Account) -> None:
    phone = give_phone(member)
    older, newer = phone.code(), phone.code(steps=1)
    assert isinstance(rise(member, newer), Risen)
    assert rise(member, older) is InvalidInput


def test_the_next_code_is_good_again(member: Account, database_clock: "DatabaseClock") -> None:
    phone = give_phone(member)
    assert isinstance(rise(member, phone.code()), Risen)
    database_clock.advance(timedelta(seconds=STEP))
    assert isinstance(rise(member, phone.code()), Risen)


def test_one_code_given_four_times_at_once_lets_one_in(app: Flask, member: Account) -> None:
    phone, actor = give_phone(member), actor_of(member)
    tokens, code = [half_way(member) for _ in range(4)], phone.code()
    answers = at_once(app, [partial(pass_second_step, actor, token, code) for token in tokens])
    assert sorted(type(answer).__name__ for answer in answers) == ["InvalidInput"] * 3 + ["Risen"]


def test_of_two_good_codes_for_one_session_at_once_one_rises(app: Flask, member: Account) -> None:
    phone, actor, token = give_phone(member), actor_of(member), half_way(member)
    codes = [phone.code(), phone.code(steps=1)]
    answers = at_once(app, [partial(pass_second_step, actor, token, code) for code in codes])
    assert len([answer for answer in answers if isinstance(answer, Risen)]) == 1


def test_a_code_is_a_members_own(member: Account, colleague: Account) -> None:
    give_phone(member)
    assert rise(member, give_phone(colleague).code()) is InvalidInput


def test_codes_are_judged_by_the_databases_clock(member: Account, database_clock: "DatabaseClock") -> None:
    phone = give_phone(member)
    code = phone.code()
    database_clock.advance(timedelta(seconds=2 * STEP))
    assert rise(member, code) is InvalidInput


def test_without_a_second_factor_no_code_is_good(member: Account) -> None:
    assert rise(member, "000000") is InvalidInput


def test_half_way_ends_after_ten_minutes(member: Account, database_clock: "DatabaseClock") -> None:
    phone, token = give_phone(member), half_way(member)
    database_clock.advance(timedelta(minutes=10, seconds=1))
    assert find_session(token) is None
    with pytest.raises(Conflict, match="登录已过期"):
        pass_second_step(actor_of(member), token, phone.code())


def test_the_secret_rests_encrypted_and_is_160_bits(member: Account) -> None:
    phone = give_phone(member)
    with transaction() as session:
        assert session.scalars(select(SecondFactor.secret)).one() == phone.secret
        resting = session.scalars(select(type_coerce(SecondFactor.secret, LargeBinary))).one()
    assert phone.secret not in resting
    assert len(phone.secret) * 5 == 160


# Recovery codes


def test_a_recovery_code_stands_in_for_the_phone_in_whatever_writing(member: Account) -> None:
    give_phone(member)
    code = give_codes(member)[3]
    risen = pass_by_recovery_code(actor_of(member), half_way(member), f" {code.lower().replace('-', ' ')}")
    assert (is_complete(risen.token), recovery_codes_left(member.id)) == (True, 9)


def test_a_recovery_code_is_used_once(member: Account) -> None:
    give_phone(member)
    code = give_codes(member)[0]
    pass_by_recovery_code(actor_of(member), half_way(member), code)
    with pytest.raises(InvalidInput) as refused:
        pass_by_recovery_code(actor_of(member), half_way(member), code)
    assert refused.value.field == "recovery_code"


def test_a_recovery_code_given_four_times_at_once_lets_one_in(app: Flask, member: Account) -> None:
    give_phone(member)
    code, actor = give_codes(member)[0], actor_of(member)
    tokens = [half_way(member) for _ in range(4)]
    answers = at_once(app, [partial(pass_by_recovery_code, actor, token, code) for token in tokens])
    assert sorted(type(answer).__name__ for answer in answers) == ["InvalidInput"] * 3 + ["Risen"]
    assert recovery_codes_left(member.id) == 9


def test_recovery_codes_are_ten_different_ones_of_which_digests_rest(member: Account) -> None:
    codes = give_codes(member)
    assert (len(set(codes)), {len(code) for code in codes}) == (10, {14})
    with transaction() as session:
        resting = session.scalars(select(RecoveryCode.digest)).all()
        everything = str(
            session.execute(text("SELECT row_to_json(staff_recovery_code) FROM staff_recovery_code")).all()
        )
    assert {len(digest) for digest in resting} == {32}
    assert not any(code in everything for code in codes)


def test_a_recovery_code_is_a_members_own(member: Account, colleague: Account) -> None:
    give_phone(member)
    code = give_codes(colleague)[0]
    with pytest.raises(InvalidInput):
        pass_by_recovery_code(actor_of(member), half_way(member), code)
    assert recovery_codes_left(colleague.id) == 10


def test_new_recovery_codes_make_the_old_ones_void(member: Account) -> None:
    phone, old = give_phone(member), give_codes(member)
    new = new_recovery_codes(actor_of(member), phone.code())
    assert set(old) & set(new) == set()
    with pytest.raises(InvalidInput):
        pass_by_recovery_code(actor_of(member), half_way(member), old[0])
    assert is_complete(pass_by_recovery_code(actor_of(member), half_way(member), new[0]).token)


def test_new_recovery_codes_ask_for_a_code(member: Account) -> None:
    phone, old = give_phone(member), give_codes(member)
    with pytest.raises(InvalidInput):
        new_recovery_codes(actor_of(member), phone.wrong_code())
    assert is_complete(pass_by_recovery_code(actor_of(member), half_way(member), old[0]).token)


# Setting up


def enter(account: Account) -> str:
    """Sign in with the password alone, from an address like the others."""
    return sign_in(account.name, PASSWORD, actor_of(account), replaces=None, browser="Mac 上的 Safari").token


def test_the_first_sign_in_sets_up_a_second_factor_and_gives_recovery_codes(member: Account) -> None:
    token = enter(member)
    shown, secret = waiting_set_up(actor_of(member), token), pending_of(token)
    assert shown is not None
    assert secret is not None
    assert shown.secret.replace(" ", "") == secret.decode()
    risen = pass_by_set_up(actor_of(member), token, Phone(secret).code())
    assert (is_complete(risen.token), len(risen.recovery_codes), has_second_factor(member.id)) == (True, 10, True)
    assert recorded() == [
        ("jingban", "staff.prove", "jingban", "done"),
        ("jingban", "staff.second_factor", "jingban", "done"),
        ("jingban", "staff.sign_in", "jingban", "done"),
    ]


def test_the_code_that_confirmed_a_set_up_is_used(member: Account) -> None:
    token = enter(member)
    phone = Phone(pending_of(token) or b"")
    code = phone.code()
    pass_by_set_up(actor_of(member), token, code)
    assert rise(member, code) is InvalidInput


def test_a_wrong_code_confirms_nothing(member: Account) -> None:
    token = enter(member)
    with pytest.raises(InvalidInput):
        pass_by_set_up(actor_of(member), token, Phone(pending_of(token) or b"").wrong_code())
    assert (has_second_factor(member.id), is_complete(token)) == (False, False)


def test_who_has_a_second_factor_is_never_offered_another_at_the_door(member: Account) -> None:
    give_phone(member)
    token = enter(member)
    assert waiting_set_up(actor_of(member), token) is None
    with pytest.raises(Conflict):
        pass_by_set_up(actor_of(member), token, "123456")


def test_of_two_first_set_ups_the_first_to_be_confirmed_holds(app: Flask, member: Account) -> None:
    tokens, actor = [enter(member), enter(member)], actor_of(member)
    phones = [Phone(pending_of(token) or b"") for token in tokens]
    pairs = [(token, phone.code()) for token, phone in zip(tokens, phones, strict=True)]
    answers = at_once(app, [partial(pass_by_set_up, actor, *pair) for pair in pairs])
    assert sorted(type(answer).__name__ for answer in answers) == ["Conflict", "Risen"]
    assert recovery_codes_left(member.id) == 10


def test_another_phone_takes_over_once_its_code_is_proven(app: Flask, member: Account) -> None:
    phone, old = give_phone(member), give_codes(member)
    desk, elsewhere = Browser(app).signed_in_as(member), Browser(app).signed_in_as(member)
    token = desk.token or ""
    begin_new_second_factor(actor_of(member), token, PASSWORD, phone.code())
    assert isinstance(rise(member, phone.code(steps=1)), Risen)
    new = Phone(pending_of(token) or b"")
    risen = confirm_new_second_factor(actor_of(member), token, new.code())
    assert [desk.is_signed_in(), elsewhere.is_signed_in(), is_complete(risen.token)] == [False, False, True]
    assert keys_of(actor_of(member), risen.token).recovery_codes_left == 10
    assert set(old) & set(risen.recovery_codes) == set()
    with transaction() as session:
        assert session.scalars(select(SecondFactor.secret)).one() == new.secret


def test_another_phone_takes_password_and_code(app: Flask, member: Account) -> None:
    phone, token = give_phone(member), Browser(app).signed_in_as(member).token or ""
    for password, code, field in (
        ("wrong, wrong, wrong", phone.code(), "password"),
        (PASSWORD, phone.wrong_code(), "code"),
    ):
        with pytest.raises(InvalidInput) as refused:
            begin_new_second_factor(actor_of(member), token, password, code)
        assert (refused.value.field, pending_of(token)) == (field, None)


def test_a_wrong_first_code_leaves_the_former_phone_as_it_was(app: Flask, member: Account) -> None:
    phone, token = give_phone(member), Browser(app).signed_in_as(member).token or ""
    begin_new_second_factor(actor_of(member), token, PASSWORD, phone.code())
    with pytest.raises(InvalidInput):
        confirm_new_second_factor(actor_of(member), token, Phone(pending_of(token) or b"").wrong_code())
    assert isinstance(rise(member, phone.code(steps=1)), Risen)


def test_what_waits_to_be_confirmed_waits_ten_minutes(
    app: Flask, member: Account, database_clock: "DatabaseClock"
) -> None:
    phone, token = give_phone(member), Browser(app).signed_in_as(member).token or ""
    begin_new_second_factor(actor_of(member), token, PASSWORD, phone.code())
    new = Phone(pending_of(token) or b"")
    database_clock.advance(timedelta(minutes=11))
    with pytest.raises(Conflict, match="放得太久"):
        confirm_new_second_factor(actor_of(member), token, new.code())


def test_who_lost_the_phone_comes_in_and_sets_up_anew_with_two_recovery_codes(app: Flask, member: Account) -> None:
    give_phone(member)
    codes = give_codes(member)
    token = pass_by_recovery_code(actor_of(member), half_way(member), codes[0]).token
    begin_new_second_factor(actor_of(member), token, PASSWORD, codes[1])
    assert pending_of(token) is not None


def test_a_reset_ends_every_session_and_the_next_sign_in_sets_up_anew(
    app: Flask, member: Account, colleague: Account
) -> None:
    phone, codes = give_phone(member), give_codes(member)
    browser = Browser(app).signed_in_as(member)
    reset_second_factor("jingban", actor_of(colleague))
    assert [browser.is_signed_in(), has_second_factor(member.id)] == [False, False]
    assert rise(member, phone.code()) is InvalidInput
    with pytest.raises(InvalidInput):
        pass_by_recovery_code(actor_of(member), half_way(member), codes[0])
    assert waiting_set_up(actor_of(member), enter(member)) is not None
    assert recorded()[0] == ("kezhang", "people.reset_second_factor", "jingban", "done")


def test_nobody_resets_their_own_second_factor_or_nobodys(member: Account) -> None:
    give_phone(member)
    with pytest.raises(NotAllowed):
        reset_second_factor("jingban", actor_of(member))
    with pytest.raises(NotFound):
        reset_second_factor("nobody", COMMAND_LINE)
    assert has_second_factor(member.id)
