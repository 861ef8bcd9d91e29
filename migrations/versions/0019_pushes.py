"""Pushes of notices, a row for each delivery, and the counts that outlive them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "push",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("notice_id", sa.BigInteger(), nullable=False),
        sa.Column("version_number", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(length=12), nullable=False),
        sa.Column("audience", sa.String(length=8), nullable=False),
        sa.Column("tag_number", sa.Integer(), nullable=True),
        sa.Column("tag_name", sa.String(length=30), nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_by", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_now()"), nullable=False),
        sa.Column("approved_by", sa.BigInteger(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("planned_after", sa.BigInteger(), nullable=False),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("repeats", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("resumes_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.CheckConstraint("(audience = 'all') = (tag_number IS NULL)", name=op.f("push_to_some_names_their_tag")),
        sa.CheckConstraint(
            "(state IN ('finished', 'cancelled', 'failed')) = (ended_at IS NOT NULL)",
            name=op.f("ended_push_has_its_time"),
        ),
        sa.CheckConstraint("audience IN ('all', 'tag', 'testers')", name=op.f("push_audience_is_known")),
        sa.CheckConstraint(
            "channel IN ('mass', 'template', 'once', 'customer', 'publication', 'draft')",
            name=op.f("push_channel_is_known"),
        ),
        sa.CheckConstraint("state <> 'failed' OR error <> ''", name=op.f("failed_push_says_why")),
        sa.CheckConstraint("resumes_at IS NULL OR state = 'paused'", name=op.f("only_a_paused_push_goes_on_by_itself")),
        sa.CheckConstraint(
            "state IN ('draft', 'approved', 'planning', 'running', 'paused', 'finished', 'cancelled', 'failed')",
            name=op.f("push_state_is_known"),
        ),
        sa.ForeignKeyConstraint(["approved_by"], ["staff_member.id"], name=op.f("push_approved_by_exists")),
        sa.ForeignKeyConstraint(["created_by"], ["staff_member.id"], name=op.f("push_created_by_exists")),
        sa.ForeignKeyConstraint(["notice_id"], ["notice.id"], name=op.f("push_notice_id_exists")),
        sa.PrimaryKeyConstraint("id", name=op.f("push_key")),
        sa.UniqueConstraint("key", name=op.f("one_push_per_key")),
    )
    op.create_index(op.f("push_by_notice_id"), "push", ["notice_id"], unique=False)
    op.create_index(
        "pushes_by_end", "push", ["ended_at"], unique=False, postgresql_where=sa.text("ended_at IS NOT NULL")
    )
    op.create_index("pushes_under_way", "push", ["state"], unique=False, postgresql_where=sa.text("ended_at IS NULL"))
    op.create_table(
        "push_delivery",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("push_id", sa.BigInteger(), nullable=False),
        sa.Column("follower_id", sa.BigInteger(), nullable=True),
        sa.Column("consent_id", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(length=10), server_default="waiting", nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), server_default=sa.text("clock_now()"), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("doubted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("repeats", sa.Integer(), server_default="0", nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("errcode", sa.Integer(), nullable=True),
        sa.Column("number", sa.String(length=32), nullable=True),
        sa.Column("told", sa.String(length=10), nullable=True),
        sa.CheckConstraint(
            "(state = 'sending') = (lease_until IS NOT NULL)", name=op.f("only_what_is_being_sent_is_leased")
        ),
        sa.CheckConstraint(
            "state IN ('waiting', 'sending', 'sent', 'delivered', 'blocked', 'refused', 'unfollowed', 'failed', "
            "'unknown', 'cancelled')",
            name=op.f("delivery_state_is_known"),
        ),
        sa.CheckConstraint("follower_id IS NULL OR consent_id IS NULL", name=op.f("delivery_goes_one_way")),
        sa.CheckConstraint("told IS NULL OR number IS NOT NULL", name=op.f("what_was_told_is_of_a_number")),
        sa.ForeignKeyConstraint(
            ["follower_id"], ["follower.id"], name=op.f("push_delivery_follower_id_exists"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["push_id"], ["push.id"], name=op.f("push_delivery_push_id_exists"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("push_delivery_key")),
        sa.UniqueConstraint("push_id", "follower_id", name="one_delivery_per_follower"),
    )
    op.create_index(
        "deliveries_repeated", "push_delivery", ["push_id"], unique=False, postgresql_where=sa.text("repeats > 0")
    )
    op.create_index(
        "deliveries_by_number",
        "push_delivery",
        ["number"],
        unique=False,
        postgresql_where=sa.text("number IS NOT NULL"),
    )
    op.create_index("deliveries_by_outcome", "push_delivery", ["push_id", "state", "errcode"], unique=False)
    op.create_index(
        "one_delivery_per_consent",
        "push_delivery",
        ["push_id", "consent_id"],
        unique=True,
        postgresql_where=sa.text("consent_id IS NOT NULL"),
    )
    op.create_index(
        "deliveries_to_send",
        "push_delivery",
        ["push_id", "due_at", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_index(
        "deliveries_in_doubt",
        "push_delivery",
        ["push_id", "due_at"],
        unique=False,
        postgresql_where=sa.text("state = 'waiting' AND doubted_at IS NOT NULL"),
    )
    op.create_index(
        "deliveries_being_sent",
        "push_delivery",
        ["push_id", "lease_until"],
        unique=False,
        postgresql_where=sa.text("state = 'sending'"),
    )
    op.create_index(op.f("push_delivery_by_follower_id"), "push_delivery", ["follower_id"], unique=False)
    op.create_table(
        "push_count",
        sa.Column("push_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("errcode", sa.Integer(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["push_id"], ["push.id"], name=op.f("push_count_push_id_exists"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("push_id", "state", "errcode", name=op.f("push_count_key")),
    )


def downgrade() -> None:
    for table in ("push_count", "push_delivery", "push"):
        op.drop_table(table)
