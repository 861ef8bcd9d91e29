"""Two people: one asks, another decides, and the approval does the act with both in the trail."""

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, ProgrammingError

from foundation.clock import show_moment
from foundation.errors import AppError, Conflict, InvalidInput, NotAllowed, NotFound
from foundation.transaction import transaction
from staff import acts
from staff.accounts import Account
from staff.actors import COMMAND_LINE, Consent
from staff.acts import ApprovedBy, Parameters, declare_act
from staff.approvals.console import desk_items
from staff.approvals.deciding import approve, refuse
from staff.approvals.listing import approval_sheet, decided_requests, waiting_for
from staff.approvals.requesting import (
    WAITS,
    expire_requests,
    find_request,
    request_approval,
    withdraw,
    withdraw_all_of,
)
from staff.audit import record
from staff.roles import LEADERS, Role
from tests.conftest import DatabaseClock
from tests.staff.factories_staff import Browser, actor_of, make_staff, recorded


class Safe:
    """A thing that takes two people to open."""

    def __init__(self) -> None:
        self.version = "1"
        self.opened: list[tuple[str, dict[str, object], str, str]] = []
        self.stuck = False

    def open(self, subject: str, parameters: Parameters, consent: Consent) -> None:
        if self.stuck:
            raise Conflict("保险柜卡住了。")
        record("safe.open", subject, consent.actor)
        self.opened.append((subject, dict(parameters), consent.requester.name, consent.approver.name))

    def fingerprint(self, _subject: str) -> str:
        return self.version


@pytest.fixture
def safe(app: Flask) -> Iterator[Safe]:
    there = Safe()
    approval = ApprovedBy(
        LEADERS, there.open, there.fingerprint, "保险柜随即打开。", lambda _s, _p: [("位置", "示例室")]
    )
    declare_act("safe.open", "打开保险柜", roles={Role.OFFICE, Role.LEADER}, approval=approval)
    yield there
    del acts._acts["safe.open"]


@pytest.fixture
def leader(app: Flask) -> Account:
    return make_staff("lingdao", "示例部领导", Role.LEADER)


def ask(member: Account, subject: str = "一号", purpose: str = "示例理由") -> str:
    return request_approval(
        "safe.open", subject, f"{subject}保险柜", actor_of(member), parameters={"slowly": True}, purpose=purpose
    ).key


def test_nothing_happens_until_a_second_person_approves_and_then_it_happens_at_once(
    safe: Safe, member: Account, leader: Account
) -> None:
    key = ask(member)
    assert safe.opened == []

    approve(key, actor_of(leader))

    assert safe.opened == [("一号", {"slowly": True}, "jingban", "lingdao")]
    assert recorded() == [
        ("jingban", "approvals.request", "打开保险柜：一号保险柜", "done"),
        ("lingdao", "approvals.approve", "打开保险柜：一号保险柜", "done"),
        ("lingdao", "safe.open", "一号", "done"),
    ]
    assert find_request("safe.open", "一号") is None


def test_nobody_approves_what_they_asked_for_themselves(safe: Safe, leader: Account) -> None:
    key = ask(leader)
    with pytest.raises(NotAllowed, match="自己提出的申请要由另一人批准。"):
        approve(key, actor_of(leader))
    assert safe.opened == []
    assert recorded()[-1] == ("lingdao", "approvals.approve", "打开保险柜：一号保险柜", "refused")


def test_the_database_itself_refuses_one_person_on_both_sides(safe: Safe, leader: Account) -> None:
    ask(leader)
    with pytest.raises(IntegrityError, match="two_people_decide"), transaction() as session:
        session.execute(text("UPDATE approval SET state = 'approved', decided_by = requested_by, decided_at = now()"))


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.LEADER])
def test_only_the_declared_roles_decide(safe: Safe, member: Account, role: Role) -> None:
    key = ask(member)
    unit = "示例县" if role in {Role.UNIT, Role.INVESTIGATOR} else None
    other = actor_of(make_staff("other", "示例同事", role, unit))
    with pytest.raises(NotAllowed, match="这个申请不由您批准。"):
        approve(key, other)
    with pytest.raises(NotAllowed, match="这个申请不由您批准。"):
        refuse(key, other, "不行")
    assert safe.opened == []


