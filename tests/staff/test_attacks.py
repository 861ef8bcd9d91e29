"""What somebody tries who wants in, wants more than they may, or wants it not to be seen; most of it at the doors.

Guessing at passwords and codes stands in test_guessing_at_the_door, replayed codes in test_second_factor, planted and
stolen cookies in test_console_own, the doors of every role in tests/app/test_doors.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from html import unescape

import psycopg
import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from werkzeug.routing import AnyConverter, IntegerConverter

from app.texts import HOME_NOTICE
from foundation.database import libpq_url
from foundation.embedded.servers import Connections
from foundation.errors import AppError, Conflict, NotAllowed
from foundation.ids import random_id
from foundation.transaction import transaction
from staff.accounts import Account, disable_member
from staff.actors import UNKNOWN, Actor
from staff.approvals.deciding import approve, refuse
from staff.approvals.requesting import find_request, withdraw
from staff.audit.models import AuditEntry
from staff.command_line import actor_named
from staff.downloads import begin, finish, link_ticket, request_download, take_by_link, take_file
from staff.entry import pass_second_step
from staff.models import Member
from staff.options.setting import set_option
from staff.people.accepting import accept_invitation, read_password_link, read_welcome, use_password_link
from staff.people.details import PersonDetails
from staff.people.handover import hand_over
from staff.people.invitations import invite
from staff.people.links import new_token
from staff.personal.holds import HOLD, all_holds, request_hold
from staff.personal.revealing import reveal
from staff.roles import Role
from staff.sessions import find_session
from tests.app.test_doors import console_routes
from tests.app.test_privacy_scan import whole_database, whole_redis
from tests.staff.factories_keys import Phone, at_once, give_phone, half_way
from tests.staff.factories_staff import PASSWORD, Browser, actor_of, make_staff, recorded
from tests.staff.options.factories_options import kept, one
from tests.staff.test_guessing_at_the_door import GUESSES, outcomes

PURPOSE = "电话联系，核实本人身份"
PHONE = "13900001234"
NEW_PASSWORD = "换过以后的另一句示例密码 2027"
STRANGER = Actor(UNKNOWN.name, UNKNOWN.display_name, network="192.0.2.0/24", request_id="request-9")


@pytest.fixture
def administrator(app: Flask) -> Account:
    return make_staff("guanli", "示例管理员", Role.ADMINISTRATOR)


@pytest.fixture
def leader(app: Flask) -> Account:
    return make_staff("lingdao", "示例部领导", Role.LEADER)


@pytest.fixture
def reachable(member: Account) -> Account:
    """A member whose telephone is known."""
    with transaction() as session:
        session.get_one(Member, member.id).phone = PHONE.encode()
    return member


def make_file(account: Account) -> str:
    """Have a file ready for a member and return its key."""
    key = request_download("tally.csv", "demo", "示例下载", actor_of(account)).key
    begin(key, 1)
    finish(key, "示例.csv", "示例内容".encode())
    return key


def file_address(desk: Browser, key: str) -> str:
    found = re.search(rf'href="(/console/downloads/{key}/file[^"]*)"', unescape(desk.get("/console/downloads").text))
    assert found is not None
    return found[1]


def ask_for_hold(account: Account, subject: str = "demo") -> str:
    return request_hold(["downloads.files"], subject, "示例投诉待查", actor_of(account)).key


def change(name: str, **values: object) -> None:
    """Change a member behind the service's back."""
    with transaction() as session:
        pairs = ", ".join(f"{column} = :{column}" for column in values)
        session.execute(text(f"UPDATE staff_member SET {pairs} WHERE name = :name"), {"name": name, **values})


def at_most_said(deed: Callable[[], object]) -> str:
    try:
        deed()
    except AppError as error:
        return type(error).__name__
    return "done"


# Guessing


