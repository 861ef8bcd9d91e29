"""Loading the invented selection: one poll that is open, one that is certified, and staff to run them."""

import random
import secrets
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

import click
from flask import Flask
from sqlalchemy import insert, select

from app.demo.people import DemoAward, DemoCandidate, demo_awards, past_awards
from app.demo.portraits import draw_emblem, draw_portrait
from foundation.clock import database_now
from foundation.ids import random_id, short_code
from foundation.transaction import transaction
from staff.accounts import add_member
from staff.actors import SYSTEM
from votes.candidate_sheet import SheetRow
from votes.importing import import_candidates
from votes.models import Ballot, Poll
from votes.numbering import drain
from votes.paper import rules_of
from votes.photo_archive import Assignment
from votes.photos import attach_photos
from votes.polls import certify_poll, create_poll, open_poll
from votes.rules import BallotRules, pack
from votes.settings import AwardSettings, PollSettings
from votes.voters import voter_tag

OPEN_SLUG, PAST_SLUG = "demo", "demo-past"
STAFF = (("jingban", "示例经办"), ("kezhang", "示例科长"))
EARLIER_VOTERS = 860
PAST_VOTERS = 1_284
_SEED = 20170425


def load_demo(_app: Flask) -> None:
    """Put the invented selection into an empty demo; one that is loaded already is left as people left it."""
    with transaction() as session:
        if session.scalar(select(Poll.id).limit(1)) is not None:
            return
    click.echo("第一次启动：正在装入虚构的候选对象并绘制照片，约需半分钟……")
    for name, shown in STAFF:
        add_member(name, shown, secrets.token_urlsafe(24), SYSTEM)
    _load_open_poll()
    _load_past_poll()


def _load_open_poll() -> None:
    """The poll that takes ballots: it has some already, so that its live tally has something to show."""
    with transaction() as session:
        now = database_now(session)
    awards = demo_awards()
    settings = PollSettings(
        title="市级“十佳百优”先进典型网上评议（演示）",
        opens_at=now - timedelta(days=2),
        closes_at=(now + timedelta(days=5)).replace(minute=0, second=0, microsecond=0),
        visibility="after_voting",
        enquiry_phone="0000-0000000",
        supervision_phone="0000-12380",
    )
    create_poll(settings, [_award(award) for award in awards], SYSTEM, slug=OPEN_SLUG)
    import_candidates(OPEN_SLUG, _rows(awards), SYSTEM)
    attach_photos(OPEN_SLUG, _photos(awards), SYSTEM)
    open_poll(OPEN_SLUG, SYSTEM)
    _cast_earlier(OPEN_SLUG, EARLIER_VOTERS, since=now - timedelta(days=2), until=now)


def _load_past_poll() -> None:
    """The poll that is over: it ran some weeks ago, is closed and certified, and has a result to download."""
    with transaction() as session:
        now = database_now(session)
    opens_at = (now - timedelta(days=30)).replace(hour=1, minute=0, second=0, microsecond=0)
    closes_at = opens_at + timedelta(days=6, hours=9)
    awards = past_awards()
    settings = PollSettings(title="示例区优秀志愿者网上评议（演示，已结束）", opens_at=opens_at, closes_at=closes_at)
    create_poll(settings, [_award(award) for award in awards], SYSTEM, slug=PAST_SLUG)
    import_candidates(PAST_SLUG, _rows(awards), SYSTEM)
    attach_photos(PAST_SLUG, _photos(awards), SYSTEM)
    # A poll is not opened for a time that has passed, so the demo writes this piece of history itself.
    with transaction() as session:
        poll = session.scalars(select(Poll).filter_by(slug=PAST_SLUG)).one()
        poll.state, poll.opened_at = "open", opens_at
        session.flush()
        poll_id = poll.id
    _cast_earlier(PAST_SLUG, PAST_VOTERS, since=opens_at, until=closes_at)
    with transaction() as session:
        poll = session.get_one(Poll, poll_id)
        poll.state, poll.closed_at = "closed", closes_at
    drain(poll_id)
    certify_poll(PAST_SLUG, SYSTEM)


def _award(award: DemoAward) -> AwardSettings:
    return AwardSettings(
        name=award.name,
        places=award.places,
        min_choices=award.min_choices,
        max_choices=award.max_choices,
        for_organisations=award.is_organisation,
    )


def _rows(awards: Sequence[DemoAward]) -> list[SheetRow]:
    return [
        SheetRow(
            row=candidate.number,
            number=candidate.number,
            award=award.name,
            name=candidate.name,
            unit=candidate.unit,
            post=candidate.post,
            brief=candidate.brief,
            deeds=candidate.deeds,
            photo_file="",
            consented=True,
            secrecy_reviewed=True,
        )
        for award in awards
        for candidate in award.candidates
    ]


def _photos(awards: Sequence[DemoAward]) -> Iterable[Assignment]:
    for award in awards:
        for candidate in award.candidates:
            if candidate.photo:
                yield Assignment(candidate.number, f"{candidate.number:03d}.jpg", _draw(award, candidate))


def _draw(award: DemoAward, candidate: DemoCandidate) -> bytes:
    if award.is_organisation:
        return draw_emblem(candidate.portrait_seed)
    return draw_portrait(candidate.portrait_seed, candidate.sex)


def _cast_earlier(slug: str, voters: int, *, since: datetime, until: datetime) -> None:
    """Write ballots of invented voters into the ledger, spread over the days, with favourites as in life."""
    dice = random.Random(_SEED)  # noqa: S311  # invented ballots, the same in every demo
    with transaction() as session:
        poll = session.scalars(select(Poll).filter_by(slug=slug)).one()
        rules, key, poll_id = rules_of(poll), poll.voter_key, poll.id
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
