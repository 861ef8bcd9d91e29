"""Staff from the command line, against the same database."""

from datetime import timedelta

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from foundation.clock import local_day, utc_now
from foundation.errors import AppError
from staff.accounts import Account, authenticate
from staff.approvals.listing import waiting_for
from staff.cli import staff_commands
from staff.people.accepting import read_welcome
from staff.roles import Role
from staff.second_factor import has_second_factor
from tests.staff.factories_staff import NETWORK, PASSWORD, actor_of, make_staff, recorded

OTHER = "另一句长长的示例密码 2027"
BY_HER = ("--as", "guanli")
NEXT_MONTH = (local_day(utc_now()) + timedelta(days=30)).isoformat()


def run(app: Flask, *words: str, typed: str = "") -> Result:
    return CliRunner().invoke(staff_commands, words, input=typed, obj=None)


def add(app: Flask, name: str, *words: str) -> Result:
    return run(app, "add", name, *words, "--password-stdin", typed=PASSWORD + "\n")


@pytest.fixture
def administrator(app: Flask) -> Account:
    return make_staff("guanli", "示例管理员", Role.ADMINISTRATOR)


def test_the_very_first_is_an_administrator_and_nobody_has_to_vouch(app: Flask) -> None:
    result = add(app, "guanli", "--display-name", "示例管理员")
    assert (result.exit_code, result.output) == (0, "added guanli as administrator\n")
    account = authenticate("guanli", PASSWORD, NETWORK)
    assert (account.display_name, account.role) == ("示例管理员", Role.ADMINISTRATOR)
    assert recorded()[0] == ("command line", "people.add", "guanli", "done")


def test_whoever_comes_after_is_added_in_the_name_of_an_administrator(app: Flask, administrator: Account) -> None:
    words = (
        "--display-name",
        "示例考察员",
        "--role",
        "investigator",
        "--unit",
        "示例县委",
        "--valid-until",
        NEXT_MONTH,
    )
    refused = add(app, "kaocha", *words)
    assert (refused.exit_code, "say in whose name: --as NAME" in refused.output) == (2, True)
    assert add(app, "kaocha", *words, *BY_HER).output == "added kaocha as investigator\n"
    assert recorded() == [("guanli", "people.add", "kaocha", "done")]


def test_the_password_is_asked_for_twice_and_never_shown(app: Flask) -> None:
    result = run(app, "add", "jingban", typed=f"{PASSWORD}\n{PASSWORD}\n")
    assert result.exit_code == 0
    assert PASSWORD not in result.output
    assert authenticate("jingban", PASSWORD, NETWORK).display_name == "jingban"


def test_what_will_not_do_is_one_sentence_and_a_failure(app: Flask) -> None:
    result = run(app, "add", "jingban", "--password-stdin", typed="short\n")
    assert (result.exit_code, result.stderr) == (1, "Error: 密码至少要12个字符，现在是5个。\n")
    assert recorded() == []


def test_a_role_that_may_not_do_it_is_refused_and_leaves_a_line(
    app: Flask, administrator: Account, member: Account
) -> None:
    result = run(app, "disable", "guanli", "--as", "jingban")
    assert (result.exit_code, result.stderr) == (1, "Error: 您没有“停用账号”的权限。\n")
    assert recorded() == [("jingban", "people.disable", "guanli", "refused")]


def test_the_first_leader_is_added_at_once_and_the_next_one_only_invited(app: Flask, administrator: Account) -> None:
    words = ("--role", "leader", *BY_HER)
    assert add(app, "lingdao", "--display-name", "示例部领导", *words).exit_code == 0
    refused = add(app, "lingdaoer", "--display-name", "示例部领导乙", *words)
    assert (refused.exit_code, "flask staff invite" in refused.stderr) == (1, True)


def test_an_invitation_is_a_link_in_the_service_s_own_name(app: Flask, administrator: Account) -> None:
    result = run(app, "invite", "示例新人", "--role", "office", *BY_HER)
    address, token = result.output.strip().rsplit("/", 1)
    assert address == "http://vote.example/console/invitations"
    assert read_welcome(token).inviter == "示例管理员"


