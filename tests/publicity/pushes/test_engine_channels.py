"""Pushes over the other channels: to a tag, to those who wrote lately, to those who allowed one message."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select

from foundation.transaction import transaction
from publicity.pushes.jobs import start_push
from publicity.pushes.models import Delivery
from publicity.pushes.progress import push_progress
from publicity.pushes.sweeping import sweep
from staff.actors import SYSTEM
from tests.publicity.factories_pushes import CONTENTS, make_followers, make_push, push_of, states_of, work
from tests.wechat.sending.conftest import Platform
from wechat.following.tags import create_tag, tag_followers
from wechat.sending.models import OnceConsent
from wechat.sending.once import ask_once, consents_of, take_answer

CUSTOMER, ONCE = "message/custom/send", "message/template/subscribe"
PEOPLE = ("jia", "yi", "bing", "ding")


@pytest.fixture
def followers(platform: Platform) -> dict[str, str]:
    """Know the platform's four followers; returns their openids by their keys."""
    openids = {person: platform.openid(person) for person in PEOPLE}
    make_followers([*openids.values()])
    return openids


def send(key: str) -> None:
    start_push(key)
    work()


def go_on() -> None:
    sweep()
    work()


def consent(platform: Platform, person: str, template: str, scene: int = 7) -> None:
    """Have somebody allow one message on the platform's page."""
    address = ask_once("notices", template, scene, "/notices/示例")
    browser = platform.world.browser
    browser.post(f"{platform.world.platform}/phone/{person}/pick", data={"next": "/"}, allow_redirects=False, timeout=5)
    told = browser.post(address.partition("#")[0], data={"decision": "allow"}, allow_redirects=False, timeout=5)
    query = {name: values[0] for name, values in parse_qs(urlsplit(told.headers["Location"]).query).items()}
    assert take_answer(query).accepted


def texts(platform: Platform) -> dict[str, list[str]]:
    return {person: platform.texts(person, "custom") for person in PEOPLE}


def test_a_push_to_a_tag_reaches_its_members_we_know_and_nobody_else(
    platform: Platform, followers: dict[str, str]
) -> None:
    tag = create_tag("示例代表", SYSTEM)
    tag_followers(tag.number, [followers["jia"], followers["ding"]])
    template = platform.template("公示：{{thing1.DATA}}")
    content = {**CONTENTS["template"], "template_id": template}
    key = make_push("template", audience="tag", tag_number=tag.number, tag_name=tag.name, content=content)
    start_push(key)
    start_push(key)
    work()
    platform.finish_jobs()
    assert [len(platform.seen(person, "template")) for person in PEOPLE] == [1, 0, 0, 1]
    assert (push_of(key).state, push_of(key).total) == ("finished", 2)


def test_where_the_platform_does_not_tell_the_members_the_push_waits(
    platform: Platform, followers: dict[str, str]
) -> None:
    tag = create_tag("示例代表", SYSTEM)
    tag_followers(tag.number, [followers["jia"]])
    content = {**CONTENTS["template"], "template_id": platform.template("公示：{{thing1.DATA}}")}
    key = make_push("template", audience="testers", tag_number=tag.number, tag_name="测试", content=content)
    platform.fault("reset_before", "user/tag/get")
    send(key)
    assert (push_of(key).state, push_of(key).error) == ("paused", "微信暂时没有应答，请稍后再试。")
    platform.later(minutes=1)
    go_on()
    assert (push_of(key).state, push_of(key).total) == ("finished", 1)


def test_a_customer_message_goes_to_those_who_wrote_lately(platform: Platform, followers: dict[str, str]) -> None:
    for person in ("jia", "bing"):
        platform.world.phone(person, "text", content="公示")
    key = make_push("customer")
    send(key)
    told = f"示例单位公示了预备人选。\n{platform.world.site}/notices/示例"
    assert texts(platform) == {"jia": [told], "yi": [], "bing": [told], "ding": []}
    assert (push_of(key).state, states_of(key)) == ("finished", {"sent": 2})


def test_where_nobody_wrote_lately_there_is_nobody_to_send_to(platform: Platform, followers: dict[str, str]) -> None:
    platform.world.phone("jia", "text", content="公示")
    platform.later(hours=49)
    key = make_push("customer")
    send(key)
    assert (push_of(key).state, push_of(key).error) == ("failed", "没有可以发送的人。")


def test_a_customer_message_without_answer_stays_unknown_and_is_never_repeated(
    platform: Platform, followers: dict[str, str]
) -> None:
    for person in ("jia", "bing"):
        platform.world.phone(person, "text", content="公示")
    key = make_push("customer")
    platform.fault("reset_after", CUSTOMER)
    send(key)
    for _ in range(3):
        platform.later(minutes=2)
        go_on()
    assert sorted(map(len, texts(platform).values())) == [0, 0, 1, 1]
    assert (push_of(key).state, states_of(key), platform.asked(CUSTOMER)) == ("finished", {"sent": 1, "unknown": 1}, 2)


def test_windows_that_closed_meanwhile_are_failures_that_may_be_retried(
    platform: Platform, followers: dict[str, str]
) -> None:
    platform.world.phone("jia", "text", content="公示")
    key = make_push("customer")
    platform.fault("errcode", CUSTOMER, errcode=45047, errmsg="out of response count limit")
    send(key)
    assert states_of(key) == {"failed": 1}
    assert push_progress(key).errors == ((45047, "48小时内的条数已用完", 1),)


def test_whoever_allowed_one_message_gets_one_follower_or_not(platform: Platform) -> None:
    template = platform.template("内容：{{content.DATA}}", "once")
    for person in ("jia", "wu", "wu"):
        consent(platform, person, template)
    key = make_push("once")
    send(key)
    seen = {person: platform.seen(person, "once") for person in ("jia", "wu")}
    assert [len(lines) for lines in seen.values()] == [1, 1]
    notice: dict[str, Any] = seen["wu"][0]["notice"]
    assert (notice["title"], notice["rows"]) == ("示例公示", [["内容", "示例单位公示了预备人选。"]])
    assert seen["wu"][0]["links"] == [f"{platform.world.site}/notices/示例"]
    assert (push_of(key).state, states_of(key), consents_of("notices")) == ("finished", {"sent": 2}, ())


def test_a_consent_is_spent_once_though_its_answer_was_lost(platform: Platform) -> None:
    consent(platform, "jia", platform.template("内容：{{content.DATA}}", "once"))
    key = make_push("once")
    platform.fault("reset_after", ONCE)
    send(key)
    assert len(consents_of("notices")) == 1
    platform.later(minutes=20)
    go_on()
    assert (len(platform.seen("jia", "once")), platform.asked(ONCE)) == (1, 2)
    assert (push_of(key).state, states_of(key), consents_of("notices")) == ("finished", {"sent": 1}, ())


def test_a_consent_that_is_gone_is_nobodys(platform: Platform) -> None:
    template = platform.template("内容：{{content.DATA}}", "once")
    for person in ("jia", "yi"):
        consent(platform, person, template)
    key = make_push("once")
    start_push(key)
    with transaction() as session:
        session.delete(session.scalars(select(OnceConsent).order_by(OnceConsent.id)).first())
    work()
    assert (push_of(key).state, states_of(key)) == ("finished", {"refused": 1, "sent": 1})
    with transaction() as session:
        assert session.scalars(select(Delivery.errcode).where(Delivery.state == "refused")).all() == [43101]
