"""Polls, their awards and candidates, and what certification fixed."""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    ForeignKey,
    Identity,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    func,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column, relationship

from foundation.database import Base, Moment
from foundation.encryption import EncryptedBytes
from votes.rules import MAX_CANDIDATES

_TIMES_ARE_SET = "state = 'draft' OR (opens_at IS NOT NULL AND closes_at IS NOT NULL)"


class Poll(Base):
    """One ballot paper: state draft → open → closed → certified, one way.

    `open` means approved: whether a ballot is taken is decided by `opens_at` and `closes_at` on the database's
    clock. `revision` grows with every change that bears on a ballot's validity.
    """

    __tablename__ = "poll"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    slug: Mapped[str] = mapped_column(String(60), unique=True)
    title: Mapped[str] = mapped_column(Text)
    rules_text: Mapped[str] = mapped_column(Text, default="")
    enquiry_phone: Mapped[str] = mapped_column(String(40), default="")
    supervision_phone: Mapped[str] = mapped_column(String(40), default="")
    state: Mapped[str] = mapped_column(String(10), default="draft")
    opens_at: Mapped[datetime | None] = mapped_column(Moment)
    closes_at: Mapped[datetime | None] = mapped_column(Moment)
    period: Mapped[str] = mapped_column(String(10), default="once")
    visibility: Mapped[str] = mapped_column(String(14), default="hidden")
    candidate_order: Mapped[str] = mapped_column(String(10), default="strokes")
    draw_seed: Mapped[str | None] = mapped_column(String(80))
    followers_only: Mapped[bool] = mapped_column(Boolean, default=False)
    voter_key: Mapped[bytes | None] = mapped_column(
        EncryptedBytes("poll.voter_key"),
        deferred=True,  # only who ties a voter to a ballot decrypts it; where it cannot be, all else goes on
        doc="turns an openid into a tag; destroyed 190 days after closing",
    )
    revision: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=func.clock_now())
    opened_at: Mapped[datetime | None] = mapped_column(Moment)
    closed_at: Mapped[datetime | None] = mapped_column(Moment)
    certified_at: Mapped[datetime | None] = mapped_column(Moment)
    certified_by: Mapped[str | None] = mapped_column(String(90), doc="who asked for it and who approved")

    awards: Mapped[list["Award"]] = relationship(
        back_populates="poll", order_by="Award.position", cascade="all, delete-orphan"
    )
    candidates: Mapped[list["Candidate"]] = relationship(
        back_populates="poll", order_by="Candidate.number", cascade="all, delete-orphan"
    )

    __table_args__ = (
        CheckConstraint("state IN ('draft', 'open', 'closed', 'certified')", name="poll_state_is_known"),
        CheckConstraint("period IN ('once', 'daily')", name="poll_period_is_known"),
        CheckConstraint("visibility IN ('hidden', 'daily', 'after_voting', 'live')", name="poll_visibility_is_known"),
        CheckConstraint(
            "candidate_order IN ('strokes', 'numbered', 'drawn', 'per_voter')", name="candidate_order_is_known"
        ),
        CheckConstraint(_TIMES_ARE_SET, name="poll_past_draft_has_its_times"),
        CheckConstraint("opens_at < closes_at", name="poll_opens_before_it_closes"),
        CheckConstraint(
            "candidate_order <> 'drawn' OR state = 'draft' OR draw_seed IS NOT NULL", name="draw_has_a_seed"
        ),
        CheckConstraint("(state = 'certified') = (certified_at IS NOT NULL)", name="certified_poll_has_its_time"),
        CheckConstraint("slug ~ '^[a-z0-9][a-z0-9-]*$'", name="slug_is_plain"),
        CheckConstraint(
            "voter_key IS NOT NULL OR state IN ('closed', 'certified')", name="only_a_poll_that_is_over_has_no_key"
        ),
    )


