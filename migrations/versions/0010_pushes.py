"""Pushes that are answered late are kept until their answer has gone out; answers are found by their person."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("answered_push", sa.Column("person", sa.LargeBinary(), nullable=True))
    op.create_index("answered_pushes_by_person", "answered_push", ["person"], unique=False)
    op.create_table(
        "late_push",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("identity", sa.LargeBinary(), nullable=False),
        sa.Column("message", sa.LargeBinary(), nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("clock_now()"), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("late_push_key")),
        sa.UniqueConstraint("identity", name=op.f("one_late_push_per_identity")),
    )
    op.create_index("late_pushes_by_due_time", "late_push", ["due_at"], unique=False)


def downgrade() -> None:
    op.drop_table("late_push")
    op.drop_index("answered_pushes_by_person", "answered_push")
    op.drop_column("answered_push", "person")
