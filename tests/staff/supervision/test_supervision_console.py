"""Supervision's pages: what they show to whom, and that an error loses nothing."""

import re
from urllib.parse import urlsplit

import pytest
from flask import Flask
from sqlalchemy import event

from foundation.database import db
from foundation.transaction import transaction
from staff.accounts import Account
from staff.actors import Actor
from staff.roles import Role
from staff.supervision.alarms import list_alarms, raise_alarm
from staff.supervision.opinions import answer_opinion, list_opinions, opinion_sheet, raise_opinion
from staff.supervision.witnessing import find_subject, witness_sheet
from tests.staff.factories_staff import Browser, make_staff
from tests.staff.supervision.conftest import Orchard

HOME = "/console/supervision/"
NEW = "/console/supervision/opinions/new"
ALARMS = "/console/supervision/alarms"
TREE = "/console/supervision/witnessing/tree/apple"


@pytest.fixture
def watch(app: Flask, supervisor_account: Account) -> Browser:
    """A browser at which the supervisor has signed in."""
    return Browser(app).signed_in_as(supervisor_account)


def at_the_desk_of(app: Flask, role: Role, name: str = "lingdao") -> Browser:
    unit = "示例县委" if role in (Role.UNIT, Role.INVESTIGATOR) else None
    return Browser(app).signed_in_as(make_staff(name, f"示例{name}", role, unit))


def test_with_nothing_to_do_each_part_says_so(watch: Browser) -> None:
    page = watch.get(HOME).text
    for words in ("没有等待确认的告警。", "现在没有可以见证的事项。", "没有等待办理的监督意见。", "提出监督意见"):
        assert words in page


def test_what_waits_is_on_one_page(watch: Browser, orchard: Orchard, supervisor: Actor) -> None:
    raise_alarm("lock_out", "有账号输错太多，已暂停登录。", "jingban")
    raise_opinion(find_subject("tree", "apple"), "树坑太浅。", supervisor)
    page = watch.get(HOME).text
    for words in (
        "示例苹果树",
        "栽种",
        "待见证",
        "去见证",
        "即将进行",
        "树坑太浅。",
        "等待答复",
        "已暂停登录",
        "jingban",
    ):
        assert words in page


def test_a_supervisor_reads_the_facts_and_gives_a_word(watch: Browser, orchard: Orchard) -> None:
    page = watch.get(TREE).text
    digest = re.search(r'name="digest" value="(\w+)"', page)
    assert digest is not None
    assert all(words in page for words in ("树坑", "一米深", "确认以上情况属实", "不能撤回", "发生以后才能见证"))

    answer = watch.submit(f"{TREE}/planting", digest=digest[1], remark="树坑合格。")
    assert (answer.status_code, answer.location) == (303, TREE)
    page = watch.get(TREE).text
    assert all(words in page for words in ("见证已记下。", "示例监督员", "树坑合格。", "已见证"))
    assert "确认以上情况属实" not in page


def test_a_remark_that_is_too_long_stays_typed(watch: Browser, orchard: Orchard) -> None:
    digest = witness_sheet("tree", "apple").steps[0].digest
    answer = watch.submit(f"{TREE}/planting", digest=digest, remark="长" * 501)
    assert answer.status_code == 422
    assert "长" * 501 in answer.text
    assert 'aria-describedby="planting-remark-error planting-remark-hint"' in answer.text


def test_facts_that_changed_meanwhile_are_shown_anew(watch: Browser, orchard: Orchard) -> None:
    digest = witness_sheet("tree", "apple").steps[0].digest
    orchard.change("apple", "planting", (("树坑", "两米深"),))
    answer = watch.submit(f"{TREE}/planting", digest=digest, remark="树坑合格。")
    assert answer.status_code == 409
    assert all(words in answer.text for words in ("刚才显示的情况有了变动", "两米深", "树坑合格。"))


