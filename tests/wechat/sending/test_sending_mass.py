"""A mass message goes out once, within the quota, and its row says what became of it, whatever got lost on the way."""

from collections.abc import Callable

import pytest

from foundation.errors import Conflict, InvalidInput, NotFound
from foundation.transaction import transaction
from tests.wechat.sending.conftest import Platform
from wechat.errors import NoMassQuota, NotAFollower, NotPermitted, QuotaReached, TooEarly, Unreachable, WeChatError
from wechat.sending import mass, quotas
from wechat.sending.delivering import OutcomeUnknown
from wechat.sending.ledger import Ending, Job, Numbers, Order, find_job, note_event, note_refused, note_sent, plan
from wechat.sending.mass import MassArticles, MassText
from wechat.sending.retrying import retry_of

ALL, LIST, PREVIEW = "message/mass/sendall", "message/mass/send", "message/mass/preview"
WORDS = MassText("公示已经发布")
FOLLOWERS = ("jia", "yi", "bing", "ding")


def told(job: Job) -> tuple[object, ...]:
    return job.state, job.raw, job.total, job.sent, job.errors


def test_a_message_to_all_reaches_who_follows_and_its_row_ends_with_the_event(platform: Platform) -> None:
    job = mass.send_to_all("notice-7", WORDS)
    assert (job.state, job.kind, job.audience) == ("sent", "mass", "all")
    assert job.number is not None
    platform.finish_jobs()
    assert told(find_job("notice-7")) == ("finished", "send success", 4, 4, 0)
    assert [platform.texts(person, "mass") for person in (*FOLLOWERS, "wu")] == [["公示已经发布"]] * 4 + [[]]
    assert mass.send_to_all("notice-7", WORDS).state == "finished"
    assert platform.asked(ALL) == 1


def test_an_answer_that_was_lost_is_found_again_by_the_same_id(platform: Platform) -> None:
    platform.fault("reset_after", ALL)
    with pytest.raises(Unreachable) as lost:
        mass.send_to_all("notice-7", WORDS)
    assert (retry_of(lost.value), find_job("notice-7").state) == ("same id", "planned")
    with pytest.raises(TooEarly) as early:
        mass.send_to_all("notice-7", WORDS)
    assert (retry_of(early.value), find_job("notice-7").state) == ("same id", "planned")
    platform.later(minutes=1)
    job = mass.send_to_all("notice-7", WORDS)
    assert (job.state, job.number is not None) == ("finished", True)
    assert platform.texts("jia", "mass") == ["公示已经发布"]


def test_the_event_may_come_before_the_answer_is_known(platform: Platform) -> None:
    platform.fault("reset_after", ALL)
    with pytest.raises(Unreachable):
        mass.send_to_all("notice-7", WORDS)
    platform.finish_jobs()
    assert find_job("notice-7").state == "planned"
    platform.later(minutes=1)
    assert told(mass.send_to_all("notice-7", WORDS)) == ("finished", "send success", 4, 4, 0)


@pytest.mark.parametrize("kind", ["bad_gateway", "html", "truncated", "reset_before", "system_error"])
def test_what_nobody_knows_stays_planned_and_is_sent_once(platform: Platform, kind: str) -> None:
    platform.fault(kind, ALL)
    with pytest.raises(WeChatError) as error:
        mass.send_to_all("notice-7", WORDS)
    assert (retry_of(error.value), find_job("notice-7").state) == ("same id", "planned")
    platform.later(minutes=2)
    mass.send_to_all("notice-7", WORDS)
    platform.finish_jobs()
    assert (find_job("notice-7").state, platform.texts("jia", "mass")) == ("finished", ["公示已经发布"])


def test_who_was_killed_before_the_call_sends_it_then(platform: Platform) -> None:
    plan(Order("notice-7", "mass", "all"))
    assert mass.send_to_all("notice-7", WORDS).state == "sent"


def test_after_a_day_the_platform_forgets_the_id_and_a_person_has_to_look(platform: Platform) -> None:
    platform.fault("reset_after", ALL)
    with pytest.raises(Unreachable):
        mass.send_to_all("notice-7", WORDS)
    platform.later(hours=23, minutes=1)
    with pytest.raises(OutcomeUnknown, match="可能会重复"):
        mass.send_to_all("notice-7", WORDS)
    assert platform.asked(ALL) == 1


