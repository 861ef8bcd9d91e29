"""Turnout by hour is kept as ballots are numbered, by channel as they come; imports say how far they are."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

FILL = """
INSERT INTO turnout_hour (poll_id, hour, ballots)
SELECT poll_id, date_trunc('hour', accepted_at, 'UTC'), count(*) FROM ballot WHERE number IS NOT NULL GROUP BY 1, 2;
UPDATE poll_head SET voters = counted.voters
FROM (SELECT poll_id, count(DISTINCT voter_tag) AS voters FROM ballot WHERE number IS NOT NULL GROUP BY 1) AS counted
WHERE counted.poll_id = poll_head.poll_id;
"""


def upgrade() -> None:
    op.add_column("poll_head", sa.Column("voters", sa.BigInteger(), server_default="0", nullable=False))
    op.create_table(
        "turnout_hour",
        sa.Column("poll_id", sa.BigInteger(), nullable=False),
        sa.Column("hour", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ballots", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("ballots > 0", name=op.f("hours_without_ballots_are_left_out")),
        sa.ForeignKeyConstraint(["poll_id"], ["poll.id"], name=op.f("turnout_hour_poll_id_exists"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("poll_id", "hour", name=op.f("turnout_hour_key")),
    )
    op.create_table(
        "poll_channel",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("poll_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.String(length=24), nullable=False),
        sa.Column("name", sa.String(length=30), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_now()"), nullable=False),
        sa.CheckConstraint("key ~ '^[a-z0-9-]+$'", name=op.f("channel_key_is_plain")),
        sa.ForeignKeyConstraint(["poll_id"], ["poll.id"], name=op.f("poll_channel_poll_id_exists"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("poll_channel_key")),
        sa.UniqueConstraint("poll_id", "key", name="one_channel_per_key"),
        sa.UniqueConstraint("poll_id", "name", name="one_channel_per_name"),
    )
    op.create_table(
        "turnout_channel",
        sa.Column("poll_id", sa.BigInteger(), nullable=False),
        sa.Column("hour", sa.DateTime(timezone=True), nullable=False),
        sa.Column("channel", sa.String(length=24), nullable=False),
        sa.Column("ballots", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("ballots > 0", name=op.f("channels_without_ballots_are_left_out")),
        sa.ForeignKeyConstraint(
            ["poll_id"], ["poll.id"], name=op.f("turnout_channel_poll_id_exists"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("poll_id", "hour", "channel", name=op.f("turnout_channel_key")),
    )
    _create_imports()
    op.execute(FILL)
    op.create_check_constraint(op.f("voters_have_cast_their_ballots"), "poll_head", "0 <= voters AND voters <= size")


def _create_imports() -> None:
    op.create_table(
        "candidate_import",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("poll_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("percent", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("filename", sa.String(length=200), nullable=False),
        sa.Column("upload", sa.String(length=64), nullable=True),
        sa.Column("findings", sa.String(length=64), nullable=True),
        sa.Column("sheet", sa.String(length=32), nullable=True),
        sa.Column("answers", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.Column("requested_by", sa.BigInteger(), nullable=False),
        sa.Column("request_id", sa.String(length=32), nullable=True),
        sa.Column("network", sa.String(length=50), nullable=True),
        sa.Column("requested_at", sa.DateTime(timezone=True), server_default=sa.text("clock_now()"), nullable=False),
        sa.Column("moved_at", sa.DateTime(timezone=True), server_default=sa.text("clock_now()"), nullable=False),
        sa.CheckConstraint("(state = 'failed') = (error IS NOT NULL)", name=op.f("failed_import_says_why")),
        sa.CheckConstraint("kind IN ('sheet', 'photos')", name=op.f("import_kind_is_known")),
        sa.CheckConstraint("percent BETWEEN 0 AND 100", name=op.f("import_is_between_none_and_all")),
        sa.CheckConstraint(
            "state IN ('reading', 'read', 'writing', 'done', 'failed')", name=op.f("import_state_is_known")
        ),
        sa.ForeignKeyConstraint(
            ["poll_id"], ["poll.id"], name=op.f("candidate_import_poll_id_exists"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["requested_by"], ["staff_member.id"], name=op.f("candidate_import_requested_by_exists")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("candidate_import_key")),
        sa.UniqueConstraint("key", name=op.f("one_candidate_import_per_key")),
    )
    op.create_index(op.f("candidate_import_by_poll_id"), "candidate_import", ["poll_id"], unique=False)
    op.create_index(op.f("candidate_import_by_requested_at"), "candidate_import", ["requested_at"], unique=False)


def downgrade() -> None:
    for table in ("candidate_import", "turnout_channel", "poll_channel", "turnout_hour"):
        op.drop_table(table)
    op.drop_constraint("voters_have_cast_their_ballots", "poll_head")
    op.drop_column("poll_head", "voters")
