"""Ballots that are being put together in the chat are kept."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "chat_ballot",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("voter", sa.LargeBinary(), nullable=False),
        sa.Column("poll_id", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.Column("touched_at", sa.DateTime(timezone=True), server_default=sa.text("clock_now()"), nullable=False),
        sa.ForeignKeyConstraint(["poll_id"], ["poll.id"], name=op.f("chat_ballot_poll_id_exists"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("chat_ballot_key")),
        sa.UniqueConstraint(
            "voter", "poll_id", name="one_chat_ballot_per_voter_and_poll", postgresql_nulls_not_distinct=True
        ),
    )
    op.create_index(op.f("chat_ballot_by_poll_id"), "chat_ballot", ["poll_id"], unique=False)
    op.create_index("chat_ballots_by_time", "chat_ballot", ["touched_at"], unique=False)


def downgrade() -> None:
    op.drop_table("chat_ballot")