def test_a_refused_message_may_be_sent_anew_under_its_id(platform: Platform) -> None:
    platform.fault("errcode", ALL, errcode=45028, errmsg="has no masssend quota")
    with pytest.raises(NoMassQuota) as error:
        mass.send_to_all("notice-7", WORDS)
    job = find_job("notice-7")
    assert (retry_of(error.value), job.state, job.raw, job.was_refused) == ("later", "failed", "errcode 45028", True)
    assert quotas.mass_quota().left == 0
    assert mass.send_to_all("notice-7", WORDS).state == "sent"


def test_a_subscription_account_has_one_a_day_of_shanghai(platform: Platform) -> None:
    platform.become("sub-verified-gov")
    assert quotas.mass_quota() == quotas.Quota(1, 1, "day", "今天还能群发1次")
    mass.send_to_all("notice-7", WORDS)
    assert quotas.mass_quota().words == "今天还能群发0次"
    with pytest.raises(NoMassQuota, match="明天再发"):
        mass.send_to_all("notice-8", WORDS)
    assert (find_job("notice-8").was_refused, platform.asked(ALL)) == (True, 1)
    platform.later(days=1)
    assert mass.send_to_all("notice-8", WORDS).state == "sent"


def test_days_and_months_begin_at_midnight_in_shanghai(platform: Platform) -> None:
    platform.become("sub-verified-gov")
    at = platform.database_clock
    at.set(at.now().replace(year=2026, month=4, day=30, hour=15, minute=59))  # 23:59 there
    mark_sent("notice-1")
    assert quotas.mass_quota().left == 0
    at.set(at.now().replace(hour=16, minute=0))
    assert quotas.mass_quota().left == 1
    platform.become("service-verified")
    assert quotas.mass_quota() == quotas.Quota(4, 4, "month", "本月每位关注者还能收到4次群发")


def mark_sent(key: str) -> None:
    plan(Order(key, "mass", "all"))
    note_sent(key, Numbers(f"number of {key}"))


def test_a_service_account_has_four_a_month_for_each_follower(platform: Platform) -> None:
    for number in range(4):
        mark_sent(f"notice-{number}")
    assert quotas.mass_quota().left == 0
    with pytest.raises(NoMassQuota, match="下个月再发"):
        mass.send_to_all("notice-5", WORDS)
    assert platform.asked(ALL) == 0


def test_what_the_administrator_refuses_fails_with_the_platforms_word(platform: Platform) -> None:
    platform.order("PATCH", "/accounts/-", mass_confirmation=True)
    job = mass.send_to_all("notice-7", WORDS)
    platform.order("POST", f"/accounts/-/mass/{job.number}", allow=False)
    platform.finish_jobs()
    ended = find_job("notice-7")
    assert (ended.state, ended.raw, ended.was_refused) == ("failed", "err(40001)", False)
    assert mass.send_to_all("notice-7", WORDS) == ended


def test_a_lost_event_is_asked_after(platform: Platform) -> None:
    platform.order("PATCH", "/accounts/-", quiet_events=["MASSSENDJOBFINISH"], job_delay=60.0)
    mass.send_to_all("notice-7", WORDS)
    assert mass.refresh_mass("notice-7").state == "sent"
    platform.finish_jobs()
    assert told(mass.refresh_mass("notice-7"))[:2] == ("finished", "SEND_SUCCESS")
    mass.take_back("notice-7")
    assert platform.texts("jia", "mass") == []


def test_a_message_that_did_not_go_out_cannot_be_taken_back(platform: Platform) -> None:
    plan(Order("notice-7", "mass", "all"))
    with pytest.raises(InvalidInput, match="不用撤回"):
        mass.take_back("notice-7")
    with pytest.raises(NotFound):
        mass.take_back("notice-8")
    assert platform.asked("message/mass/delete") == 0


def test_a_tag_names_who_gets_it(platform: Platform) -> None:
    client = platform.world.app.extensions["wechat_account"].client
    number = client.write("tags/create", {"tag": {"name": "党员"}})["tag"]["id"]
    client.write("tags/members/batchtagging", {"openid_list": [platform.openid("jia")], "tagid": number})
    job = mass.send_to_tag("notice-7", number, WORDS)
    platform.finish_jobs()
    assert job.audience == f"tag {number}"
    assert [len(platform.texts(person, "mass")) for person in FOLLOWERS] == [1, 0, 0, 0]


