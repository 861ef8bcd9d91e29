"""Two hundred payloads through every field of an objection: each page shows them as text, and nothing else of them."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

import pytest
from flask import Flask

from foundation.errors import InvalidInput
from foundation.ids import random_id
from foundation.transaction import transaction
from publicity.notices.attachments import safe_name
from publicity.notices.reading import NoticeHead
from publicity.objections.handling import accept, examine, find_objection, resolve
from publicity.objections.listing import Search, find_objections
from publicity.objections.models import ObjectionAttachment
from publicity.objections.raising import raise_objection
from publicity.objections.rules import State
from staff.roles import Role
from tests.publicity.factories_notices import make_notice, make_office
from tests.publicity.factories_objections import OPENID, PublicPage, entry_to
from tests.publicity.xss_payloads import PAYLOADS
from tests.staff.factories_staff import Browser, make_staff

AT_ONCE = 8  # payloads in one text
SENDABLE = tuple(payload for payload in PAYLOADS if "\0" not in payload)
"""What gets as far as a use case: the ground refuses a NUL."""


@dataclass
class Page(HTMLParser):
    """A page as a browser would take it apart."""

    words: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    inside: str = ""

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.inside = tag
        self.words += given.values()
        handlers = [name for name in given if name.startswith("on") or name == "style"]
        leads_out = [name for name in ("href", "action", "src") if name in given and not is_ours(given[name])]
        bare_script = tag == "script" and "src" not in given
        if handlers or leads_out or bare_script or tag in {"iframe", "object", "embed", "base", "math", "img"}:
            self.wrong.append(self.get_starttag_text() or tag)

    def handle_data(self, data: str) -> None:
        if self.inside == "script" and data.strip():
            self.wrong.append(data)
        self.words.append(data)


def is_ours(address: str) -> bool:
    return address == "data:," or address.startswith("#") or (address.startswith("/") and address[1:2] != "/")


def faults_of(text: str) -> list[str]:
    page = Page()
    page.feed(text)
    page.close()
    return page.wrong


def words_of(text: str) -> str:
    page = Page()
    page.feed(text)
    page.close()
    return " ".join(" ".join(page.words).split())


def plain(payload: str) -> str:
    return " ".join(payload.split())


@pytest.fixture
def head(app: Flask) -> NoticeHead:
    return make_notice()


def test_what_is_typed_comes_back_as_text_with_its_faults(app: Flask, head: NoticeHead) -> None:
    page = PublicPage(app, head)
    form = page.filled()
    wrong = []
    for payload in PAYLOADS:
        typed = dict.fromkeys(("subject", "raised_as", "name", "unit", "phone", "text", "has_lead", "lead"), payload)
        answer = page.post({**form, **typed, "token": "stale"})
        if payload not in SENDABLE:
            wrong += [payload] if answer.status_code != 422 or faults_of(answer.text) else []
        elif answer.status_code != 403 or faults_of(answer.text) or plain(payload) not in words_of(answer.text):
            wrong.append(payload)
    assert wrong == []


def test_what_is_handed_in_is_shown_as_text_to_those_who_handle_it(app: Flask, head: NoticeHead) -> None:
    desk = Browser(app).signed_in_as(make_staff("lingdao", "示例部领导", Role.LEADER))
    wrong = []
    for start in range(0, len(SENDABLE), AT_ONCE):
        payloads = SENDABLE[start : start + AT_ONCE]
        text, lead = "\n\n".join(payloads), "\n".join(payloads[::-1])
        code = raise_objection(head.key, entry_to(head, text=text, has_lead=True, lead=lead), openid=OPENID).code
        names = [safe_name(f"{payload}.png") for payload in payloads]
        add_files(code, names)
        page = desk.get(f"/console/objections/{code}").text
        shown = words_of(page)
        wrong += faults_of(page) + [one for one in (*payloads, *names) if plain(one) not in shown]
    assert wrong == []


def add_files(code: str, names: list[str]) -> None:
    """Put files under these names to an objection, as they are kept once they were looked into."""
    with transaction() as session:
        objection = find_objection(session, code)
        for name in names:
            file = ObjectionAttachment(key=random_id(), filename=name.encode(), media_type="image/png", size=1)
            file.digest = "0" * 64
            objection.attachments.append(file)


def test_names_of_whatever_form_are_masked_and_looked_at_as_text(app: Flask, head: NoticeHead) -> None:
    leader = make_staff("lingdao", "示例部领导", Role.LEADER)
    desk, wrong = Browser(app).signed_in_as(leader), []
    token = desk.csrf_token()
    for payload in (one[:40].strip() for one in SENDABLE):
        try:
            code = raise_objection(head.key, entry_to(head, name=payload, unit=payload), openid=None).code
        except InvalidInput:
            continue
        page = desk.get(f"/console/objections/{code}").text
        purpose = {"purpose": "示例用途：核实", "csrf_token": token}
        looked = desk.post(f"/console/personal/objections.name/{code}", **purpose).text
        wrong += faults_of(page) + faults_of(looked)
        wrong += [payload] if plain(payload) not in words_of(looked) else []
    assert wrong == []


def test_notes_and_summaries_are_text_to_staff_and_units(app: Flask, head: NoticeHead) -> None:
    clerk, wrong = make_office().drafter, []
    leader = Browser(app).signed_in_as(make_staff("lingdao", "示例部领导", Role.LEADER))
    for start in range(0, len(SENDABLE), AT_ONCE):
        text = "\n\n".join(SENDABLE[start : start + AT_ONCE])
        code = raise_objection(head.key, entry_to(head), openid=None).code
        accept(code, text, clerk, seen=1)
        examine(code, text, clerk, seen=2)
        resolve(code, State.FOUNDED, text, text, clerk, seen=3)
        page = leader.get(f"/console/objections/{code}").text
        wrong += faults_of(page) + ([] if words_of(page).count(plain(text)) >= 4 else [text])
    unit = Browser(app).signed_in_as(make_staff("danwei", "示例单位", Role.UNIT, "示例县"))
    summaries = unit.get("/console/objections/summaries").text
    assert (wrong, faults_of(summaries)) == ([], [])
    assert all(plain(payload) in words_of(summaries) for payload in SENDABLE)


def test_whatever_is_looked_for_finds_nothing_and_breaks_nothing(app: Flask, head: NoticeHead) -> None:
    desk = Browser(app).signed_in_as(make_staff())
    wrong = []
    for payload in PAYLOADS:
        asked = {"words": payload, "notice": payload, "state": payload, "page": payload}
        page = desk.client.get("/console/objections/", query_string=asked)
        expected = 200 if payload in SENDABLE else 404
        wrong += faults_of(page.text) if page.status_code == expected else [payload]
    assert wrong == []
    assert find_objections(Search(words=PAYLOADS[0])).lines == ()


def test_the_checks_find_what_they_look_for() -> None:
    assert faults_of("<p>x</p><img src=x onerror=alert(1)>")
    assert faults_of("<a href='javascript:alert(1)'>x</a>")
    assert faults_of("<script>alert(1)</script>")
    assert faults_of("<p onclick=alert(1)>")
    assert faults_of('<p class="a">&lt;img src=x&gt;</p>') == []
