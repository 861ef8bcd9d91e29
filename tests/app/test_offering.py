"""What notices take over from the polls: the candidates who stand, and the lines about when and where."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from foundation.errors import NotFound
from foundation.transaction import transaction
from publicity.notices.offers import Offered, offered_sources, read_offered
from publicity.notices.subjects import Subject, check_subjects
from tests.conftest import PUBLIC_URL, DatabaseClock
from tests.factories import make_poll
from votes.models import Candidate, Poll

NOON = datetime(2017, 4, 19, 4, tzinfo=UTC)  # 12:00 in Jiaozuo
AWARDS = (("十佳组织", 2, 1), ("十佳党员", 1, 1))
PHONES = {"enquiry_phone": "0391-0000000", "supervision_phone": "0391-0000001"}


@pytest.fixture(autouse=True)
def _noon(app: Flask, database_clock: DatabaseClock) -> None:
    database_clock.set(NOON)


def offered(slug: str = "shili") -> Offered:
    return read_offered("polls", slug)


def subject(number: int, heading: str, unit: str) -> Subject:
    return Subject("candidate", f"shili-{number}", f"示例{number:03d}", "示例单位职员", heading, unit)


def test_polls_are_one_source_with_every_poll_by_its_title() -> None:
    make_poll("shili", awards=AWARDS, title="示例网上评议")
    make_poll("caogao", awards=AWARDS, title="示例草稿", state="draft")
    (source,) = offered_sources()
    assert (source.name, source.words) == ("polls", "投票的候选对象")
    assert list(source.choices()) == [("caogao", "示例草稿"), ("shili", "示例网上评议")]


def test_candidates_are_subjects_under_their_award() -> None:
    make_poll("shili", awards=AWARDS)
    subjects = offered().subjects
    assert subjects == (
        subject(1, "十佳组织", "示例县2"),
        subject(2, "十佳组织", "示例县3"),
        subject(3, "十佳党员", "示例县1"),
    )
    assert check_subjects(subjects) == {}


def test_they_stand_in_the_order_of_the_list_and_without_who_withdrew() -> None:
    make_poll("shili", awards=(("十佳组织", 3, 1),), state="draft", candidate_order="numbered")
    with transaction() as session:
        first, second, third = session.scalars(select(Candidate).order_by(Candidate.number))
        third.place_in_list, second.withdrawn_at = 1, NOON
        assert first.place_in_list == 0
    assert [one.key for one in offered().subjects] == ["shili-3", "shili-1"]


def test_a_subject_keeps_its_key_when_the_poll_is_read_anew() -> None:
    make_poll("shili", awards=AWARDS)
    assert offered().subjects == offered().subjects


@pytest.mark.parametrize("state", ["draft", "open"])
def test_before_its_end_the_lines_say_when_how_and_where_to_vote(state: str) -> None:
    make_poll(
        "shili", awards=AWARDS, state=state, opens_in=timedelta(hours=2), closes_in=timedelta(days=6), **PHONES,
        rules_text="每个微信号限投一次，提交后不可修改。\n不收费，不需转发。",
    )  # fmt: skip
    assert offered().lines == (
        "示例网上评议定于2017年4月19日 14:00开始，2017年4月25日 12:00结束。",
        "每个微信号限投一次，提交后不可修改。",
        "不收费，不需转发。",
        f"投票网址：{PUBLIC_URL}/polls/shili",
        "咨询电话：0391-0000000；监督电话：0391-0000001。",
    )


def test_a_draft_without_times_announces_that_they_follow() -> None:
    make_poll("shili", awards=AWARDS, state="draft")
    with transaction() as session:
        poll = session.scalars(select(Poll)).one()
        poll.opens_at = poll.closes_at = None
        poll.rules_text = ""
    lines = offered().lines
    assert lines[0] == "示例网上评议的投票时间另行公布。"
    assert "每个微信号限投一次，提交后不可修改。" in lines


def test_after_its_end_the_lines_say_that_the_result_follows() -> None:
    make_poll("shili", awards=AWARDS, opens_in=timedelta(days=-2), closes_in=timedelta(days=-1))
    assert offered().lines == ("示例网上评议已于2017年4月18日 12:00结束。", "投票结果经认证后公布。")


def test_once_certified_the_lines_say_where_the_results_are() -> None:
    make_poll("shili", awards=AWARDS, opens_in=timedelta(days=-2), closes_in=timedelta(days=-1), state="certified")
    assert offered().lines == (
        "示例网上评议已于2017年4月18日 12:00结束。",
        f"投票结果已经认证，公布在：{PUBLIC_URL}/polls/shili/results",
    )


def test_of_no_poll_there_is_nothing_to_take() -> None:
    with pytest.raises(NotFound):
        offered("meiyou")
