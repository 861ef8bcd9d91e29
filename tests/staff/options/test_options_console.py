"""The console's pages about options, as a browser on a desk sees them."""

import re

import pytest
from flask import Flask

from app.texts import HOME_NOTICE
from staff.accounts import Account
from staff.options.calendar import DAYS
from staff.options.registry import OPTIONS, Group
from staff.roles import Role
from tests.staff.factories_staff import Browser, make_staff, recorded
from tests.staff.options.factories_options import kept, put_version, set_to
from votes.limits import PER_VOTER
from wechat.keywords import WORDS, Word
from wechat.replies import GREETING

NOTICE = "/console/options/texts/home.notice"
LIMIT = "/console/options/limits/gate.per_voter"
KEYWORDS = "/console/options/texts/wechat.keywords"
VOTE = Word("投票", "投票", "", "打开正在进行的投票")
HOURS = Word("几点", "reply", "每天八点开始。", "")


def words_form(*words: Word) -> dict[str, str]:
    cells = {}
    for row, word in enumerate(words):
        for name, text in (("word", word.word), ("does", word.does), ("text", word.text), ("meaning", word.meaning)):
            cells[f"rows-{row}-{name}"] = text
    return cells


def words_on(page: str) -> list[str]:
    return re.findall(r'<input value="([^"]*)"[^>]*id="rows-\d+-word"', page)


@pytest.fixture
def keys(app: Flask, administrator: Account) -> Browser:
    """A browser at which the administrator has signed in."""
    return Browser(app).signed_in_as(administrator)


class TestList:
    def test_every_option_stands_under_its_group_with_what_holds(self, desk: Browser) -> None:
        set_to(HOME_NOTICE, "今晚维护")

        page = desk.get("/console/options/").text

        headings = re.findall(r'<th scope="rowgroup" colspan="4">(.*?)</th>', page)
        assert headings == [group.value for group in Group]
        assert all(f'<th scope="row">{option.words}</th>' in page for option in OPTIONS.values())
        assert "今晚维护" in page
        assert "kezhang" in page
        assert "8条：投票、结果、查票、聊天投票、公示、反映、我的信息、帮助" in page

    def test_who_may_only_look_is_offered_to_look(self, app: Flask) -> None:
        supervisor = Browser(app).signed_in_as(make_staff("jiandu", "示例监督员", Role.SUPERVISOR))

        page = supervisor.get("/console/options/").text
        form = supervisor.get(NOTICE).text

        assert ("查看</a>" in page, "修改</a>" in page) == (True, False)
        assert "您可以查看，不能修改。" in form
        assert 'name="version"' not in form

    @pytest.mark.parametrize("role", [Role.UNIT, Role.INVESTIGATOR])
    def test_outsiders_see_nothing_of_it(self, app: Flask, role: Role) -> None:
        outsider = Browser(app).signed_in_as(make_staff("waimian", "示例外面", role, "示例县"))

        answers = [outsider.get(path).status_code for path in ("/console/options/", NOTICE, f"{NOTICE}/history")]

        assert answers == [403, 403, 403]

    def test_every_page_of_every_option_opens(self, keys: Browser) -> None:
        pages = [
            f"/console/options/{option.act.removeprefix('options.')}/{name}{page}"
            for name, option in OPTIONS.items()
            for page in ("", "/history", "/versions/0")
        ]

        assert {page: keys.get(page).status_code for page in pages} == dict.fromkeys(pages, 200)