def test_a_thousand_invitation_tokens(app: Flask, administrator: Account) -> None:
    link = invite(PersonDetails("示例新人", Role.OFFICE), actor_of(administrator)).link
    assert link is not None
    guesses = [near(link.token, number) for number in range(GUESSES)]
    deeds = [partial(accept_invitation, g, "xinren", PASSWORD, PASSWORD, STRANGER, replaces=None) for g in guesses]
    assert outcomes(app, deeds) == {"NotFound": GUESSES}
    assert read_welcome(link.token).display_name == "示例新人"


def test_a_thousand_password_link_tokens(app: Flask, administrator: Account, member: Account) -> None:
    desk = Browser(app).signed_in_as(administrator)
    page = desk.submit("/console/people/members/jingban/password-link", purpose=PURPOSE).text
    token = token_in(page)
    deeds = [
        partial(use_password_link, near(token, number), NEW_PASSWORD, NEW_PASSWORD, STRANGER, replaces=None)
        for number in range(GUESSES)
    ]
    assert outcomes(app, deeds) == {"NotFound": GUESSES}
    assert read_password_link(token).name == "jingban"


def test_a_thousand_download_tickets(app: Flask, member: Account) -> None:
    status = request_download("tally.csv", "demo", "示例下载", actor_of(member))
    begin(status.key, 1)
    finish(status.key, "示例.csv", b"figures")
    right = link_ticket(status, "of this session")
    until, _, mark = right.partition("-")
    guesses = [f"{until}-{near(mark, number)}" for number in range(GUESSES)]
    deeds = [partial(take_by_link, status.key, guess, "of this session", actor_of(member)) for guess in guesses]
    assert outcomes(app, deeds) == {"NotFound": GUESSES}
    assert take_by_link(status.key, right, "of this session", actor_of(member)).content == b"figures"


def near(secret: str, number: int) -> str:
    """Return something that differs from `secret` in its last letters alone."""
    guess = f"{secret[:-3]}{number:03}"
    return guess if guess != secret else f"{secret[:-1]}~"


def token_in(page: str) -> str:
    found = re.search(r'value="http://vote\.example/console/[\w-]+/([\w-]+)" readonly', page)
    assert found is not None
    return found[1]


# Sessions of those who may not come in any more


@pytest.mark.parametrize("end", ["disabled", "expired", "left"])
def test_whoever_may_not_come_in_any_more_is_out_at_the_next_request(
    app: Flask, desk: Browser, member: Account, administrator: Account, end: str
) -> None:
    half = half_way(member)
    assert desk.get("/console/account").status_code == 200
    if end == "disabled":
        disable_member("jingban", actor_of(administrator))
    elif end == "left":
        hand_over("jingban", "guanli", "示例调动", actor_of(administrator))
    else:
        change("jingban", valid_until="2020-01-01")
    for answer in (desk.get("/console/account"), desk.post("/console/sign-out")):
        assert (answer.status_code, answer.location.startswith("/console/sign-in?")) == (303, True)
    assert find_session(half) is None
    with pytest.raises(NotAllowed):
        actor_named("jingban")


def test_a_role_taken_away_is_gone_at_the_next_request(app: Flask, leader: Account, administrator: Account) -> None:
    key = ask_for_hold(administrator)
    browser = Browser(app).signed_in_as(leader)
    token = browser.csrf_token()
    change("lingdao", role="office")
    answer = browser.post(f"/console/approvals/{key}/approve", csrf_token=token, confirmed="1")
    assert (answer.status_code, all_holds()) == (403, ())


# Forms from elsewhere


def test_no_form_of_the_console_is_taken_without_its_token_or_from_elsewhere(app: Flask, member: Account) -> None:
    browser, wrong = Browser(app).signed_in_as(member), []
    token = browser.csrf_token()
    for method, address, act in list(console_routes(app)):
        if method == "GET":
            continue
        tries = {"from elsewhere": ({"csrf_token": token}, {"Origin": "https://elsewhere.example"})}
        if act is not None:
            tries["without a token"] = ({}, {"Origin": browser.origin})
            tries["nobody's page"] = ({"csrf_token": token}, {})
        for name, (fields, headers) in tries.items():
            before = len(recorded())
            status = browser.client.post(address, data=fields, headers=headers).status_code
            told = [] if act is None else [("jingban", act, address, "refused")]
            if (status, recorded()[before:]) != (403, told):
                wrong.append((address, name, status))
    assert wrong == []
    assert browser.is_signed_in()


