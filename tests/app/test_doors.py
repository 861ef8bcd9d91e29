"""Every door of the console, tried by everybody: what a role may not do it cannot, by whatever address."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.routing import AnyConverter, BaseConverter, IntegerConverter, Rule

from foundation.transaction import transaction
from staff.acts import ACTS
from staff.authority import act_of
from staff.downloads import begin, finish, request_download
from staff.models import StaffSession
from staff.roles import OUTSIDERS, Role
from staff.sessions import begin_session, find_session
from tests.factories import make_poll
from tests.staff.factories_staff import Browser, actor_of, make_staff, recorded
from votes.steps import request_certification

PLACEHOLDERS = {"slug": "demo"}
READING = {"GET"}


def console_routes(app: Flask) -> Iterator[tuple[str, str, str | None]]:
    """Yield method, address and act of every page of the console; addresses name things that are not there."""
    adapter = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        if f"{rule.rule}/".startswith("/console/"):
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                address = adapter.build(rule.endpoint, _arguments(rule), method=method)
                yield method, address, act_of(app, rule.endpoint)


def _arguments(rule: Rule) -> dict[str, object]:
    return {name: _placeholder(name, converter) for name, converter in rule._converters.items()}


def _placeholder(name: str, converter: BaseConverter) -> object:
    if isinstance(converter, AnyConverter):
        return min(converter.items)
    return 1 if isinstance(converter, IntegerConverter) else PLACEHOLDERS.get(name, "0123456789abcdef" * 2)


def send(browser: Browser, method: str, address: str) -> int:
    if method in READING:
        return browser.get(address).status_code
    return browser.submit(address).status_code


@pytest.mark.parametrize("role", list(Role))
def test_a_role_gets_through_the_doors_of_its_acts_and_no_others(app: Flask, role: Role) -> None:
    make_poll()
    unit = "示例县一" if role in OUTSIDERS else None
    member = make_staff("someone", "示例人员", role, unit)
    wrong = []
    for method, address, act in console_routes(app):
        if act is None:
            continue
        browser = Browser(app).signed_in_as(member)
        allowed = role in ACTS[act].roles | ACTS[act].own
        before = len(recorded())
        status = send(browser, method, address)
        told = recorded()[before:]
        kept_out = status == 403 and told == [("someone", act, address, "refused")]
        if kept_out == allowed or (allowed and status >= 500):
            wrong.append((method, address, act, status, told))
    assert wrong == []


def test_a_stranger_gets_through_no_door_but_the_open_ones(app: Flask) -> None:
    make_poll()
    wrong = []
    for method, address, act in console_routes(app):
        browser = Browser(app)
        answer = browser.get(address) if method in READING else browser.post(address)
        sent_away = answer.status_code == 303 and answer.location.startswith("/console/sign-in?")
        if act is not None and not sent_away:
            wrong.append((method, address, answer.status_code))
    assert wrong == []


def test_whoever_has_only_given_the_password_is_led_to_the_second_step(app: Flask) -> None:
    make_poll()
    member = make_staff("someone", "示例人员", Role.ADMINISTRATOR)
    wrong = []
    for method, address, act in console_routes(app):
        if act in {None, "staff.second_step", "staff.sign_out"}:
            continue
        browser = Browser(app)
        browser.client.set_cookie("staff", begin_session(member.id, replaces=None, complete=False))
        answer = browser.get(address) if method in READING else browser.post(address)
        if answer.status_code != 303 or not answer.location.startswith("/console/second-step"):
            wrong.append((method, address, act, answer.status_code))
    assert wrong == []


class Colleague:
    """Somebody of the same role and unit, with things of their own."""

    def __init__(self, role: Role) -> None:
        unit = "示例县一" if role in OUTSIDERS else None
        self.account = make_staff("colleague", "示例同事", role, unit)
        self.token = begin_session(self.account.id, replaces=None, complete=True)

    def session(self) -> tuple[str, str]:
        with transaction() as session:
            (key,) = session.scalars(select(StaffSession.key).where(StaffSession.member_id == self.account.id))
        return "POST", f"/console/account/sessions/{key}/end"

    def download(self) -> tuple[str, str]:
        return "GET", f"/console/downloads/{self._download()}"

    def file(self) -> tuple[str, str]:
        return "GET", f"/console/downloads/{self._download()}/file"

    def request(self) -> tuple[str, str]:
        make_poll("theirs", state="closed")
        asked = request_certification("theirs", actor_of(self.account))
        return "POST", f"/console/approvals/{asked.key}/withdraw"

    def _download(self) -> str:
        key = request_download("示例", "demo", "示例下载", actor_of(self.account)).key
        begin(key, 1)
        finish(key, "示例.csv", "示例".encode())
        return key


FOREIGN: dict[str, Callable[[Colleague], tuple[str, str]]] = {
    "staff.sessions": Colleague.session,
    "downloads.see": Colleague.download,
    "downloads.fetch": Colleague.file,
    "approvals.withdraw": Colleague.request,
}


def test_of_every_act_that_is_bound_to_ones_own_things_somebody_elses_are_tried() -> None:
    assert {name for name, act in ACTS.items() if act.own} == FOREIGN.keys()


@pytest.mark.parametrize(("act", "role"), [(act, role) for act in FOREIGN for role in sorted(ACTS[act].own)])
def test_what_belongs_to_a_colleague_is_out_of_reach(app: Flask, act: str, role: Role) -> None:
    colleague = Colleague(Role.OFFICE if act == "approvals.withdraw" else role)
    unit = "示例县一" if role in OUTSIDERS else None
    method, address = FOREIGN[act](colleague)
    before = len(recorded())

    status = send(Browser(app).signed_in_as(make_staff("someone", "示例人员", role, unit)), method, address)

    assert status in {403, 404}
    assert [(actor, result) for actor, _, _, result in recorded()[before:]] == [("someone", "refused")]
    assert find_session(colleague.token) is not None
