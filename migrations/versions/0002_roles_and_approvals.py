"""Members get roles, and acts that need a second person wait for one."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ONCE = """
CREATE FUNCTION approval_is_decided_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND OLD.state = 'waiting'
     AND (OLD.id, OLD.key, OLD.act, OLD.subject, OLD.title, OLD.parameters, OLD.purpose, OLD.fingerprint,
          OLD.requested_by, OLD.requested_at)
         IS NOT DISTINCT FROM
         (NEW.id, NEW.key, NEW.act, NEW.subject, NEW.title, NEW.parameters, NEW.purpose, NEW.fingerprint,
          NEW.requested_by, NEW.requested_at)
  THEN RETURN NEW; END IF;
  RAISE EXCEPTION 'an approval is decided once; what was asked for is never changed or removed';
END $$;
CREATE TRIGGER approval_is_decided_once BEFORE UPDATE OR DELETE ON approval
  FOR EACH ROW EXECUTE FUNCTION approval_is_decided_once();
"""


def upgrade() -> None:
    # Whoever was on the staff before there were roles ran everything: they are the first administrators.
    op.add_column(
        "staff_member", sa.Column("role", sa.String(length=20), nullable=False, server_default="administrator")
    )
    op.alter_column("staff_member", "role", server_default=None)
    op.add_column("staff_member", sa.Column("unit", sa.String(length=80), nullable=True))
    op.add_column("staff_member", sa.Column("phone", sa.LargeBinary(), nullable=True))
    op.add_column("staff_member", sa.Column("valid_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("staff_member", sa.Column("left_at", sa.DateTime(timezone=True), nullable=True))
    op.create_check_constraint(
        op.f("staff_role_is_known"),
        "staff_member",
        "role IN ('administrator', 'leader', 'office', 'unit', 'investigator', 'supervisor')",
    )
    op.create_check_constraint(
        op.f("only_outsiders_belong_to_a_unit"),
        "staff_member",
        "(role IN ('unit', 'investigator')) = (unit IS NOT NULL)",
    )
    op.create_check_constraint(
        op.f("who_left_is_disabled"), "staff_member", "left_at IS NULL OR disabled_at IS NOT NULL"
    )
    op.create_table(
        "approval",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("act", sa.String(length=60), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("parameters", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("requested_by", sa.BigInteger(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), server_default=sa.text("clock_now()"), nullable=False),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("remark", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "(state = 'waiting') = (decided_at IS NULL AND decided_by IS NULL)",
            name=op.f("decision_has_its_person_and_time"),
        ),
        sa.CheckConstraint(
            "state IN ('waiting', 'approved', 'refused', 'withdrawn')", name=op.f("approval_state_is_known")
        ),
        sa.CheckConstraint(
            "state NOT IN ('approved', 'refused') OR decided_by <> requested_by", name=op.f("two_people_decide")
        ),
        sa.ForeignKeyConstraint(["decided_by"], ["staff_member.id"], name=op.f("approval_decided_by_exists")),
        sa.ForeignKeyConstraint(["requested_by"], ["staff_member.id"], name=op.f("approval_requested_by_exists")),
        sa.PrimaryKeyConstraint("id", name=op.f("approval_key")),
        sa.UniqueConstraint("key", name=op.f("one_approval_per_key")),
    )
    op.create_index(op.f("approval_by_requested_by"), "approval", ["requested_by"], unique=False)
    op.create_index(
        "one_waiting_approval_per_act_and_subject",
        "approval",
        ["act", "subject"],
        unique=True,
        postgresql_where="state = 'waiting'",
    )
    op.execute(ONCE)
    op.alter_column("poll", "certified_by", type_=sa.String(length=90))


def downgrade() -> None:
    op.alter_column("poll", "certified_by", type_=sa.String(length=40))
    op.drop_table("approval")
    op.execute("DROP FUNCTION approval_is_decided_once()")
    for name in ("who_left_is_disabled", "only_outsiders_belong_to_a_unit", "staff_role_is_known"):
        op.drop_constraint(op.f(name), "staff_member")
    for column in ("left_at", "valid_until", "phone", "unit", "role"):
        op.drop_column("staff_member", column)
