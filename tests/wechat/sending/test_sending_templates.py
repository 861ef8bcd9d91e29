"""Template messages fit before they are sent, come once, and stop where the platform said stop."""

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from foundation.errors import InvalidInput
from foundation.transaction import transaction
from tests.wechat.sending.conftest import Platform
from wechat.errors import (
    InvalidArgument,
    NotAFollower,
    NotPermitted,
    RecipientBlocked,
    RecipientRefused,
    Unreachable,
    WeChatError,
)
from wechat.followers import follower_digest
from wechat.models import Follower
from wechat.sending.delivering import OutcomeUnknown
from wechat.sending.fields import check_field, checked_fields
from wechat.sending.ledger import find_job
from wechat.sending.models import EarlyEnding, RecipientMark, SendingJob
from wechat.sending.retrying import retry_of
from wechat.sending.templates import TemplateMailing, send_template

SEND = "message/template/send"
CONTENT = "公示：{{thing1.DATA}}\n时间：{{time2.DATA}}"
FIELDS = {"thing1": "十佳公示", "time2": "2026年4月25日 18:00"}

GOOD = [
    ("thing1", "示" * 20, "示" * 20),
    ("thing2", "示" * 21, "示" * 19 + "…"),
    ("thing3", "第一行\r\n第二行", "第一行 第二行"),
    ("number1", "1" * 32, "1" * 32),
    ("number2", "-3.5", "-3.5"),
    ("letter1", "abcXYZ", "abcXYZ"),
    ("symbol1", "★☆", "★☆"),
    ("character_string1", "K7QX-3M9T-P2VA", "K7QX-3M9T-P2VA"),
    ("time1", "18:00", "18:00"),
    ("time2", "2026年4月25日 18:00~2026年4月30日 18:00", "2026年4月25日 18:00~2026年4月30日 18:00"),
    ("date1", "2026-04-25", "2026-04-25"),
    ("amount1", "¥12.50", "¥12.50"),
    ("phone_number1", "0391-1234567", "0391-1234567"),
    ("car_number1", "豫H12345", "豫H12345"),
    ("name1", "示例一", "示例一"),
    ("phrase1", "已公示", "已公示"),
    ("const1", "党建", "党建"),
    ("keyword1", "示" * 25, "示" * 19 + "…"),
]
BAD = [
    ("thing1", " "),
    ("number1", "abc"),
    ("number1", "1" * 33),
    ("letter1", "字母"),
    ("symbol1", "★★★★★★"),
    ("character_string1", "编号7"),
    ("character_string1", "a" * 33),
    ("time1", "明天"),
    ("date1", "18:00"),
    ("amount1", "一百"),
    ("amount1", "12345678901"),
    ("phone_number1", "1" * 18),
    ("car_number1", "豫H1234567"),
    ("name1", "示" * 11),
    ("phrase1", "示例六个汉字"),
]


def test_values_that_fit_are_taken_by_the_platform_too(platform: Platform) -> None:
    content = "\n".join(f"{name}：{{{{{name}.DATA}}}}" for name, _, _ in GOOD)
    template = platform.template(content, consts={"const1": ["党建"]})
    send_template("t-1", platform.openid("jia"), template, {name: text for name, text, _ in GOOD})
    [line] = platform.seen("jia", "template")
    assert line["notice"]["rows"] == [[name, sent] for name, _, sent in GOOD]


@pytest.mark.parametrize(("name", "text"), BAD)
def test_a_value_that_does_not_fit_is_named(name: str, text: str) -> None:
    with pytest.raises(InvalidInput, match=name) as error:
        check_field(name, text)
    assert error.value.field == name


def test_a_message_that_does_not_fit_is_not_sent(platform: Platform) -> None:
    with pytest.raises(InvalidInput):
        send_template("t-1", platform.openid("jia"), "T", {"thing1": "公示", "number2": "abc"})
    assert platform.asked(SEND) == 0


def test_what_nobody_sees_is_left_out() -> None:
    assert checked_fields({"first": "您好", "thing1": "公示", "remark": "谢谢"}) == {"thing1": {"value": "公示"}}
    assert check_field("thing1", " 公示 ") == "公示"


def test_a_message_comes_once_and_nothing_is_kept_of_its_event(platform: Platform) -> None:
    openid, template = platform.openid("jia"), platform.template(CONTENT)
    assert send_template("t-1", openid, template, FIELDS, "http://vote.example/notices/1").state == "finished"
    platform.finish_jobs()
    assert send_template("t-1", openid, template, FIELDS).state == "finished"
    [line] = platform.seen("jia", "template")
    assert line["links"] == ["http://vote.example/notices/1"]
    with transaction() as session:
        assert session.scalars(select(EarlyEnding.number)).all() == []
    assert platform.asked(SEND) == 1


def test_an_answer_that_was_lost_brings_no_second_message(platform: Platform) -> None:
    openid, template = platform.openid("jia"), platform.template(CONTENT)
    platform.fault("reset_after", SEND)
    with pytest.raises(Unreachable) as error:
        send_template("t-1", openid, template, FIELDS)
    platform.finish_jobs()
    assert (retry_of(error.value), find_job("t-1").state) == ("same id", "planned")
    assert send_template("t-1", openid, template, FIELDS).state == "finished"
    assert (len(platform.seen("jia", "template")), platform.asked(SEND)) == (1, 2)


def test_after_ten_minutes_the_platform_may_not_know_the_id_any_more(platform: Platform) -> None:
    openid, template = platform.openid("jia"), platform.template(CONTENT)
    platform.fault("reset_after", SEND)
    with pytest.raises(Unreachable):
        send_template("t-1", openid, template, FIELDS)
    platform.later(minutes=10)
    with pytest.raises(OutcomeUnknown):
        send_template("t-1", openid, template, FIELDS)
    assert platform.asked(SEND) == 1


