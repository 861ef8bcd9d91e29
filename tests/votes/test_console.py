"""The console's pages about polls, as somebody at the desk uses them."""

import io
import re
import zipfile
from datetime import timedelta

import pytest
import xlsxwriter
from flask import Flask
from openpyxl import load_workbook
from PIL import Image
from werkzeug.datastructures import FileStorage

from foundation.errors import Conflict
from tests.conftest import DatabaseClock
from tests.factories import BOTH, CLERK, fill_ledger, make_poll
from tests.staff.factories_staff import Browser, leader_approves, make_staff
from tests.votes.factories_polls import NOON, acts, award_ids, make_draft, make_ready, poll_of
from votes.candidate_list import all_candidates, read_candidate
from votes.candidates import withdraw_candidate
from votes.overview import list_polls, poll_overview
from votes.phases import Phase
from votes.polls import open_poll
from votes.spreadsheet import COLUMNS

NEW = {
    "title": "示例网上评议",
    "opens_at": "2017-04-19T12:00",
    "closes_at": "2017-04-26T12:00",
    "period": "once",
    "visibility": "hidden",
    "candidate_order": "strokes",
    "slug": "demo",
    "rules_text": "",
    "awards-0-name": "示例党员奖",
    "awards-0-places": "1",
    "awards-0-min_choices": "0",
    "awards-0-max_choices": "2",
    "awards-1-name": "",
    "awards-1-min_choices": "0",
}


@pytest.fixture(autouse=True)
def before_the_poll(app: Flask, database_clock: DatabaseClock) -> None:
    database_clock.set(NOON - timedelta(days=1))


@pytest.fixture
def desk(app: Flask) -> Browser:
    return Browser(app).signed_in_as(make_staff())


def sheet(*people: tuple[str, str], award: str = "示例党员奖", photo_file: str = "", consented: str = "是") -> bytes:
    """Fill in the spreadsheet with one row for each name and unit."""
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        page = book.add_worksheet("候选对象")
        page.write_row(0, 0, [column.heading for column in COLUMNS])
        for row, (name, unit) in enumerate(people, start=1):
            cells = ["", award, name, unit, "", "简" * 200, "事" * 2000, photo_file, consented, "是"]
            page.write_row(row, 0, cells)
    return content.getvalue()


def picture() -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (413, 626), "white").save(content, "JPEG")
    return content.getvalue()


