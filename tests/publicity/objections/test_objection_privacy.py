"""Whoever objects stays hidden: nothing of them lies about in plain, it goes in its time, or when they leave."""

from dataclasses import replace
from datetime import timedelta
from io import BytesIO

import pytest
from flask import Flask
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from sqlalchemy import select

from foundation.embedded.servers import Connections
from foundation.errors import NotAllowed
from foundation.keyvalue import connect
from foundation.transaction import transaction
from foundation.uploads import Upload
from publicity.notices.amending import begin_change
from publicity.notices.drafting import drop_draft, edit_draft
from publicity.notices.kinds import Change
from publicity.notices.reading import NoticeHead
from publicity.objections.handling import accept, decline, hand_over
from publicity.objections.listing import Search, find_objections
from publicity.objections.models import Objection
from publicity.objections.own import own_objections
from publicity.objections.personal_data import REPORTERS, TEXTS, objections_part
from publicity.objections.raising import raise_objection
from publicity.objections.sheet import objection_sheet, take_attachment
from staff.personal.holds import request_hold
from staff.personal.retention import RULES
from staff.personal.running import carry_out, start_run
from staff.roles import Role
from tests.app.test_privacy_scan import whole_database, whole_folder, whole_redis
from tests.conftest import DatabaseClock
from tests.publicity.factories_notices import (
    MONDAY,
    change_notice,
    conclude,
    entry_of_draft,
    make_notice,
    make_office,
    revision_of,
)
from tests.publicity.factories_objections import (
    PURPOSE,
    PublicPage,
    as_unit,
    entry_to,
    files_of,
    make_objection,
    make_settled,
    picture,
    stored_files,
)
from tests.staff.factories_staff import Browser, actor_of, leader_approves, make_staff, recorded
from wechat.identity import Voter
from wechat.personal_data import forget_voter

OPENID = "oPlanted0123456789abcdefghij"
NAME, PHONE, UNIT = "珊瑚示踪", "13977665544", "琉璃示踪单位"
TEXT, LEAD, NOTE, FILE = "翡翠示踪内容", "玛瑙示踪线索", "珍珠示踪说明", "琥珀示踪材料"
SECRETS = (OPENID, NAME, PHONE, UNIT, TEXT, LEAD, NOTE, FILE)
PUBLIC = ("/", "/notices", "/objections", "/me", "/privacy", "/metrics")
WATCHED = ("/console/", "/console/audit", "/console/objections/", "/console/retention/", "/console/downloads")


@pytest.fixture(autouse=True)
def monday(app: Flask, database_clock: DatabaseClock) -> None:
    database_clock.set(MONDAY)


def found_in(text: str) -> list[str]:
    return [secret for secret in SECRETS if secret in text]


def planted(app: Flask, head: NoticeHead) -> str:
    """Raise an objection by the public page with something to find in every field, and have it handled; its code."""
    page = PublicPage(app, head, openid=OPENID)
    files = files_of((f"{FILE}.png", picture()))
    sent = page.send(name=NAME, phone=PHONE, unit=UNIT, text=TEXT, has_lead="1", lead=LEAD, files=files)
    assert sent.status_code == 303, sent.text
    page.send(name=NAME, phone="x", text=TEXT)
    code = find_objections(Search()).lines[0].code
    office = make_office()
    accept(code, NOTE, office.drafter, seen=1)
    hand_over(code, office.reviewer.name, NOTE, office.drafter, seen=2)
    return code


def test_nothing_of_whoever_objects_lies_about_in_plain(
    app: Flask, connections: Connections, capfd: pytest.CaptureFixture[str]
) -> None:
    head = make_notice()
    code = planted(app, head)
    leader = Browser(app).signed_in_as(make_staff("lingdao", "示例部领导", Role.LEADER))
    clerk = Browser(app).signed_in_as(make_staff("tongshi", "示例同事"))
    assert PHONE in leader.submit(f"/console/personal/objections.phone/{code}", purpose=PURPOSE).text
    refused = clerk.submit(f"/console/personal/objections.phone/{code}", purpose=PURPOSE).text
    pages = [refused, clerk.get("/console/objections/").text, app.test_client().get(f"{head.path}/objections").text]
    pages += [app.test_client().get(path).text for path in (*PUBLIC, head.path)]
    for role, unit in ((Role.SUPERVISOR, None), (Role.ADMINISTRATOR, None), (Role.UNIT, "示例县")):
        desk = Browser(app).signed_in_as(make_staff(f"kan{role.value}", "示例", role, unit))
        paths = (*WATCHED, f"/console/objections/{code}", "/console/objections/summaries")
        pages += [desk.get(path).text for path in paths]
    captured = capfd.readouterr()
    places = {
        "pages": "\n".join(pages),
        "logs": captured.out + captured.err,
        "redis": whole_redis(connections),
        "database": whole_database(connections),
        "files": whole_folder(app),
        "trail": "\n".join(" ".join(line) for line in recorded()),
    }

    assert all(places[name] for name in ("pages", "redis", "database", "files", "trail"))
    assert {name: found_in(text) for name, text in places.items()} == {name: [] for name in places}