class TestForm:
    def test_what_is_saved_holds_and_the_page_says_so(self, desk: Browser) -> None:
        answer = desk.submit(NOTICE, version="0", value=" 今晚维护 \r\n", reason="系统升级")

        assert (answer.status_code, answer.location) == (303, NOTICE)
        page = desk.get(NOTICE).text
        assert "设置已保存。" in page
        assert 'value="今晚维护"' in page
        assert "现在是第1版：示例经办" in page
        assert HOME_NOTICE.value() == "今晚维护"

    def test_saving_what_holds_already_says_that_nothing_changed(self, desk: Browser) -> None:
        set_to(HOME_NOTICE, "今晚维护")

        desk.submit(NOTICE, version="1", value="今晚维护", reason="")

        assert "没有改动。" in desk.get(NOTICE).text

    def test_a_fault_names_its_field_and_loses_nothing_typed(self, desk: Browser) -> None:
        typed = "长" * 121

        answer = desk.submit(NOTICE, version="0", value=typed, reason="系统升级")

        assert answer.status_code == 422
        assert '<a href="#value">首页通知最多120个字，现在是121个。</a>' in answer.text
        assert f'value="{typed}"' in answer.text
        assert 'value="系统升级"' in answer.text
        assert 'id="value" name="value" aria-invalid="true" aria-describedby="value-error value-hint"' in answer.text

    def test_without_a_reason_the_form_asks_for_one(self, desk: Browser) -> None:
        answer = desk.submit(NOTICE, version="0", value="今晚维护", reason="")

        assert answer.status_code == 422
        assert '<p class="error" id="reason-error">请写明为什么改，几个字就行。</p>' in answer.text
        assert 'value="今晚维护"' in answer.text

    def test_a_fault_does_not_hide_that_somebody_else_was_faster(self, desk: Browser) -> None:
        set_to(HOME_NOTICE, "同事写的")

        answer = desk.submit(NOTICE, version="0", value="长" * 121, reason="系统升级")
        version = re.search(r'name="version" value="(\d+)"', answer.text)

        assert version is not None
        assert version[1] == "0"

    def test_the_page_of_another_area_is_not_there(self, keys: Browser) -> None:
        wrong = "/console/options/limits/home.notice"

        assert keys.get(wrong).status_code == 404
        assert keys.submit(wrong, version="0", value="今晚维护", reason="系统升级").status_code == 404
        assert kept(HOME_NOTICE) == []

    def test_what_is_typed_is_shown_as_text_whatever_it_holds(self, desk: Browser) -> None:
        set_to(GREETING, "<script>alert(1)</script>")

        for path in ("/console/options/", "/console/options/texts/wechat.greeting"):
            page = desk.get(path).text
            assert "<script>alert" not in page
            assert "&lt;script&gt;alert" in page

    def test_a_value_that_does_not_read_any_more_shows_the_default(self, desk: Browser) -> None:
        put_version(HOME_NOTICE, {"no": "text"})

        assert desk.get(NOTICE).status_code == 200


class TestTwoPeople:
    def test_who_was_too_late_sees_both_values_and_keeps_theirs(self, desk: Browser, colleague: Account) -> None:
        set_to(HOME_NOTICE, "同事写的")

        answer = desk.submit(NOTICE, version="0", value="我写的", reason="系统升级")

        assert answer.status_code == 409
        assert "您打开这一页以后，别人改过这项设置。您填的内容还在，请对照后决定。" in answer.text
        assert "示例科长在" in answer.text
        assert answer.text.index("<h3>现在的内容</h3>") < answer.text.index("<p>同事写的</p>")
        assert answer.text.index("<h3>您填的内容</h3>") < answer.text.index("<p>我写的</p>")
        assert 'value="我写的"' in answer.text
        assert HOME_NOTICE.value() == "同事写的"

    def test_who_has_seen_both_may_save_over_it(self, desk: Browser) -> None:
        set_to(HOME_NOTICE, "同事写的")
        answer = desk.submit(NOTICE, version="0", value="我写的", reason="系统升级")
        version = re.search(r'name="version" value="(\d+)"', answer.text)
        assert version is not None

        desk.submit(NOTICE, version=version[1], value="我写的", reason="系统升级")

        assert [row[1] for row in kept(HOME_NOTICE)] == ["同事写的", "我写的"]


class TestConsequence:
    def test_it_is_told_before_it_happens(self, keys: Browser) -> None:
        asked = keys.submit(LIMIT, version="0", value="5", reason="有人刷票")

        assert asked.status_code == 422
        assert "从20次改为5次，会被拦下的人变多" in asked.text
        assert 'name="confirmed"' in asked.text
        assert PER_VOTER.value() == 20
        done = keys.submit(LIMIT, version="0", value="5", reason="有人刷票", confirmed="1")
        assert (done.status_code, PER_VOTER.value()) == (303, 5)

    def test_the_office_is_turned_away_and_that_is_recorded(self, desk: Browser) -> None:
        answer = desk.submit(LIMIT, version="0", value="5", reason="有人刷票", confirmed="1")

        assert (answer.status_code, kept(PER_VOTER)) == (403, [])
        assert recorded() == [("jingban", "options.limits", LIMIT, "refused")]

    def test_restoring_an_old_limit_tells_its_consequence(self, keys: Browser) -> None:
        set_to(PER_VOTER, 5)
        set_to(PER_VOTER, 50)

        page = keys.get(f"{LIMIT}/versions/1").text

        assert "每个微信号每分钟可试的次数从50次改为5次" in page


