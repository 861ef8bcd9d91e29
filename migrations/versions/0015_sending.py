"""What was sent in the account's name is kept with its job and its quota."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

STATES = "state IN ('planned', 'sent', 'finished', 'failed')"
KINDS = "kind IN ('mass', 'preview', 'template', 'once', 'draft', 'publication')"
WITH_TIME = "(state IN ('finished', 'failed')) = (ended_at IS NOT NULL)"
NAMES_SOMEBODY = "(openid IS NULL) = (accepted_at IS NULL) AND (openid IS NULL) = (digest IS NULL)"


def upgrade() -> None:
    _add_jobs()
    op.create_table(
        "early_ending",
        sa.Column("family", sa.String(length=12), nullable=False),
        sa.Column("number", sa.String(length=128), nullable=False),
        sa.Column("ending", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("came_at", sa.DateTime(timezone=True), server_default=sa.text("clock_now()"), nullable=False),
        sa.PrimaryKeyConstraint("family", "number", name=op.f("early_ending_key")),
    )
    op.create_table(
        "recipient_mark",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("template_id", sa.String(length=64), nullable=False),
        sa.Column("mark", sa.String(length=8), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), server_default=sa.text("clock_now()"), nullable=False),
        sa.CheckConstraint("mark IN ('blocked', 'refused', 'unknown')", name=op.f("recipient_mark_is_known")),
        sa.CheckConstraint("mark = 'refused' OR template_id = ''", name=op.f("only_a_refusal_is_of_one_template")),
        sa.PrimaryKeyConstraint("digest", "template_id", name=op.f("recipient_mark_key")),
    )
    op.create_index("recipient_marks_by_time", "recipient_mark", ["noted_at"], unique=False)
    _add_consents()


def _add_jobs() -> None:
    op.create_table(
        "sending_job",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("audience", sa.String(length=20), nullable=False),
        sa.Column("media_id", sa.String(length=128), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("number", sa.String(length=128), nullable=True),
        sa.Column("data_id", sa.String(length=64), nullable=True),
        sa.Column("raw", sa.String(length=80), nullable=True),
        sa.Column("total", sa.Integer(), nullable=True),
        sa.Column("filtered", sa.Integer(), nullable=True),
        sa.Column("sent", sa.Integer(), nullable=True),
        sa.Column("errors", sa.Integer(), nullable=True),
        sa.Column("article_id", sa.String(length=128), nullable=True),
        sa.Column(
            "addresses",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
        ),
        sa.Column("planned_at", sa.DateTime(timezone=True), server_default=sa.text("clock_now()"), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(STATES, name=op.f("sending_job_state_is_known")),
        sa.CheckConstraint(KINDS, name=op.f("sending_job_kind_is_known")),
        sa.CheckConstraint(WITH_TIME, name=op.f("ended_sending_job_has_its_time")),
        sa.CheckConstraint("state <> 'sent' OR number IS NOT NULL", name=op.f("sending_job_under_way_has_its_number")),
        sa.PrimaryKeyConstraint("id", name=op.f("sending_job_key")),
        sa.UniqueConstraint("key", name=op.f("one_sending_job_per_key")),
    )
    op.create_index("sending_jobs_by_number", "sending_job", ["number"], unique=False)
    op.create_index("sending_jobs_by_data_id", "sending_job", ["data_id"], unique=False)
    op.create_index("sending_jobs_by_kind_and_time", "sending_job", ["kind", "planned_at"], unique=False)


def _add_consents() -> None:
    op.create_table(
        "once_consent",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("reserved", sa.LargeBinary(), nullable=False),
        sa.Column("purpose", sa.String(length=64), nullable=False),
        sa.Column("template_id", sa.String(length=64), nullable=False),
        sa.Column("scene", sa.Integer(), nullable=False),
        sa.Column("return_path", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), server_default=sa.text("clock_now()"), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=True),
        sa.Column("openid", sa.LargeBinary(), nullable=True),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(NAMES_SOMEBODY, name=op.f("only_an_accepted_consent_names_somebody")),
        sa.CheckConstraint("scene BETWEEN 0 AND 10000", name=op.f("scene_is_within_the_platforms_bounds")),
        sa.PrimaryKeyConstraint("id", name=op.f("once_consent_key")),
        sa.UniqueConstraint("reserved", name=op.f("one_once_consent_per_reserved")),
    )
    op.create_index("once_consents_by_purpose", "once_consent", ["purpose"], unique=False)
    op.create_index("once_consents_by_person", "once_consent", ["digest"], unique=False)
    op.create_index("once_consents_by_time", "once_consent", ["asked_at"], unique=False)


def downgrade() -> None:
    for table in ("once_consent", "recipient_mark", "early_ending", "sending_job"):
        op.drop_table(table)