def test_what_was_witnessed_before_a_change_stays_to_be_read(watch: Browser, orchard: Orchard) -> None:
    digest = witness_sheet("tree", "apple").steps[0].digest
    watch.submit(f"{TREE}/planting", digest=digest)
    orchard.change("apple", "planting", (("树坑", "两米深"),))
    page = watch.get(TREE).text
    assert all(words in page for words in ("见证后有变动", "一米深", "两米深", "变动后待见证", "确认以上情况属实"))


def test_an_opinion_is_raised_answered_asked_again_and_settled(
    app: Flask, watch: Browser, desk: Browser, orchard: Orchard
) -> None:
    answer = watch.submit(NEW, subject="tree:apple", text="树坑太浅。", days="3")
    assert answer.status_code == 303
    page = urlsplit(answer.location).path
    assert "等组织一科或部领导答复。" in watch.get(page).text

    assert "提交答复" in desk.get(page).text
    desk.submit(f"{page}/answer", text="已经加深。")
    assert "已答复，等监督员核对。" in desk.get(page).text

    watch.submit(f"{page}/ask-again", text="加深了多少？", days="2")
    desk.submit(f"{page}/answer", text="半米。")
    watch.submit(f"{page}/settle", text="")
    settled = watch.get(page).text
    for words in ("树坑太浅。", "已经加深。", "加深了多少？", "半米。", "认可答复，了结", "已了结", "示例苹果树"):
        assert words in settled
    assert "<form" not in settled.split("<main")[1]


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"subject": "", "text": " ", "days": "3"}, "text"),
        ({"subject": "", "text": "请规范登记。", "days": "三"}, "days"),
        ({"subject": "", "text": "请规范登记。", "days": "31"}, "days"),
        ({"subject": "tree:pear", "text": "请规范登记。", "days": "3"}, "subject"),
    ],
)
def test_an_opinion_with_a_fault_keeps_what_was_typed(
    watch: Browser, orchard: Orchard, typed: dict[str, str], field: str
) -> None:
    answer = watch.submit(NEW, **typed)
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert typed["text"] in answer.text
    assert f'value="{typed["days"]}"' in answer.text
    assert list_opinions().lines == ()


def test_the_form_comes_with_the_subject_it_was_opened_from(watch: Browser, orchard: Orchard) -> None:
    chosen = re.compile(r'value="tree:apple" selected')
    orchard.finish("apple")
    assert chosen.search(watch.get(f"{NEW}?kind=tree&key=apple").text)
    assert not chosen.search(watch.get(NEW).text)


def test_an_answer_with_a_fault_keeps_what_was_typed(desk: Browser, supervisor: Actor) -> None:
    key, words = raise_opinion(None, "请规范登记。", supervisor), "长" * 2001
    answer = desk.submit(f"/console/supervision/opinions/{key}/answer", text=words)
    assert (answer.status_code, words in answer.text, 'id="answer-error"' in answer.text) == (422, True, True)


@pytest.mark.parametrize("days", ["x", "0", "-1", "", "³"])
def test_asking_again_with_a_fault_keeps_what_was_typed(
    watch: Browser, supervisor: Actor, clerk: Actor, days: str
) -> None:
    key = raise_opinion(None, "请规范登记。", supervisor)
    answer_opinion(key, "已规范。", clerk)
    answer = watch.submit(f"/console/supervision/opinions/{key}/ask-again", text="说清楚一些。", days=days)
    assert (answer.status_code, "说清楚一些。" in answer.text) == (422, True)
    assert 'id="again-days-error"' in answer.text


def test_opinions_are_listed_by_state(watch: Browser, supervisor: Actor, clerk: Actor) -> None:
    answered, _ = (raise_opinion(None, words, supervisor) for words in ("第一条。", "第二条。"))
    answer_opinion(answered, "办了。", clerk)
    listed = "/console/supervision/opinions"
    assert ["第一条。" in watch.get(f"{listed}?state={state}").text for state in ("", "answered", "open")] == [
        True,
        True,
        False,
    ]
    assert "没有符合条件的监督意见。" in watch.get(f"{listed}?state=settled").text
    assert watch.get(f"{listed}?state=nonsense&before=99999999999999999999").status_code == 200


