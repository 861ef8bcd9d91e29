"""Taking the trail out: masked by default, whole with a leader's word, marked, and never a formula."""

import csv
import io
import re
from pathlib import Path

import openpyxl
import pytest
from flask import Flask
from rq import SimpleWorker
from rq.serializers import JSONSerializer
from sqlalchemy import select

from foundation.errors import Conflict, InvalidInput, NotAllowed
from foundation.queues import queue
from foundation.transaction import transaction
from staff.accounts import Account
from staff.actors import SYSTEM, Actor
from staff.approvals.deciding import approve
from staff.approvals.listing import approval_sheet
from staff.audit import record
from staff.audit.choosing import Choice
from staff.audit.exporting import request_export, request_unmasked_export
from staff.audit.jobs import make_download
from staff.audit.models import AuditEntry
from staff.audit.verifying import verify_chain
from staff.downloads import ask_again, download_status, downloads_of, request_download, take_file
from tests.staff.audit.factories_trail import LEADER, write_trail
from tests.staff.factories_staff import Browser, actor_of, recorded

FROM = ["192.0.*.*", "request-9"]
FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "＝1+1")
HEADINGS = [
    "序号",
    "时间",
    "谁",
    "角色",
    "做了什么",
    "对象",
    "涉及的项目",
    "结果",
    "事由",
    "申请人",
    "网段",
    "请求号",
]


def work_off_the_queue() -> None:
    worker = SimpleWorker([queue()], connection=queue().connection, serializer=JSONSerializer)
    worker.work(burst=True, logging_level="ERROR")


def taken(actor: Actor) -> tuple[str, bytes]:
    """Return name and content of the latest file of `actor`, once the jobs are done."""
    work_off_the_queue()
    download = downloads_of(actor)[0]
    assert (download.state, download.error) == ("ready", None)
    file = take_file(download.key, actor)
    return file.filename, file.content


def rows_of(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def cells_of(content: bytes) -> list[list[object]]:
    (sheet,) = openpyxl.load_workbook(io.BytesIO(content)).worksheets
    return [[cell.value for cell in row] for row in sheet.iter_rows()]


def test_a_csv_holds_what_was_chosen_in_the_chains_order_with_masked_networks(supervisor: Account) -> None:
    with transaction():
        record("audit.verify", "操作记录", actor_of(supervisor), fields=("network", "other"))
        record("audit.export", "全部", LEADER, purpose="核查")
        record("polls.open", "别的", SYSTEM)
    request_export(Choice(act="audit.*"), "csv", actor_of(supervisor))
    name, content = taken(actor_of(supervisor))
    title, mark, chosen, head, headings, *rows, end = rows_of(content)
    assert re.fullmatch(r"操作记录-\d{8}-\d{6}\.csv", name)
    assert (title, chosen, headings) == (["操作记录"], ["范围：操作记录类　共3条"], HEADINGS)
    assert re.fullmatch(r"由 示例监督员（jiandu）于 \d+年\d+月\d+日 \d\d:\d\d 导出 · 编号 \w{8}", mark[0])
    assert mark == end
    assert re.fullmatch(r"链条到第\d条：[0-9a-f]{64}", head[0])
    by = ["示例监督员（jiandu）", "监督员"]
    assert [row[:1] + row[2:] for row in rows] == [
        ["1", *by, "核对操作记录", "操作记录", "网段、other", "完成", "", "", "127.0.*.*", "request-1"],
        ["2", "lingdao", "部领导", "导出操作记录", "全部", "", "完成", "核查", "jingban", *FROM],
        ["4", *by, "导出操作记录", "操作记录：操作记录类", "", "完成", "", "", "127.0.*.*", "request-1"],
    ]


def test_a_workbook_holds_the_same_and_is_marked_on_every_page(supervisor: Account) -> None:
    write_trail(7)
    request_export(Choice(result="done"), "xlsx", actor_of(supervisor))
    _, content = taken(actor_of(supervisor))
    cells = cells_of(content)
    (sheet,) = openpyxl.load_workbook(io.BytesIO(content)).worksheets
    assert cells[3] == HEADINGS
    assert [row[0] for row in cells[4:-1]] == ["2", "3", "4", "5", "7", "8", "9"]
    assert "示例监督员（jiandu）" in str(cells[1][0])
    assert cells[1][0] == cells[-1][0]
    assert sheet.oddFooter is not None
    assert str(cells[1][0]) in str(sheet.oddFooter.left.text)


@pytest.mark.parametrize("file_format", ["csv", "xlsx"])
def test_no_cell_is_ever_a_formula(supervisor: Account, file_format: str) -> None:
    with transaction():
        for formula in FORMULAS:
            record("polls.open", formula, SYSTEM, purpose=formula, fields=(formula,))
    request_export(Choice(), file_format, actor_of(supervisor))
    _, content = taken(actor_of(supervisor))
    if file_format == "csv":
        rows = [cell for row in rows_of(content) for cell in row]
        assert [cell for cell in rows if re.match(r"\s*[=+\-@＝]", cell)] == []
    else:
        (sheet,) = openpyxl.load_workbook(io.BytesIO(content)).worksheets
        assert {cell.data_type for row in sheet.iter_rows() for cell in row if cell.value is not None} == {"s"}


def test_an_empty_choice_makes_an_empty_file(supervisor: Account) -> None:
    request_export(Choice(result="refused"), "xlsx", actor_of(supervisor))
    assert len(cells_of(taken(actor_of(supervisor))[1])) == 5


def test_the_wish_is_in_the_trail(supervisor: Account) -> None:
    request_export(Choice(person="jiandu"), "csv", actor_of(supervisor))
    assert [line[1:3] for line in recorded()] == [
        ("audit.export", "操作记录：示例监督员"),
        ("downloads.request", "操作记录：示例监督员（CSV）（person=jiandu）"),
    ]


@pytest.mark.parametrize(
    ("choice", "file_format", "field"), [(Choice(), "pdf", "format"), (Choice(since="x"), "csv", "since")]
)
def test_a_wrong_wish_is_refused(supervisor: Account, choice: Choice, file_format: str, field: str) -> None:
    for ask in (
        lambda: request_export(choice, file_format, actor_of(supervisor)),
        lambda: request_unmasked_export(choice, file_format, "核查", actor_of(supervisor)),
    ):
        with pytest.raises(InvalidInput) as refused:
            ask()
        assert refused.value.field == field
    assert recorded() == []


def test_the_office_takes_nothing_out(member: Account, leader: Account) -> None:
    with pytest.raises(NotAllowed):
        request_export(Choice(), "csv", actor_of(member))
    with pytest.raises(NotAllowed):
        request_unmasked_export(Choice(), "csv", "核查", actor_of(leader))


def test_whole_networks_take_a_leaders_word_and_go_to_who_asked(supervisor: Account, leader: Account) -> None:
    with transaction():
        record("polls.open", "对象", LEADER)
    request = request_unmasked_export(Choice(act="polls.open"), "csv", "核查登录异常", actor_of(supervisor))
    assert downloads_of(actor_of(supervisor)) == ()
    with pytest.raises(Conflict):
        request_unmasked_export(Choice(act="polls.open"), "csv", "再问一次", actor_of(supervisor))
    with pytest.raises(NotAllowed):
        approve(request.key, actor_of(supervisor))
    approve(request.key, actor_of(leader))
    _, content = taken(actor_of(supervisor))
    assert rows_of(content)[5][10] == "192.0.2.0/24"
    assert "示例监督员（jiandu）" in rows_of(content)[1][0]
    assert downloads_of(actor_of(leader)) == ()
    with transaction() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.act == "audit.export_unmasked")).one()
        assert (entry.actor, entry.asked_by, entry.purpose, entry.fields) == (
            "lingdao",
            "jiandu",
            "核查登录异常",
            ["network"],
        )
    assert verify_chain().seq == len(recorded())