def test_no_line_of_the_trail_has_the_address_of_whoever_objects(app: Flask) -> None:
    page = PublicPage(app, make_notice(), address="203.0.113.77")
    page.send()
    assert recorded()[-1][:2] == ("system", "objections.raise")
    with transaction() as session:
        networks = set(session.execute(select(Objection.__table__)).mappings().one().values())
    assert not any("203.0.113" in str(value) for value in networks)


def known(code: str) -> list[str]:
    """Return what is still there of whoever raised an objection and of what they wrote."""
    with transaction() as session:
        objection = session.scalars(select(Objection).where(Objection.code == code)).one()
        session.refresh(objection)
        parts = {
            "name": objection.reporter_name,
            "unit": objection.reporter_unit,
            "phone": objection.reporter_phone,
            "person": objection.person,
            "text": objection.text,
            "lead": objection.lead,
            "summary": objection.summary,
            "notes": any(step.note is not None for step in objection.steps),
            "files": objection.attachments,
        }
    return [name for name, value in parts.items() if value]


def erase() -> int:
    """Run all rules and return how much was erased."""
    administrator = actor_of(make_staff(f"guanli{len(recorded())}", "示例管理员", Role.ADMINISTRATOR))
    carry_out(start_run(administrator))
    return len(recorded())


EVERYTHING = ["name", "unit", "phone", "person", "text", "lead", "summary", "notes", "files"]
WITHOUT_REPORTER = ["text", "lead", "summary", "notes", "files"]


def test_the_reporter_goes_190_days_after_the_end_and_the_rest_after_three_years(
    app: Flask, database_clock: DatabaseClock
) -> None:
    head, leader = make_notice(), make_office().leader
    files = (Upload("示例.png", picture()),)
    code = make_settled(head, leader, openid=OPENID, unit=UNIT, has_lead=True, lead=LEAD, files=files)
    still_open = make_objection(head, openid=OPENID)
    conclude(head.key)
    seen = {}
    for days in (189, 191, 3 * 365 - 1, 3 * 365 + 1):
        database_clock.set(MONDAY + timedelta(days=days))
        erase()
        seen[days] = known(code)

    assert seen == {189: EVERYTHING, 191: WITHOUT_REPORTER, 1094: WITHOUT_REPORTER, 1096: []}
    assert {"name", "phone", "person", "text"} <= set(known(still_open))
    assert stored_files(app) == []
    assert [one.code for one in own_objections(OPENID)] == [still_open]


def test_the_scan_of_a_seal_is_for_whoever_may_know_the_reporter(app: Flask) -> None:
    head, handler = make_notice(), make_office().drafter
    code = raise_objection(head.key, as_unit(head), openid=None).code
    accept(code, "", handler, seen=1)
    matter = objection_sheet(code, handler).matter
    assert matter is not None
    (seal,) = matter.files
    assert take_attachment(code, seal.key, handler).name == "公章.png"
    other = make_office().reviewer
    unseen = objection_sheet(code, other).matter
    assert unseen is not None
    assert unseen.files == ()
    with pytest.raises(NotAllowed):
        take_attachment(code, seal.key, other)
    assert recorded()[-1] == ("shenhe", "objections.fetch", f"反映件 {code}", "refused")


def test_the_scan_of_a_seal_goes_with_the_reporter(app: Flask, database_clock: DatabaseClock) -> None:
    head, leader = make_notice(), make_office().leader
    code = raise_objection(head.key, as_unit(head), openid=None).code
    decline(code, "示例理由", "", leader, seen=1)
    conclude(head.key)
    database_clock.advance(timedelta(days=191))
    erase()
    matter = objection_sheet(code, leader).matter
    assert matter is not None
    assert (matter.reporter.known, matter.files, matter.text is not None) == (False, (), True)