@pytest.mark.parametrize("count", [1, 10_001])
def test_a_list_of_fewer_than_two_or_more_than_ten_thousand_is_refused_here(platform: Platform, count: int) -> None:
    with pytest.raises(InvalidInput, match="2到10000人") as error:
        mass.send_to_list("notice-7", [f"o{number}" for number in range(count)], WORDS)
    assert (error.value.field, platform.asked(LIST)) == ("recipients", 0)


def test_a_list_reaches_whom_it_names(platform: Platform) -> None:
    openids = [platform.openid("jia"), platform.openid("yi"), platform.openid("jia")]
    assert mass.send_to_list("notice-7", openids, WORDS).audience == "list of 2"
    platform.finish_jobs()
    assert [len(platform.texts(person, "mass")) for person in FOLLOWERS] == [1, 1, 0, 0]


def test_a_preview_is_for_one_and_leaves_the_quota_of_mass_messages(platform: Platform) -> None:
    job = mass.preview_to("preview-1", WORDS, openid=platform.openid("yi"), wechat_name="jia")
    assert (job.state, platform.texts("jia", "preview"), platform.texts("yi", "preview")) == (
        "finished", ["公示已经发布"], []
    )  # fmt: skip
    assert (quotas.mass_quota().left, quotas.preview_quota().words) == (4, "今天还能预览99次")
    with pytest.raises(NotAFollower):
        mass.preview_to("preview-2", WORDS, openid=platform.openid("wu"))
    assert quotas.preview_quota().left == 99
    with pytest.raises(InvalidInput):
        mass.preview_to("preview-3", WORDS)


def test_there_are_a_hundred_previews_a_day(platform: Platform) -> None:
    for number in range(100):
        plan(Order(f"preview-{number}", "preview"))
    with pytest.raises(QuotaReached, match="100次预览"):
        mass.preview_to("preview-100", WORDS, wechat_name="jia")
    assert platform.asked(PREVIEW) == 0


@pytest.mark.parametrize("key", ["", "a" * 65, "公示", "a b"])
def test_an_id_is_one_that_the_platform_takes(platform: Platform, key: str) -> None:
    with pytest.raises(InvalidInput) as error:
        mass.send_to_all(key, WORDS)
    assert (error.value.field, platform.asked(ALL)) == ("key", 0)


@pytest.mark.parametrize("text", ["", "示" * 601])
def test_words_have_their_limits(platform: Platform, text: str) -> None:
    with pytest.raises(InvalidInput):
        mass.send_to_all("notice-7", MassText(text))
    with pytest.raises(NotFound):
        find_job("notice-7")


def test_an_id_stands_for_one_sending(platform: Platform) -> None:
    mass.send_to_all("notice-7", WORDS)
    with pytest.raises(Conflict):
        mass.send_to_tag("notice-7", 101, WORDS)
    with pytest.raises(Conflict):
        mass.send_to_all("notice-7", MassArticles("MEDIA"))


def test_nothing_is_sent_inside_a_transaction_that_could_be_undone(platform: Platform) -> None:
    with transaction(), pytest.raises(RuntimeError):
        mass.send_to_all("notice-7", WORDS)
    assert platform.asked(ALL) == 0


@pytest.mark.parametrize(
    ("capabilities", "send", "instead"),
    [
        ("sub-unverified", lambda: mass.send_to_all("n", WORDS), "在网站上公布"),
        ("sub-unverified", lambda: mass.send_to_tag("n", 1, WORDS), "在网站上公布"),
        ("sub-verified", lambda: mass.send_to_list("n", ["a", "b"], WORDS), "改为按标签群发"),
    ],
)
def test_what_the_account_may_not_do_is_not_tried(
    platform: Platform, capabilities: str, send: Callable[[], Job], instead: str
) -> None:
    platform.become(capabilities)
    with pytest.raises(NotPermitted, match=instead) as error:
        send()
    assert (retry_of(error.value), platform.world.asked) == ("never", [])


def test_an_ending_is_kept_once_and_only_what_runs_ends(platform: Platform) -> None:
    mark_sent("notice-7")
    note_event("mass", "number of notice-7", Ending("failed", "err(20001)"))
    note_event("mass", "number of notice-7", Ending("finished", "send success"))
    assert told(find_job("notice-7"))[:2] == ("failed", "err(20001)")
    note_refused("notice-7", "errcode 1")
    assert find_job("notice-7").raw == "err(20001)"
