"""Pushes that the platform carries out as one job: handed over once, ended by its news, counted by its figures."""

import pytest

from foundation.errors import Conflict
from publicity.pushes.control import cancel
from publicity.pushes.figures import pushes_of_notice
from publicity.pushes.jobs import start_push
from publicity.pushes.progress import push_progress
from publicity.pushes.sweeping import sweep
from tests.publicity.factories_composing import published_notice
from tests.publicity.factories_pushes import make_push, push_of, work
from tests.staff.factories_staff import actor_of, make_staff
from tests.wechat.sending.conftest import Platform
from wechat.account import current_account
from wechat.sending.ledger import find_job
from wechat.sending.lost_news import ask_for_lost_news

ALL, ADD, SUBMIT = "message/mass/sendall", "draft/add", "freepublish/submit"
ARTICLE = {"form": "article", "title": "示例公示", "author": "", "digest": "", "cover": ""}


def send(key: str) -> None:
    start_push(key)
    work()


def go_on() -> None:
    sweep()
    work()


def test_words_to_everybody_end_with_the_event_and_its_counts(monday: Platform) -> None:
    key = make_push("mass")
    send(key)
    assert push_of(key).state == "running"
    monday.finish_jobs()
    progress = push_progress(key)
    assert (progress.state, progress.total, progress.delivered, progress.waiting) == ("finished", 4, 4, 0)
    assert monday.texts("jia", "mass") == ["示例单位公示了预备人选。"]
    [figures] = pushes_of_notice(push_of(key).notice_id)
    assert (figures.channel, figures.audience, figures.total, figures.reached) == ("群发", "全部关注者", 4, 4)


def test_an_article_is_laid_once_and_sent_with_the_notices_own_text(monday: Platform) -> None:
    key = make_push("mass", notice_key=published_notice(), content=ARTICLE)
    send(key)
    send(key)
    monday.finish_jobs()
    go_on()
    assert (push_of(key).state, monday.asked(ADD), monday.asked(ALL)) == ("finished", 1, 1)
    [line] = monday.seen("jia", "mass")
    assert line["articles"][0]["title"] == "示例公示"


def test_a_month_that_is_used_up_refuses_with_its_count(monday: Platform) -> None:
    for _ in range(4):
        send(make_push("mass"))
        monday.finish_jobs()
        monday.later(days=1)
    key = make_push("mass")
    send(key)
    assert (push_of(key).state, "本月4次已用4次" in push_of(key).error) == ("failed", True)
    assert len(monday.seen("jia", "mass")) == 4


def test_an_answer_that_was_lost_sends_no_second_one(monday: Platform) -> None:
    key = make_push("mass")
    monday.fault("reset_after", ALL)
    send(key)
    assert (push_of(key).state, push_of(key).error) == ("paused", "微信暂时没有应答，请稍后再试。")
    monday.later(minutes=2)
    go_on()
    monday.finish_jobs()
    go_on()
    assert (push_of(key).state, len(monday.seen("jia", "mass"))) == ("finished", 1)


def test_an_ending_that_nobody_told_is_asked_for(monday: Platform) -> None:
    monday.order("PATCH", "/accounts/-", quiet_events=["MASSSENDJOBFINISH"])
    key = make_push("mass")
    send(key)
    monday.finish_jobs()
    go_on()
    assert push_of(key).state == "running"
    monday.later(minutes=11)
    ask_for_lost_news()
    go_on()
    assert push_of(key).state == "finished"


def test_what_the_platform_refuses_for_good_ends_the_push(monday: Platform) -> None:
    key = make_push("mass")
    monday.fault("errcode", ALL, errcode=45028, errmsg="has no masssend quota")
    send(key)
    assert (push_of(key).state, "次数已经用完" in push_of(key).error) == ("paused", True)
    other = make_push("mass")
    monday.fault("errcode", ALL, errcode=40097, errmsg="invalid args")
    send(other)
    assert push_of(other).state == "failed"


def test_what_may_have_gone_out_is_not_called_cancelled(monday: Platform) -> None:
    key = make_push("mass")
    monday.fault("reset_after", ALL)
    send(key)
    assert push_of(key).state == "paused"
    with pytest.raises(Conflict, match="微信统一发出"):
        cancel(key, actor_of(make_staff("kezhang", "示例科长")))
    assert push_of(key).state == "paused"


def test_a_used_up_day_of_calls_waits_for_the_next(monday: Platform) -> None:
    key = make_push("mass")
    monday.fault("daily_quota", ALL)
    send(key)
    push = push_of(key)
    assert (push.state, push.resumes_at is not None) == ("paused", True)
    current_account().client.breaker.clear(ALL)
    monday.database_clock.set(push.resumes_at)  # type: ignore[arg-type]  # it was looked at
    go_on()
    monday.finish_jobs()
    assert push_of(key).state == "finished"


def test_a_publication_stands_when_the_platform_says_so(monday: Platform) -> None:
    key = make_push("publication", notice_key=published_notice())
    send(key)
    assert (push_of(key).state, monday.asked(SUBMIT)) == ("running", 1)
    monday.finish_jobs()
    assert (push_of(key).state, find_job(f"push-{key}").article_id is not None) == ("finished", True)


def test_a_draft_is_laid_and_that_is_all(monday: Platform) -> None:
    key = make_push("draft", notice_key=published_notice())
    send(key)
    assert (push_of(key).state, monday.asked(ADD), monday.asked(ALL)) == ("finished", 1, 0)


@pytest.mark.parametrize("channel", ["mass", "publication"])
def test_an_account_without_the_right_is_told_so(monday: Platform, channel: str) -> None:
    monday.become("sub-unverified")
    key = make_push(channel)
    send(key)
    assert (push_of(key).state, "现在不能用" in push_of(key).error) == ("failed", True)