def test_who_stopped_following_is_kept_as_gone(platform: Platform) -> None:
    openid, template = platform.openid("jia"), platform.template(CONTENT)
    platform.world.phone("jia", "unfollow")
    platform.world.phone("jia", "follow")
    platform.finish_jobs()
    platform.order("PATCH", "/accounts/-/followers/jia", following=False)
    with pytest.raises(NotAFollower) as error:
        send_template("t-1", openid, template, FIELDS)
    with transaction() as session:
        row = session.execute(select(Follower.follows, Follower.openid).filter_by(digest=follower_digest(openid))).one()
    assert (retry_of(error.value), find_job("t-1").raw, tuple(row)) == ("never", "errcode 43004", (False, None))


@pytest.mark.parametrize(
    ("errcode", "kind", "mark"),
    [(43019, RecipientBlocked, "blocked"), (43101, RecipientRefused, "refused"), (40003, InvalidArgument, "unknown")],
)
def test_what_the_platform_says_of_a_person_is_kept_and_not_asked_again(
    platform: Platform, errcode: int, kind: type[WeChatError], mark: str
) -> None:
    openid, template = platform.openid("jia"), platform.template(CONTENT)
    platform.fault("errcode", SEND, errcode=errcode, errmsg="no")
    for key in ("t-1", "t-2"):
        with pytest.raises(kind) as error:
            send_template(key, openid, template, FIELDS)
        assert retry_of(error.value) == "never"
    with transaction() as session:
        assert session.scalars(select(RecipientMark.mark)).all() == [mark]
    assert platform.asked(SEND) == 1


def test_a_refusal_is_of_one_template_and_a_block_of_all(platform: Platform) -> None:
    openid, first, second = platform.openid("jia"), platform.template(CONTENT), platform.template(CONTENT)
    platform.fault("errcode", SEND, errcode=43101, errmsg="no")
    with pytest.raises(RecipientRefused):
        send_template("t-1", openid, first, FIELDS)
    assert send_template("t-2", openid, second, FIELDS).state == "finished"
    platform.fault("errcode", SEND, errcode=43019, errmsg="no")
    with pytest.raises(RecipientBlocked):
        send_template("t-3", openid, second, FIELDS)
    with pytest.raises(RecipientBlocked):
        send_template("t-4", openid, platform.template(CONTENT), FIELDS)


def test_who_switched_messages_off_is_known_by_the_event_and_forgotten_on_leaving(platform: Platform) -> None:
    openid, template = platform.openid("jia"), platform.template(CONTENT)
    platform.world.phone("jia", "refuse", on="yes")
    send_template("t-1", openid, template, FIELDS)
    platform.finish_jobs()
    with pytest.raises(RecipientRefused):
        send_template("t-2", openid, template, FIELDS)
    platform.world.phone("jia", "unfollow")
    with transaction() as session:
        assert session.scalars(select(RecipientMark.mark)).all() == []


def test_an_unknown_template_is_for_the_operator(platform: Platform) -> None:
    with capture_logs() as logs, pytest.raises(InvalidArgument, match="模板编号不对") as error:
        send_template("t-1", platform.openid("jia"), "NOT OURS", FIELDS)
    assert (retry_of(error.value), find_job("t-1").raw) == ("never", "errcode 40037")
    assert {"event": "wechat_template_unknown", "log_level": "error"} in logs


def test_a_value_the_platform_refuses_all_the_same_is_named(platform: Platform) -> None:
    template = platform.template("类别：{{const1.DATA}}", consts={"const1": ["党建"]})
    with capture_logs() as logs, pytest.raises(InvalidArgument, match="const1") as error:
        send_template("t-1", platform.openid("jia"), template, {"const1": "别的"})
    assert (error.value.field, retry_of(error.value)) == ("const1", "never")
    assert {"event": "wechat_template_value_refused", "field": "const1", "log_level": "error"} in logs


def test_other_accounts_are_told_what_to_use(platform: Platform) -> None:
    platform.become("sub-verified-gov")
    with pytest.raises(NotPermitted, match="一次性订阅消息"):
        send_template("t-1", "o1", "T", FIELDS)
    assert platform.world.asked == []


def test_a_mailing_sends_the_same_to_many_and_keeps_no_ledger(platform: Platform) -> None:
    template = platform.template(CONTENT)
    mailing = TemplateMailing(template, FIELDS, "http://vote.example/notices/1", 100)
    numbers = {person: mailing.send(platform.openid(person), f"m-{person}") for person in ("jia", "yi")}
    again = mailing.send(platform.openid("jia"), "m-jia")
    platform.finish_jobs()
    assert (again, numbers["jia"] != numbers["yi"]) == (numbers["jia"], True)
    assert [len(platform.seen(person, "template")) for person in ("jia", "yi")] == [1, 1]
    with transaction() as session:
        assert [session.scalars(select(table)).all() for table in (SendingJob, EarlyEnding)] == [[], []]


def test_a_mailing_names_what_is_wrong_with_its_message(platform: Platform) -> None:
    template = platform.template("类别：{{const1.DATA}}", consts={"const1": ["党建"]})
    with pytest.raises(InvalidArgument, match="const1"):
        TemplateMailing(template, {"const1": "别的"}, "", 100).send(platform.openid("jia"), "m-1")
    with pytest.raises(InvalidInput, match="number1"):
        TemplateMailing(template, {"number1": "多"}, "", 100)
    platform.become("sub-verified-gov")
    with pytest.raises(NotPermitted):
        TemplateMailing(template, FIELDS, "", 100)
