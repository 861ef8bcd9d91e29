"""A mask shows what was promised of a value and never more."""

import ipaddress
import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from staff.personal.masking import mask_id_number, mask_network, mask_phone

KEY = b"a key of the tests, thirty-two b"
DIGITS = st.text("0123456789", max_size=24)
OPENIDS = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-", min_size=20, max_size=32)


@pytest.mark.parametrize(
    ("phone", "shown"),
    [
        ("13812345678", "138****5678"),
        ("138 1234 5678", "138****5678"),
        ("0391-12345678", "039****5678"),
        ("12345678", "****5678"),
        ("1234567", "****"),
        ("", "****"),
    ],
)
def test_a_telephone_number_keeps_its_ends(phone: str, shown: str) -> None:
    assert mask_phone(phone) == shown


@given(st.text(max_size=30) | DIGITS)
def test_a_masked_telephone_number_shows_at_most_seven_digits_and_hides_at_least_four(phone: str) -> None:
    digits = re.sub("[^0-9]", "", phone)
    shown = re.sub("[^0-9]", "", mask_phone(phone))
    assert len(shown) <= min(7, max(0, len(digits) - 4))
    assert re.fullmatch(r"(\d{3})?\*{4}(\d{4})?", mask_phone(phone))
    assert digits.startswith(shown[:-4])
    assert digits.endswith(shown[-4:])


@given(st.integers(0, 10_000), st.integers(0, 10_000), st.integers(4, 9))
def test_numbers_that_differ_only_in_the_hidden_part_look_alike(one: int, other: int, width: int) -> None:
    assert mask_phone(f"138{one:0{width}}5678") == mask_phone(f"138{other:0{width}}5678")


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("110101190001011234", "**************1234"),
        ("11010119000101123X", "**************123X"),
        ("1234567", "*******"),
        ("", ""),
    ],
)
def test_an_id_number_shows_its_last_four(number: str, shown: str) -> None:
    assert mask_id_number(number) == shown


@given(st.text(max_size=30))
def test_a_masked_id_number_never_shows_more_than_four_letters_or_half(number: str) -> None:
    plain = "".join(number.split())
    masked = mask_id_number(number)
    assert len(masked) == len(plain)
    assert set(masked[: max(0, len(plain) - 4)]) <= {"*"}
    assert len(plain) >= 8 or masked == "*" * len(plain)


@pytest.mark.parametrize(
    ("network", "shown"),
    [
        ("192.0.2.0/24", "192.0.*.*"),
        ("192.0.2.17", "192.0.*.*"),
        ("2001:db8:1::/48", "2001:db8:*"),
        ("::ffff:192.0.2.1", "192.0.*.*"),
        ("::1", "0:0:*"),
        ("unknown", "*"),
        ("", "*"),
    ],
)
def test_a_network_shows_where_it_begins(network: str, shown: str) -> None:
    assert mask_network(network) == shown


@given(st.ip_addresses(v=4), st.integers(0, 2**16 - 1))
def test_addresses_of_one_half_look_alike(address: ipaddress.IPv4Address, tail: int) -> None:
    neighbour = ipaddress.IPv4Address(int(address) >> 16 << 16 | tail)
    assert mask_network(str(address)) == mask_network(str(neighbour))


@given(st.ip_addresses(v=6), st.integers(0, 2**96 - 1))
def test_addresses_of_six_that_share_two_groups_look_alike(address: ipaddress.IPv6Address, tail: int) -> None:
    neighbour = ipaddress.IPv6Address(int(address) >> 96 << 96 | tail)
    assume(address.ipv4_mapped is None and neighbour.ipv4_mapped is None)
    assert mask_network(str(address)) == mask_network(str(neighbour))


@given(st.text(max_size=60))
def test_what_is_no_address_shows_nothing(text: str) -> None:
    assert re.fullmatch(r"\*|\d+\.\d+\.\*\.\*|[0-9a-f]+:[0-9a-f]+:\*", mask_network(text))
