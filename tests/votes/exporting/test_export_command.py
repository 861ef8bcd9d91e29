"""`flask tally export` hands out the files, and records who asked."""

import io
import json
from pathlib import Path

import openpyxl
import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select

from foundation.transaction import transaction
from staff.audit.models import AuditEntry
from staff.models import Member
from staff.roles import Role
from tests.votes.exporting.factories_tally import invented_people, make_poll_with_ledger
from votes.exporting.cli import tally_commands


@pytest.fixture
def poll(app: Flask) -> None:
    make_poll_with_ledger(invented_people(2), ([1], [1, 2]))


def run(app: Flask, *arguments: str) -> Result:
    return app.test_cli_runner().invoke(tally_commands, ["export", *arguments])


def recorded() -> list[tuple[str, str, str]]:
    with transaction() as session:
        return [(entry.actor, entry.act, entry.object) for entry in session.scalars(select(AuditEntry))]


def test_a_tally_goes_to_standard_output(app: Flask, poll: None) -> None:
    result = run(app, "shili", "--format", "json")
    assert result.exit_code == 0
    value = json.loads(result.stdout_bytes)
    assert [one["votes"] for one in value["awards"][0]["candidates"]] == [2, 1]
    assert recorded() == [("command line", "tally.download", "shili")]


@pytest.mark.parametrize("file_format", ["xlsx", "csv", "json", "docx"])
def test_a_tally_goes_to_a_file(app: Flask, poll: None, tmp_path: Path, file_format: str) -> None:
    target = tmp_path / f"tally.{file_format}"
    result = run(app, "shili", "--format", file_format, "--output", str(target))
    assert (result.exit_code, result.stdout) == (0, "")
    assert target.stat().st_size > 500


def test_the_number_in_the_file_leads_to_the_line_in_the_trail(app: Flask, poll: None) -> None:
    value = json.loads(run(app, "shili", "--format", "json").stdout_bytes)
    with transaction() as session:
        entry = session.scalars(select(AuditEntry)).one()
    assert entry.request_id
    assert value["exported"].startswith("由 命令行（command line）于 ")
    assert value["exported"].endswith(f" 导出 · 编号 {entry.request_id[:8]}")


def test_the_workbook_opens(app: Flask, poll: None) -> None:
    result = run(app, "shili", "--format", "xlsx")
    assert openpyxl.load_workbook(io.BytesIO(result.stdout_bytes)).sheetnames[0] == "汇总表"


def test_a_member_can_be_named(app: Flask, poll: None) -> None:
    with transaction() as session:
        session.add(Member(name="shili-jingban", display_name="示例经办", password_hash="none", role=Role.OFFICE))
    assert run(app, "shili", "--format", "csv", "--as", "shili-jingban").exit_code == 0
    assert recorded() == [("shili-jingban", "tally.download", "shili")]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("meiyou", "--format", "csv"), "没有这项投票。"),
        (("shili", "--format", "csv", "--as", "meiyou"), "没有这个用户名。"),
        (("shili", "--format", "pdf"), "'pdf' is not one of"),
        (("shili",), "--format"),
    ],
)
def test_what_cannot_be_had_is_said_in_one_line(
    app: Flask, poll: None, tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    target = tmp_path / "tally"
    result = run(app, *arguments, "--output", str(target))
    assert result.exit_code != 0
    assert message in result.stderr
    assert not target.exists()
    assert recorded() == []


def test_a_hidden_poll_gives_the_number_of_voters_alone(app: Flask) -> None:
    make_poll_with_ledger(invented_people(2), ([1], [1, 2]), visibility="hidden")
    value = json.loads(run(app, "shili", "--format", "json").stdout_bytes)
    assert (value["kind"], value["voters"]) == ("turnout", 2)
    assert "awards" not in value
