"""The contract's cases of areas send and jssdk, and P17's effect: what goes out, and what the platform tells of it."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from foundation.errors import InvalidInput
from tests.wechat.cases import CASES, account_of, clock_of, ids_of, play, requests_of
from tests.wechat.conftest import UseAccount
from tests.wechat.sending.conftest import Platform, platform
from wechat.errors import NotPermitted, WeChatError, WindowUsedUp
from wechat.messages import TextReply
from wechat.sending import mass
from wechat.sending.customer import send_customer_message
from wechat.sending.drafts import NewsArticle, add_draft, draft_exists
from wechat.sending.fields import check_field
from wechat.sending.ledger import Numbers, Order, find_job, note_sent, plan
from wechat.sending.media import upload_cover
from wechat.sending.publishing import publish, refresh_publication
from wechat.sending.recipients import stop_if_marked
from wechat.sending.retrying import retry_of
from wechat.sending.templates import send_template

__all__ = ["platform"]

HERE = {"S01", "S02", "S04", "S06", "S07"}
PAGES = {"J01", "J02", "J05"}
"""Played in test_js_sdk.py."""

VALUES = {
    "thing of 20 characters": ("thing1", "示" * 20),
    "thing of 21": ("thing1", "示" * 21),
    "phrase of 6 han": ("phrase1", "示例六个汉字"),
    "character_string with han": ("character_string1", "编号"),
    "number 'abc'": ("number1", "abc"),
    "newline in thing": ("thing1", "第一行\n第二行"),
}


def test_every_case_of_the_areas_is_played() -> None:
    assert (set(ids_of("send")), set(ids_of("jssdk"))) == (HERE, PAGES)


def outcome(name: str, text: str) -> str:
    """Say in the case's words what becomes of a value."""
    try:
        sent = check_field(name, text)
    except InvalidInput:
        return "refused"
    if len(sent) < len(text):
        return "cut to 20 or refused locally" if "\n" not in text else "removed"
    return "ok" if sent == text else "removed"


def test_s01_values_of_a_template() -> None:
    assert {said: outcome(*value) for said, value in VALUES.items()} == CASES["S01"]["input"]["variants"]


@pytest.mark.parametrize("errcode", [int(code) for code in CASES["S02"]["input"]["variants"]])
def test_s02_what_the_platform_answers_is_kept_and_never_tried_again(platform: Platform, errcode: int) -> None:
    openid, template = platform.openid("jia"), platform.template("公示：{{thing1.DATA}}")
    message = f"argument invalid! data.thing1.value invalid, rid: {errcode}"
    platform.fault("errcode", "message/template/send", errcode=errcode, errmsg=message)
    with pytest.raises(WeChatError) as error:
        send_template("t-1", openid, template, {"thing1": "公示"})
    tries = platform.asked("message/template/send") - 1
    assert (error.value.errcode, retry_of(error.value)) == (errcode, "never")
    assert tries == CASES["S02"]["expected"]["retries"]
    assert error.value.field == ("thing1" if errcode == 47003 else None)
    assert is_stopped(openid, template) == (errcode in {43019, 43101, 40003})


def is_stopped(openid: str, template: str) -> bool:
    try:
        stop_if_marked(openid, template)
    except WeChatError:
        return True
    return False


def list_of(count: int) -> Callable[[], object]:
    return lambda: mass.send_to_list(f"list-{count}", [f"o{number}" for number in range(count)], mass.MassText("公示"))


def test_s04_a_list_has_its_limits_and_its_account(platform: Platform) -> None:
    refused = []
    for count in (1, 2, 10_000, 10_001):
        try:
            list_of(count)()
        except InvalidInput:
            refused.append(count)
    assert (refused, platform.asked("message/mass/send")) == ([1, 10_001], 2)
    platform.become("sub-verified-gov")
    with pytest.raises(NotPermitted, match="按标签群发"):
        list_of(2)()
    platform.later(days=1)
    assert mass.send_to_tag("tag-1", 2, mass.MassText("公示")).state == "sent"


def test_s06_the_sixth_customer_message_in_a_window(platform: Platform) -> None:
    platform.world.phone("jia", "text", content="帮助")
    openid = platform.openid("jia")
    for _ in range(CASES["S06"]["input"]["n"] - 1):
        send_customer_message(openid, TextReply("公示"))
    with pytest.raises(WindowUsedUp) as error:
        send_customer_message(openid, TextReply("公示"))
    assert error.value.errcode == CASES["S06"]["expected"]["sixth"]["errcode"]


@pytest.mark.parametrize("ends_by", ["PUBLISHJOBFINISH", "MASSSENDJOBFINISH", "poll"])
def test_s07_a_draft_is_published_once(platform: Platform, ends_by: str) -> None:
    event = "PUBLISHJOBFINISH" if ends_by == "poll" else ends_by
    quiet = [event] if ends_by == "poll" else []
    platform.order("PATCH", "/accounts/-", publish_event=event, quiet_events=quiet, job_delay=60.0)
    cover = upload_cover(b"\xff\xd8\xff picture").media_id
    media_id = add_draft("draft-1", [NewsArticle("十佳公示", "<p>正文</p>", cover)]).number
    assert media_id is not None
    publish("pub-1", media_id)
    assert refresh_publication("pub-1").state == "sent"
    platform.finish_jobs()
    job = refresh_publication("pub-1")
    assert (job.state, job.article_id is not None, len(job.addresses), draft_exists(media_id)) == (
        "finished",
        True,
        1,
        False,
    )
    assert platform.asked("freepublish/submit") == 1


def test_p17_a_mass_message_that_failed(client: FlaskClient, use_account: UseAccount) -> None:
    case = CASES["P17"]
    effect = case["expected"]["effects"]["mass_job"]
    use_account(at=clock_of(case), **account_of(case))
    plan(Order("notice-7", "mass", "all"))
    note_sent("notice-7", Numbers(str(effect["msg_id"])))
    [sent] = requests_of(case)
    answer = play(client, sent)
    job = find_job("notice-7")
    assert (answer.status_code, answer.text) == (case["expected"]["status"], "success")
    assert (job.state, job.raw, job.total) == (effect["status"], effect["raw"], 0)