def test_a_supervisor_acknowledges_an_alarm_from_its_row(watch: Browser) -> None:
    raise_alarm("lock_out", "有账号输错太多，已暂停登录。", "jingban")
    key = list_alarms().lines[0].key
    refused = watch.submit(f"{ALARMS}/{key}", note="长" * 501)
    assert (refused.status_code, "长" * 501 in refused.text, f'id="note-{key}-error"' in refused.text) == (
        422,
        True,
        True,
    )
    assert watch.submit(f"{ALARMS}/{key}", note="已核实。").status_code == 303
    assert "没有等待确认的告警。" in watch.get(ALARMS).text
    assert all(words in watch.get(f"{ALARMS}?all=1").text for words in ("已核实。", "示例监督员"))
    assert watch.submit(f"{ALARMS}/{key}", note="").status_code == 409


def test_alarms_are_shown_fifty_at_a_time(watch: Browser) -> None:
    for number in range(51):
        raise_alarm("lock_out", "有账号输错太多，已暂停登录。", str(number))
    first = watch.get(ALARMS).text
    older = re.search(r'href="([^"]*before=\d+)"', first)
    assert older is not None
    assert [page.count('scope="row"') for page in (first, watch.get(older[1]).text)] == [50, 1]


SEEING = {
    Role.SUPERVISOR: (200, 200, 200),
    Role.LEADER: (200, 200, 403),
    Role.OFFICE: (200, 200, 403),
    Role.ADMINISTRATOR: (200, 200, 200),
    Role.UNIT: (403, 403, 403),
    Role.INVESTIGATOR: (403, 403, 403),
}


@pytest.mark.parametrize("role", list(Role))
def test_who_sees_which_page(app: Flask, orchard: Orchard, supervisor: Actor, role: Role) -> None:
    key = raise_opinion(None, "请规范登记。", supervisor)
    browser = at_the_desk_of(app, role)
    pages = (HOME, f"/console/supervision/opinions/{key}", ALARMS)
    assert tuple(browser.get(page).status_code for page in pages) == SEEING[role]


@pytest.mark.parametrize("role", list(Role))
def test_who_may_do_what(app: Flask, orchard: Orchard, supervisor: Actor, role: Role) -> None:
    raise_alarm("lock_out", "有账号输错太多，已暂停登录。")
    key, alarm = raise_opinion(None, "请规范登记。", supervisor), list_alarms().lines[0].key
    digest = witness_sheet("tree", "apple").steps[0].digest
    browser = at_the_desk_of(app, role)
    opinion = f"/console/supervision/opinions/{key}"
    allowed = {
        "object": browser.submit(NEW, subject="", text="另一条。", days="3").status_code == 303,
        "witness": browser.submit(f"{TREE}/planting", digest=digest).status_code == 303,
        "acknowledge": browser.submit(f"{ALARMS}/{alarm}", note="").status_code == 303,
        "answer": browser.submit(f"{opinion}/answer", text="已规范。").status_code == 303,
    }
    supervises, answers = role is Role.SUPERVISOR, role in (Role.OFFICE, Role.LEADER)
    assert allowed == {"object": supervises, "witness": supervises, "acknowledge": supervises, "answer": answers}
    assert len(opinion_sheet(key).turns) == 1 + answers


def test_pages_ask_the_database_as_often_for_many_as_for_few(
    app: Flask, watch: Browser, orchard: Orchard, supervisor: Actor
) -> None:
    asked: list[str] = []

    def note(*told: str) -> None:
        asked.append(told[2])

    def questions(path: str) -> int:
        watch.get(path)
        asked.clear()
        watch.get(path)
        return len(asked)

    def fill(number: int) -> None:
        with transaction():
            for one in range(number):
                raise_opinion(find_subject("tree", "apple"), f"第{one}条。", supervisor)
                raise_alarm("lock_out", "有账号输错太多，已暂停登录。", str(one))
                orchard.plant(f"tree{one}")

    pages = (HOME, "/console/supervision/opinions", ALARMS)
    event.listen(db.engine, "before_cursor_execute", note)
    try:
        fill(1)
        few = [questions(page) for page in pages]
        fill(40)
        assert [questions(page) for page in pages] == few
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
