"""The command line where there is no service to work on."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from app.cli import create_command_line
from foundation.embedded.places import EmbeddedError
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
    told = CliRunner().invoke(app.cli, arguments)

    assert (told.exit_code, told.output) == (1, "Error: the service is stopped: start it with `flask up` first\n")


def test_without_settings_the_missing_ones_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))

    told = CliRunner().invoke(create_command_line(create_service).cli, ["staff", "list"])

    assert told.exit_code == 1
    assert "SECRET_KEY: missing" in told.output
