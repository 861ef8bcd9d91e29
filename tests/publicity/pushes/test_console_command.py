"""Pushes from the command line: composed and asked for in somebody's name, never sent by it alone."""

import re
from datetime import UTC, datetime

import pytest
from click.testing import Result

from publicity.pushes.cli import notices_commands
from publicity.pushes.sheets import list_pushes
from tests.publicity.factories_composing import approve_it, clerk, published_notice
from tests.publicity.factories_notices import make_office
from tests.publicity.factories_pushes import push_of
from tests.wechat.sending.conftest import Platform
from wechat.following.tags import create_tag


def run(platform: Platform, *arguments: str) -> Result:
    return platform.world.app.test_cli_runner().invoke(notices_commands, ["push", *arguments])


def test_a_push_is_composed_and_asked_for_and_a_leader_decides(monday: Platform) -> None:
    notice = published_notice()
    asked = run(monday, notice, "--channel", "mass", "--text", "--at", "2017-06-05 18:00", "--as", "nigao")
    told = re.fullmatch(
        r"composed /console/pushes/(\w{32})/; a leader decides at /console/approvals/(\w{32})\n", asked.stdout
    )
    assert told is not None, asked.output
    (line,) = list_pushes().lines
    assert (line.key, line.state, line.starts_at) == (told[1], "asked", datetime(2017, 6, 5, 10, tzinfo=UTC))
    assert push_of(line.key).content["form"] == "text"
    approve_it(told[2])
    assert push_of(line.key).state == "approved"


def test_it_may_be_for_a_tag_by_its_name(monday: Platform) -> None:
    tag = create_tag("示例县", clerk())
    run(monday, published_notice(), "--channel", "mass", "--tag", "示例县", "--as", "nigao")
    (line,) = list_pushes().lines
    assert (line.audience, line.tag_number) == ("tag", tag.number)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("0" * 32, "--channel", "mass", "--as", "nigao"), "没有这份公示或公告。"),
        (("{notice}", "--channel", "mass", "--tag", "没有", "--as", "nigao"), "公众号没有标签“没有”。"),
        (
            ("{notice}", "--channel", "mass", "--tag", "一", "--testers", "--as", "nigao"),
            "--tag 和 --testers 只能用一个。",
        ),
        (("{notice}", "--channel", "template", "--as", "nigao"), "现在不能用模板消息：还没有设模板。"),
        (("{notice}", "--channel", "mass"), "推送要以人员的名义拟定。"),
        (("{notice}", "--channel", "mass", "--as", "jiandu"), "您没有“拟定推送”的权限。"),
        (("{notice}", "--channel", "mass", "--at", "2016-01-01 09:00", "--as", "nigao"), "开始时间已经过去了"),
    ],
)
def test_what_is_refused_is_one_line_and_leaves_nothing(
    monday: Platform, arguments: tuple[str, ...], sentence: str
) -> None:
    notice = published_notice()
    make_office()
    refused = run(monday, *(argument.format(notice=notice) for argument in arguments))
    assert refused.exit_code == 1
    assert refused.stderr.startswith(f"Error: {sentence}")
    assert refused.stderr.count("\n") == 1
    assert list_pushes().lines == ()


def test_the_command_explains_itself(monday: Platform) -> None:
    told = " ".join(run(monday, "--help").stdout.split())
    for words in ("--channel", "--tag", "--testers", "--at", "--as", "Nothing is sent before a leader approves"):
        assert words in told