def test_whoever_approves_sees_what_it_is_about(app: Flask, supervisor: Account, leader: Account) -> None:
    request = request_unmasked_export(Choice(person="jiandu"), "xlsx", "核查", actor_of(supervisor))
    with app.test_request_context():
        sheet = approval_sheet(request.key, actor_of(leader))
    assert (list(sheet.facts), sheet.page, sheet.outdated, sheet.line.is_mine_to_decide) == (
        [("范围", "示例监督员"), ("格式", "Excel"), ("网段", "完整显示")],
        "/console/audit?person=jiandu",
        False,
        True,
    )


def test_what_was_unmasked_is_not_had_again_without_a_new_word(supervisor: Account) -> None:
    masked = request_download("audit.csv", "all", "操作记录", actor_of(supervisor))
    unmasked = request_download("audit_unmasked.csv", "all", "操作记录", actor_of(supervisor))
    assert (masked.renewable, unmasked.renewable) == (True, False)
    with pytest.raises(Conflict):
        ask_again(unmasked.key, actor_of(supervisor))


def test_a_job_makes_a_file_once_and_leaves_other_rooms_files_alone(supervisor: Account) -> None:
    other = request_download("tally.csv", "example", "得票", actor_of(supervisor))
    own = request_export(Choice(), "csv", actor_of(supervisor))
    make_download(own.key)
    first = download_status(own.key, actor_of(supervisor))
    for key in (own.key, other.key, "unknown"):
        make_download(key)
    assert download_status(own.key, actor_of(supervisor)).ready_at == first.ready_at
    assert download_status(other.key, actor_of(supervisor)).state == "waiting"


def test_the_page_starts_an_export_of_what_is_chosen(watch: Browser, supervisor: Account) -> None:
    answer = watch.submit("/console/audit/export", format="csv", person="jiandu", text="操作")
    assert (answer.status_code, answer.location) == (303, "/console/downloads")
    (download,) = downloads_of(actor_of(supervisor))
    assert (download.kind, download.subject) == ("audit.csv", "person=jiandu&text=操作")
    assert "操作记录：示例监督员，对象含“操作”（CSV）" in watch.get("/console/downloads").text


def test_the_wish_for_whole_networks_wants_a_purpose_and_keeps_what_was_typed(watch: Browser) -> None:
    form = watch.get("/console/audit/unmasked?person=jiandu").text
    assert ('name="person" value="jiandu"' in form, "范围：示例监督员。" in form) == (True, True)
    refused = watch.submit("/console/audit/unmasked", person="jiandu", format="csv", purpose="  ")
    assert refused.status_code == 422
    assert '<p class="error" id="purpose-error">请写明要完整网段做什么用。</p>' in refused.text
    assert '<option value="csv" selected>' in refused.text
    assert 'name="person" value="jiandu"' in refused.text
    answer = watch.submit("/console/audit/unmasked", person="jiandu", format="csv", purpose="核查")
    assert (answer.status_code, answer.location) == (303, "/console/approvals/")


def test_a_file_grows_without_memory_growing(supervisor: Account, tmp_path: Path) -> None:
    write_trail(4_500, at_once=4_500)
    request_export(Choice(), "csv", actor_of(supervisor))
    _, content = taken(actor_of(supervisor))
    rows = rows_of(content)[5:-1]
    assert [row[0] for row in rows] == [str(seq) for seq in range(1, 4_503)]
