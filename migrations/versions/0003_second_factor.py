"""Members prove themselves by a second factor, and sessions say where they are."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Sessions of before had one factor behind them and failures were counted by name alone: both start anew.
    op.execute("DELETE FROM staff_session")
    op.execute("DELETE FROM staff_sign_in_tries")
    op.alter_column(
        "staff_sign_in_tries", "key", existing_type=sa.String(length=60), type_=sa.String(length=120), nullable=False
    )
    op.add_column("staff_sign_in_tries", sa.Column("whose", sa.String(length=60), nullable=False))
    op.create_index(op.f("staff_sign_in_tries_by_whose"), "staff_sign_in_tries", ["whose"], unique=False)
    op.add_column("staff_session", sa.Column("key", sa.String(length=32), nullable=False))
    op.add_column("staff_session", sa.Column("network", sa.String(length=50), nullable=False))
    op.add_column("staff_session", sa.Column("browser", sa.String(length=40), nullable=False))
    op.add_column("staff_session", sa.Column("proven_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("staff_session", sa.Column("pending_secret", sa.LargeBinary(), nullable=True))
    op.add_column("staff_session", sa.Column("pending_until", sa.DateTime(timezone=True), nullable=True))
    op.create_unique_constraint(op.f("one_staff_session_per_key"), "staff_session", ["key"])
    op.create_check_constraint(
        op.f("pending_second_factor_comes_to_an_end"),
        "staff_session",
        "(pending_secret IS NULL) = (pending_until IS NULL)",
    )
    op.create_table(
        "staff_second_factor",
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.Column("set_up_at", sa.DateTime(timezone=True), server_default=sa.text("clock_now()"), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["staff_member.id"], name=op.f("staff_second_factor_member_id_exists")),
        sa.PrimaryKeyConstraint("member_id", name=op.f("staff_second_factor_key")),
    )
    op.create_table(
        "staff_recovery_code",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["member_id"], ["staff_member.id"], name=op.f("staff_recovery_code_member_id_exists")),
        sa.PrimaryKeyConstraint("id", name=op.f("staff_recovery_code_key")),
        sa.UniqueConstraint("member_id", "digest", name=op.f("one_recovery_code_of_a_member_per_digest")),
    )


def downgrade() -> None:
    op.drop_table("staff_recovery_code")
    op.drop_table("staff_second_factor")
    op.execute("DELETE FROM staff_session")
    op.execute("DELETE FROM staff_sign_in_tries")
    op.drop_constraint(op.f("pending_second_factor_comes_to_an_end"), "staff_session")
    op.drop_constraint(op.f("one_staff_session_per_key"), "staff_session")
    for column in ("pending_until", "pending_secret", "proven_at", "browser", "network", "key"):
        op.drop_column("staff_session", column)
    op.drop_index(op.f("staff_sign_in_tries_by_whose"), "staff_sign_in_tries")
    op.drop_column("staff_sign_in_tries", "whose")
    op.alter_column(
        "staff_sign_in_tries", "key", existing_type=sa.String(length=120), type_=sa.String(length=60), nullable=False
    )
