"""Staff from the command line, against the same database."""

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from foundation.errors import AppError
from staff.accounts import Account, authenticate
from staff.cli import staff_commands
from tests.staff.factories_staff import NETWORK, PASSWORD, recorded

OTHER = "另一句长长的示例密码 2027"


def run(app: Flask, *words: str, typed: str = "") -> Result:
    return CliRunner().invoke(staff_commands, words, input=typed, obj=None)


def test_a_member_is_added_with_a_password_from_stdin(app: Flask) -> None:
    result = run(app, "add", "jingban", "--display-name", "示例经办", "--password-stdin", typed=PASSWORD + "\n")
    assert (result.exit_code, result.output) == (0, "added jingban\n")
    assert authenticate("jingban", PASSWORD, NETWORK).display_name == "示例经办"
    assert recorded()[0] == ("command line", "staff.add", "jingban", "done")


def test_the_password_is_asked_for_twice_and_never_shown(app: Flask) -> None:
    result = run(app, "add", "jingban", typed=f"{PASSWORD}\n{PASSWORD}\n")
    assert result.exit_code == 0
    assert PASSWORD not in result.output
    assert authenticate("jingban", PASSWORD, NETWORK).display_name == "jingban"


def test_what_will_not_do_is_one_sentence_and_a_failure(app: Flask) -> None:
    result = run(app, "add", "jingban", "--password-stdin", typed="short\n")
    assert (result.exit_code, result.stderr) == (1, "Error: 密码至少要12个字符，现在是5个。\n")
    assert recorded() == []


def test_members_are_listed_with_their_condition(app: Flask, member: Account, colleague: Account) -> None:
    run(app, "disable", "kezhang")
    assert run(app, "list").output == "jingban\t示例经办\tactive\nkezhang\t示例科长\tdisabled\n"
    for _ in range(5):
        with pytest.raises(AppError):
            authenticate("jingban", OTHER, NETWORK)
    assert "jingban\t示例经办\tlocked until " in run(app, "list").output


def test_commands_act_in_the_name_of_a_member(app: Flask, member: Account, colleague: Account) -> None:
    for command in ("unlock", "disable", "enable"):
        assert run(app, command, "jingban", "--as", "kezhang").exit_code == 0
    run(app, "password", "jingban", "--password-stdin", "--as", "kezhang", typed=OTHER + "\n")
    assert recorded() == [
        ("kezhang", "staff.unlock", "jingban", "done"),
        ("kezhang", "staff.disable", "jingban", "done"),
        ("kezhang", "staff.enable", "jingban", "done"),
        ("kezhang", "staff.reset_password", "jingban", "done"),
    ]
    assert authenticate("jingban", OTHER, NETWORK) == member


@pytest.mark.parametrize("words", [("unlock", "nobody"), ("unlock", "jingban", "--as", "nobody")])
def test_nobody_is_neither_changed_nor_acts(app: Flask, member: Account, words: tuple[str, ...]) -> None:
    result = run(app, *words)
    assert (result.exit_code, result.stderr) == (1, "Error: 没有这个用户名。\n")


def test_a_disabled_member_does_not_act(app: Flask, member: Account, colleague: Account) -> None:
    run(app, "disable", "kezhang")
    assert run(app, "unlock", "jingban", "--as", "kezhang").exit_code == 1


@pytest.mark.parametrize("command", ["add", "list", "password", "unlock", "disable", "enable"])
def test_every_command_explains_itself(app: Flask, command: str) -> None:
    result = run(app, command, "--help")
    assert result.exit_code == 0
    assert len(result.output.splitlines()) >= 6
