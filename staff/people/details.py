"""What is known of somebody on the staff besides their keys, and which of it goes with which role."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from foundation.clock import SHANGHAI, local_day
from foundation.errors import InvalidInput
from foundation.forms import InvalidFields
from staff.personal.masking import mask_phone
from staff.roles import OUTSIDERS, ROLE_NAMES, Role

KEY_ROLES = frozenset({Role.ADMINISTRATOR, Role.LEADER, Role.SUPERVISOR})
"""Those who open doors to others or approve: nobody gets into these, or at their keys, by the word of one person."""

LONGEST_NAME, LONGEST_UNIT = 40, 80  # characters
LONGEST_STAY = timedelta(days=3 * 365)
_PHONE = re.compile(r"1[3-9]\d{9}")


@dataclass(frozen=True, slots=True)
class PersonDetails:
    """Checked details: `last_day` is the last day on which the account works, for good where it is None."""

    display_name: str
    role: Role
    unit: str | None = None
    last_day: date | None = None
    phone: str | None = None

    @property
    def valid_until(self) -> datetime | None:
        """Return the moment from which the account does not work any more: the midnight after the last day."""
        if self.last_day is None:
            return None
        return datetime.combine(self.last_day + timedelta(days=1), time(), SHANGHAI).astimezone(UTC)

    @property
    def title(self) -> str:
        """Return the name with the role, as an approval or an invitation calls somebody."""
        return f"{self.display_name}（{place_of(self.role, self.unit)}）"


def read_details(typed: Mapping[str, str], now: datetime) -> PersonDetails:
    """Return the details that were typed as display_name, role, unit, last_day (2026-04-30) and phone.

    Raises InvalidFields with a sentence for every field that will not do. A unit is only kept for the roles that
    belong to one.
    """
    faults: dict[str, str] = {}
    plain = {name: typed.get(name, "").strip() for name in ("display_name", "role", "unit", "last_day", "phone")}
    if not 1 <= len(plain["display_name"]) <= LONGEST_NAME or not plain["display_name"].isprintable():
        faults["display_name"] = f"请填姓名，最多{LONGEST_NAME}个字。"
    if plain["role"] not in ROLE_NAMES:
        faults["role"] = "请选择角色。"
    role = Role(plain["role"]) if "role" not in faults else Role.OFFICE
    unit, last_day = plain["unit"] if role in OUTSIDERS else "", _day(plain["last_day"])
    if role in OUTSIDERS and not (1 <= len(unit) <= LONGEST_UNIT and unit.isprintable()):
        faults["unit"] = f"{ROLE_NAMES[role]}要写明单位，最多{LONGEST_UNIT}个字。"
    if fault := _fault_of_day(role, plain["last_day"], last_day, local_day(now)):
        faults["last_day"] = fault
    phone = plain_phone(plain["phone"])
    if phone and not _PHONE.fullmatch(phone):
        faults["phone"] = "手机号要11位数字，以1开头；不填也可以。"
    if faults:
        raise InvalidFields(faults)
    return PersonDetails(plain["display_name"], role, unit or None, last_day, phone or None)


def place_of(role: Role, unit: str | None) -> str:
    """Return what somebody is on the staff, with their unit where they have one."""
    return f"{ROLE_NAMES[role]}，{unit}" if unit else ROLE_NAMES[role]


def last_day_of(valid_until: datetime | None) -> date | None:
    """Return the last day on which an account works that is valid until a moment."""
    return None if valid_until is None else local_day(valid_until - timedelta(microseconds=1))


def plain_phone(phone: str) -> str:
    """Write a mobile number as its eleven digits, as far as it is one."""
    digits = re.sub(r"[\s-]", "", phone)
    return digits.removeprefix("+86") if digits.startswith("+86") else digits


def masked_phone(phone: bytes | None) -> str:
    """Return a kept number as pages show it: 138****5678, nothing where there is none."""
    return "" if phone is None else mask_phone(phone.decode())


def checked_reason(text: str, field: str = "reason", *, required: bool = False) -> str:
    """Return a reason without blanks around it; raises InvalidInput where it is too long or missing."""
    reason = " ".join(text.split())
    if required and not reason:
        raise InvalidInput("请写明理由，会记入操作记录。", field=field)
    if len(reason) > 500:
        raise InvalidInput("理由太长，最多500个字。", field=field)
    return reason


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _fault_of_day(role: Role, typed: str, day: date | None, today: date) -> str | None:
    if typed and day is None:
        return "请按年-月-日填写日期，例如2026-04-30。"
    if day is None:
        return "考察组账号要有截止日期，考察结束后自动停用。" if role is Role.INVESTIGATOR else None
    if day < today:
        return "截止日期已过，请填今天或以后的日期。"
    if day > today + LONGEST_STAY:
        return "截止日期最长三年，到期可以再延。"
    return None