def test_a_dropped_draft_of_the_same_number_shows_nowhere(app: Flask) -> None:
    head, clerk = make_notice(), make_office().drafter
    begin_change(head.key, Change.MISPRINT, "示例", clerk)
    edit_draft(head.key, revision_of(head.key), replace(entry_of_draft(head.key), title="没有发布的标题"), clerk)
    drop_draft(head.key, revision_of(head.key), clerk)
    change_notice(head.key, Change.MISPRINT, title="发布了的标题")
    raise_objection(head.key, entry_to(head), openid=OPENID)
    assert [one.notice_title for one in own_objections(OPENID)] == ["发布了的标题"]
    assert [line.notice_title for line in find_objections(Search()).lines] == ["发布了的标题"]


def test_pages_say_what_was_erased(app: Flask, database_clock: DatabaseClock) -> None:
    head, leader = make_notice(), make_office().leader
    code = make_settled(head, leader)
    conclude(head.key)
    database_clock.set(MONDAY + timedelta(days=3 * 365 + 1))
    erase()
    page = (
        Browser(app).signed_in_as(make_staff("lingdao", "示例部领导", Role.LEADER)).get(f"/console/objections/{code}")
    )

    assert "已满保存期限，内容和材料已经删除" in page.text
    assert "已满保存期限，姓名、单位和电话已经删除" in page.text
    assert [step.words for step in objection_sheet(code, leader).steps] == ["收到", "受理", "核查完毕", "认定不属实"]


def test_a_notice_that_is_never_concluded_keeps_nobody_for_ever(database_clock: DatabaseClock) -> None:
    code = make_settled(make_notice(), make_office().leader, openid=OPENID)
    database_clock.set(MONDAY + timedelta(days=3 * 365 + 1))
    erase()
    assert known(code) == []


def test_what_is_held_by_its_number_stays(database_clock: DatabaseClock) -> None:
    head, leader = make_notice(), make_office().leader
    held, other = make_settled(head, leader), make_settled(head, leader)
    conclude(head.key)
    administrator = actor_of(make_staff("guanli", "示例管理员", Role.ADMINISTRATOR))
    request_hold([REPORTERS, TEXTS], held, "示例：有人提出复查", administrator)
    leader_approves()
    database_clock.set(MONDAY + timedelta(days=3 * 365 + 1))
    erase()

    assert known(other) == []
    assert set(known(held)) == {"name", "phone", "text", "summary", "notes"}


def test_whoever_leaves_is_no_longer_tied_to_what_they_raised(app: Flask) -> None:
    head = make_notice()
    code = make_objection(head, openid=OPENID)
    raise_objection(head.key, as_unit(head), openid="oSomebodyElse")
    before = objections_part(Voter(OPENID, snapshot=False))
    forget_voter(OPENID)

    assert [line.value for line in before.lines] == [f"{code} 已收到，等待受理"]
    assert before.lines[0].link == f"{head.path}/objections"
    assert objections_part(Voter(OPENID, snapshot=False)).lines == ()
    assert set(known(code)) == {"name", "phone", "text", "notes"}
    assert len(own_objections("oSomebodyElse")) == 1


def test_the_public_is_told_what_is_kept_and_for_how_long(app: Flask) -> None:
    page = app.test_client().get("/privacy").text
    for rule in (REPORTERS, TEXTS):
        notice = RULES[rule].notice
        assert notice is not None
        assert notice.what in page
    assert (RULES[REPORTERS].lasts, RULES[TEXTS].lasts) == ("公示办结、反映件办完后190天", "反映件办完后3年")


def test_nothing_in_redis_tells_who_is_counted(connections: Connections, app: Flask) -> None:
    PublicPage(app, make_notice(), openid=OPENID).send()
    client = connect(connections.redis_url)
    keys = [key for key in client.keys("*objections*") if isinstance(key, bytes)]
    client.close()

    assert keys
    assert not any(OPENID.encode() in key for key in keys)


def test_a_picture_loses_what_it_tells_of_where_it_was_taken(app: Flask) -> None:
    head = make_notice()
    marked, told = BytesIO(), PngInfo()
    told.add_text("Comment", "GPS:35.2")
    Image.new("RGB", (9, 9)).save(marked, "PNG", pnginfo=told)
    assert b"GPS" in marked.getvalue()
    files = (Upload("示例.png", marked.getvalue()),)
    code = raise_objection(head.key, entry_to(head, files=files), openid=None).code
    leader = Browser(app).signed_in_as(make_staff("lingdao", "示例部领导", Role.LEADER))
    (file,) = objection_sheet(code, make_office().leader).matter.files  # type: ignore[union-attr]

    assert b"GPS" not in leader.get(f"/console/objections/{code}/attachments/{file.key}").data
