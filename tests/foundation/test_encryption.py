"""Encryption at rest and sealed tokens: what comes back, and that nothing else does."""

from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, MetaData, Table, select, text

from foundation.encryption import EncryptedBytes, FieldCipher, Sealer, UndecryptableError, derive_key
from foundation.transaction import transaction

OLD, NEW, LOST = (
    "an old key, long enough to be one!!",
    "a new key, long enough to be one!!",
    "lost key, long enough..",
)
CONTEXT = "poll.voter_key"
CIPHER = FieldCipher((NEW, OLD))
SEALER = Sealer("a secret that is long enough to be one", "voter")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(), inside, max_size=3),
    max_leaves=8,
)


@given(value=st.binary(max_size=300), context=st.text(max_size=40))
def test_what_was_encrypted_comes_back(value: bytes, context: str) -> None:
    stored = CIPHER.encrypt(value, context)

    assert CIPHER.decrypt(stored, context) == value
    assert CIPHER.is_newest(stored)


def test_the_same_value_never_rests_as_the_same_bytes() -> None:
    assert len({CIPHER.encrypt(b"same", CONTEXT) for _ in range(100)}) == 100


def test_a_value_of_an_older_key_is_read_and_known_to_be_stale() -> None:
    stored = FieldCipher((OLD,)).encrypt(b"value", CONTEXT)

    assert CIPHER.decrypt(stored, CONTEXT) == b"value"
    assert not CIPHER.is_newest(stored)


def test_the_first_key_writes() -> None:
    stored = CIPHER.encrypt(b"value", CONTEXT)

    assert FieldCipher((NEW,)).decrypt(stored, CONTEXT) == b"value"
    with pytest.raises(UndecryptableError):
        FieldCipher((OLD,)).decrypt(stored, CONTEXT)


def test_a_lost_key_is_said_and_not_guessed() -> None:
    stored = FieldCipher((LOST,)).encrypt(b"value", CONTEXT)

    with pytest.raises(UndecryptableError):
        CIPHER.decrypt(stored, CONTEXT)


def test_a_value_moved_to_another_column_is_refused() -> None:
    with pytest.raises(UndecryptableError):
        CIPHER.decrypt(CIPHER.encrypt(b"value", CONTEXT), "follower.openid")


def test_every_single_changed_byte_is_refused() -> None:
    stored = CIPHER.encrypt(b"a value of some length", CONTEXT)

    for place in range(len(stored)):
        for change in (1, 0x80, 0xFF):
            changed = stored[:place] + bytes([stored[place] ^ change]) + stored[place + 1 :]
            with pytest.raises(UndecryptableError):
                CIPHER.decrypt(changed, CONTEXT)


def test_a_value_cut_short_or_made_longer_is_refused() -> None:
    stored = CIPHER.encrypt(b"a value of some length", CONTEXT)

    for wrong in (*(stored[:length] for length in range(len(stored))), stored + b"\0"):
        with pytest.raises(UndecryptableError):
            CIPHER.decrypt(wrong, CONTEXT)


@given(st.binary(max_size=80))
def test_bytes_nobody_encrypted_are_refused(stored: bytes) -> None:
    with pytest.raises(UndecryptableError):
        CIPHER.decrypt(stored, CONTEXT)


def test_without_a_key_there_is_no_cipher() -> None:
    with pytest.raises(ValueError, match="at least one field key"):
        FieldCipher(())


def test_no_key_serves_two_ends() -> None:
    assert len({derive_key("secret", purpose) for purpose in ("field", "voter", "console")}) == 3


def test_an_encrypted_column_rests_encrypted_and_reads_plain(app: Flask) -> None:
    table = Table("secret_note", MetaData(), Column("note", EncryptedBytes("secret_note.note")), prefixes=["TEMPORARY"])
    with transaction() as session:
        session.execute(text("CREATE TEMPORARY TABLE secret_note (note bytea) ON COMMIT DROP"))
        session.execute(table.insert(), [{"note": "私密".encode()}, {"note": None}])

        read = session.scalars(select(table.c.note)).all()
        at_rest = session.execute(text("SELECT note FROM secret_note")).scalars().all()

    assert read == ["私密".encode(), None]
    assert at_rest[1] is None
    assert "私密".encode() not in at_rest[0]


@given(st.dictionaries(st.text(), JSON, max_size=5))
def test_what_was_sealed_comes_back(value: dict[str, Any]) -> None:
    assert SEALER.unseal(SEALER.seal(value)) == value


def test_a_seal_of_another_secret_or_purpose_does_not_open() -> None:
    others = [
        Sealer("another secret, long enough to be one..", "voter"),
        Sealer("a secret that is long enough to be one", "x"),
    ]

    assert [SEALER.unseal(other.seal({"openid": "o1"})) for other in others] == [None, None]


def test_a_seal_changed_in_any_place_does_not_open() -> None:
    sealed = bytes.fromhex(SEALER.seal({"openid": "o1"}))

    opened = [
        SEALER.unseal((sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :]).hex())
        for place in range(len(sealed))
    ]

    assert opened == [None] * len(sealed)


@given(st.text(max_size=120) | st.binary(max_size=80).map(bytes.hex))
def test_text_nobody_sealed_does_not_open(forged: str) -> None:
    assert SEALER.unseal(forged) is None


def test_a_seal_cut_short_does_not_open() -> None:
    sealed = SEALER.seal({"openid": "o1"})

    assert {SEALER.unseal(sealed[:length]) for length in range(len(sealed))} == {None}
