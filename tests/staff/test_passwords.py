"""What a password must be, over the space of passwords, and how it rests."""

import pytest
from argon2 import PasswordHasher
from hypothesis import assume, given
from hypothesis import strategies as st

from foundation.errors import InvalidInput
from staff.passwords import (
    COMMONEST,
    MAX_LENGTH,
    MIN_LENGTH,
    check_rules,
    hash_password,
    is_right,
    needs_rehash,
    normalise,
)

characters = st.characters(exclude_categories=["Cs"])
names = st.from_regex(r"[a-z]{2,12}", fullmatch=True)


def refusal(password: str, *names: str) -> str | None:
    """Return the sentence with which a password is refused, None where it will do."""
    try:
        check_rules(password, *names)
    except InvalidInput as error:
        return error.message
    return None


@given(st.text(characters, max_size=40))
def test_fewer_than_twelve_characters_are_too_short_and_told_so(password: str) -> None:
    length = len(normalise(password))
    assume(length < MIN_LENGTH)
    assert refusal(password) == f"密码至少要12个字符，现在是{length}个。"


@given(st.text(characters, min_size=MIN_LENGTH, max_size=60))
def test_any_long_enough_text_will_do_whatever_it_is_composed_of(password: str) -> None:
    assume(MIN_LENGTH <= len(normalise(password)) <= MAX_LENGTH)
    assume(normalise(password).casefold() not in COMMONEST)
    assert refusal(password) is None


@given(st.sampled_from(sorted(COMMONEST)), st.booleans())
def test_the_commonest_are_refused_in_whatever_case(password: str, shouted: bool) -> None:
    assert refusal(password.upper() if shouted else password) == "这个密码太常见，容易被猜到，请换一个。"


@given(names, st.text("0123456789-_.!@# ", min_size=MIN_LENGTH, max_size=20), st.integers(0, 20))
def test_a_name_among_digits_and_signs_is_refused(name: str, filling: str, at: int) -> None:
    assert refusal(filling[:at] + name.upper() + filling[at:], name) is not None


@given(names, st.text("vwxyz", min_size=MIN_LENGTH, max_size=20))
def test_a_name_beside_other_words_will_do(name: str, words: str) -> None:
    assume(name not in words)
    assert refusal(f"{name}, {words}", name) is None


def test_the_list_holds_only_what_the_length_lets_through() -> None:
    assert [word for word in sorted(COMMONEST) if len(word) < MIN_LENGTH or word != word.casefold()] == []


def test_the_refusal_names_the_field_it_is_told_of() -> None:
    with pytest.raises(InvalidInput) as refused:
        check_rules("short", field="new")
    assert refused.value.field == "new"


def test_a_book_is_too_long() -> None:
    assert refusal("长" * (MAX_LENGTH + 1)) == "密码最多256个字符。"
    assert refusal("长" * MAX_LENGTH) is None


def test_the_full_width_letters_of_an_input_method_are_the_same_password() -> None:
    assert is_right(hash_password("ｌｏｎｇ　ｅｎｏｕｇｈ　２０２６"), "long enough 2026")


def test_a_password_rests_as_argon2id_and_only_itself_is_right() -> None:
    rests = hash_password("a right password")
    assert rests.startswith("$argon2id$")
    assert [is_right(rests, "a right password"), is_right(rests, "a right passwort")] == [True, False]


@pytest.mark.parametrize("stored", [None, "", "no hash at all", "$argon2id$v=19$m=1"])
def test_nobody_and_nonsense_are_never_right(stored: str | None) -> None:
    assert not is_right(stored, "a right password")


def test_a_hash_of_weaker_parameters_wants_renewing() -> None:
    weaker = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("a right password")
    assert [needs_rehash(weaker), needs_rehash(hash_password("a right password"))] == [True, False]
