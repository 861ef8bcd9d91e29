"""The console's pages about notices: nothing typed is lost, each step shows what it does, and who may take it."""

import html
import re
from collections.abc import Mapping
from dataclasses import replace
from io import BytesIO

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from foundation.uploads import Upload
from publicity.notices.amending import begin_change
from publicity.notices.drafting import NoticeEntry, attach, draft_notice, edit_draft
from publicity.notices.kinds import Change, Kind, Phase
from publicity.notices.offers import Offered, SubjectSource, offer_subjects
from publicity.notices.options import STEPS
from publicity.notices.sheet import Draft, notice_sheet
from publicity.notices.signing import review, submit
from publicity.notices.subjects import new_subject
from publicity.notices.tabs import offer_notice_tab
from staff.accounts import find_account
from staff.actors import Actor
from tests.conftest import DatabaseClock
from tests.publicity.factories_notices import (
    MONDAY,
    OFFICE,
    Staff,
    entry_for,
    head_of,
    make_notice,
    make_office,
    publish,
    revision_of,
)
from tests.staff.factories_staff import Browser
from tests.staff.options.factories_options import set_to

HOME = "/console/notices/"
PDF = b"%PDF-1.7\n%%EOF"
OFFICE_TYPED = {f"office_{name}": getattr(OFFICE, name) for name in ("name", "hours", "phone", "address", "email")}


@pytest.fixture
def staff(app: Flask, database_clock: DatabaseClock) -> Staff:
    database_clock.set(MONDAY)
    return make_office()


@pytest.fixture
def desk(app: Flask, staff: Staff) -> Browser:
    """The browser of the clerk who drafts."""
    return browser_of(app, staff.drafter)


def browser_of(app: Flask, actor: Actor) -> Browser:
    account = find_account(actor.name)
    assert account is not None
    return Browser(app).signed_in_as(account)


def send(desk: Browser, path: str, **fields: object) -> TestResponse:
    """Send a form with files or fields whose names are no Python names."""
    data: Mapping[str, object] = {"csrf_token": desk.csrf_token(), **fields}
    return desk.client.post(path, data=data, headers={"Origin": desk.origin})


def key_in(answer: TestResponse) -> str:
    return answer.headers["Location"].removeprefix(HOME).strip("/")


def draft_of(key: str, actor: Actor) -> Draft:
    draft = notice_sheet(key, actor).draft
    assert draft is not None
    return draft


def row(at: int, **cells: str) -> dict[str, str]:
    empty = {"kind": "", "key": "", "heading": "", "name": "", "text": "", "unit": ""}
    return {f"subjects-{at}-{name}": value for name, value in {**empty, **cells}.items()}


def form_of(key: str, actor: Actor, **changes: str) -> dict[str, str]:
    """What a browser sends from the form of a draft that nobody touched, with `changes`."""
    draft = draft_of(key, actor)
    entry = draft.entry
    fields = {"revision": str(draft.revision), "title": entry.title, "body": entry.body, "working_days": "5"}
    for at, one in enumerate(entry.subjects):
        cells = {name: getattr(one, name) for name in ("kind", "key", "heading", "name", "text", "unit")}
        fields |= row(at, **cells)
    return {**fields, **OFFICE_TYPED, **changes}


def names_in(page: str) -> list[str]:
    return [html.unescape(name) for name in re.findall(r'name="subjects-\d+-name" value="([^"]+)"', page)]


def typed_in(page: str) -> dict[str, str]:
    """What the rows of a form hold, but for what is chosen from a list."""
    found = re.findall(r'name="(subjects-\d+-(?:heading|name|text|unit|key|kind)|lines)" value="([^"]*)"', page)
    return {name: html.unescape(value) for name, value in found}


def links_in(page: str) -> set[str]:
    return set(re.findall(r'href="([^"]+)"', page))


def listed(page: str) -> list[str]:
    return [html.unescape(title) for title in re.findall(r'<th scope="row"><a [^>]+>([^<]+)</a>', page)]


