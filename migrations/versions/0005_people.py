"""Members come by invitation and hand over when they leave."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

RULES = """
CREATE FUNCTION an_administrator_remains() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('an_administrator_remains'));
  IF NOT EXISTS (
    SELECT FROM staff_member
    WHERE id <> OLD.id AND role = 'administrator' AND disabled_at IS NULL AND valid_until IS NULL
  ) THEN
    RAISE EXCEPTION 'an administrator remains'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'an_administrator_remains';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER an_administrator_remains BEFORE UPDATE OF role, disabled_at, valid_until ON staff_member
  FOR EACH ROW
  WHEN (OLD.role = 'administrator' AND OLD.disabled_at IS NULL AND OLD.valid_until IS NULL
        AND NOT (NEW.role = 'administrator' AND NEW.disabled_at IS NULL AND NEW.valid_until IS NULL))
  EXECUTE FUNCTION an_administrator_remains();
CREATE TRIGGER hand_overs_are_only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON staff_hand_over
  FOR EACH STATEMENT EXECUTE FUNCTION rows_are_only_added();
"""


def upgrade() -> None:
    op.create_table(
        "staff_invitation",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("display_name", sa.String(length=40), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("unit", sa.String(length=80), nullable=True),
        sa.Column("phone", sa.LargeBinary(), nullable=True),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("invited_by", sa.BigInteger(), nullable=True),
        sa.Column("invited_at", sa.DateTime(timezone=True), server_default=sa.text("clock_now()"), nullable=False),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("token_digest", sa.LargeBinary(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("member_id", sa.BigInteger(), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(accepted_at IS NULL) = (member_id IS NULL)", name=op.f("who_accepted_is_a_member")),
        sa.CheckConstraint("accepted_at IS NULL OR withdrawn_at IS NULL", name=op.f("invitation_ends_in_one_way")),
        sa.CheckConstraint(
            "(role IN ('unit', 'investigator')) = (unit IS NOT NULL)",
            name=op.f("only_outsiders_are_invited_to_a_unit"),
        ),
        sa.CheckConstraint(
            "role <> 'investigator' OR valid_until IS NOT NULL", name=op.f("investigators_are_invited_for_a_time")
        ),
        sa.CheckConstraint(
            "role IN ('administrator', 'leader', 'office', 'unit', 'investigator', 'supervisor')",
            name=op.f("invited_role_is_known"),
        ),
        sa.CheckConstraint("(token_digest IS NULL) = (expires_at IS NULL)", name=op.f("invitation_link_has_its_end")),
        sa.CheckConstraint(
            "token_digest IS NULL OR approved_at IS NOT NULL", name=op.f("only_the_approved_get_a_link")
        ),
        sa.ForeignKeyConstraint(["invited_by"], ["staff_member.id"], name=op.f("staff_invitation_invited_by_exists")),
        sa.ForeignKeyConstraint(["member_id"], ["staff_member.id"], name=op.f("staff_invitation_member_id_exists")),
        sa.PrimaryKeyConstraint("id", name=op.f("staff_invitation_key")),
        sa.UniqueConstraint("key", name=op.f("one_staff_invitation_per_key")),
        sa.UniqueConstraint("member_id", name=op.f("one_staff_invitation_per_member_id")),
        sa.UniqueConstraint("token_digest", name=op.f("one_staff_invitation_per_token_digest")),
    )
    op.create_index(op.f("staff_invitation_by_invited_by"), "staff_invitation", ["invited_by"], unique=False)
    op.create_table(
        "staff_password_link",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("token_digest", sa.LargeBinary(), nullable=True),
        sa.Column("granted_to", sa.BigInteger(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("clock_now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(token_digest IS NULL) = (granted_to IS NOT NULL)",
            name=op.f("link_without_a_token_is_granted_to_somebody"),
        ),
        sa.ForeignKeyConstraint(
            ["granted_to"], ["staff_member.id"], name=op.f("staff_password_link_granted_to_exists")
        ),
        sa.ForeignKeyConstraint(["member_id"], ["staff_member.id"], name=op.f("staff_password_link_member_id_exists")),
        sa.PrimaryKeyConstraint("id", name=op.f("staff_password_link_key")),
        sa.UniqueConstraint("member_id", name=op.f("one_staff_password_link_per_member_id")),
        sa.UniqueConstraint("token_digest", name=op.f("one_staff_password_link_per_token_digest")),
    )
    op.create_table(
        "staff_hand_over",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("successor_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("items", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("handed_over_by", sa.BigInteger(), nullable=False),
        sa.Column("handed_over_at", sa.DateTime(timezone=True), server_default=sa.text("clock_now()"), nullable=False),
        sa.CheckConstraint("handed_over_by <> member_id", name=op.f("nobody_hands_themselves_over")),
        sa.CheckConstraint("successor_id <> member_id", name=op.f("somebody_else_takes_over")),
        sa.ForeignKeyConstraint(["member_id"], ["staff_member.id"], name=op.f("staff_hand_over_member_id_exists")),
        sa.ForeignKeyConstraint(
            ["successor_id"], ["staff_member.id"], name=op.f("staff_hand_over_successor_id_exists")
        ),
        sa.ForeignKeyConstraint(
            ["handed_over_by"], ["staff_member.id"], name=op.f("staff_hand_over_handed_over_by_exists")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("staff_hand_over_key")),
        sa.UniqueConstraint("key", name=op.f("one_staff_hand_over_per_key")),
        sa.UniqueConstraint("member_id", name=op.f("one_staff_hand_over_per_member_id")),
    )
    op.create_index(op.f("staff_hand_over_by_successor_id"), "staff_hand_over", ["successor_id"], unique=False)
    op.execute(RULES)


def downgrade() -> None:
    op.execute("DROP TRIGGER an_administrator_remains ON staff_member")
    op.execute("DROP FUNCTION an_administrator_remains()")
    op.drop_table("staff_hand_over")
    op.drop_table("staff_password_link")
    op.drop_table("staff_invitation")
