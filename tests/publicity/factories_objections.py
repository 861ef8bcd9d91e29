"""Objections as people raise them and staff enter them, and a browser in which the public page is filled in."""

import re
from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select
from werkzeug.test import TestResponse

from foundation.ids import random_id
from foundation.transaction import transaction
from foundation.uploads import Upload
from publicity.notices.reading import NoticeHead, public_notice
from publicity.objections.entries import Entry
from publicity.objections.handling import accept, examine, resolve
from publicity.objections.models import Objection, ObjectionStep
from publicity.objections.raising import raise_objection
from publicity.objections.rules import RaisedAs, State
from staff.actors import Actor
from staff.personal.revealing import PURPOSES
from tests.factories import sign_in

OPENID = "oReporter00000000000000000001"
NAME, PHONE, UNIT = "赵示范", "13812345678", "示例反映单位"
TEXT, LEAD = "示例反映内容，与事迹材料不符。", "示例时间在示例地点，有示例凭证。"
PURPOSE = PURPOSES[2]


def picture() -> bytes:
    """Return a small real picture."""
    content = BytesIO()
    Image.new("RGB", (60, 40), (200, 22, 29)).save(content, "PNG")
    return content.getvalue()


def entry_to(head: NoticeHead, subject: int = 0, **changes: Any) -> Entry:
    """Return an objection of a person to one of the notice's subjects, with `changes`."""
    chosen = public_notice(head.key).subjects[subject]
    plain = Entry(
        form=random_id(),
        subject_kind=chosen.kind,
        subject_key=chosen.key,
        raised_as=RaisedAs.PERSON,
        text=TEXT,
        name=NAME,
        phone=PHONE,
    )
    return replace(plain, **changes)


def as_unit(head: NoticeHead, **changes: Any) -> Entry:
    seal = Upload("公章.png", picture())
    return entry_to(head, raised_as=RaisedAs.UNIT, unit=UNIT, seal=seal, **changes)


def anonymous(head: NoticeHead, *, lead: str = "", **changes: Any) -> Entry:
    return entry_to(head, raised_as=RaisedAs.ANONYMOUS, name="", phone="", has_lead=bool(lead), lead=lead, **changes)


def make_objection(head: NoticeHead, *, openid: str | None = None, **changes: Any) -> str:
    """Raise an objection to the notice's first subject; returns its code."""
    return raise_objection(head.key, entry_to(head, **changes), openid=openid).code


def make_settled(head: NoticeHead, actor: Actor, *, summary: str = "经核查，反映的问题不属实。", **changes: Any) -> str:
    """Raise an objection and have `actor` take it to its end; returns its code."""
    code = make_objection(head, **changes)
    accept(code, "示例受理", actor, seen=1)
    examine(code, "示例核查", actor, seen=2)
    resolve(code, State.UNFOUNDED, "示例依据", summary, actor, seen=3)
    return code


def state_of(code: str) -> State:
    with transaction() as session:
        return State(session.scalars(select(Objection.state).where(Objection.code == code)).one())


def history_of(code: str) -> list[tuple[int, str, int | None]]:
    """Return number, state and member of every step of an objection."""
    query = select(ObjectionStep.number, ObjectionStep.state, ObjectionStep.member_id)
    query = query.join(Objection, Objection.id == ObjectionStep.objection_id).where(Objection.code == code)
    with transaction() as session:
        return [(row[0], row[1], row[2]) for row in session.execute(query.order_by(ObjectionStep.number))]


def count_objections() -> int:
    with transaction() as session:
        return len(session.scalars(select(Objection.id)).all())


class PublicPage:
    """A reader at the form of a notice; who names an origin as browsers do."""

    def __init__(self, app: Flask, head: NoticeHead, *, openid: str | None = None, address: str = "192.0.2.1") -> None:
        self.origin = app.config["SETTINGS"].public_url
        self.client: FlaskClient = app.test_client()
        self.address = address
        self.path = f"/notices/{head.key}/objections"
        chosen = public_notice(head.key).subjects[0]
        self.subject = f"{chosen.kind}:{chosen.key}"
        if openid:
            sign_in(self.client, openid)

    def open(self) -> dict[str, str]:
        """Open the page and return the hidden fields of its form."""
        page = self.client.get(self.path, environ_overrides={"REMOTE_ADDR": self.address}).text
        return dict(re.findall(r'<input type="hidden" name="(\w+)" value="(\w+)">', page))

    def filled(self, **changes: object) -> dict[str, object]:
        """Return a form that lacks nothing, with `changes`."""
        plain = {"subject": self.subject, "raised_as": "person", "name": NAME, "phone": PHONE, "text": TEXT}
        return {**self.open(), **plain, **changes}

    def send(self, *, origin: str | None = None, json: bool = False, **changes: object) -> TestResponse:
        """Open the page, fill the form in and send it."""
        return self.post(self.filled(**changes), origin=origin, json=json)

    def post(self, fields: dict[str, object], *, origin: str | None = None, json: bool = False) -> TestResponse:
        headers = {"Origin": self.origin if origin is None else origin, "Accept": "text/html"}
        if json:
            headers["Accept"] = "application/json"
        return self.client.post(
            self.path,
            data=fields,
            headers=headers,
            content_type="multipart/form-data",
            environ_overrides={"REMOTE_ADDR": self.address},
        )


def files_of(*contents: tuple[str, bytes]) -> list[tuple[BytesIO, str]]:
    return [(BytesIO(content), name) for name, content in contents]


def stored_files(app: Flask) -> Sequence[Path]:
    """Return the private files that lie in the store."""
    return sorted((app.config["SETTINGS"].data_dir / "files" / "private").iterdir())