def test_the_list_is_searched_by_words_kind_and_phase(desk: Browser) -> None:
    make_notice(title="示例名单公示甲")
    make_notice(Phase.STANDING, title="示例公告乙")
    make_notice(Phase.DRAFT, kind=Kind.UNIT, title="示例名单草稿丙")
    asked = {
        "": ["示例名单草稿丙", "示例公告乙", "示例名单公示甲"],
        "?words=名单 甲": ["示例名单公示甲"],
        "?kind=unit": ["示例名单草稿丙"],
        "?phase=running": ["示例名单公示甲"],
        "?phase=standing": ["示例公告乙"],
        "?phase=draft": ["示例名单草稿丙"],
        "?phase=over": [],
        "?phase=concluded": [],
        "?phase=nothing&kind=nothing": ["示例名单草稿丙", "示例公告乙", "示例名单公示甲"],
    }
    assert {query: listed(desk.get(HOME + query).text) for query in asked} == asked


def test_before_the_first_notice_the_list_says_what_to_do(desk: Browser) -> None:
    assert "还没有公示和公告。起草一份" in desk.get(HOME).text


def test_a_pasted_list_goes_into_the_rows_and_becomes_a_notice(desk: Browser, staff: Staff) -> None:
    new = f"{HOME}new/final"
    shown = send(
        desk, new, paste="1", pasted="十佳共产党员\n丁示例\t示例中学教师\n王　示\t示例环卫班长", **OFFICE_TYPED
    )
    assert (shown.status_code, names_in(shown.text)) == (200, ["丁示例", "王示"])
    fields = typed_in(shown.text)
    kinds = {"subjects-0-kind": "person", "subjects-1-kind": "person"}
    key = key_in(send(desk, new, working_days="5", **OFFICE_TYPED, **(fields | kinds)))
    entry = draft_of(key, staff.drafter).entry
    assert [(one.kind, one.heading, one.name, one.text) for one in entry.subjects] == [
        ("person", "十佳共产党员", "丁示例", "示例中学教师"),
        ("person", "十佳共产党员", "王示", "示例环卫班长"),
    ]
    assert (entry.title, entry.office) == ("关于十佳共产党员预备人选的公示", OFFICE)
    page = desk.get(f"{HOME}{key}/").text
    assert "草稿已存" in page
    assert "丁示例" in page


def test_a_paste_that_cannot_be_read_stays_in_its_field_with_the_lines_named(desk: Browser) -> None:
    answer = send(desk, f"{HOME}new/final", paste="1", title="示例标题", pasted="丁示例\t甲\t乙\t丙")
    assert answer.status_code == 422
    assert "第1行有4栏" in answer.text
    assert "丁示例\t甲\t乙\t丙</textarea>" in answer.text
    assert 'value="示例标题"' in answer.text


def test_a_list_that_was_pasted_and_not_taken_over_is_not_forgotten(desk: Browser) -> None:
    answer = send(desk, f"{HOME}new/final", pasted="丁示例", **OFFICE_TYPED)
    assert (answer.status_code, "粘贴的名单还没有加进去" in answer.text) == (422, True)


def test_rows_are_moved_and_removed_without_saving(desk: Browser) -> None:
    rows = row(0, name="甲示例") | row(1, name="乙示例") | row(2, name="丙示例") | row(3)
    new = f"{HOME}new/final"
    moved = names_in(send(desk, new, up="2", **rows).text)
    left = names_in(send(desk, new, more="1", **rows, **{"subjects-1-remove": "1"}).text)
    assert (moved, left) == (["甲示例", "丙示例", "乙示例"], ["甲示例", "丙示例"])
    assert listed(desk.get(HOME).text) == []


def test_a_list_is_taken_from_what_a_room_above_offers(app: Flask, desk: Browser, staff: Staff) -> None:
    offered = Offered((new_subject("引示例", "示例单位", kind="candidate"),), ("投票时间：示例日子。",))
    before = app.extensions.get("notice_subject_sources")
    app.extensions["notice_subject_sources"] = {}
    offer_subjects(app, SubjectSource("polls", "投票的候选对象", lambda: (("demo", "示例投票"),), lambda _: offered))
    try:
        new = f"{HOME}new/candidates"
        assert '<optgroup label="投票的候选对象"><option value="polls:demo">示例投票</option>' in desk.get(new).text
        nothing = send(desk, new, take="1", offer="")
        shown = send(desk, new, take="1", offer="polls:demo", **OFFICE_TYPED)
        fields = typed_in(shown.text)
        key = key_in(send(desk, new, working_days="5", **OFFICE_TYPED, **fields))
    finally:
        app.extensions["notice_subject_sources"] = before or {}
    entry = draft_of(key, staff.drafter).entry
    assert (nothing.status_code, "请先选要引用哪一项" in nothing.text) == (404, True)
    assert entry.subjects == offered.subjects
    assert "投票时间：示例日子。" in entry.body


