"""What is shown of personal data before anybody asks for the whole: pure, and never more than promised."""

import ipaddress

_HIDDEN = "****"
_SHORTEST_MOBILE, _SHORTEST_NUMBER = 11, 8  # digits; of a shorter number the last four would be most of it
_TAIL = 4


def mask_phone(phone: str) -> str:
    """Return 138****5678: of a mobile number the first three and last four digits, of a shorter one less or nothing."""
    digits = "".join(letter for letter in phone if letter.isascii() and letter.isdigit())
    if len(digits) >= _SHORTEST_MOBILE:
        return digits[:3] + _HIDDEN + digits[-_TAIL:]
    return _HIDDEN + digits[-_TAIL:] if len(digits) >= _SHORTEST_NUMBER else _HIDDEN


def mask_id_number(number: str) -> str:
    """Return the last four letters behind as many stars as were left out: **************1234."""
    plain = "".join(number.split())
    shown = _TAIL if len(plain) >= 2 * _TAIL else 0
    return "*" * (len(plain) - shown) + plain[len(plain) - shown :]


def mask_network(network: str) -> str:
    """Return the first half of an IPv4 address or network, the first two groups of an IPv6 one, else a star.

    192.0.2.0/24 becomes 192.0.*.*, 2001:db8:1::/48 becomes 2001:db8:*.
    """
    try:
        address = ipaddress.ip_interface(network.strip()).ip
    except ValueError:
        return "*"
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return mask_network(str(address.ipv4_mapped))
        first, second, *_ = address.exploded.split(":")
        return f"{int(first, 16):x}:{int(second, 16):x}:*"
    first, second, *_ = str(address).split(".")
    return f"{first}.{second}.*.*"
