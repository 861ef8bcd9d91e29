"""Drafts as staff enter them, and what the audit trail and the ledger say afterwards."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from secrets import token_bytes, token_hex

from sqlalchemy import select

from foundation.database import db
from foundation.ids import short_code
from foundation.transaction import transaction
from staff.audit.models import AuditEntry
from tests.factories import CLERK
from votes.candidates import CandidateEntry, add_candidate, record_check
from votes.models import Ballot, Poll
from votes.overview import poll_overview
from votes.polls import create_poll
from votes.rules import pack
from votes.settings import AwardSettings, PollSettings

NOON = datetime(2017, 4, 19, 4, tzinfo=UTC)  # 12:00 in Jiaozuo
WEEK = timedelta(days=7)
SETTINGS = PollSettings(
    "示例网上评议",
    opens_at=NOON,
    closes_at=NOON + WEEK,
    enquiry_phone="0391-0000000",
    supervision_phone="0391-0000001",
)
AWARDS = (
    AwardSettings("示例组织奖", places=1, max_choices=1, for_organisations=True),
    AwardSettings("示例党员奖", places=1, max_choices=2),
)
PEOPLE = ("丁示例", "王示例", "马示例")


def make_draft(slug: str = "demo", settings: PollSettings = SETTINGS, awards: Sequence[AwardSettings] = AWARDS) -> str:
    return create_poll(settings, awards, CLERK, slug=slug)


def make_ready(slug: str = "demo", settings: PollSettings = SETTINGS) -> str:
    """Draft a poll that could be opened: two organisations (1, 2) and three persons (3, 4, 5), all checked."""
    make_draft(slug, settings)
    organisation, person = award_ids(slug)
    for name in ("示例村党支部", "示例社区党委"):
        add_candidate(slug, CandidateEntry(organisation, name, "示例县一"), CLERK)
    for name in PEOPLE:
        add_candidate(slug, CandidateEntry(person, name, "示例县二", post="示例单位职员"), CLERK)
    for check in ("consented", "secrecy_reviewed"):
        record_check(slug, range(1, 6), check, CLERK)
    return slug


def award_ids(slug: str = "demo") -> list[int]:
    return [award.settings.id or 0 for award in poll_overview(slug).awards]


def poll_of(slug: str = "demo") -> Poll:
    db.session.expire_all()
    return db.session.scalars(select(Poll).where(Poll.slug == slug)).one()


def add_ballots(slug: str, *choices: tuple[int, ...]) -> None:
    """Put a ballot into the ledger for each of `choices`, waiting for their numbers."""
    with transaction() as session:
        for mine in choices:
            session.add(
                Ballot(
                    poll_id=poll_of(slug).id,
                    voter_tag=token_bytes(16),
                    period=0,
                    nonce=token_hex(8),
                    choices=pack(mine, 1),
                    salt=token_bytes(16),
                    code=short_code(),
                )
            )


def acts() -> list[tuple[str, str, str]]:
    """Return who did what to what, the oldest first."""
    query = select(AuditEntry.actor, AuditEntry.act, AuditEntry.object).order_by(AuditEntry.id)
    return [(row[0], row[1], row[2]) for row in db.session.execute(query)]