def test_each_fault_is_named_at_its_field_and_nothing_typed_is_lost(desk: Browser) -> None:
    typed = {**OFFICE_TYPED, "working_days": "三", "title": "示" * 121, "office_phone": "不是号码"}
    answer = send(desk, f"{HOME}new/final", **typed, **row(0, name="甲示例", text="示例单位"))
    assert answer.status_code == 422
    assert 'id="working_days-error">公示期要填工作日的天数，例如5。' in answer.text
    again = send(desk, f"{HOME}new/final", **(typed | {"working_days": "2"}), **row(0, text="示例单位"))
    faults = re.findall(r'class="(?:notices-)?error" id="([\w-]+)-error"', again.text)
    assert sorted(faults) == ["office_phone", "subjects-0-name", "title", "working_days"]
    assert ('value="不是号码"' in again.text, 'value="示例单位"' in again.text) == (True, True)


def test_a_plain_announcement_is_typed_and_cleaned(desk: Browser, staff: Staff) -> None:
    page = desk.get(f"{HOME}new/plain").text
    assert ("data-rich" in page, "office_name" in page) == (True, False)
    body = '<p onclick="x()">示例<b>正文</b></p><script>alert(1)</script>'
    key = key_in(send(desk, f"{HOME}new/plain", title="示例公告", body=body))
    assert draft_of(key, staff.drafter).entry.body == "<p>示例<strong>正文</strong></p>"


def test_there_is_no_form_for_a_kind_that_is_none(desk: Browser) -> None:
    assert desk.get(f"{HOME}new/nothing").status_code == 404


def test_whoever_saves_later_sees_both_texts_and_may_save_over(app: Flask, desk: Browser, staff: Staff) -> None:
    key = draft_notice(entry_for(), staff.drafter)
    mine = form_of(key, staff.drafter, title="我改的标题", body="<p>我写的〔公示期〕</p><p>〔名单〕</p>")
    other = browser_of(app, staff.reviewer)
    send(other, f"{HOME}{key}/edit", **form_of(key, staff.drafter, title="别人改的标题"))
    answer = send(desk, f"{HOME}{key}/edit", **mine)
    assert answer.status_code == 409
    assert all(words in answer.text for words in ("别人改的标题", "我改的标题", "我写的", "刚被别人改过"))
    assert 'value="我改的标题"' in answer.text
    again = re.search(r'name="revision" value="(\d+)"', answer.text)
    assert again is not None
    saved = send(desk, f"{HOME}{key}/edit", **(mine | {"revision": again[1]}))
    assert (saved.status_code, draft_of(key, staff.drafter).entry.title) == (303, "我改的标题")


def test_saving_what_was_not_touched_changes_nothing(desk: Browser, staff: Staff) -> None:
    key = draft_notice(entry_for(), staff.drafter)
    before = draft_of(key, staff.drafter)
    send(desk, f"{HOME}{key}/edit", **form_of(key, staff.drafter))
    after = draft_of(key, staff.drafter)
    assert (after.revision, after.entry, after.body_by_hand) == (before.revision, before.entry, False)
    assert "没有改动" in desk.get(f"{HOME}{key}/").text


def test_what_is_submitted_meanwhile_is_not_edited_and_the_text_is_kept(desk: Browser, staff: Staff) -> None:
    key = draft_notice(entry_for(), staff.drafter)
    mine = form_of(key, staff.drafter, title="我改的标题")
    submit(key, revision_of(key), staff.drafter)
    answer = send(desk, f"{HOME}{key}/edit", **mine)
    assert (answer.status_code, 'value="我改的标题"' in answer.text) == (409, True)
    assert desk.get(f"{HOME}{key}/edit").status_code == 409