@pytest.mark.parametrize("target", ["//elsewhere.example/console/", "https://elsewhere.example/", "/console/../x"])
def test_no_step_of_signing_in_leads_elsewhere(app: Flask, member: Account, target: str) -> None:
    phone = give_phone(member)
    arrived = Browser(app)
    half = arrived.post("/console/sign-in", name="jingban", password=PASSWORD, next=target)
    assert half.location == "/console/second-step?next=/console/"
    page = arrived.client.get("/console/second-step", query_string={"next": target})
    assert 'name="next" value="/console/"' in page.text
    token = re.search(r'name="csrf_token" value="(\w+)"', page.text)
    assert token is not None
    done = arrived.post("/console/second-step", csrf_token=token[1], code=phone.code(), next=target)
    assert (done.status_code, done.location) == (303, "/console/")
    again = arrived.client.get("/console/second-step", query_string={"next": target})
    assert (again.status_code, again.location) == (303, "/console/")


# One person on both sides


def test_nobody_becomes_the_approver_of_their_own_request(administrator: Account) -> None:
    key = ask_for_hold(administrator)
    make_staff("guanlier", "示例管理员乙", Role.ADMINISTRATOR)
    change("guanli", role="leader")
    now_a_leader = Account(administrator.id, "guanli", "示例管理员", Role.LEADER)
    with pytest.raises(NotAllowed, match="自己提出的申请要由另一人批准。"):
        approve(key, actor_of(now_a_leader))
    assert all_holds() == ()
    assert recorded()[-1] == ("guanli", "approvals.approve", "保全数据：做好的下载文件（demo）", "refused")


@pytest.mark.parametrize(
    "became",
    [{"role": "office"}, {"role": "supervisor"}, {"valid_until": "2020-01-01"}, {"disabled_at": "2020-01-01"}],
)
def test_what_was_asked_for_by_whoever_may_not_any_more_is_not_approved(
    administrator: Account, leader: Account, became: dict[str, object]
) -> None:
    make_staff("guanlier", "示例管理员乙", Role.ADMINISTRATOR)
    key = ask_for_hold(administrator)
    change("guanli", **became)
    with pytest.raises(Conflict, match="已不再办理这项工作"):
        approve(key, actor_of(leader))
    assert all_holds() == ()
    assert find_request(HOLD, "downloads.files|demo") is not None


def test_approving_refusing_and_withdrawing_at_once_is_one_of_them(
    app: Flask, administrator: Account, leader: Account
) -> None:
    second = make_staff("lingdaoer", "示例部领导乙", Role.LEADER)
    for number in range(3):
        key = ask_for_hold(administrator, f"demo-{number}")
        deeds = (
            lambda key=key: approve(key, actor_of(leader)),
            lambda key=key: approve(key, actor_of(second)),
            lambda key=key: refuse(key, actor_of(second), "先核对"),
            lambda key=key: withdraw(key, actor_of(administrator)),
        )
        came = at_once(app, deeds)
        assert [answer for answer in came if answer is not None and not isinstance(answer, Conflict)] == []
        assert came.count(None) == 1
    ends = Counter(act for _, act, _, _ in recorded())
    assert ends["approvals.approve"] + ends["approvals.refuse"] + ends["approvals.withdraw"] == 3
    assert ends[HOLD] == ends["approvals.approve"] == len(all_holds())


# Without the line in the trail there is nothing


@contextmanager
def deaf_trail(connections: Connections) -> Iterator[None]:
    """Let the database refuse every new line of the trail."""
    with psycopg.connect(libpq_url(connections.owner_url), autocommit=True) as owner:
        owner.execute("SET lock_timeout = '10s'")
        owner.execute(
            "CREATE FUNCTION deaf() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'the trail takes nothing'; END $$"
        )
        owner.execute("CREATE TRIGGER deaf BEFORE INSERT ON audit_entry FOR EACH ROW EXECUTE FUNCTION deaf()")
        try:
            yield
        finally:
            owner.execute("DROP FUNCTION deaf() CASCADE")


