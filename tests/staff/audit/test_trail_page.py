"""The page of the trail: in words, filtered, page by page, and only for those who may see it."""

import re

import pytest
from flask import Flask

from foundation.transaction import transaction
from staff.accounts import Account
from staff.actors import COMMAND_LINE, SYSTEM, UNKNOWN
from staff.audit import record
from staff.roles import Role
from tests.staff.audit.factories_trail import LEADER
from tests.staff.factories_staff import Browser, make_staff, recorded
from tests.statements import statements


def rows_of(page: str) -> list[str]:
    """Return the text of each row of the table, its cells parted by bars."""
    body = page.partition("<tbody>")[2].partition("</tbody>")[0]
    rows = re.findall(r"<tr>(.*?)</tr>", body, re.DOTALL)
    return [
        "|".join(" ".join(re.sub(r"<[^>]+>", " ", cell).split()) for cell in row.split("</td>")[:-1]) for row in rows
    ]


def test_the_page_shows_who_did_what_in_words(watch: Browser, member: Account) -> None:
    with transaction():
        record("audit.export", "示例对象", LEADER, fields=("network", "no_word_yet"), purpose="核查登录异常")
        record("audit.see", "/console/audit", UNKNOWN, result="refused")
    refused, done = rows_of(watch.get("/console/audit").text)
    assert done.partition("|")[2] == (
        "lingdao 申请人：示例经办|导出操作记录|示例对象 涉及：网段、no_word_yet 事由：核查登录异常|完成|192.0.*.*"
    )
    assert refused.partition("|")[2] == "未知|查看操作记录|/console/audit|未通过|—"


def test_an_empty_trail_and_an_empty_answer_say_so(watch: Browser) -> None:
    assert "还没有操作记录。" in watch.get("/console/audit").text
    assert "没有符合条件的记录。" in watch.get("/console/audit?result=refused").text


def test_the_page_leads_to_what_is_older_and_keeps_what_was_chosen(watch: Browser) -> None:
    with transaction():
        for _ in range(51):
            record("audit.verify", "操作记录", SYSTEM)
        record("audit.see", "别的", SYSTEM)
    first = watch.get("/console/audit?act=audit.verify&person=").text
    assert (len(rows_of(first)), "更早" in first, "最新</a>" in first) == (50, True, False)
    (older,) = re.findall(r'href="([^"]+)">更早', first)
    assert "act=audit.verify" in older
    second = watch.get(older.replace("&amp;", "&")).text
    assert (len(rows_of(second)), "更早" in second, "最新</a>" in second) == (1, False, True)


@pytest.mark.parametrize(
    "query", ["act=%01", "person=%01&act=nothing", "before=99999999999999999999", "before=x", "result=%ff", "before=0"]
)
def test_what_the_page_does_not_offer_is_as_if_nothing_was_chosen(watch: Browser, query: str) -> None:
    with transaction():
        record("audit.verify", "操作记录", SYSTEM)
    page = watch.get(f"/console/audit?{query}")
    assert (page.status_code, len(rows_of(page.text))) == (200, 1)


@pytest.mark.parametrize(
    ("query", "field", "typed", "sentence"),
    [
        ("since=2026-02-30&person=jiandu", "since", 'value="2026-02-30"', "请写成2026-04-25这样的日期。"),
        ("since=2026-04-26&until=2026-04-25", "until", 'value="2026-04-25"', "截止日期不能早于开始日期。"),
        ("text=%E4%B8%80", "text", 'value="一"', "请写2到60个字。"),
    ],
)
def test_a_wrong_filter_is_named_and_keeps_what_was_typed(
    watch: Browser, query: str, field: str, typed: str, sentence: str
) -> None:
    page = watch.get(f"/console/audit?{query}")
    assert page.status_code == 422
    assert f'<p class="error" id="{field}-error">{sentence}</p>' in page.text
    assert (typed in page.text, f'aria-describedby="{field}-error"' in page.text) == (True, True)


def test_what_is_typed_is_never_taken_for_a_page(watch: Browser) -> None:
    page = watch.get("/console/audit?text=%3Cscript%3Ealert(1)%3C/script%3E").text
    assert "<script>alert" not in page


def test_acts_are_offered_by_kind(watch: Browser) -> None:
    page = watch.get("/console/audit?act=audit.*").text
    assert '<optgroup label="操作记录">' in page
    assert '<option value="audit.*" selected>操作记录：全部</option>' in page
    assert '<option value="audit.verify">' in page


def test_the_page_asks_the_database_as_often_with_many_rows_as_with_none(watch: Browser) -> None:
    watch.get("/console/audit")  # what is kept between requests is read once
    with statements() as with_none:
        watch.get("/console/audit")
    with transaction():
        for number in range(60):
            record("audit.verify", f"对象{number}", COMMAND_LINE)
    with statements() as with_many:
        watch.get("/console/audit")
    assert len(with_many) == len(with_none) <= 6


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("path", ["/console/audit", "/console/audit/chain", "/console/audit/unmasked"])
def test_only_those_who_keep_watch_come_in(app: Flask, role: Role, path: str) -> None:
    unit = "示例县委组织部" if role in (Role.UNIT, Role.INVESTIGATOR) else None
    browser = Browser(app).signed_in_as(make_staff("shili", "示例", role, unit))
    seers = {Role.ADMINISTRATOR, Role.LEADER, Role.SUPERVISOR}
    allowed = role in (seers - {Role.LEADER} if path.endswith("unmasked") else seers)
    assert browser.get(path).status_code == (200 if allowed else 403)
    assert [line[3] for line in recorded()] == ([] if allowed else ["refused"])


def test_a_leader_is_offered_no_button_that_is_closed_to_them(app: Flask, leader: Account) -> None:
    page = Browser(app).signed_in_as(leader).get("/console/audit").text
    assert ("从头核对" in page, "申请带完整网段的导出" in page, "导出Excel" in page) == (False, False, True)