def test_three_people_take_a_notice_to_the_public(app: Flask, desk: Browser, staff: Staff) -> None:
    key = draft_notice(entry_for(), staff.drafter)
    for browser, step, button in (
        (desk, "submit", "提交审核"),
        (browser_of(app, staff.reviewer), "review", "审核通过"),
        (browser_of(app, staff.leader), "issue", "签发并发布"),
    ):
        page = browser.get(f"{HOME}{key}/{step}").text
        assert f'<button class="button button-primary">{button}</button>' in page
        assert "2017年6月6日至6月12日（5个工作日）" in page
        assert "公示期按今天发布算" in page
        unread = send(browser, f"{HOME}{key}/{step}", revision=str(revision_of(key)))
        assert (unread.status_code, "请先勾选" in unread.text) == (422, True)
        done = send(browser, f"{HOME}{key}/{step}", revision=str(revision_of(key)), confirmed="1")
        assert done.status_code == 303
    assert head_of(key).phase is Phase.RUNNING
    page = desk.get(f"{HOME}{key}/").text
    steps = re.findall(r'<td class="nowrap">([^<]+)</td><td>([^<]+)</td>', page)
    assert steps == [
        ("示例签发人", "签发公示"),
        ("示例审核人", "审核公示稿"),
        ("示例拟稿人", "提交公示稿"),
        ("示例拟稿人", "起草公示或公告"),
    ]


def test_whoever_had_a_hand_in_it_finds_no_button_for_the_next_step(app: Flask, desk: Browser, staff: Staff) -> None:
    key = draft_notice(entry_for(), staff.drafter)
    submit(key, revision_of(key), staff.drafter)
    page = desk.get(f"{HOME}{key}/review").text
    assert "这一步要由另一个人来办：示例审核人、示例签发人、示例副部长。" in page
    assert "审核通过</button>" not in page
    answer = send(desk, f"{HOME}{key}/review", revision=str(revision_of(key)), confirmed="1")
    assert answer.status_code == 403
    assert "审核要由另一个人来办" in answer.text


def test_what_is_missing_is_listed_with_the_way_to_each_field(desk: Browser, staff: Staff) -> None:
    key = draft_notice(NoticeEntry(Kind.FINAL), staff.drafter)
    page = desk.get(f"{HOME}{key}/submit").text
    assert "还有5处要补" in page
    assert {f"{HOME}{key}/edit#subjects", f"{HOME}{key}/edit#office_name"} <= links_in(page)
    assert 'name="confirmed"' not in page
    answer = send(desk, f"{HOME}{key}/submit", revision=str(revision_of(key)), confirmed="1")
    assert answer.status_code == 422


def test_in_one_step_the_drafter_publishes(desk: Browser, staff: Staff) -> None:
    set_to(STEPS, "one")
    key = draft_notice(entry_for(), staff.drafter)
    assert "现在就发布，谁都看得到" in desk.get(f"{HOME}{key}/submit").text
    send(desk, f"{HOME}{key}/submit", revision=str(revision_of(key)), confirmed="1")
    assert head_of(key).phase is Phase.RUNNING


def test_a_year_that_is_not_known_is_told_with_the_way_to_enter_it(
    app: Flask, staff: Staff, database_clock: DatabaseClock
) -> None:
    database_clock.set(MONDAY.replace(year=2099))
    desk = browser_of(app, staff.drafter)
    key = draft_notice(entry_for(), staff.drafter)
    pages = [desk.get(f"{HOME}{key}/{page}").text for page in ("", "submit")]
    assert [("还没有2099年的放假安排" in page, "打开工作日历" in page) for page in pages] == [(True, True)] * 2
    submit(key, revision_of(key), staff.drafter)
    review(key, revision_of(key), staff.reviewer)
    issued = send(browser_of(app, staff.leader), f"{HOME}{key}/issue", revision=str(revision_of(key)), confirmed="1")
    assert (issued.status_code, head_of(key).phase) == (409, Phase.DRAFT)


