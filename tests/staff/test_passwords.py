"""What a password must be, over the space of passwords, and how it rests."""

from datetime import date

import pytest
from argon2 import PasswordHasher
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from foundation.errors import InvalidInput
from staff.guessing import is_soon_guessed
from staff.passwords import (
    MAX_LENGTH,
    MIN_LENGTH,
    check_rules,
    hash_password,
    is_right,
    needs_rehash,
    normalise,
)

SOON_GUESSED = "这个密码容易被猜到：常见的密码、姓名拼音加生日、手机号、键盘上连着的键都不行。可以换成几个不相干的词。"
HOLDS_NAME = "密码里不能有用户名、姓名或姓名的拼音，请换一个。"
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


@settings(deadline=None)
@given(st.text(st.characters(categories=["L", "N", "P"]), min_size=MIN_LENGTH, max_size=60))
def test_any_long_enough_text_that_is_hard_to_guess_will_do_whatever_it_is_composed_of(password: str) -> None:
    assume(MIN_LENGTH <= len(normalise(password)) <= MAX_LENGTH)
    assume(not is_soon_guessed(normalise(password).casefold()))
    assert refusal(password) is None


@pytest.mark.parametrize(
    "password",
    [
        "一句长长的示例密码 2026",
        "云台山 红石峡 猕猴桃 四月",
        "correct horse battery",
        "tea-lamp-river-42",
        "womendoushihaopengyou",
        "k3%jdh2Lq9zz",
        "jiaozuo shan yang cheng 2019 dong",
    ],
)
def test_a_few_words_or_random_characters_will_do_without_capitals_or_signs(password: str) -> None:
    assert refusal(password) is None


@pytest.mark.parametrize("shouted", [False, True])
@pytest.mark.parametrize(
    "password",
    [
        "password12345",
        "passwordpassword",
        "qwertyuiop12",
        "1qaz2wsx3edc4rfv",
        "asdfghjkl;'zxc",
        "abcdefghijklm",
        "aaaaaaaaaaaaa",
        "123456789012",
        "p@ssw0rd2024",
        "iloveyou1234",
        "密码密码密码密码密码密码",
    ],
)
def test_what_leaked_and_what_follows_a_pattern_is_refused_in_whatever_case(password: str, shouted: bool) -> None:
    assert refusal(password.upper() if shouted else password) == SOON_GUESSED


@pytest.mark.parametrize(
    "password",
    [
        "zhangwei19800101",
        "LiHaoyang1999-12-31",
        "wang20001231!!",
        "ouyangnana1990",
        "woaini1314520",
        "woaijiaozuo2024",
        "jiaozuodangjian123",
        "dangyuan19210701",
        "zuzhibu666888",
        "a13800138000",
        "13800138000wang",
        "410802198001011234",
        "41080219800101123X",
    ],
)
def test_the_habits_of_this_country_are_refused(password: str) -> None:
    assert refusal(password) == SOON_GUESSED


@given(
    st.sampled_from(["zhang", "li", "ouyang"]),
    st.sampled_from(["wei", "xiaoming", "jianguo"]),
    st.dates(date(1950, 1, 1), date(2010, 12, 31)),
    st.sampled_from(["%Y%m%d", "%y%m%d", "%Y-%m-%d", "@%Y%m%d!"]),
)
def test_no_name_with_a_birthday_will_do(surname: str, given_name: str, day: date, written: str) -> None:
    password = f"{surname}{given_name}{day.strftime(written)}"
    assume(len(password) >= MIN_LENGTH)
    assert refusal(password) == SOON_GUESSED


@given(names, st.text("0123456789-_.!@# vwxyz", min_size=MIN_LENGTH, max_size=20), st.integers(0, 20))
def test_a_name_in_the_password_is_refused(name: str, filling: str, at: int) -> None:
    assume(len(name) > 2)
    assert refusal(filling[:at] + name.upper() + filling[at:], name) == HOLDS_NAME


def test_a_name_is_refused_in_pinyin_too() -> None:
    assert refusal("tea-lamp-ShiLiJingBan-42", "jingban2", "示例经办") == HOLDS_NAME
    assert refusal("灯下一壶茶，示例经办在座", "x.y", "示例经办") == HOLDS_NAME


def test_a_name_of_two_letters_may_stand_in_a_word() -> None:
    assert refusal("a lively little river", "li") is None
    assert refusal("li-7301-8842-9", "li") == HOLDS_NAME


def test_a_long_password_is_judged_in_no_time_by_its_beginning() -> None:
    assert refusal("a" * MAX_LENGTH) == SOON_GUESSED


def test_the_refusal_names_the_field_it_is_told_of() -> None:
    with pytest.raises(InvalidInput) as refused:
        check_rules("short", field="new")
    assert refused.value.field == "new"


def test_a_book_is_too_long() -> None:
    assert refusal("长" * (MAX_LENGTH + 1)) == "密码最多256个字符。"
    assert refusal("一句很长很长的话 " * 28) is None


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