class TestRows:
    def test_rows_are_saved_in_their_order(self, desk: Browser) -> None:
        answer = desk.submit(KEYWORDS, version="0", reason="新词", **words_form(HOURS, VOTE))

        assert answer.status_code == 303
        assert WORDS.value() == (HOURS, VOTE)

    def test_arranging_rows_saves_nothing(self, desk: Browser) -> None:
        answer = desk.submit(KEYWORDS, version="0", reason="新词", up="1", **words_form(HOURS, VOTE))

        assert (answer.status_code, kept(WORDS)) == (200, [])
        assert words_on(answer.text) == ["投票", "几点", ""]
        assert 'value="新词"' in answer.text

    def test_a_wrong_cell_is_told_in_its_place(self, desk: Browser) -> None:
        wrong = Word("几点", "reply", "", "")

        answer = desk.submit(KEYWORDS, version="0", reason="新词", **words_form(VOTE, wrong))

        assert answer.status_code == 422
        assert '<a href="#rows-1-text">第2条：请填写要回复的文字。</a>' in answer.text
        assert 'id="rows-1-text-error"' in answer.text
        assert words_on(answer.text) == ["投票", "几点", ""]

    def test_days_are_put_in_their_order(self, desk: Browser) -> None:
        rows = (("2027-05-01", "2027-05-03"), ("2027-01-01", ""))
        cells = {
            f"rows-{row}-{name}": text
            for row, (first, last) in enumerate(rows)
            for name, text in (("first", first), ("last", last), ("kind", "rest"), ("source", "示例通知"))
        }

        answer = desk.submit("/console/options/calendar/calendar.days", version="0", reason="新通知", **cells)

        assert answer.status_code == 303
        assert [entry.first.month for entry in DAYS.value()] == [1, 5]


class TestPreview:
    def test_a_greeting_is_shown_as_the_chat_would_show_it_and_nothing_is_saved(self, desk: Browser) -> None:
        path = "/console/options/texts/wechat.greeting"

        answer = desk.submit(path, version="0", value="您好，这里是示例评选。", reason="", preview="1")

        assert (answer.status_code, kept(GREETING)) == (200, [])
        bubble = answer.text.split('class="wechat-account"')[1].split("</p>")[0]
        assert "您好，这里是示例评选。\n可以回复下面的词" in bubble
        assert "回复“投票”：打开正在进行的投票" in bubble

    def test_what_is_wrong_is_not_shown(self, desk: Browser) -> None:
        answer = desk.submit(NOTICE, version="0", value="长" * 121, reason="", preview="1")

        assert (answer.status_code, "填好以后，这里会显示效果。" in answer.text) == (200, True)


class TestHistory:
    def test_it_tells_who_when_why_and_what(self, desk: Browser, colleague: Account) -> None:
        set_to(HOME_NOTICE, "第一版")
        set_to(HOME_NOTICE, "第二版")

        page = desk.get(f"{NOTICE}/history").text

        assert "示例科长" in page
        assert "示例理由" in page
        assert '<del><span class="unseen">去掉：</span>第一版</del>' in page
        assert '<ins><span class="unseen">添上：</span>第二版</ins>' in page

    def test_without_a_change_it_says_so(self, desk: Browser) -> None:
        assert "还没有人改过，现在是初始设置。" in desk.get(f"{NOTICE}/history").text

    def test_a_change_is_taken_back_in_two_steps(self, desk: Browser) -> None:
        set_to(HOME_NOTICE, "第一版")
        set_to(HOME_NOTICE, "第二版")
        page = desk.get(f"{NOTICE}/versions/1").text
        assert "保存为第3版，几秒内生效；第2版仍留在历史里，可以再恢复。" in page

        answer = desk.submit(f"{NOTICE}/versions/1", version="2", reason="改错了")

        assert (answer.status_code, HOME_NOTICE.value()) == (303, "第一版")
        assert "已恢复。" in desk.get(NOTICE).text

    def test_taking_back_needs_a_reason_and_keeps_the_page(self, desk: Browser) -> None:
        set_to(HOME_NOTICE, "第一版")

        answer = desk.submit(f"{NOTICE}/versions/0", version="1", reason="")

        assert (answer.status_code, HOME_NOTICE.value()) == (422, "第一版")
        assert "请写明为什么改" in answer.text

    def test_who_may_only_look_is_not_offered_to_restore(self, app: Flask) -> None:
        set_to(HOME_NOTICE, "第一版")
        supervisor = Browser(app).signed_in_as(make_staff("jiandu", "示例监督员", Role.SUPERVISOR))

        page = supervisor.get(f"{NOTICE}/versions/0").text

        assert ("恢复到初始设置" in page, "与现在生效的相比" in page) == (False, True)
        assert supervisor.submit(f"{NOTICE}/versions/0", version="1", reason="改错了").status_code == 403

    def test_a_version_that_never_was_is_not_there(self, desk: Browser) -> None:
        assert desk.get(f"{NOTICE}/versions/7").status_code == 404