def test_what_is_sent_back_carries_its_reason(app: Flask, desk: Browser, staff: Staff) -> None:
    key = draft_notice(entry_for(), staff.drafter)
    submit(key, revision_of(key), staff.drafter)
    reviewer = browser_of(app, staff.reviewer)
    empty = send(reviewer, f"{HOME}{key}/send-back", revision=str(revision_of(key)), reason=" ")
    assert (empty.status_code, "请写明理由" in empty.text) == (422, True)
    send(reviewer, f"{HOME}{key}/send-back", revision=str(revision_of(key)), reason="示例：职务不准。")
    assert "被退回：示例：职务不准。" in desk.get(f"{HOME}{key}/").text


def test_a_draft_is_given_up(desk: Browser, staff: Staff) -> None:
    key = draft_notice(entry_for(), staff.drafter)
    unread = send(desk, f"{HOME}{key}/drop", revision=str(revision_of(key)))
    dropped = send(desk, f"{HOME}{key}/drop", revision=str(revision_of(key)), confirmed="1")
    assert (unread.status_code, dropped.status_code, desk.get(f"{HOME}{key}/").status_code) == (422, 303, 404)


def test_each_change_says_what_it_does_to_the_clock(desk: Browser, staff: Staff) -> None:
    key = make_notice().key
    page = desk.get(f"{HOME}{key}/change").text
    for said in ("公示期从这一版发布后重新算满", "只把对象从名单里撤下。公示期不变", "正文有误，人没有变。公示期不变"):
        assert said in page
    wrong = send(desk, f"{HOME}{key}/change", change="", change_note="示例说明")
    assert (wrong.status_code, "请选一种变更" in wrong.text, "示例说明</textarea>" in wrong.text) == (422, True, True)
    begun = send(desk, f"{HOME}{key}/change", change="misprint", change_note="示例说明")
    assert begun.headers["Location"] == f"{HOME}{key}/edit"
    restated = send(
        desk, f"{HOME}{key}/restate", change="subjects", change_note="增补一名", revision=str(revision_of(key))
    )
    draft = draft_of(key, staff.drafter)
    assert (restated.status_code, draft.change, draft.change_note) == (303, Change.SUBJECTS, "增补一名")
    assert "已经有一份还没有发布的稿子" in desk.get(f"{HOME}{key}/change").text


def test_an_announcement_without_a_list_offers_no_withdrawal(desk: Browser) -> None:
    page = desk.get(f"{HOME}{make_notice(Phase.STANDING).key}/change").text
    assert ('value="withdrawal"' in page, 'value="misprint"' in page) == (False, True)


def test_a_change_called_by_the_wrong_name_is_told_on_the_page_that_submits_it(desk: Browser, staff: Staff) -> None:
    key = make_notice().key
    begin_change(key, Change.MISPRINT, "示例：更正", staff.drafter)
    subjects = row(9, name="示增补", heading="十佳共产党员")
    send(desk, f"{HOME}{key}/edit", **form_of(key, staff.drafter), **subjects)
    page = desk.get(f"{HOME}{key}/submit").text
    assert "这一稿新列入了示增补，公示期要从发布后重新计算，应当选“增加或更换对象”" in page
    assert f"{HOME}{key}/restate" in links_in(page)
    assert "增加：<ins>十佳共产党员：示增补</ins>" in page


def test_versions_are_read_with_what_each_changed(desk: Browser, staff: Staff) -> None:
    key = make_notice().key
    begin_change(key, Change.MISPRINT, "示例：更正标题", staff.drafter)
    draft = draft_of(key, staff.drafter)
    edit_draft(key, draft.revision, replace(draft.entry, title="改正的标题"), staff.drafter)
    publish(key)
    page = desk.get(f"{HOME}{key}/versions/2").text
    assert "比第1版改了什么" in page
    assert "改为 <ins>改正的标题</ins>" in page
    assert {f"{HOME}{key}/versions/1", f"{HOME}{key}/versions/2"} <= links_in(desk.get(f"{HOME}{key}/").text)
    assert (desk.get(f"{HOME}{key}/versions/1").status_code, desk.get(f"{HOME}{key}/versions/3").status_code) == (
        200,
        404,
    )


