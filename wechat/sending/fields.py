"""The platform's rules on the values of a template message, so that it never has to refuse one (47003)."""

import re
from collections.abc import Callable, Mapping

from foundation.errors import InvalidInput

THING_CHARACTERS = 20
NOT_SHOWN = frozenset({"first", "remark"})
_KIND = re.compile(r"([a-z_]+?)\d*")
_BREAKS = re.compile(r"[\r\n]+")
_DAY = r"(?:\d{4}年\d{1,2}月\d{1,2}日|\d{4}-\d{1,2}-\d{1,2})"
_HOUR = r"(?:\d{1,2}:\d{2}(?::\d{2})?)"

_FORMS: Mapping[str, tuple[str, str]] = {
    "number": (r"(?=.{1,32}$)-?\d+(?:\.\d+)?", "要是最多32位的数字"),
    "letter": (r"[A-Za-z]{1,32}", "要是最多32个字母"),
    "symbol": (r"[^\w\s]{1,5}", "要是最多5个符号"),
    "character_string": (r"[\x21-\x7e]{1,32}", "要是最多32个数字、字母或符号，不能有汉字"),
    "time": (rf"(?:{_DAY}|{_HOUR}|{_DAY} {_HOUR})(?:~(?:{_DAY}|{_HOUR}|{_DAY} {_HOUR}))?", "要像“2026年4月25日 18:00”"),
    "date": (rf"{_DAY}(?: {_HOUR})?(?:~{_DAY}(?: {_HOUR})?)?", "要像“2026年4月25日”"),
    "amount": (r"[¥$€£￥]?\d{1,10}(?:\.\d{1,2})?元?", "要是最多一个货币符号加10位数字"),
    "phone_number": (r"[\d+\-]{1,17}", "要是最多17位的号码"),
    "car_number": (r"[A-Z0-9\u4e00-\u9fff]{1,8}", "要是最多8位的车牌号"),
    "name": (r"[\u4e00-\u9fff]{1,10}|[A-Za-z]{1,20}", "要是最多10个汉字或20个字母"),
    "phrase": (r"[\u4e00-\u9fff]{1,5}", "要是最多5个汉字"),
}
_PATTERNS = {kind: re.compile(pattern) for kind, (pattern, _) in _FORMS.items()}


def checked_fields(fields: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Return the `data` of a template message; `first` and `remark`, which nobody gets to see, are left out.

    A `thing` is made to fit: breaks become spaces, what is longer than 20 characters ends in an ellipsis. Anything else
    that does not fit raises InvalidInput, whose `field` names it.
    """
    return {name: {"value": check_field(name, text)} for name, text in fields.items() if name not in NOT_SHOWN}


def check_field(name: str, text: str) -> str:
    """Return the value as it may be sent; `name` is the template's, like thing1. Raises InvalidInput."""
    kind = _KIND.fullmatch(name)
    value = _BREAKS.sub(" ", text).strip()
    if not value:
        raise InvalidInput(f"模板的“{name}”不能空着。", field=name)
    return _by_kind(kind[1] if kind else "")(name, value)


def _by_kind(kind: str) -> Callable[[str, str], str]:
    if kind in _FORMS:
        return lambda name, value: _fitting(kind, name, value)
    # A const may be what its template lists, which the platform alone knows.
    return _as_it_is if kind == "const" else _shortened


def _fitting(kind: str, name: str, value: str) -> str:
    if not _PATTERNS[kind].fullmatch(value):
        raise InvalidInput(f"模板的“{name}”{_FORMS[kind][1]}。", field=name)
    return value


def _as_it_is(_name: str, value: str) -> str:
    return value


def _shortened(_name: str, value: str) -> str:
    return value if len(value) <= THING_CHARACTERS else value[: THING_CHARACTERS - 1] + "…"