class Award(Base):
    """One of the awards voted on: how many places it has and how many may be chosen."""

    __tablename__ = "award"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    poll_id: Mapped[int] = mapped_column(ForeignKey("poll.id", ondelete="CASCADE"))
    position: Mapped[int]
    name: Mapped[str] = mapped_column(String(60))
    for_organisations: Mapped[bool] = mapped_column(Boolean, default=False)
    places: Mapped[int]
    min_choices: Mapped[int] = mapped_column(default=0)
    max_choices: Mapped[int]

    poll: Mapped[Poll] = relationship(back_populates="awards")
    candidates: Mapped[list["Candidate"]] = relationship(back_populates="award", order_by="Candidate.number")

    __table_args__ = (
        UniqueConstraint("poll_id", "name", name="one_award_per_name"),
        CheckConstraint("places > 0", name="award_has_places"),
        CheckConstraint("0 <= min_choices AND min_choices <= max_choices", name="min_choices_fit_max_choices"),
        CheckConstraint("max_choices > 0", name="award_lets_choose"),
    )


class Candidate(Base):
    """Who can be chosen, as the public sees them; numbered through the whole poll, frozen at opening."""

    __tablename__ = "candidate"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    poll_id: Mapped[int] = mapped_column(ForeignKey("poll.id", ondelete="CASCADE"))
    award_id: Mapped[int] = mapped_column(ForeignKey("award.id", ondelete="CASCADE"), index=True)
    number: Mapped[int]
    place_in_list: Mapped[int] = mapped_column(default=0, doc="order within the award, corrected by hand")
    name: Mapped[str] = mapped_column(String(80))
    unit: Mapped[str] = mapped_column(String(80), doc="推荐单位")
    post: Mapped[str] = mapped_column(String(160), default="", doc="单位及职务")
    brief: Mapped[str] = mapped_column(Text, default="")
    deeds: Mapped[str] = mapped_column(Text, default="")
    initials: Mapped[str] = mapped_column(String(80), default="", doc="pinyin initials of the name, for search")
    photo: Mapped[str | None] = mapped_column(String(64), doc="digest of the public photo")
    thumbnail: Mapped[str | None] = mapped_column(String(64))
    consented: Mapped[bool] = mapped_column(Boolean, default=False, doc="consent to publication is recorded")
    secrecy_reviewed: Mapped[bool] = mapped_column(Boolean, default=False, doc="保密审查")
    withdrawn_at: Mapped[datetime | None] = mapped_column(Moment)

    poll: Mapped[Poll] = relationship(back_populates="candidates")
    award: Mapped[Award] = relationship(back_populates="candidates")

    __table_args__ = (
        UniqueConstraint("poll_id", "number", name="one_candidate_per_number", deferrable=True, initially="DEFERRED"),
        CheckConstraint(f"number BETWEEN 1 AND {MAX_CANDIDATES}", name="candidate_number_fits_the_ballot"),
        CheckConstraint("(photo IS NULL) = (thumbnail IS NULL)", name="photo_has_its_thumbnail"),
    )


class Ballot(Base):
    """A line of the ledger. Inserted once by casting, numbered once by the sequencer, otherwise never changed.

    The voter is a tag that only the poll's key ties to an openid; choices are a bit set over candidate numbers.
    """

    __tablename__ = "ballot"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    poll_id: Mapped[int] = mapped_column(ForeignKey("poll.id"))
    voter_tag: Mapped[bytes] = mapped_column(LargeBinary)
    period: Mapped[int] = mapped_column(doc="0, or in a daily poll the days since 1970-01-01 in Asia/Shanghai")
    nonce: Mapped[str] = mapped_column(String(64))
    choices: Mapped[bytes] = mapped_column(LargeBinary)
    salt: Mapped[bytes] = mapped_column(LargeBinary)
    code: Mapped[str] = mapped_column(String(14))
    accepted_at: Mapped[datetime] = mapped_column(Moment, server_default=func.clock_now())
    number: Mapped[int | None] = mapped_column(BigInteger)

    __table_args__ = (
        UniqueConstraint("poll_id", "voter_tag", "period", name="one_ballot_per_voter_and_period"),
        UniqueConstraint("poll_id", "voter_tag", "nonce", name="one_ballot_per_voter_and_nonce"),
        UniqueConstraint("poll_id", "number", name="one_ballot_per_number"),
        UniqueConstraint("code", name="one_ballot_per_receipt_code"),
        CheckConstraint("octet_length(voter_tag) = 16", name="voter_tag_has_128_bits"),
        CheckConstraint("octet_length(salt) = 16", name="salt_has_128_bits"),
        CheckConstraint("number > 0", name="ballots_are_numbered_from_one"),
    )


