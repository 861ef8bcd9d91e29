"""Names for things outside: random, short enough to read aloud where a person has to."""

import secrets

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def random_id() -> str:
    """Return 128 random bits as 32 hexadecimal digits."""
    return secrets.token_hex(16)


def short_code() -> str:
    """Return 60 random bits as three groups of four, without letters that look alike: K7QX-3M9T-P2VA."""
    letters = [CROCKFORD[byte & 31] for byte in secrets.token_bytes(12)]
    return "-".join("".join(letters[start : start + 4]) for start in (0, 4, 8))


def read_short_code(text: str) -> str | None:
    """Bring a typed code into its written form, or return None where it cannot be one.

    Small letters, spaces, missing hyphens and the look-alikes O, I and L are forgiven.
    """
    plain = "".join(text.upper().replace("-", "").split()).translate(str.maketrans("OIL", "011"))
    if len(plain) != 12 or any(letter not in CROCKFORD for letter in plain):
        return None
    return "-".join((plain[:4], plain[4:8], plain[8:]))
