"""Names for things outside: random, and short codes that are forgiving to whoever types them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation.ids import CROCKFORD, random_id, read_short_code, short_code

LOOK_ALIKES = {"0": "0Oo", "1": "1IiLl"}


@st.composite
def as_typed(draw: st.DrawFn) -> tuple[str, str]:
    """A code, and the same code the way a person may type it."""
    letters = draw(st.text(CROCKFORD, min_size=12, max_size=12))
    typed = ""
    for letter in letters:
        typed += draw(st.sampled_from(LOOK_ALIKES.get(letter, letter + letter.lower())))
        typed += draw(st.sampled_from(["", "", "", "-", " ", "\u3000", "--", "\t"]))
    return "-".join((letters[:4], letters[4:8], letters[8:])), draw(st.sampled_from(["", " ", "-"])) + typed


def test_a_random_id_has_128_bits_and_none_comes_twice() -> None:
    ids = {random_id() for _ in range(1000)}

    assert len(ids) == 1000
    assert all(re.fullmatch(r"[0-9a-f]{32}", name) for name in ids)


def test_a_short_code_is_three_groups_of_four_without_look_alikes() -> None:
    codes = {short_code() for _ in range(1000)}

    assert len(codes) == 1000
    assert all(re.fullmatch(rf"[{CROCKFORD}]{{4}}(-[{CROCKFORD}]{{4}}){{2}}", code) for code in codes)
    assert not set("ILOU") & set(CROCKFORD)


def test_every_letter_of_the_alphabet_is_used() -> None:
    assert set("".join(short_code() for _ in range(500))) - {"-"} == set(CROCKFORD)


def test_a_code_reads_as_itself() -> None:
    codes = [short_code() for _ in range(100)]

    assert [read_short_code(code) for code in codes] == codes


@given(as_typed())
def test_a_code_is_read_however_it_is_typed(code_and_typed: tuple[str, str]) -> None:
    code, typed = code_and_typed

    assert read_short_code(typed) == code


@given(st.text(max_size=30))
def test_whatever_is_typed_gives_a_written_code_or_nothing(typed: str) -> None:
    read = read_short_code(typed)

    assert read is None or read_short_code(read) == read


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "K7QX-3M9T-P2V",
        "K7QX-3M9T-P2VAA",
        "K7QX-3M9T-P2VU",
        "K7QX_3M9T_P2VA",
        "K7QX-3M9T-P2V/",
        "回执编号不对吧这里",
    ],
)
def test_what_cannot_be_a_code_is_none(typed: str) -> None:
    assert read_short_code(typed) is None
