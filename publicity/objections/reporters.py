"""Who raised an objection: masked on every page, and looked at for a purpose by whoever has it in hand, or a leader."""

from collections.abc import Callable
from dataclasses import dataclass

from flask import g

from foundation.errors import NotAllowed, NotFound
from foundation.transaction import transaction
from publicity.objections.acts import HANDLERS
from publicity.objections.handling import find_objection, holds_key
from publicity.objections.models import Objection
from publicity.objections.wording import audited, mask_name, mask_unit
from staff.actors import Actor
from staff.authority import note_refusal
from staff.personal.masking import mask_phone
from staff.personal.revealing import REVEAL, declare_revealable

NAME, UNIT, PHONE = "objections.name", "objections.unit", "objections.phone"


@dataclass(frozen=True, slots=True)
class Reporter:
    """Whoever raised an objection, masked; empty what they did not name or what was erased in its time."""

    name: str
    unit: str
    phone: str

    @property
    def known(self) -> bool:
        return bool(self.name or self.unit or self.phone)


def masked_reporter(objection: Objection) -> Reporter:
    """Return what pages may show of whoever raised it."""
    return Reporter(
        mask_name(_text(objection.reporter_name)),
        mask_unit(_text(objection.reporter_unit)),
        mask_phone(_text(objection.reporter_phone)) if objection.reporter_phone else "",
    )


def _text(value: bytes | None) -> str:
    return value.decode() if value else ""


def _reader(column: Callable[[Objection], bytes | None]) -> Callable[[str], str]:
    """Return what reads one datum by the objection's code, for the actor of this request alone."""

    def read(code: str) -> str:
        actor: Actor | None = g.get("actor")
        with transaction() as session:
            objection = find_objection(session, code)
            if actor is None or not holds_key(objection, actor):
                if actor is not None:
                    note_refusal(REVEAL, audited(objection.code), actor)
                raise NotAllowed("反映人的信息只有这件反映的办理人和部领导可以查看。")
            value = column(objection)
        if value is None:
            raise NotFound("没有登记，或已按期删除。")
        return value.decode()

    return read


declare_revealable(NAME, "反映人姓名", HANDLERS, _reader(lambda objection: objection.reporter_name))
declare_revealable(UNIT, "反映人单位", HANDLERS, _reader(lambda objection: objection.reporter_unit))
declare_revealable(PHONE, "反映人电话", HANDLERS, _reader(lambda objection: objection.reporter_phone))
