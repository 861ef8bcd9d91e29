"""Polls from the command line: what it prints, what it changes, and in whose name."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask

from tests.conftest import DatabaseClock
from tests.staff.factories_staff import leader_approves, make_staff
from tests.votes.factories_polls import NOON, acts, make_ready
from tests.votes.test_console import archive, sheet
from votes.candidate_list import all_candidates
from votes.cli import polls_commands
from votes.overview import list_polls, poll_overview
from votes.phases import Phase


@pytest.fixture(autouse=True)
def before_the_poll(app: Flask, database_clock: DatabaseClock) -> None:
    database_clock.set(NOON - timedelta(days=1))


def run(app: Flask, *arguments: str) -> Result:
    return app.test_cli_runner().invoke(polls_commands, list(arguments))


def put(folder: Path, name: str, content: bytes) -> str:
    path = folder / name
    path.write_bytes(content)
    return str(path)


def test_a_new_poll_comes_with_its_candidates_and_photos(app: Flask, tmp_path: Path) -> None:
    table = put(tmp_path, "people.xlsx", sheet(("丁示例", "示例县一"), ("王示例", "示例县二"), award="优秀共产党员"))
    photos = put(tmp_path, "photos.zip", archive("丁示例.jpg", "谁.jpg"))
    made = run(app, "import", "demo", table, "--title", "示例网上评议", "--photos", photos)
    assert (made.exit_code, made.stdout) == (
        0,
        "imported 2 candidates into demo\nattached 1 photos, 1 candidates had no file\n",
    )
    assert made.stderr == "谁.jpg：文件名对不上任何候选对象。\n"
    assert [(one.name, one.photo is not None) for one in all_candidates("demo")] == [
        ("丁示例", True),
        ("王示例", False),
    ]
    assert [award.settings.name for award in poll_overview("demo").awards][2] == "优秀共产党员"


def test_with_one_fault_nothing_is_imported_and_no_poll_is_left(app: Flask, tmp_path: Path) -> None:
    table = put(tmp_path, "people.xlsx", sheet(("丁示例", ""), award="优秀共产党员"))
    refused = run(app, "import", "demo", table, "--title", "示例网上评议")
    assert refused.exit_code == 1
    assert refused.stderr == "第2行 D列 推荐单位：不能为空。\nError: 表格有1处错误，没有导入。\n"
    assert (list_polls(), acts()) == ((), [])


def test_opening_and_closing_are_asked_for_in_somebodys_name_and_done_by_a_leader(app: Flask) -> None:
    make_staff()
    make_ready()
    opened = run(app, "open", "demo", "--as", "jingban")
    assert re.fullmatch(r"asked for demo to be opened; a leader decides at /console/approvals/\w{32}\n", opened.stdout)
    assert poll_overview("demo").phase is Phase.DRAFT
    leader_approves()
    assert poll_overview("demo").phase is Phase.NOT_OPEN
    closed = run(app, "close", "demo", "--reason", "示例停电", "--as", "jingban")
    assert closed.stdout.startswith("asked for demo to be closed; a leader decides at /console/approvals/")
    assert acts()[-3:] == [
        ("lingdao", "approvals.approve", "开启投票：示例网上评议"),
        ("lingdao", "polls.open", "示例网上评议（demo）"),
        ("jingban", "approvals.request", "提前结束投票：示例网上评议"),
    ]


def test_what_takes_two_people_is_not_asked_for_by_nobody(app: Flask) -> None:
    make_ready()
    refused = run(app, "open", "demo")
    assert (refused.exit_code, refused.stderr) == (1, "Error: 这一步要另一人批准，请以人员的名义提出申请。\n")


def test_the_list_names_every_poll(app: Flask) -> None:
    make_ready()
    line = "demo\tdraft\t2017年4月19日 12:00\t2017年4月26日 12:00\t5\t0\t示例网上评议\n"
    assert run(app, "list").stdout == line


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("open", "nowhere"), "没有这个投票。"),
        (("close", "demo", "--reason", "示例"), "只有已批准开启、还没有结束的投票可以提前结束。"),
        (("open", "demo", "--as", "nobody"), "没有"),
    ],
)
def test_what_is_refused_is_one_line_and_status_1(app: Flask, arguments: tuple[str, ...], sentence: str) -> None:
    make_ready()
    refused = run(app, *arguments)
    assert refused.exit_code == 1
    assert refused.stderr.startswith(f"Error: {sentence}")
    assert refused.stderr.count("\n") == 1


@pytest.mark.parametrize("command", ["list", "import", "open", "close"])
def test_every_command_explains_itself(app: Flask, command: str) -> None:
    shown = run(app, command, "--help")
    assert shown.exit_code == 0
    assert len(shown.stdout.splitlines()) > 4
