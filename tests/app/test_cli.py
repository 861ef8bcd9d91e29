"""The command line where there is no service to work on."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask

from app.cli import create_command_line
from app.doctor import examine_installation, told
from foundation.embedded.places import EmbeddedError
from tests.conftest import make_settings
from wsgi import create_service


@pytest.mark.parametrize(
    "arguments", [["staff", "list"], ["polls", "list"], ["ledger", "verify"], ["keys", "rotate"], ["worker"]]
)
def test_commands_that_need_the_service_say_that_it_is_stopped(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))

    def stopped() -> None:
        raise EmbeddedError("the service is stopped: start it with `flask up` first")

    app = create_command_line(stopped)  # type: ignore[arg-type]  # it never returns an application
    answer = CliRunner().invoke(app.cli, arguments)

    assert (answer.exit_code, answer.output) == (1, "Error: the service is stopped: start it with `flask up` first\n")


def test_without_settings_the_missing_ones_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))

    answer = CliRunner().invoke(create_command_line(create_service).cli, ["staff", "list"])

    assert answer.exit_code == 1
    assert "SECRET_KEY: missing" in answer.output


def test_the_doctor_names_missing_settings_in_chinese_and_where_they_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))

    answer = CliRunner().invoke(create_command_line(create_service).cli, ["doctor"])

    assert answer.exit_code == 1
    assert "[有错] WECHAT_APPID没有填\n       1. 登录微信公众平台" in answer.output
    assert answer.output.endswith("项要处理。\n")


def test_the_doctor_says_that_the_service_is_not_running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))

    def stopped() -> Flask:
        raise EmbeddedError("the service is stopped: start it with `flask up` first")

    answer = CliRunner().invoke(create_command_line(stopped).cli, ["doctor"])

    assert (answer.exit_code, "[有错] 服务没有运行" in answer.output) == (1, True)


def test_the_doctor_looks_at_the_installation_too(app: Flask) -> None:
    settings = make_settings(database_url="postgresql://one@/role", public_url="https://vote.example.cn")

    found = [told(finding) for finding in examine_installation(settings)]

    assert [line.splitlines()[0] for line in found] == [
        "[请看] 数据库只有一个角色",
        "[正常] 数据库和Redis都连得上",
        "[请看] 没有设TRUSTED_PROXIES",
        "[请看] 没有设CHECKPOINT_DIR",
    ]