def test_whoever_may_not_do_it_may_not_ask_for_it(safe: Safe) -> None:
    supervisor = make_staff("jiandu", "示例监督员", Role.SUPERVISOR)
    with pytest.raises(NotAllowed, match="您没有“打开保险柜”的权限。"):
        ask(supervisor)
    assert recorded() == [("jiandu", "safe.open", "一号保险柜", "refused")]


def test_the_command_line_without_a_name_asks_for_nothing(safe: Safe) -> None:
    with pytest.raises(NotAllowed, match="请以人员的名义提出申请"):
        request_approval("safe.open", "一号", "一号保险柜", COMMAND_LINE)


def test_the_same_waits_once(safe: Safe, member: Account, colleague: Account, leader: Account) -> None:
    key = ask(member)
    with pytest.raises(Conflict, match="正在等待批准"):
        ask(colleague)
    ask(colleague, "二号")
    approve(key, actor_of(leader))
    ask(member)


def test_what_changed_since_is_not_approved(safe: Safe, member: Account, leader: Account) -> None:
    key = ask(member)
    safe.version = "2"
    assert approval_sheet(key, actor_of(leader)).outdated
    with pytest.raises(Conflict, match="以后内容又有改动"):
        approve(key, actor_of(leader))
    assert safe.opened == []
    assert find_request("safe.open", "一号") is not None


def test_an_act_that_fails_leaves_the_request_waiting_and_nothing_in_the_trail(
    safe: Safe, member: Account, leader: Account
) -> None:
    key = ask(member)
    safe.stuck = True
    with pytest.raises(Conflict, match="保险柜卡住了。"):
        approve(key, actor_of(leader))
    assert [line.key for line in waiting_for(actor_of(leader))] == [key]
    assert len(recorded()) == 1


def test_what_somebody_asked_for_who_is_gone_is_not_approved(safe: Safe, member: Account, leader: Account) -> None:
    key = ask(member)
    with transaction() as session:
        session.execute(text("UPDATE staff_member SET disabled_at = now() WHERE name = 'jingban'"))
    with pytest.raises(Conflict, match="申请人示例经办已不再办理这项工作"):
        approve(key, actor_of(leader))