class PollHead(Base):
    """How far the sequencer has come in a poll, and the epoch that ties Redis to this very ledger.

    `voters` counts each WeChat account once, which in a daily poll are fewer than ballots.
    """

    __tablename__ = "poll_head"

    poll_id: Mapped[int] = mapped_column(ForeignKey("poll.id", ondelete="CASCADE"), primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger, default=0)
    voters: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    epoch: Mapped[str] = mapped_column(String(32))

    __table_args__ = (
        CheckConstraint("size >= 0", name="head_counts_from_zero"),
        CheckConstraint("0 <= voters AND voters <= size", name="voters_have_cast_their_ballots"),
    )


class TurnoutHour(Base):
    """How many of the numbered ballots were accepted in the hour that begins at `hour`; kept by the sequencer."""

    __tablename__ = "turnout_hour"

    poll_id: Mapped[int] = mapped_column(ForeignKey("poll.id", ondelete="CASCADE"), primary_key=True)
    hour: Mapped[datetime] = mapped_column(Moment, primary_key=True)
    ballots: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (CheckConstraint("ballots > 0", name="hours_without_ballots_are_left_out"),)


class Channel(Base):
    """A way to the poll that staff count by itself: `key` stands in the address behind ?from=."""

    __tablename__ = "poll_channel"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    poll_id: Mapped[int] = mapped_column(ForeignKey("poll.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(String(24))
    name: Mapped[str] = mapped_column(String(30))
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=func.clock_now())

    __table_args__ = (
        UniqueConstraint("poll_id", "key", name="one_channel_per_key"),
        UniqueConstraint("poll_id", "name", name="one_channel_per_name"),
        CheckConstraint("key ~ '^[a-z0-9-]+$'", name="channel_key_is_plain"),
    )


class TurnoutChannel(Base):
    """How many accepted ballots came by a channel in an hour. Only counted: no row leads to a ballot or a voter."""

    __tablename__ = "turnout_channel"

    poll_id: Mapped[int] = mapped_column(ForeignKey("poll.id", ondelete="CASCADE"), primary_key=True)
    hour: Mapped[datetime] = mapped_column(Moment, primary_key=True)
    channel: Mapped[str] = mapped_column(String(24), primary_key=True)
    ballots: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (CheckConstraint("ballots > 0", name="channels_without_ballots_are_left_out"),)


class CertifiedCount(Base):
    """What a candidate had when the poll was certified; the published result."""

    __tablename__ = "certified_count"

    poll_id: Mapped[int] = mapped_column(ForeignKey("poll.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    votes: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (CheckConstraint("votes >= 0", name="certified_votes_are_not_negative"),)


class CandidateImport(Base):
    """A spreadsheet or an archive of photos on its way in: looked at first, then confirmed and brought in.

    The file and what was found in it rest encrypted; `percent` is how far the job is with what `state` says.
    """

    __tablename__ = "candidate_import"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    key: Mapped[str] = mapped_column(String(32), unique=True)
    poll_id: Mapped[int] = mapped_column(ForeignKey("poll.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    state: Mapped[str] = mapped_column(String(10), default="reading")
    percent: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None] = mapped_column(Text)
    filename: Mapped[str] = mapped_column(String(200))
    upload: Mapped[str | None] = mapped_column(String(64), doc="digest of the private file")
    findings: Mapped[str | None] = mapped_column(String(64), doc="digest of what was found in it")
    sheet: Mapped[str | None] = mapped_column(String(32), doc="key of the spreadsheet that names the photos' files")
    answers: Mapped[list[int]] = mapped_column(ARRAY(Integer), default=list, doc="per question a number, 0 for none")
    requested_by: Mapped[int] = mapped_column(ForeignKey("staff_member.id"))
    request_id: Mapped[str | None] = mapped_column(String(32))
    network: Mapped[str | None] = mapped_column(String(50))
    requested_at: Mapped[datetime] = mapped_column(Moment, server_default=func.clock_now(), index=True)
    moved_at: Mapped[datetime] = mapped_column(Moment, server_default=func.clock_now())

    __table_args__ = (
        CheckConstraint("kind IN ('sheet', 'photos')", name="import_kind_is_known"),
        CheckConstraint("state IN ('reading', 'read', 'writing', 'done', 'failed')", name="import_state_is_known"),
        CheckConstraint("percent BETWEEN 0 AND 100", name="import_is_between_none_and_all"),
        CheckConstraint("(state = 'failed') = (error IS NOT NULL)", name="failed_import_says_why"),
    )
