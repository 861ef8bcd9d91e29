"""What was sent in the account's name, how it ended, and the little that has to be known about whom it may reach."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Identity, Index, Integer, LargeBinary, String, Text, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from foundation.database import Base, Moment
from foundation.encryption import EncryptedBytes

KEY_BYTES = 64


class SendingJob(Base):
    """One sending under an id of our own, so that the same one is never sent twice; it names no recipient.

    `number` is the platform's id of the job (msg_id, msgid, publish_id, or the media_id of a draft), `data_id` its
    msg_data_id, `raw` the platform's own word for how it ended, or `errcode n` for a call that it refused.
    """

    __tablename__ = "sending_job"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    key: Mapped[str] = mapped_column(String(KEY_BYTES), unique=True)
    kind: Mapped[str] = mapped_column(String(12))
    state: Mapped[str] = mapped_column(String(8), default="planned")
    audience: Mapped[str] = mapped_column(String(20), default="", doc="all, tag 101, list of 3; empty for one person")
    media_id: Mapped[str] = mapped_column(String(128), default="", doc="the draft that is sent or published")
    fingerprint: Mapped[str] = mapped_column(String(64), default="", doc="of the articles, as lists show them")
    number: Mapped[str | None] = mapped_column(String(128))
    data_id: Mapped[str | None] = mapped_column(String(64))
    raw: Mapped[str | None] = mapped_column(String(80))
    total: Mapped[int | None] = mapped_column(Integer)
    filtered: Mapped[int | None] = mapped_column(Integer)
    sent: Mapped[int | None] = mapped_column(Integer)
    errors: Mapped[int | None] = mapped_column(Integer)
    article_id: Mapped[str | None] = mapped_column(String(128))
    addresses: Mapped[list[str]] = mapped_column(JSONB, server_default=text("'[]'::jsonb"), default=list)
    planned_at: Mapped[datetime] = mapped_column(Moment, server_default=func.clock_now())
    sent_at: Mapped[datetime | None] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)

    __table_args__ = (
        CheckConstraint("state IN ('planned', 'sent', 'finished', 'failed')", name="sending_job_state_is_known"),
        CheckConstraint(
            "kind IN ('mass', 'preview', 'template', 'once', 'draft', 'publication')", name="sending_job_kind_is_known"
        ),
        CheckConstraint(
            "(state IN ('finished', 'failed')) = (ended_at IS NOT NULL)", name="ended_sending_job_has_its_time"
        ),
        CheckConstraint("state <> 'sent' OR number IS NOT NULL", name="sending_job_under_way_has_its_number"),
        Index("sending_jobs_by_number", "number"),
        Index("sending_jobs_by_data_id", "data_id"),
        Index("sending_jobs_by_kind_and_time", "kind", "planned_at"),
    )


class EarlyEnding(Base):
    """How a job ended whose number no row knows yet: its event came before the answer, or no answer came."""

    __tablename__ = "early_ending"

    family: Mapped[str] = mapped_column(String(12), primary_key=True)
    number: Mapped[str] = mapped_column(String(128), primary_key=True)
    ending: Mapped[dict[str, Any]] = mapped_column(JSONB)
    came_at: Mapped[datetime] = mapped_column(Moment, server_default=func.clock_now())


class RecipientMark(Base):
    """Somebody to whom nothing is to be sent any more, by digest: the platform said so.

    blocked: the account's blacklist; refused: they switched it off, for one template; unknown: no such openid.
    """

    __tablename__ = "recipient_mark"

    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    template_id: Mapped[str] = mapped_column(String(64), primary_key=True, default="")
    mark: Mapped[str] = mapped_column(String(8))
    noted_at: Mapped[datetime] = mapped_column(Moment, server_default=func.clock_now())

    __table_args__ = (
        CheckConstraint("mark IN ('blocked', 'refused', 'unknown')", name="recipient_mark_is_known"),
        CheckConstraint("mark = 'refused' OR template_id = ''", name="only_a_refusal_is_of_one_template"),
        Index("recipient_marks_by_time", "noted_at"),
    )


class OnceConsent(Base):
    """A page asked somebody to allow one message; with an openid once they came back and had allowed it.

    The openid came through their browser: it is a way to reach somebody and proves nothing. It rests encrypted and
    the row goes when the message is sent.
    """

    __tablename__ = "once_consent"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    reserved: Mapped[bytes] = mapped_column(LargeBinary, unique=True, doc="digest of the one-use value in the address")
    purpose: Mapped[str] = mapped_column(String(64))
    template_id: Mapped[str] = mapped_column(String(64))
    scene: Mapped[int] = mapped_column(Integer)
    return_path: Mapped[str] = mapped_column(Text)
    asked_at: Mapped[datetime] = mapped_column(Moment, server_default=func.clock_now())
    digest: Mapped[bytes | None] = mapped_column(LargeBinary)
    openid: Mapped[bytes | None] = mapped_column(EncryptedBytes("once_consent.openid"))
    accepted_at: Mapped[datetime | None] = mapped_column(Moment)

    __table_args__ = (
        CheckConstraint(
            "(openid IS NULL) = (accepted_at IS NULL) AND (openid IS NULL) = (digest IS NULL)",
            name="only_an_accepted_consent_names_somebody",
        ),
        CheckConstraint("scene BETWEEN 0 AND 10000", name="scene_is_within_the_platforms_bounds"),
        Index("once_consents_by_purpose", "purpose"),
        Index("once_consents_by_person", "digest"),
        Index("once_consents_by_time", "asked_at"),
    )