def archive(*names: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as packed:
        for name in names:
            packed.writestr(name, picture())
    return content.getvalue()


def upload(desk: Browser, path: str, content: bytes, filename: str, **fields: str) -> str:
    """Send a file by a form of the console and return the page it leads to."""
    data = {"csrf_token": desk.csrf_token(), "file": FileStorage(io.BytesIO(content), filename), **fields}
    answer = desk.client.post(path, data=data, headers={"Origin": desk.origin})
    return desk.get(answer.location).text if answer.location else answer.text


def confirming(page: str) -> str:
    """Return where the form of a preview leads."""
    found = re.search(r'action="(/console/polls/[\w-]+/(?:import|photos)/\w+/confirm)"', page)
    assert found is not None
    return found[1]


def messages(page: str) -> list[str]:
    return [" ".join(text.split()) for text in re.findall(r'<p class="message[^>]*>(.*?)</p>', page, re.DOTALL)]


class TestDrafting:
    def test_a_poll_is_drafted_and_leads_on_to_its_candidates(self, desk: Browser) -> None:
        answer = desk.submit("/console/polls/new", **NEW)
        assert (answer.status_code, answer.location) == (303, "/console/polls/demo/import")
        assert messages(desk.get(answer.location).text) == ["投票已建好，现在还是草稿。接下来导入候选对象。"]
        overview = poll_overview("demo")
        assert overview.settings.opens_at == NOON
        assert [award.settings.name for award in overview.awards] == ["示例党员奖"]

    def test_faults_stand_beside_their_fields_and_nothing_typed_is_lost(self, desk: Browser) -> None:
        wrong = {"title": "", "closes_at": "2017-04-18T12:00", "enquiry_phone": "示例电话", "awards-0-places": "0"}
        answer = desk.submit("/console/polls/new", **(NEW | wrong))
        page = answer.text
        assert answer.status_code == 422
        for field, text in {
            "title": "请填写投票的名称。",
            "closes_at": "结束时间要晚于开始时间。",
            "enquiry_phone": "咨询电话只能用数字、括号和连字符。",
            "awards-0-places": "名额至少是1。",
        }.items():
            assert re.search(rf'id="{field}-error">{text}<', page)
            described = rf'<input id="{field}"[^>]*aria-invalid="true"[^>]*aria-describedby="[^"]*{field}-error'
            assert re.search(described, page)
        assert 'value="2017-04-18T12:00"' in page
        assert 'value="示例电话"' in page
        assert 'value="示例党员奖"' in page
        assert list_polls() == ()

    def test_numbers_and_times_that_are_none_are_told(self, desk: Browser) -> None:
        page = desk.submit("/console/polls/new", **(NEW | {"opens_at": "soon"})).text
        assert "时间要写成 2017-04-25 18:00 这样。" in page
        page = desk.submit("/console/polls/new", **(NEW | {"awards-0-places": "十"})).text
        assert "名额要填数字。" in page

    def test_rows_of_awards_are_arranged_without_a_script(self, desk: Browser) -> None:
        second = {"awards-1-name": "示例组织奖", "awards-1-places": "1", "awards-1-max_choices": "1"}
        page = desk.submit("/console/polls/new", **(NEW | second | {"up": "1"})).text
        assert re.findall(r'name="awards-\d-name" value="([^"]*)"', page) == ["示例组织奖", "示例党员奖", ""]
        assert list_polls() == ()

    def test_an_award_that_is_ticked_away_goes(self, desk: Browser) -> None:
        make_draft()
        first, second = award_ids()
        rows = {
            "awards-0-id": str(first),
            "awards-0-name": "示例组织奖",
            "awards-0-remove": "1",
            "awards-1-id": str(second),
            "awards-1-name": "示例新名奖",
            "awards-1-places": "1",
            "awards-1-min_choices": "0",
            "awards-1-max_choices": "2",
        }
        assert desk.submit("/console/polls/demo/awards", **rows).status_code == 303
        assert [(award.settings.id, award.settings.name) for award in poll_overview("demo").awards] == [
            (second, "示例新名奖")
        ]

    def test_after_opening_the_settings_offer_the_telephones_alone(self, desk: Browser) -> None:
        make_ready()
        open_poll("demo", BOTH)
        page = desk.get("/console/polls/demo/edit").text
        assert re.findall(r'<input id="(\w+)"', page) == ["enquiry_phone", "supervision_phone"]
        fields = {"enquiry_phone": "0391-2222222", "supervision_phone": "", "title": "另一个名称"}
        assert desk.submit("/console/polls/demo/edit", **fields).status_code == 303
        settings = poll_overview("demo").settings
        assert (settings.enquiry_phone, settings.title) == ("0391-2222222", "示例网上评议")


class TestImporting:
    def test_a_faulty_sheet_is_shown_with_every_fault_and_imports_nothing(self, desk: Browser) -> None:
        make_ready()
        faulty = sheet(("丁示例", ""), ("王示例", "示例县"), consented="?")
        page = upload(desk, "/console/polls/demo/import", faulty, "n.xlsx")
        assert "“n.xlsx”有3处错误，没有导入" in page
        assert re.findall(r'<td class="nowrap">(.*?)</td><td>(.*?)</td>', page) == [
            ("第2行 D列", "推荐单位"),
            ("第2行 I列", "同意公开"),
            ("第3行 I列", "同意公开"),
        ]
        assert len(all_candidates("demo")) == 5

    def test_a_sheet_is_looked_at_and_then_imported_without_being_chosen_again(self, desk: Browser) -> None:
        make_ready()
        people = (("丁示例", "示例县二"), ("新示例", "示例县二"))
        page = upload(desk, "/console/polls/demo/import", sheet(*people), "n.xlsx")
        assert "导入后共2名候选对象，其中新增1名，现有的4名不在表格里，将被删去。" in page
        assert len(all_candidates("demo")) == 5
        answer = desk.submit(confirming(page))
        assert (answer.status_code, answer.location) == (303, "/console/polls/demo/photos")
        assert [one.name for one in all_candidates("demo")] == ["丁示例", "新示例"]

    def test_an_upload_is_confirmed_once_and_only_for_its_own_poll(self, desk: Browser) -> None:
        make_draft("other")
        make_draft()
        path = confirming(upload(desk, "/console/polls/demo/import", sheet(("丁示例", "示例县二")), "n.xlsx"))
        assert desk.submit(path.replace("demo", "other")).status_code == 404
        assert desk.submit(path).status_code == 303
        again = desk.submit(path)
        assert (again.status_code, "这次导入已经确认过了。" in again.text) == (409, True)
        assert all_candidates("other") == ()

    def test_without_a_file_it_asks_for_one(self, desk: Browser) -> None:
        make_draft()
        answer = desk.submit("/console/polls/demo/import")
        assert answer.status_code == 422
        assert 'id="file-error">请选择文件。<' in answer.text

    def test_the_template_names_the_awards_of_this_poll(self, desk: Browser) -> None:
        make_draft()
        answer = desk.get("/console/polls/demo/import/template.xlsx")
        book = load_workbook(io.BytesIO(answer.data))
        assert "示例组织奖" in [cell.value for row in book["填写说明"] for cell in row]


class TestPhotos:
    def test_photos_are_matched_asked_about_and_attached(self, desk: Browser) -> None:
        make_draft()
        people = (("丁示例", "示例县一"), ("丁示例", "示例县二"), ("王示例", "示例县二"))
        desk.submit(confirming(upload(desk, "/console/polls/demo/import", sheet(*people), "n.xlsx")))
        page = upload(desk, "/console/polls/demo/photos", archive("王示例.jpg", "丁示例.jpg", "谁.jpg"), "p.zip")
        assert "1张对上了候选对象，1张请在上面指定，1个文件不用。" in page
        answer = desk.submit(confirming(page), questions="1", **{"question-0": "2"})
        assert (answer.status_code, answer.location) == (303, "/console/polls/demo/candidates/")
        assert [one.number for one in all_candidates("demo") if one.photo] == [2, 3]

    def test_one_candidate_gets_one_photo(self, desk: Browser) -> None:
        make_draft()
        people = (("丁示例", "示例县一"), ("丁示例", "示例县二"))
        desk.submit(confirming(upload(desk, "/console/polls/demo/import", sheet(*people), "n.xlsx")))
        page = upload(desk, "/console/polls/demo/photos", archive("a/丁示例.jpg", "b/丁示例.jpg"), "p.zip")
        answers = {"question-0": "1", "question-1": "1"}
        answer = desk.submit(confirming(page), questions="2", **answers)
        assert answer.status_code == 422
        assert "1号选了两张照片，请只留一张。" in answer.text
        assert answer.text.count('<option value="1" selected>') == 2

    def test_names_given_in_the_sheet_count(self, desk: Browser) -> None:
        make_draft()
        page = upload(desk, "/console/polls/demo/import", sheet(("丁示例", "示例县一"), photo_file="x1.jpg"), "n.xlsx")
        on = desk.submit(confirming(page)).location
        sheet_token = re.search(r"sheet=(\w+)", on)
        assert sheet_token is not None
        page = upload(desk, "/console/polls/demo/photos", archive("x1.jpg"), "p.zip", sheet=sheet_token[1])
        desk.submit(confirming(page))
        assert read_candidate("demo", 1).photo is not None

    def test_what_is_no_archive_is_told(self, desk: Browser) -> None:
        make_ready()
        page = upload(desk, "/console/polls/demo/photos", b"no archive", "p.zip")
        assert ("“p.zip”没有导入" in page, "这不是 ZIP 压缩包" in page) == (True, True)

    def test_a_single_photo_is_given_and_taken_away(self, desk: Browser) -> None:
        make_ready()
        data = {"csrf_token": desk.csrf_token(), "photo": FileStorage(io.BytesIO(picture()), "p.jpg")}
        desk.client.post("/console/polls/demo/candidates/3/photo", data=data, headers={"Origin": desk.origin})
        assert read_candidate("demo", 3).photo is not None
        desk.submit("/console/polls/demo/candidates/3/photo/remove")
        assert read_candidate("demo", 3).photo is None
        assert 'id="photo-error"' in desk.submit("/console/polls/demo/candidates/3/photo").text


class TestCandidates:
    def test_a_candidate_is_added_changed_moved_and_deleted(self, desk: Browser) -> None:
        make_ready()
        award = str(award_ids()[1])
        base = "/console/polls/demo/candidates"
        desk.submit(f"{base}/new", award=award, name="新示例", unit="示例县三")
        desk.submit(f"{base}/6", award=award, name="新示例", unit="示例县四", brief="示例事迹\r\n第二行")
        desk.submit(f"{base}/6/place", place="1")
        desk.submit(f"{base}/6/number", number="9")
        one = read_candidate("demo", 9)
        assert (one.unit, one.brief, one.place, one.fixed) == ("示例县四", "示例事迹\n第二行", 1, True)
        desk.submit(f"{base}/9/delete")
        assert desk.get(f"{base}/9").status_code == 404

    def test_a_faulty_candidate_keeps_what_was_typed(self, desk: Browser) -> None:
        make_ready()
        answer = desk.submit("/console/polls/demo/candidates/3", award="", name="丙示例", unit="")
        assert answer.status_code == 422
        assert 'value="丙示例"' in answer.text
        assert 'id="unit-error">请填写推荐单位。<' in answer.text

    def test_what_no_database_takes_is_left_out(self, desk: Browser) -> None:
        make_ready()
        assert desk.get("/console/polls/demo/candidates/?words=丁&award=99999999999&page=x").status_code == 200
        assert desk.get("/console/polls/demo/candidates/99999999999999999999").status_code == 404
        desk.submit("/console/polls/demo/candidates/3", award=str(award_ids()[1]), name="丁\0示例", unit="示例县")
        assert read_candidate("demo", 3).name == "丁示例"

    def test_withdrawing_asks_for_a_reason_and_shows_it_done(self, desk: Browser) -> None:
        make_ready()
        path = "/console/polls/demo/candidates/3/withdraw"
        assert 'id="reason-error">请写明理由。<' in desk.submit(path, reason=" ").text
        page = desk.get(desk.submit(path, reason="本人申请").location).text
        assert '<span class="badge">已退出</span>' in page
        assert "3号已登记退出，页面上显示“已退出”。" in messages(page)


class TestSteps:
    def test_opening_states_its_consequence_and_asks_for_a_tick(self, desk: Browser) -> None:
        make_ready()
        page = desk.get("/console/polls/demo/open").text
        assert "批准后，投票将于4月19日 12:00自动开始，4月26日 12:00自动结束。" in page
        answer = desk.submit("/console/polls/demo/open")
        assert (answer.status_code, poll_of().state) == (422, "draft")
        assert 'id="confirmed-error">请先勾选' in answer.text
        assert desk.submit("/console/polls/demo/open", confirmed="1").status_code == 303
        assert poll_overview("demo").phase is Phase.DRAFT
        assert "等部领导批准" in desk.get("/console/polls/demo/open").text
        overview = desk.get("/console/polls/demo/").text
        assert ("等待批准" in overview, "核对并申请开启" in overview) == (True, False)
        leader_approves()
        assert poll_overview("demo").phase is Phase.NOT_OPEN

    def test_a_draft_that_was_changed_after_the_request_is_asked_for_anew(self, desk: Browser) -> None:
        make_ready()
        desk.submit("/console/polls/demo/open", confirmed="1")
        withdraw_candidate("demo", 3, "示例理由", CLERK)
        with pytest.raises(Conflict, match="申请提出以后内容又有改动"):
            leader_approves()
        assert poll_of().state == "draft"

    def test_what_is_missing_leads_to_where_it_is_mended(self, desk: Browser) -> None:
        make_draft()
        page = desk.get("/console/polls/demo/open").text
        assert "“示例组织奖”还没有候选对象，至少要1名。" in page
        assert ">申请开启</button>" not in page
        assert desk.submit("/console/polls/demo/open", confirmed="1").status_code == 409

    def test_closing_early_keeps_the_reason_when_the_tick_is_missing(self, desk: Browser) -> None:
        make_poll()
        answer = desk.submit("/console/polls/demo/close", reason="示例停电")
        assert "示例停电</textarea>" in answer.text
        assert desk.submit("/console/polls/demo/close", reason="示例停电", confirmed="1").status_code == 303
        assert poll_of().state == "open"
        leader_approves()
        assert poll_of().state == "closed"

    def test_certifying_shows_the_results_and_offers_the_sheet(self, desk: Browser) -> None:
        fill_ledger(make_poll(state="closed", visibility="hidden"), 10)
        paths = ("/console/polls/demo/turnout", "/console/polls/demo/results")
        before = "".join(desk.get(path).text for path in paths)
        assert ("结果在认证前不可见" in before, "得票情况汇总表" in before, "并列" in before) == (True, False, False)
        desk.submit("/console/polls/demo/certify", confirmed="1")
        leader_approves()
        after = "".join(desk.get(path).text for path in paths)
        assert ("结果在认证前不可见" in after, "得票情况汇总表" in after, "并列" in after) == (False, True, True)
        assert acts()[-1][1] == "polls.certify"

    def test_ballots_without_a_number_keep_the_result_open(self, desk: Browser) -> None:
        fill_ledger(make_poll(state="closed"), 2, numbered=False)
        answer = desk.submit("/console/polls/demo/certify", confirmed="1")
        assert (answer.status_code, "还有2票正在编号，请稍候再认证。" in answer.text) == (409, True)


class TestWatching:
    def test_a_hidden_poll_shows_voters_and_no_votes_on_any_page(self, desk: Browser) -> None:
        fill_ledger(make_poll(visibility="hidden"), 4321)
        paths = ("", "turnout", "candidates/", "candidates/1")
        pages = {path: desk.get(f"/console/polls/demo/{path}").text for path in paths}
        assert "4,321" in pages[""]
        assert "4,321" in pages["turnout"]
        assert "现在只能下载投票人数" in pages["turnout"]
        assert not any("得票数" in page or "名次" in page for page in pages.values())

    def test_the_chart_and_its_table_say_the_same(self, desk: Browser, database_clock: DatabaseClock) -> None:
        fill_ledger(make_poll(opens_in=timedelta(hours=-2)), 7)
        page = desk.get("/console/polls/demo/turnout").text
        assert page.count("<rect") == 3
        assert "<title>4月18日 12:00：7张</title>" in page
        assert re.findall(r'<tr><td>(.*?)</td><td class="end">(\d+)</td></tr>', page) == [
            ("4月18日 12:00", "7"),
            ("4月18日 11:00", "0"),
            ("4月18日 10:00", "0"),
            ("4月18日 星期二", "7"),
        ]

    def test_a_download_is_asked_for_and_waits_on_its_page(self, desk: Browser) -> None:
        fill_ledger(make_poll(), 3)
        answer = desk.submit("/console/polls/demo/downloads", format="csv")
        assert (answer.status_code, answer.location) == (303, "/console/downloads")
        assert "示例网上评议" in desk.get("/console/downloads").text

    def test_polls_are_listed_with_where_they_stand(self, desk: Browser) -> None:
        make_draft()
        make_poll("running", title="示例进行中")
        page = desk.get("/console/polls/").text
        row = r'<th scope="row"><a href="(.*?)">(.*?)</a></th>\s*<td><span class="badge.*?>(.*?)</span>'
        assert re.findall(row, page) == [
            ("/console/polls/running/", "示例进行中", "进行中"),
            ("/console/polls/demo/", "示例网上评议", "草稿"),
        ]

    def test_a_poll_that_is_not_there_is_not_found(self, desk: Browser) -> None:
        assert desk.get("/console/polls/nowhere/").status_code == 404

    def test_strangers_are_sent_to_sign_in(self, app: Flask) -> None:
        make_draft()
        answer = Browser(app).get("/console/polls/demo/")
        assert (answer.status_code, answer.location) == (303, "/console/sign-in?next=/console/polls/demo/")