def test_a_request_is_decided_once_though_two_decide_at_the_same_moment(
    app: Flask, safe: Safe, member: Account, leader: Account
) -> None:
    key, second = ask(member), make_staff("lingdao2", "示例副部长", Role.LEADER)
    said: list[str] = []

    def decide(who: Account) -> None:
        with app.app_context():
            try:
                approve(key, actor_of(who))
                said.append("approved")
            except AppError as error:
                said.append(error.message)

    threads = [threading.Thread(target=decide, args=(who,)) for who in (leader, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(said) == ["approved", "这个申请已经处理过了。"]
    assert len(safe.opened) == 1


def test_a_refusal_says_why_and_comes_back_to_the_requesters_desk(safe: Safe, member: Account, leader: Account) -> None:
    key = ask(member)
    with pytest.raises(InvalidInput) as missing:
        refuse(key, actor_of(leader), "  ")
    assert missing.value.field == "reason"

    refuse(key, actor_of(leader), " 先核对编号 ")

    sheet = approval_sheet(key, actor_of(member))
    assert (sheet.line.state_words, sheet.line.remark, sheet.line.decider) == ("已退回", "先核对编号", "示例部领导")
    with pytest.raises(Conflict, match="已经处理过了"):
        approve(key, actor_of(leader))


def test_a_requester_takes_back_only_what_is_their_own(safe: Safe, member: Account, colleague: Account) -> None:
    key = ask(member)
    with pytest.raises(NotFound):
        withdraw(key, actor_of(colleague))
    withdraw(key, actor_of(member))
    assert [line.state_words for line in decided_requests(actor_of(member)).lines] == ["已撤回"]


def test_whoever_leaves_asks_for_nothing_any_more(safe: Safe, member: Account, colleague: Account) -> None:
    for who, subject in ((member, "一号"), (member, "二号"), (colleague, "三号")):
        ask(who, subject)
    administrator = actor_of(make_staff("guanli", "示例管理员", Role.ADMINISTRATOR))
    assert withdraw_all_of(member.id, administrator, remark="已交接给示例同事") == 2
    assert [line.title for line in waiting_for(administrator)] == []
    assert [line.remark for line in decided_requests(administrator).lines] == ["已交接给示例同事"] * 2


def test_what_nobody_decides_in_time_ends_by_itself_and_is_asked_for_anew(
    app: Flask, safe: Safe, member: Account, leader: Account, database_clock: DatabaseClock
) -> None:
    key, desk = ask(member), Browser(app).signed_in_as(leader)
    until = show_moment(approval_sheet(key, actor_of(leader)).line.requested_at + WAITS, year=True)
    assert f"{until}以前批准" in desk.get(f"/console/approvals/{key}").text

    database_clock.advance(WAITS - timedelta(minutes=5))
    assert (find_request("safe.open", "一号") is None, expire_requests()) == (False, 0)

    database_clock.advance(timedelta(minutes=5))
    with pytest.raises(Conflict, match="提出7天没有人批准，已经失效"):
        approve(key, actor_of(leader))
    with pytest.raises(Conflict, match="提出7天没有人批准，已经失效"):
        refuse(key, actor_of(leader), "不行")
    assert (find_request("safe.open", "一号"), safe.opened) == (None, [])

    again = ask(member)
    assert (expire_requests(), [line.key for line in waiting_for(actor_of(leader))]) == (0, [again])
    assert [line.state_words for line in decided_requests(actor_of(member)).lines] == ["过期失效"]
    approve(again, actor_of(leader))
    assert len(safe.opened) == 1
    assert ("system", "approvals.expire", "打开保险柜：一号保险柜", "done") in recorded()


def test_whoever_asked_reads_that_it_ran_out(
    app: Flask, safe: Safe, member: Account, database_clock: DatabaseClock
) -> None:
    ask(member)
    database_clock.advance(WAITS)
    assert expire_requests() == 1
    with app.test_request_context():
        texts = [(item.kind, item.detail) for item in desk_items(actor_of(member))]
    assert texts == [("urgent", "7天没有人批准，已失效，需要时请重新申请")]


def test_what_was_decided_is_never_changed_or_removed(safe: Safe, member: Account, leader: Account) -> None:
    approve(ask(member), actor_of(leader))
    for statement in (
        "UPDATE approval SET state = 'waiting', decided_by = NULL, decided_at = NULL",
        "DELETE FROM approval",
    ):
        with pytest.raises(ProgrammingError, match="an approval is decided once"), transaction() as session:
            session.execute(text(statement))


def test_the_pages_lead_from_the_request_to_the_decision(
    app: Flask, safe: Safe, member: Account, leader: Account
) -> None:
    key = ask(member)
    desk, office = Browser(app).signed_in_as(leader), Browser(app).signed_in_as(member)

    assert "打开保险柜：一号保险柜" in desk.get("/console/").text
    page = desk.get(f"/console/approvals/{key}").text
    assert all(words in page for words in ("保险柜随即打开。", "示例室", "示例理由", "示例经办"))
    assert "批准，当即生效" not in office.get(f"/console/approvals/{key}").text

    unread = desk.submit(f"/console/approvals/{key}/approve")
    assert (unread.status_code, "请先勾选“我已核对”。" in unread.text) == (422, True)
    assert desk.submit(f"/console/approvals/{key}/approve", confirmed="1").status_code == 303
    assert len(safe.opened) == 1
    assert "已批准" in office.get("/console/approvals/").text


def test_a_refusal_without_a_reason_is_said_at_its_field(
    app: Flask, safe: Safe, member: Account, leader: Account
) -> None:
    key = ask(member)
    desk = Browser(app).signed_in_as(leader)
    answer = desk.submit(f"/console/approvals/{key}/refuse", reason="")
    assert (answer.status_code, "请写明不同意的理由，申请人会看到。" in answer.text) == (422, True)
    desk.submit(f"/console/approvals/{key}/refuse", reason="先核对编号")
    assert "已退回：先核对编号" in Browser(app).signed_in_as(member).get("/console/").text


def test_whoever_has_no_business_here_is_kept_out(app: Flask, safe: Safe, member: Account) -> None:
    key = ask(member)
    outsider = Browser(app).signed_in_as(make_staff("danwei", "示例单位", Role.UNIT, "示例县"))
    assert outsider.get(f"/console/approvals/{key}").status_code == 403
    with app.test_request_context():
        assert desk_items(actor_of(make_staff("kaocha", "示例考察", Role.INVESTIGATOR, "示例县"))) == ()