def test_what_the_trail_does_not_take_is_not_done(
    app: Flask, connections: Connections, reachable: Account, administrator: Account, leader: Account
) -> None:
    admin, phone, half = actor_of(administrator), give_phone(reachable), half_way(reachable)
    key, waiting = make_file(reachable), ask_for_hold(administrator)
    deeds: tuple[Callable[[], object], ...] = (
        lambda: reveal("staff.phone", "jingban", PURPOSE, admin),
        lambda: take_file(key, actor_of(reachable)),
        lambda: approve(waiting, actor_of(leader)),
        lambda: refuse(waiting, actor_of(leader), "先核对"),
        lambda: pass_second_step(actor_of(reachable), half, phone.code()),
        lambda: disable_member("jingban", admin),
        lambda: set_option(HOME_NOTICE.name, one("示例"), admin, based_on=0, reason="示例理由"),
        lambda: invite(PersonDetails("示例新人", Role.OFFICE), admin),
    )
    before = len(recorded())
    with deaf_trail(connections):
        for deed in deeds:
            with pytest.raises(DBAPIError, match="the trail takes nothing"):
                deed()
    assert len(recorded()) == before
    found = find_session(half)
    assert found is not None
    assert (found.complete, all_holds(), kept(HOME_NOTICE)) == (False, (), [])
    assert find_request(HOLD, "downloads.files|demo") is not None
    pass_second_step(actor_of(reachable), half, phone.code())  # the code was not used up either


def test_a_page_shows_nothing_that_the_trail_did_not_take(
    app: Flask, connections: Connections, reachable: Account, administrator: Account
) -> None:
    path, desk = "/console/personal/staff.phone/jingban", Browser(app).signed_in_as(administrator)
    token = desk.csrf_token()
    with deaf_trail(connections):
        answer = desk.post(path, csrf_token=token, purpose=PURPOSE)
    assert (answer.status_code, PHONE in answer.text) == (500, False)
    assert PHONE in desk.post(path, csrf_token=token, purpose=PURPOSE).text


# Exactly one line for each


@pytest.fixture
def people(app: Flask, reachable: Account, administrator: Account, leader: Account) -> dict[str, Browser]:
    """The browsers of the one who runs polls, an administrator and a leader."""
    accounts = {"jingban": reachable, "guanli": administrator, "lingdao": leader}
    return {name: Browser(app).signed_in_as(account) for name, account in accounts.items()}


