"""Who takes objections, and how they are reached; pure."""

import re
from dataclasses import dataclass, fields

OFFICE_LABELS = {"name": "受理单位", "hours": "受理时间", "phone": "电话", "address": "地址", "email": "电子邮箱"}
_LENGTHS = {"name": 80, "hours": 120, "phone": 40, "address": 160, "email": 80}
_PHONE = re.compile(r"[0-9+() （）、,，;；\-—转 ]*")
_EMAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")


@dataclass(frozen=True, slots=True)
class Office:
    """A receiving office as a notice names it."""

    name: str = ""
    hours: str = ""
    phone: str = ""
    address: str = ""
    email: str = ""


def trimmed(office: Office) -> Office:
    """Return the office without blanks around what was typed."""
    return Office(**{field.name: getattr(office, field.name).strip() for field in fields(Office)})


def check_office(office: Office) -> dict[str, str]:
    """Return a sentence for each field that cannot be used; fields are named office_<field>."""
    faults: dict[str, str] = {}
    for name, most in _LENGTHS.items():
        text = getattr(office, name)
        if len(text) > most:
            faults[f"office_{name}"] = f"{OFFICE_LABELS[name]}太长，最多{most}个字。"
        elif "\n" in text:
            faults[f"office_{name}"] = f"{OFFICE_LABELS[name]}只能是一行。"
    if not _PHONE.fullmatch(office.phone):
        faults["office_phone"] = "电话只能用数字、括号和连字符。"
    if office.email and not _EMAIL.fullmatch(office.email):
        faults["office_email"] = "电子邮箱要写成 name@example.cn 的样子。"
    return faults


def lacking(office: Office) -> dict[str, str]:
    """Return a sentence for each field that a notice with a period cannot do without."""
    needed = ("name", "hours", "phone", "address")
    return {f"office_{name}": f"请填写{OFFICE_LABELS[name]}。" for name in needed if not getattr(office, name)}
