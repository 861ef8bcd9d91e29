"""The forms about people: what was typed, kept as it was typed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from flask import Request

from foundation.ids import random_id
from staff.people.member_list import MemberSheet, MemberState
from staff.people.members import day_typed
from staff.roles import Role

_DETAILS = ("display_name", "role", "unit", "last_day", "phone", "purpose")


def blank_details() -> dict[str, str]:
    """Return an empty form with a key of its own, by which the same form sent twice is known."""
    return dict.fromkeys(_DETAILS, "") | {"key": random_id()}


def typed_details(request: Request) -> dict[str, str]:
    """Return what was typed about somebody."""
    return {name: request.form.get(name, "").strip() for name in (*_DETAILS, "key", "remove_phone")}


def details_of(sheet: MemberSheet) -> dict[str, str]:
    """Return the form of somebody's details; the phone number is not in it."""
    line = sheet.line
    return {
        "display_name": line.display_name,
        "role": line.role.value,
        "unit": line.unit or "",
        "last_day": day_typed(line.valid_until),
        "phone": "",
        "purpose": "",
    }


@dataclass(frozen=True, slots=True)
class ListChoice:
    """What the reader of the list asked for; anything that is no choice of the page counts as none."""

    search: str
    role: Role | None
    state: MemberState | None
    sort: str
    page: int

    @classmethod
    def read(cls, asked: Mapping[str, str]) -> Self:
        role, state = asked.get("role", ""), asked.get("state", "")
        page = asked.get("page", "1")
        return cls(
            search=asked.get("search", "").strip()[:40],
            role=Role(role) if role in set(Role) else None,
            state=MemberState(state) if state in set(MemberState) else None,
            sort=asked.get("sort", "name"),
            page=int(page) if page.isascii() and page.isdigit() and len(page) < 6 else 1,
        )

    def asked(self) -> dict[str, str]:
        """Return the parameters of the page's links to its neighbours, without the page itself."""
        named = {"search": self.search, "role": self.role or "", "state": self.state or "", "sort": self.sort}
        return {name: value for name, value in named.items() if value and (name, value) != ("sort", "name")}