def test_each_thing_that_counts_leaves_one_line_with_its_result(
    app: Flask, people: dict[str, Browser], reachable: Account, administrator: Account
) -> None:
    clerk, admin, head = people["jingban"], people["guanli"], people["lingdao"]
    key, phone = make_file(reachable), give_phone(reachable)
    address, theirs = file_address(clerk, key), make_file(administrator)
    told = lines_of(
        {
            "right password": lambda: Browser(app).post("/console/sign-in", name="jingban", password=PASSWORD),
            "wrong password": lambda: Browser(app).post("/console/sign-in", name="jingban", password="a wrong guess"),
            "unknown name": lambda: Browser(app).post("/console/sign-in", name="meiyou", password=PASSWORD),
            "wrong code": lambda: at_most_said(
                lambda: pass_second_step(actor_of(reachable), half_way(reachable), phone.wrong_code())
            ),
            "right code": lambda: pass_second_step(actor_of(reachable), half_way(reachable), phone.code()),
            "reveal": lambda: admin.submit("/console/personal/staff.phone/jingban", purpose=PURPOSE),
            "reveal without a purpose": lambda: admin.submit("/console/personal/staff.phone/jingban", purpose=""),
            "reveal by whoever may not": lambda: clerk.submit("/console/personal/staff.phone/jingban", purpose=PURPOSE),
            "export": lambda: admin.submit("/console/audit/export", format="csv"),
            "export by whoever may not": lambda: clerk.submit("/console/audit/export", format="csv"),
            "file": lambda: clerk.get(address),
            "a colleague's file": lambda: clerk.get(f"/console/downloads/{theirs}/file"),
            "a colleague's download": lambda: clerk.get(f"/console/downloads/{theirs}"),
            "a colleague's download anew": lambda: clerk.submit(f"/console/downloads/{theirs}/again"),
            "request": lambda: ask_for_hold(administrator),
            "approval by the requester": lambda: admin.submit(f"{hold_page()}/approve", confirmed="1"),
            "approval": lambda: head.submit(f"{hold_page()}/approve", confirmed="1"),
            "second request": lambda: ask_for_hold(administrator),
            "refusal": lambda: head.submit(f"{hold_page()}/refuse", reason="先核对"),
            "third request": lambda: ask_for_hold(administrator),
            "withdrawal by another": lambda: head.submit(f"{hold_page()}/withdraw"),
            "withdrawal": lambda: admin.submit(f"{hold_page()}/withdraw"),
            "sign-out": lambda: clerk.submit("/console/sign-out"),
        }
    )
    assert told == {
        "right password": [("jingban", "staff.prove", "done")],
        "wrong password": [("jingban", "staff.sign_in", "refused")],
        "unknown name": [("unknown", "staff.sign_in", "refused")],
        "wrong code": [("jingban", "staff.sign_in", "refused")],
        "right code": [("jingban", "staff.sign_in", "done")],
        "reveal": [("guanli", "personal.reveal", "done")],
        "reveal without a purpose": [("guanli", "personal.reveal", "refused")],
        "reveal by whoever may not": [("jingban", "personal.reveal", "refused")],
        "export": [("guanli", "audit.export", "done"), ("guanli", "downloads.request", "done")],
        "export by whoever may not": [("jingban", "audit.export", "refused")],
        "file": [("jingban", "downloads.fetch", "done")],
        "a colleague's file": [("jingban", "downloads.fetch", "refused")],
        "a colleague's download": [("jingban", "downloads.see", "refused")],
        "a colleague's download anew": [("jingban", "downloads.fetch", "refused")],
        "request": [("guanli", "approvals.request", "done")],
        "approval by the requester": [("guanli", "approvals.approve", "refused")],
        "approval": [("lingdao", "approvals.approve", "done"), ("lingdao", HOLD, "done")],
        "second request": [("guanli", "approvals.request", "done")],
        "refusal": [("lingdao", "approvals.refuse", "done")],
        "third request": [("guanli", "approvals.request", "done")],
        "withdrawal by another": [("lingdao", "approvals.withdraw", "refused")],
        "withdrawal": [("guanli", "approvals.withdraw", "done")],
        "sign-out": [("jingban", "staff.sign_out", "done")],
    }


def lines_of(deeds: dict[str, Callable[[], object]]) -> dict[str, list[tuple[str, str, str]]]:
    """Do one thing after the other, and return which lines each added: who, what, with which result."""
    told = {}
    for name, deed in deeds.items():
        before = len(recorded())
        deed()
        told[name] = [(actor, act, result) for actor, act, _, result in recorded()[before:]]
    return told


def hold_page() -> str:
    request = find_request(HOLD, "downloads.files|demo")
    assert request is not None
    return f"/console/approvals/{request.key}"


# Keys lie nowhere about

PAGES_OF_OTHERS = (
    *("/console/", "/console/people/", "/console/people/members/xinren", "/console/people/invitations"),
    *("/console/audit", "/console/approvals/", "/console/supervision/alarms", "/console/downloads"),
)


