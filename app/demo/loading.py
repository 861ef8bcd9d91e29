"""Loading the invented selection: polls and notices in every state, and staff who run them."""

import random
import secrets
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import click
from flask import Flask
from sqlalchemy import insert, select

from app.demo.entries import awards_entered, photos_entered, rows_entered
from app.demo.notices import load_notices
from app.demo.office import Office, add_staff, do_business
from app.demo.people import DemoAward, demo_awards, past_awards
from config import Settings
from foundation.clock import database_now, local_day
from foundation.ids import random_id, short_code
from foundation.transaction import transaction
from votes.channels import add_channel
from votes.importing import import_candidates
from votes.models import Ballot, Poll
from votes.numbering import drain
from votes.paper import rules_of
from votes.photos import attach_photos
from votes.polls import create_poll
from votes.rules import BallotRules, pack
from votes.settings import PollSettings
from votes.sources import DIRECT, write_sources
from votes.steps import request_certification, request_opening
from votes.voters import voter_tag

OPEN_SLUG, PAST_SLUG = "demo", "demo-past"
EARLIER_VOTERS = 860
PAST_VOTERS = 1_284
_SEED = 20170425


def load_demo(app: Flask) -> None:
    """Put the invented selection into an empty demo; one that is loaded already is left as people left it."""
    settings: Settings = app.config["SETTINGS"]
    with transaction() as session:
        if session.scalar(select(Poll.id).limit(1)) is not None:
            return
        now = database_now(session)
    click.echo("第一次启动：正在装入虚构的候选对象并绘制照片，约需半分钟……")
    office = add_staff(local_day(now))
    _load_open_poll(office, now)
    _load_past_poll(office, now)
    with app.test_request_context(base_url=settings.public_url):
        do_business(office, OPEN_SLUG, PAST_SLUG, now)
        load_notices(office, OPEN_SLUG, PAST_SLUG, now)


def _load_open_poll(office: Office, now: datetime) -> None:
    """The poll that takes ballots: it has some already, so that its live tally has something to show."""
    settings = PollSettings(
        title="市级“十佳百优”先进典型网上评议（演示）",
        opens_at=now - timedelta(days=2),
        closes_at=(now + timedelta(days=5)).replace(minute=0, second=0, microsecond=0),
        visibility="after_voting",
        enquiry_phone="0000-0000000",
        supervision_phone="0000-12380",
    )
    _enter(office, OPEN_SLUG, settings, demo_awards())
    office.consent_to(request_opening(OPEN_SLUG, office.clerk))
    # It began before the demo did, so the demo says itself when that was approved.
    with transaction() as session:
        poll = session.scalars(select(Poll).filter_by(slug=OPEN_SLUG)).one()
        poll.opened_at = now - timedelta(days=3)
    moments = _cast_earlier(OPEN_SLUG, EARLIER_VOTERS, since=now - timedelta(days=2), until=now)
    _count_sources(OPEN_SLUG, add_channel(OPEN_SLUG, "例园广场海报", office.clerk), moments)


def _load_past_poll(office: Office, now: datetime) -> None:
    """The poll that is over: it ran some weeks ago, is closed and certified, and has a result to download."""
    opens_at = (now - timedelta(days=30)).replace(hour=1, minute=0, second=0, microsecond=0)
    closes_at = opens_at + timedelta(days=6, hours=9)
    settings = PollSettings(title="示例区优秀志愿者网上评议（演示，已结束）", opens_at=opens_at, closes_at=closes_at)
    _enter(office, PAST_SLUG, settings, past_awards())
    # A poll is not opened for a time that has passed, so the demo writes this piece of history itself.
    with transaction() as session:
        poll = session.scalars(select(Poll).filter_by(slug=PAST_SLUG)).one()
        poll.state, poll.opened_at = "open", opens_at
        session.flush()
        poll_id = poll.id
    _count_sources(PAST_SLUG, "menu", _cast_earlier(PAST_SLUG, PAST_VOTERS, since=opens_at, until=closes_at))
    with transaction() as session:
        poll = session.get_one(Poll, poll_id)
        poll.state, poll.closed_at = "closed", closes_at
    drain(poll_id)
    office.consent_to(request_certification(PAST_SLUG, office.clerk))


def _enter(office: Office, slug: str, settings: PollSettings, awards: Sequence[DemoAward]) -> None:
    create_poll(settings, awards_entered(awards), office.clerk, slug=slug)
    import_candidates(slug, rows_entered(awards), office.clerk)
    attach_photos(slug, photos_entered(awards), office.clerk)


def _cast_earlier(slug: str, voters: int, *, since: datetime, until: datetime) -> list[datetime]:
    """Write ballots of invented voters into the ledger, spread over the days, with favourites as in life.

    Returns when they were accepted, in order.
    """
    dice = random.Random(_SEED)  # noqa: S311  # invented ballots, the same in every demo
    with transaction() as session:
        poll = session.scalars(select(Poll).filter_by(slug=slug)).one()
        rules, key, poll_id = rules_of(session, poll.id), poll.voter_key, poll.id
        assert key is not None  # noqa: S101  # it is destroyed long after closing, not before
        favour = {number: dice.betavariate(2, 3) for award in rules.awards for number in sorted(award.numbers)}
        moments = sorted(_in_waking_hours(dice, since, until) for _ in range(voters))
        session.execute(
            insert(Ballot),
            [
                {
                    "poll_id": poll_id,
                    "voter_tag": voter_tag(key, f"demo-{slug}-{voter}"),
                    "period": 0,
                    "nonce": random_id(),
                    "choices": pack(_choose(dice, rules, favour), rules.bytes_per_ballot),
                    "salt": secrets.token_bytes(16),
                    "code": short_code(),
                    "accepted_at": moment,
                }
                for voter, moment in enumerate(moments)
            ],
        )
    return moments


def _count_sources(slug: str, channel: str, moments: Sequence[datetime]) -> None:
    """Count the ballots as come by the menu mostly, some by `channel`, in the chat or from the website's column."""
    dice = random.Random(_SEED)  # noqa: S311  # as above
    ways, weights = ("menu", channel, "chat", "column", DIRECT), (55, 15, 12, 8, 10)
    drawn = dice.choices(ways, weights, k=len(moments))
    hours = [moment.replace(minute=0, second=0, microsecond=0) for moment in moments]
    write_sources(Counter((slug, hour, way) for hour, way in zip(hours, drawn, strict=True)))


def _in_waking_hours(dice: random.Random, since: datetime, until: datetime) -> datetime:
    while True:
        moment = since + (until - since) * dice.random()
        # 15:00 to 23:00 UTC is the night of Asia/Shanghai.
        if not 15 <= moment.astimezone(UTC).hour < 23:
            return moment


def _choose(dice: random.Random, rules: BallotRules, favour: dict[int, float]) -> list[int]:
    chosen: list[int] = []
    for award in rules.awards:
        liked = [number for number in sorted(award.numbers) if dice.random() < favour[number]]
        chosen += liked[: award.max_choices]
    return chosen or [min(min(award.numbers) for award in rules.awards)]