def test_the_preview_is_the_phones_page_with_the_days_it_would_have(desk: Browser, staff: Staff) -> None:
    key = draft_notice(entry_for(), staff.drafter)
    page = desk.get(f"{HOME}{key}/preview").text
    assert "预览，只有工作人员看得到。" in page
    assert "2017年6月6日至6月12日（5个工作日） <span>按今天发布算</span>" in page
    assert "公示期：2017年6月6日至6月12日（5个工作日）。" in page


def test_attachments_come_and_go_with_a_draft_and_stay_with_what_is_published(desk: Browser, staff: Staff) -> None:
    key = draft_notice(entry_for(), staff.drafter)
    place = f"{HOME}{key}/attachments"
    refused = send(desk, place, revision=str(revision_of(key)), attachment=(BytesIO(b"MZ"), "示例.exe"))
    assert (refused.status_code, "不能用" in refused.text) == (422, True)
    added = send(desk, place, revision=str(revision_of(key)), attachment=(BytesIO(PDF), "示例.pdf"))
    assert added.status_code == 303
    page = desk.get(place).text
    file = re.search(r'href="([^"]+/attachments/(\w+)/file)"', page)
    assert file is not None
    answer = desk.get(file[1])
    assert (answer.data, "attachment;" in answer.headers["Content-Disposition"]) == (PDF, True)
    send(desk, f"{place}/{file[2]}/remove", revision=str(revision_of(key)))
    assert "没有附件。" in desk.get(place).text
    attach(key, revision_of(key), Upload("示例.pdf", PDF), staff.drafter)
    publish(key)
    page = desk.get(place).text
    assert ("已经公布的附件不能改" in page, 'type="file"' in page) == (True, False)


def test_media_are_noted_with_a_link_or_a_scan(desk: Browser) -> None:
    key = make_notice().key
    place = f"{HOME}{key}/media"
    empty = send(desk, place, name="示例日报", appeared_on="2017-06-05")
    assert (empty.status_code, "请填写网址，或者传一张扫描件" in empty.text) == (422, True)
    assert 'value="示例日报"' in empty.text
    wrong = send(desk, place, name="示例日报", appeared_on="昨天", address="https://example.cn/1")
    assert "日期要写成 2017-06-05 这样" in wrong.text
    send(desk, place, name="示例日报", appeared_on="2017-06-05", address="https://example.cn/1")
    send(desk, place, name="示例网站", appeared_on="2017-06-05", scan=(BytesIO(PDF), "截图.pdf"))
    page = desk.get(place).text
    scan = re.search(r'href="([^"]+/scan)"', page)
    assert scan is not None
    assert (desk.get(scan[1]).data, 'href="https://example.cn/1"' in page) == (PDF, True)
    removals = re.findall(r'action="([^"]+/remove)"', page)
    for removal in removals:
        assert send(desk, removal).status_code == 303
    assert (len(removals), "还没有登记。" in desk.get(place).text) == (2, True)


def test_supervisors_read_and_find_nothing_to_press(app: Flask, staff: Staff) -> None:
    key = make_notice().key
    onlooker = browser_of(app, staff.supervisor)
    page = onlooker.get(f"{HOME}{key}/").text
    assert ("/change" in page, "起草</a>" in onlooker.get(HOME).text) == (False, False)
    assert onlooker.get(f"{HOME}new").status_code == 403
    assert onlooker.get(f"{HOME}{key}/change").status_code == 403


def test_what_other_parts_offer_stands_among_the_tabs_of_what_is_published(
    app: Flask, desk: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.extensions, "notice_tabs", [])
    offer_notice_tab(app, "示例页", "/console/notices/{}/example".format, "notices.see")
    offer_notice_tab(app, "别的页", "/console/notices/{}/other".format, "notices.issue", with_period=False)
    running, standing, draft = (make_notice(phase).key for phase in (Phase.RUNNING, Phase.STANDING, Phase.DRAFT))
    shown = [f"{HOME}{key}/example" in links_in(desk.get(f"{HOME}{key}/").text) for key in (running, standing, draft)]
    assert (shown, "别的页" in desk.get(f"{HOME}{running}/").text) == ([True, False, False], False)