def test_no_key_lies_about_in_logs_tables_redis_or_on_other_peoples_pages(
    app: Flask, connections: Connections, administrator: Account, capfd: pytest.CaptureFixture[str]
) -> None:
    desk, newcomer, secrets = Browser(app).signed_in_as(administrator), Browser(app), [PASSWORD, NEW_PASSWORD]
    typed = {"display_name": "示例新人", "role": "office", "unit": "", "last_day": "", "phone": PHONE, "purpose": ""}
    token = token_in(desk.submit("/console/people/invitations/new", key=random_id(), **typed).text)
    newcomer.post(f"/console/invitations/{token}", name="xinren", password=PASSWORD, repeated=PASSWORD)
    secret, codes = set_up(newcomer)
    secrets += [token, secret, newcomer.token or "", *codes, *(code.replace("-", "") for code in codes)]

    link = token_in(desk.submit("/console/people/members/xinren/password-link", purpose=PURPOSE).text)
    newcomer.post(f"/console/password-links/{link}", password=NEW_PASSWORD, repeated=NEW_PASSWORD)
    half = newcomer.token or ""
    answer = newcomer.post("/console/second-step", csrf_token=token_of_second_step(newcomer), recovery_code=codes[0])
    assert (answer.status_code, newcomer.is_signed_in()) == (303, True)
    ticket = file_address(desk, make_file(administrator)).partition("ticket=")[2]
    secrets += [link, half, newcomer.token or "", desk.token or "", ticket, new_token()]

    pages = [desk.get(path) for path in PAGES_OF_OTHERS]
    assert [page.status_code for page in pages] == [200] * len(pages)
    with transaction() as session:
        trail = "".join(str(vars(entry)) for entry in session.query(AuditEntry))
    told = capfd.readouterr()
    places = {
        "pages": "".join(page.text for page in pages if ticket not in page.text),
        "trail": trail,
        "logs": told.out + told.err,
        "redis": whole_redis(connections),
        "tables": whole_database(connections),
    }
    assert all(len(secret) > 10 for secret in secrets)
    found = {name: [secret for secret in (*secrets, PHONE) if secret in place] for name, place in places.items()}
    assert found == {name: [] for name in places}


def set_up(browser: Browser) -> tuple[str, list[str]]:
    """Go through the first set-up; return the secret and the recovery codes that were shown."""
    page = browser.client.get("/console/second-step", follow_redirects=True).text
    shown = re.search(r"(?:[A-Z2-7]{4} ){7}[A-Z2-7]{4}", page)
    token = re.search(r'name="csrf_token" value="(\w+)"', page)
    assert shown is not None
    assert token is not None
    secret = shown[0].replace(" ", "")
    codes = browser.post("/console/second-step/set-up", csrf_token=token[1], code=Phone(secret.encode()).code()).text
    return secret, re.findall(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}", codes)


def token_of_second_step(browser: Browser) -> str:
    found = re.search(r'name="csrf_token" value="(\w+)"', browser.get("/console/second-step").text)
    assert found is not None
    return found[1]


# Odd addresses


@pytest.mark.parametrize("odd", ["\0", "%", "'", "x" * 300, "１２３", "../..", "99999999999999999999"])
def test_an_odd_address_or_number_breaks_nothing(app: Flask, administrator: Account, odd: str) -> None:
    desk, asked = Browser(app).signed_in_as(administrator), ("before", "page", "search", "object", "act", "key")
    came = {
        (rule, len(query)): desk.client.get(address, query_string=query).status_code
        for rule, address in odd_addresses(app, odd)
        for query in ({}, dict.fromkeys(asked, odd))
    }
    assert [place for place, status in came.items() if status >= 500] == []


def odd_addresses(app: Flask, odd: str) -> Iterator[tuple[str, str]]:
    """Yield every page of the console that is read, and its address with something odd in the place of each name."""
    adapter = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        numbered = any(isinstance(converter, IntegerConverter) for converter in rule._converters.values())
        read = rule.rule.startswith("/console/") and "GET" in (rule.methods or ())
        if read and not (numbered and not (odd.isascii() and odd.isdigit())):
            values = {
                name: int(odd) if isinstance(converter, IntegerConverter) else odd
                for name, converter in rule._converters.items()
                if not isinstance(converter, AnyConverter)
            }
            values |= {name: min(one.items) for name, one in rule._converters.items() if isinstance(one, AnyConverter)}
            yield rule.rule, adapter.build(rule.endpoint, values, method="GET")
