"""Followers are fetched page by page, and a living account's menu is kept before ours replaces it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("follower", sa.Column("seen_in", sa.BigInteger(), nullable=True))
    _create_syncs()
    op.create_table(
        "account_reading",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("source", sa.String(length=4), nullable=False),
        sa.Column("buttons", postgresql.JSONB(), nullable=False),
        sa.Column("conditional", sa.Integer(), nullable=False),
        sa.Column("replies", postgresql.JSONB(), nullable=True),
        sa.Column("replaced", sa.Boolean(), nullable=False),
        sa.Column("read_by", sa.String(length=40), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), server_default=sa.text("clock_now()"), nullable=False),
        sa.CheckConstraint("source IN ('api', 'page', 'none')", name=op.f("menu_source_is_known")),
        sa.CheckConstraint("NOT replaced OR source <> 'none'", name=op.f("only_a_menu_is_replaced")),
        sa.PrimaryKeyConstraint("id", name=op.f("account_reading_key")),
    )
    op.create_table(
        "scene_code",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("appid", sa.String(length=40), nullable=False),
        sa.Column("scene", sa.String(length=64), nullable=False),
        sa.Column("picture", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("clock_now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("scene_code_key")),
        sa.UniqueConstraint("appid", "scene", name="one_code_per_scene"),
    )


def _create_syncs() -> None:
    op.create_table(
        "follower_sync",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("cursor", sa.LargeBinary(), nullable=True),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("seen", sa.BigInteger(), nullable=False),
        sa.Column("gone", sa.BigInteger(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("started_by", sa.String(length=40), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("clock_now()"), nullable=False),
        sa.Column("moved_at", sa.DateTime(timezone=True), server_default=sa.text("clock_now()"), nullable=False),
        sa.CheckConstraint("state IN ('running', 'stopped', 'done')", name=op.f("follower_sync_state_is_known")),
        sa.CheckConstraint("state <> 'stopped' OR error IS NOT NULL", name=op.f("stopped_sync_says_why")),
        sa.CheckConstraint("state <> 'done' OR cursor IS NULL", name=op.f("finished_sync_names_nobody")),
        sa.PrimaryKeyConstraint("id", name=op.f("follower_sync_key")),
        sa.UniqueConstraint("key", name=op.f("one_follower_sync_per_key")),
    )
    op.create_index(
        "one_follower_sync_at_a_time",
        "follower_sync",
        [sa.text("(true)")],
        unique=True,
        postgresql_where=sa.text("state <> 'done'"),
    )


def downgrade() -> None:
    op.drop_table("scene_code")
    op.drop_table("account_reading")
    op.drop_table("follower_sync")
    op.drop_column("follower", "seen_in")