def test_what_needs_an_approval_is_only_asked_for(app: Flask, administrator: Account) -> None:
    leader = make_staff("lingdao", "示例部领导", Role.LEADER)
    result = run(app, "invite", "示例要员", "--role", "administrator", "--purpose", "示例理由", *BY_HER)
    assert (result.exit_code, "once a leader has approved" in result.output) == (0, True)
    (waiting,) = waiting_for(actor_of(leader))
    assert (waiting.title, waiting.purpose) == ("示例要员（系统管理员）", "示例理由")


def test_members_are_listed_with_their_condition(app: Flask, administrator: Account, member: Account) -> None:
    make_staff("danwei", "示例单位", Role.UNIT, "示例县委")
    run(app, "disable", "danwei", *BY_HER)
    assert run(app, "list").output.splitlines() == [
        "danwei\t示例单位\tunit\t示例县委\tdisabled",
        "guanli\t示例管理员\tadministrator\t-\tactive",
        "jingban\t示例经办\toffice\t-\tactive",
    ]
    for _ in range(5):
        with pytest.raises(AppError):
            authenticate("jingban", OTHER, NETWORK)
    assert "jingban\t示例经办\toffice\t-\tlocked until " in run(app, "list").output


def test_commands_act_in_the_name_of_an_administrator(app: Flask, administrator: Account, member: Account) -> None:
    for command in ("unlock", "disable", "enable", "reset-second-factor"):
        assert run(app, command, "jingban", *BY_HER).exit_code == 0
    run(app, "password", "jingban", "--password-stdin", *BY_HER, typed=OTHER + "\n")
    assert recorded() == [
        ("guanli", "people.unlock", "jingban", "done"),
        ("guanli", "people.disable", "jingban", "done"),
        ("guanli", "people.enable", "jingban", "done"),
        ("guanli", "people.reset_second_factor", "jingban", "done"),
        ("guanli", "people.reset_password", "jingban", "done"),
    ]
    assert authenticate("jingban", OTHER, NETWORK) == member


def test_the_only_administrator_is_helped_by_the_machine_alone(app: Flask, administrator: Account) -> None:
    assert run(app, "password", "guanli", "--password-stdin", *BY_HER, typed=OTHER + "\n").exit_code == 1
    assert run(app, "password", "guanli", "--password-stdin", typed=OTHER + "\n").exit_code == 0
    assert run(app, "reset-second-factor", "guanli").exit_code == 0
    assert not has_second_factor(administrator.id)
    make_staff("guanlier", "示例管理员乙", Role.ADMINISTRATOR)
    assert run(app, "password", "guanli", "--password-stdin", typed=PASSWORD + "\n").exit_code == 2
    assert authenticate("guanli", OTHER, NETWORK) == administrator


def test_the_last_administrator_is_not_disabled_even_at_the_machine(app: Flask, administrator: Account) -> None:
    assert run(app, "disable", "guanli").exit_code == 1


@pytest.mark.parametrize("words", [("unlock", "nobody", "--as", "guanli"), ("unlock", "jingban", "--as", "nobody")])
def test_nobody_is_neither_changed_nor_acts(
    app: Flask, administrator: Account, member: Account, words: tuple[str, ...]
) -> None:
    result = run(app, *words)
    assert (result.exit_code, result.stderr) == (1, "Error: 没有这个用户名。\n")


def test_a_disabled_member_does_not_act(app: Flask, administrator: Account, member: Account) -> None:
    make_staff("guanlier", "示例管理员乙", Role.ADMINISTRATOR)
    run(app, "disable", "guanlier", *BY_HER)
    assert run(app, "unlock", "jingban", "--as", "guanlier").exit_code == 1


COMMANDS = ["add", "invite", "list", "password", "unlock", "reset-second-factor", "disable", "enable"]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(app: Flask, command: str) -> None:
    result = run(app, command, "--help")
    assert result.exit_code == 0
    assert len(result.output.splitlines()) >= 6
