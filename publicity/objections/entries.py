"""What somebody raises, as a plain value, and whether it can be taken."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from foundation.errors import InvalidInput
from foundation.uploads import Upload
from publicity.objections.files import check_files, check_seal
from publicity.objections.rules import RaisedAs

LONGEST_TEXT = 5_000
LONGEST_LEAD = 2_000
LONGEST_NAME, LONGEST_UNIT, LONGEST_PHONE = 40, 80, 20
_PHONE = re.compile(r"\+?[0-9][0-9 ()（）转-]{5,18}[0-9]")


@dataclass(frozen=True, slots=True)
class Entry:
    """An objection as it was filled in. `form` names the form: sent twice, it is one objection.

    `raised_as` is None where nothing was chosen; what does not go with it is left out by `settled`.
    """

    form: str
    subject_kind: str
    subject_key: str
    raised_as: RaisedAs | None
    text: str
    name: str = ""
    unit: str = ""
    phone: str = ""
    has_lead: bool = False
    lead: str = ""
    files: tuple[Upload, ...] = field(default=(), repr=False)
    seal: Upload | None = field(default=None, repr=False)

    def settled(self) -> "Entry":
        """Return the entry without what was typed for another choice: an anonymous one names nobody."""
        kept = self if self.has_lead else replace(self, lead="")
        if self.raised_as is RaisedAs.ANONYMOUS:
            return replace(kept, name="", unit="", phone="", seal=None)
        return replace(kept, seal=None) if self.raised_as is RaisedAs.PERSON else kept


def checks_of(entry: Entry, *, lead_is_told: bool = True) -> list[Callable[[], object]]:
    """Return what `check_each` has to ask of an entry; each raises InvalidInput for a field that cannot be taken.

    `lead_is_told`: whoever says there is a lead has to write it down; of a letter, staff only say whether it has one.
    """
    return [
        lambda: _check_subject(entry),
        lambda: _check_raised_as(entry),
        *_checks_of_reporter(entry),
        lambda: _check_text(entry),
        lambda: _check_lead(entry, told=lead_is_told),
        lambda: check_files(entry.files),
    ]


def _checks_of_reporter(entry: Entry) -> list[Callable[[], object]]:
    if entry.raised_as is RaisedAs.PERSON:
        return [
            lambda: _check_line(entry.name, "name", "姓名", LONGEST_NAME),
            lambda: _check_phone(entry.phone),
            lambda: _check_line(entry.unit, "unit", "单位", LONGEST_UNIT, required=False),
        ]
    if entry.raised_as is RaisedAs.UNIT:
        return [
            lambda: _check_line(entry.unit, "unit", "单位名称", LONGEST_UNIT),
            lambda: _check_line(entry.name, "name", "联系人", LONGEST_NAME, required=False),
            lambda: _check_phone(entry.phone),
            lambda: check_seal(entry.seal),
        ]
    return []


def _check_subject(entry: Entry) -> None:
    if not entry.subject_kind or not entry.subject_key:
        raise InvalidInput("请选择反映的是谁，一次只能选一个。", field="subject")


def _check_raised_as(entry: Entry) -> None:
    if entry.raised_as is None:
        raise InvalidInput("请选择以什么身份反映。", field="raised_as")


def _check_text(entry: Entry) -> None:
    if not entry.text:
        raise InvalidInput("请写明反映的情况。", field="text")
    if len(entry.text) > LONGEST_TEXT:
        raise InvalidInput(f"反映的情况最多{LONGEST_TEXT}个字，现在是{len(entry.text)}个。", field="text")


def _check_lead(entry: Entry, *, told: bool) -> None:
    if told and entry.has_lead and not entry.lead:
        raise InvalidInput("勾选了有具体线索，请写明时间、地点、人员或凭证。", field="lead")
    if len(entry.lead) > LONGEST_LEAD:
        raise InvalidInput(f"线索最多{LONGEST_LEAD}个字，现在是{len(entry.lead)}个。", field="lead")


def _check_line(text: str, field_name: str, words: str, most: int, *, required: bool = True) -> None:
    if required and not text:
        raise InvalidInput(f"请填写{words}。", field=field_name)
    if len(text) > most or not text.isprintable():
        raise InvalidInput(f"{words}最多{most}个字，不能换行。", field=field_name)


def _check_phone(phone: str) -> None:
    if not phone:
        raise InvalidInput("请填写联系电话，核实时要打。", field="phone")
    if len(phone) > LONGEST_PHONE or not _PHONE.fullmatch(phone):
        raise InvalidInput("联系电话请填手机号，或带区号的座机号，例如0391-0000000。", field="phone")
