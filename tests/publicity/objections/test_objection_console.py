"""The console's pages: what whom is shown, the steps by the forms, entering, files as attachments, the desk."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask, url_for
from werkzeug.test import TestResponse

from foundation.clock import local_day
from foundation.uploads import Upload
from publicity.notices.subjects import new_subject
from publicity.objections.deadlines import DAYS
from publicity.objections.desk import desk_items
from publicity.objections.handling import accept, decline, examine
from publicity.objections.listing import UNSETTLED, Search, find_objections
from publicity.objections.raising import enter_objection, raise_objection
from publicity.objections.rules import RaisedAs, State, Way
from staff.accounts import Account
from staff.desk import DeskItem
from staff.roles import OUTSIDERS, Role
from tests.conftest import DatabaseClock
from tests.publicity.factories_notices import MONDAY, make_notice, make_office
from tests.publicity.factories_objections import (
    LEAD,
    NAME,
    OPENID,
    PHONE,
    PURPOSE,
    TEXT,
    UNIT,
    anonymous,
    as_unit,
    count_objections,
    entry_to,
    files_of,
    history_of,
    make_objection,
    make_settled,
    picture,
    state_of,
)
from tests.staff.factories_staff import Browser, actor_of, make_staff, recorded
from tests.staff.options.factories_options import set_to

LIST = "/console/objections/"
SECRETS = (NAME, PHONE, UNIT, TEXT, LEAD, OPENID)


@pytest.fixture(autouse=True)
def monday(app: Flask, database_clock: DatabaseClock) -> DatabaseClock:
    database_clock.set(MONDAY)
    return database_clock


def member(role: Role = Role.OFFICE, name: str = "jingban") -> Account:
    return make_staff(name, f"示例{name}", role, "示例县" if role in OUTSIDERS else None)


def sitting(app: Flask, role: Role = Role.OFFICE, name: str = "jingban") -> Browser:
    return Browser(app).signed_in_as(member(role, name))


class TestTheList:
    """Open ones first, by their deadline; then what is settled, the latest first."""

    def test_open_ones_stand_by_deadline_before_what_is_settled(self, database_clock: DatabaseClock) -> None:
        head, leader = make_notice(), make_office().leader
        settled = make_settled(head, leader)
        set_to(DAYS, 20)
        late = make_objection(head)
        set_to(DAYS, 3)
        soon = make_objection(head)
        database_clock.advance(timedelta(minutes=1))
        settled_later = make_settled(head, leader)

        assert [line.code for line in find_objections(Search()).lines] == [soon, late, settled_later, settled]

    def test_it_is_narrowed_by_notice_state_and_words(self) -> None:
        own, other = new_subject("王示例", unit="示例县"), new_subject("李示_例", unit="示例区")
        head, another = make_notice(subjects=(own, other)), make_notice()
        first = make_objection(head)
        second = make_objection(head, subject_kind=other.kind, subject_key=other.key)
        third = make_settled(another, make_office().leader)

        def codes(**asked: Any) -> list[str]:
            return [line.code for line in find_objections(Search(**asked)).lines]

        assert codes(notice=head.key) == [first, second]
        assert codes(state=UNSETTLED) == [first, second]
        assert codes(state="unfounded") == [third]
        assert codes(words="李示_") == [second]
        assert codes(words="示例区") == [second]
        assert codes(words=first.lower().replace("-", " ")) == [first]
        assert codes(words="%") == []
        assert codes(notice=head.key, state="unfounded") == []

    def test_pages_have_fifty(self) -> None:
        head = make_notice()
        codes = [make_objection(head) for _ in range(53)]
        first, second, beyond = (find_objections(Search(page=number)) for number in (1, 2, 9))

        assert [line.code for line in first.lines + second.lines] == codes
        assert (first.total, first.pages, beyond.page, len(second.lines)) == (53, 2, 2, 3)

    def test_the_page_says_what_to_do_when_there_is_nothing(self, app: Flask) -> None:
        desk = sitting(app)
        assert "还没有反映件" in desk.get(LIST).text
        assert "没有符合条件的反映件" in desk.get(f"{LIST}?words=示例&state=nonsense&page=x").text


class TestWhatWhomIsShown:
    """Text and masked reporter to those who handle it; number, subject, state and deadline to a supervisor."""

    @pytest.fixture
    def code(self, app: Flask) -> str:
        head = make_notice()
        files = (Upload("示例凭证.png", picture()),)
        entry = entry_to(head, unit=UNIT, has_lead=True, lead=LEAD, files=files)
        return raise_objection(head.key, entry, openid=OPENID).code

    def test_whoever_handles_reads_the_text_and_a_masked_reporter(self, app: Flask, code: str) -> None:
        page = sitting(app).get(LIST + code).text

        assert all(shown in page for shown in (TEXT, LEAD, "示例凭证.png", "赵**", "示例**", "138****5678"))
        assert not any(secret in page for secret in (NAME, PHONE, UNIT, OPENID))
        assert "查看反映人" not in page

    def test_a_supervisor_sees_how_far_it_is_and_nothing_of_what_or_who(self, app: Flask, code: str) -> None:
        accept(code, "示例受理说明", make_office().drafter, seen=1)
        desk = sitting(app, Role.SUPERVISOR)
        for page in (desk.get(LIST).text, desk.get(LIST + code).text):
            assert all(shown in page for shown in (code, "示例村党支部", "核查中", "6月19日"))
            hidden = (*SECRETS, "赵**", "138", "示例凭证", "示例受理说明", "实名", "登记核查情况")
            assert [secret for secret in hidden if secret in page] == []

    @pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.INVESTIGATOR, Role.UNIT])
    def test_others_do_not_get_in(self, app: Flask, code: str, role: Role) -> None:
        desk = sitting(app, role)
        assert [desk.get(path).status_code for path in (LIST, LIST + code)] == [403, 403]

    def test_a_file_comes_as_an_attachment_and_leaves_a_line(self, app: Flask, code: str) -> None:
        desk = sitting(app)
        (address,) = re.findall(rf'href="({LIST}{code}/attachments/\w+)"', desk.get(LIST + code).text)
        file = desk.get(address)

        assert (file.status_code, file.mimetype, file.data[:4]) == (200, "image/png", b"\x89PNG")
        assert file.headers["Content-Disposition"].startswith("attachment;")
        assert file.headers["X-Content-Type-Options"] == "nosniff"
        assert file.headers["Cache-Control"] == "no-store"
        assert recorded()[-1] == ("jingban", "objections.fetch", f"反映件 {code}", "done")
        assert sitting(app, Role.SUPERVISOR, "jiandu2").get(address).status_code == 403
        assert desk.get(f"{LIST}{make_objection(make_notice())}/attachments/{address[-32:]}").status_code == 404

    @pytest.mark.parametrize(
        ("kind", "value"), [("objections.name", NAME), ("objections.phone", PHONE), ("objections.unit", UNIT)]
    )
    def test_the_handler_and_a_leader_look_at_the_reporter_for_a_purpose(
        self, app: Flask, code: str, kind: str, value: str
    ) -> None:
        clerk, colleague = member(), member(name="tongshi")
        before = Browser(app).signed_in_as(clerk).submit(f"/console/personal/{kind}/{code}", purpose=PURPOSE)
        accept(code, "", actor_of(clerk), seen=1)

        def look(account: Account) -> TestResponse:
            return Browser(app).signed_in_as(account).submit(f"/console/personal/{kind}/{code}", purpose=PURPOSE)

        assert (before.status_code, value in before.text) == (403, False)
        assert (look(clerk).status_code, value in look(clerk).text) == (200, True)
        assert (look(colleague).status_code, value in look(colleague).text) == (403, False)
        assert value in look(member(Role.LEADER, "buzhang")).text
        assert value not in look(member(Role.SUPERVISOR, "jiandu2")).text
        assert value not in look(member(Role.ADMINISTRATOR, "guanli")).text
        looks = [(actor, result) for actor, act, _, result in recorded() if act == "personal.reveal"]
        assert looks[0] == ("jingban", "refused")
        assert ("jingban", "done") in looks
        assert {result for actor, result in looks if actor in {"tongshi", "jiandu2", "guanli"}} == {"refused"}

    def test_only_the_one_who_has_it_in_hand_is_offered_to_look(self, app: Flask, code: str) -> None:
        clerk, colleague = sitting(app), sitting(app, name="tongshi")
        clerk.submit(f"{LIST}{code}/accept", seen="1")

        assert "/console/personal/objections.phone" in clerk.get(LIST + code).text
        assert "/console/personal/objections.phone" not in colleague.get(LIST + code).text
        assert "由示例jingban办理" in colleague.get(LIST + code).text

    def test_nobody_is_looked_at_where_nobody_is_named(self, app: Flask) -> None:
        head = make_notice()
        code = raise_objection(head.key, anonymous(head, lead=LEAD), openid=None).code
        leader = sitting(app, Role.LEADER)

        assert "匿名，没有记下是谁" in leader.get(LIST + code).text
        answer = leader.submit(f"/console/personal/objections.phone/{code}", purpose=PURPOSE)
        assert "没有登记" in answer.text


class TestTheSteps:
    """By the forms of the sheet."""

    def test_the_whole_way(self, app: Flask) -> None:
        code, desk = make_objection(make_notice()), sitting(app)
        steps = [
            ("accept", {"seen": "1"}, "核查中"),
            ("examine", {"seen": "2", "note": "找人谈话"}, "待认定"),
            ("resolve", {"seen": "3", "note": "依据", "summary": "不属实。", "result": "unfounded"}, "不属实"),
        ]
        for step, fields, state in steps:
            answer = desk.submit(f"{LIST}{code}/{step}", **fields)
            assert (answer.status_code, answer.location) == (303, LIST + code)
            assert f">{state}</span>" in desk.get(LIST + code).text
        assert [state for _, state, _ in history_of(code)] == ["received", "accepted", "examined", "unfounded"]

    def test_it_may_be_declined_or_handed_over(self, app: Flask) -> None:
        head, desk = make_notice(), sitting(app)
        first, second = make_objection(head), make_objection(head)
        desk.submit(f"{LIST}{first}/decline", seen="1", note="不是公示对象")
        desk.submit(f"{LIST}{second}/accept", seen="1")
        desk.submit(f"{LIST}{second}/hand-over", seen="2", to=make_office().reviewer.name, note="出差")

        assert (state_of(first), state_of(second)) == (State.DECLINED, State.ACCEPTED)
        assert "转交</b>给示例审核人" in desk.get(LIST + second).text

    def test_what_is_missing_is_told_and_nothing_typed_is_lost(self, app: Flask) -> None:
        code, desk = make_objection(make_notice()), sitting(app)
        accept(code, "", make_office().drafter, seen=1)
        leader = sitting(app, Role.LEADER, "buzhang")
        leader.submit(f"{LIST}{code}/examine", seen="2", note="核查")
        refused = leader.submit(f"{LIST}{code}/resolve", seen="3", note="我写的依据", summary="", result="founded")

        assert refused.status_code == 422
        assert all(
            kept in refused.text for kept in ("我写的依据", 'value="founded" checked', "请写给推荐单位的书面说明")
        )
        assert desk.submit(f"{LIST}{code}/resolve", seen="3", note="依据").status_code == 403

    def test_somebody_was_faster(self, app: Flask) -> None:
        code, desk = make_objection(make_notice()), sitting(app)
        accept(code, "", make_office().drafter, seen=1)
        late = desk.submit(f"{LIST}{code}/accept", seen="1", note="我来受理")

        assert (late.status_code, "刚才有人办理了这件反映" in late.text) == (409, True)


class TestEntering:
    """Letters, calls and visits by the form."""

    def test_a_letter_is_entered(self, app: Flask) -> None:
        head, desk = make_notice(), sitting(app)
        page = desk.get(f"{LIST}new/{head.key}").text
        (form,) = re.findall(r'name="form" value="(\w+)"', page)
        subject = re.findall(r'<option value="((?:person|organisation):\w+)"', page)[0]
        sent = desk.client.post(
            f"{LIST}new/{head.key}",
            data={
                "csrf_token": desk.csrf_token(),
                "form": form,
                "subject": subject,
                "way": "letter",
                "arrived_on": local_day(MONDAY).isoformat(),
                "raised_as": "unit",
                "unit": UNIT,
                "phone": PHONE,
                "text": TEXT,
                "has_lead": "1",
                "seal": files_of(("公章.png", picture()))[0],
            },
            headers={"Origin": desk.origin},
            content_type="multipart/form-data",
        )

        assert sent.status_code == 303
        sheet = desk.get(sent.location).text
        assert all(shown in sheet for shown in ("来信，单位", "到达日邮戳6月5日", "有，写在反映的情况里"))
        assert "公章.png" not in sheet
        code = sent.location.rpartition("/")[2]
        desk.submit(f"{LIST}{code}/accept", note="", seen="1")
        assert "公章.png" in desk.get(sent.location).text
        assert count_objections() == 1

    def test_what_is_wrong_is_told_and_nothing_typed_is_lost(self, app: Flask) -> None:
        head, desk = make_notice(), sitting(app)
        refused = desk.submit(f"{LIST}new/{head.key}", way="visit", arrived_on="2017-06-05", text=TEXT, form="0" * 32)

        assert (refused.status_code, TEXT in refused.text, count_objections()) == (422, True, 0)
        assert 'value="visit" selected' in refused.text

    def test_the_notices_that_are_not_concluded_are_offered(self, app: Flask, database_clock: DatabaseClock) -> None:
        assert "现在没有可以登记的公示" in sitting(app).get(f"{LIST}new").text
        head = make_notice()
        database_clock.advance(timedelta(days=30))
        assert f"{LIST}new/{head.key}" in sitting(app, name="tongshi").get(f"{LIST}new").text


class TestSummaries:
    """What the unit reads."""

    def test_the_unit_reads_result_and_summary_and_nothing_else(self, app: Flask) -> None:
        head, clerk = make_notice(), make_office().drafter
        code = make_settled(head, clerk, summary="经核查，与事实不符。", unit=UNIT, openid=OPENID)
        page = sitting(app, Role.UNIT).get(f"{LIST}summaries").text

        assert all(shown in page for shown in ("示例村党支部", "不属实", "经核查，与事实不符。"))
        hidden = (*SECRETS, code, "赵**", "示例依据", "示例核查", clerk.display_name, "6月5日")
        assert [secret for secret in hidden if secret in page] == []

    def test_another_unit_reads_nothing_of_it(self, app: Flask) -> None:
        make_settled(make_notice(), make_office().drafter)
        other = Browser(app).signed_in_as(make_staff("linqu", "示例邻区", Role.UNIT, "示例区"))
        assert "没有关于本单位推荐对象的反映结果" in other.get(f"{LIST}summaries").text


class TestTheDesk:
    """What is due soon or late, and what nobody accepted yet."""

    @pytest.fixture
    def items(self, app: Flask) -> Callable[[Role], tuple[DeskItem, ...]]:
        def ask(role: Role) -> tuple[DeskItem, ...]:
            name = f"zhuomian{role.value}"[:20]
            with app.test_request_context():
                return desk_items(actor_of(member(role, name)))

        return ask

    def test_those_who_handle_it_see_how_many_days_are_left(
        self, app: Flask, items: Callable[[Role], tuple[DeskItem, ...]], database_clock: DatabaseClock
    ) -> None:
        head = make_notice()
        code = make_objection(head)
        accept(code, "", make_office().drafter, seen=1)
        far = items(Role.OFFICE)
        database_clock.set(MONDAY + timedelta(days=10))
        near = items(Role.LEADER)
        database_clock.set(MONDAY + timedelta(days=15))

        with app.test_request_context():
            page = url_for("objections_console.sheet_page", code=code)
        assert far == ()
        assert near == (
            DeskItem("due", "1件反映还有2个工作日到期（示例村党支部）", "核查中 · 示例拟稿人", "办理", page),
        )
        assert items(Role.SUPERVISOR) == (
            DeskItem("urgent", "1件反映已超期1个工作日（示例村党支部）", "核查中 · 示例拟稿人", "查看", page),
        )

    def test_what_nobody_accepted_waits_from_the_first_day(self, items: Callable[[Role], tuple[DeskItem, ...]]) -> None:
        head = make_notice()
        for _ in range(2):
            make_objection(head)
        (item,) = items(Role.OFFICE)

        assert (item.kind, item.text, item.detail) == ("due", "2件反映还有10个工作日到期（示例村党支部）", "待受理")
        assert items(Role.SUPERVISOR) == items(Role.UNIT) == ()

    def test_what_is_settled_is_off_the_desk_and_many_are_put_together(
        self, items: Callable[[Role], tuple[DeskItem, ...]]
    ) -> None:
        subjects = tuple(new_subject(f"王示{letter}", unit="示例县") for letter in "一二三四五六七")
        head = make_notice(subjects=subjects)
        codes = [make_objection(head, subject_kind=one.kind, subject_key=one.key) for one in subjects]
        told = items(Role.OFFICE)
        for code in codes:
            decline(code, "示例理由", "", make_office().leader, seen=1)

        assert len(told) == 6
        assert told[-1].text == "另有2件反映等待办理"
        assert items(Role.LEADER) == ()


def test_examined_ones_are_told_by_state_to_everybody_in_time(app: Flask) -> None:
    head, office = make_notice(), make_office()
    entered = enter_objection(head.key, as_unit(head), Way.VISIT, local_day(MONDAY), office.drafter)
    accept(entered.code, "", office.drafter, seen=1)
    examine(entered.code, "核查", office.drafter, seen=2)
    (line,) = find_objections(Search(state="examined")).lines

    assert (line.way, line.raised_as, line.state_words, line.handler) == (
        Way.VISIT,
        RaisedAs.UNIT,
        "待认定",
        "示例拟稿人",
    )
