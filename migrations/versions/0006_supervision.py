"""Supervisors witness, object and are alarmed."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

KEPT = """
CREATE TRIGGER witness_marks_are_only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON witness_mark
  FOR EACH STATEMENT EXECUTE FUNCTION rows_are_only_added();
CREATE TRIGGER opinions_are_only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON opinion
  FOR EACH STATEMENT EXECUTE FUNCTION rows_are_only_added();
CREATE TRIGGER opinion_entries_are_only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON opinion_entry
  FOR EACH STATEMENT EXECUTE FUNCTION rows_are_only_added();

CREATE FUNCTION alarm_is_only_acknowledged_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND OLD.seen_at IS NULL AND NEW.times >= OLD.times AND NEW.last_at >= OLD.last_at
     AND (OLD.id, OLD.key, OLD.kind, OLD.sentence, OLD.object, OLD.raised_at)
         IS NOT DISTINCT FROM (NEW.id, NEW.key, NEW.kind, NEW.sentence, NEW.object, NEW.raised_at)
  THEN RETURN NEW; END IF;
  RAISE EXCEPTION 'an alarm is repeated or acknowledged, once; nothing else about it changes';
END $$;
CREATE TRIGGER alarm_is_only_acknowledged_once BEFORE UPDATE OR DELETE ON alarm
  FOR EACH ROW EXECUTE FUNCTION alarm_is_only_acknowledged_once();
CREATE TRIGGER alarms_are_never_emptied BEFORE TRUNCATE ON alarm
  FOR EACH STATEMENT EXECUTE FUNCTION rows_are_only_added();
"""


def upgrade() -> None:
    op.create_table(
        "witness_mark",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("subject", sa.String(length=60), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("step", sa.String(length=20), nullable=False),
        sa.Column("facts", postgresql.JSONB(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("remark", sa.Text(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("marked_at", sa.DateTime(timezone=True), server_default=sa.text("clock_now()"), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["staff_member.id"], name=op.f("witness_mark_member_id_exists")),
        sa.PrimaryKeyConstraint("id", name=op.f("witness_mark_key")),
        sa.UniqueConstraint(
            "kind", "subject", "step", "member_id", "digest", name="one_witness_mark_per_person_step_and_facts"
        ),
    )
    op.create_table(
        "opinion",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("key", sa.String(length=14), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=True),
        sa.Column("subject", sa.String(length=60), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.CheckConstraint("(kind IS NULL) = (subject IS NULL)", name=op.f("subject_has_its_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("opinion_key")),
        sa.UniqueConstraint("key", name=op.f("one_opinion_per_key")),
    )
    op.create_index("opinions_by_subject", "opinion", ["kind", "subject"], unique=False)
    op.create_table(
        "opinion_entry",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("opinion_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("clock_now()"), nullable=False),
        sa.CheckConstraint("number > 0", name=op.f("turns_count_from_one")),
        sa.CheckConstraint("state IN ('open', 'answered', 'reopened', 'settled')", name=op.f("opinion_state_is_known")),
        sa.CheckConstraint("(state = 'open') = (number = 1)", name=op.f("opinion_begins_open")),
        sa.CheckConstraint(
            "(state IN ('open', 'reopened')) = (due_on IS NOT NULL)", name=op.f("question_has_its_deadline")
        ),
        sa.ForeignKeyConstraint(["opinion_id"], ["opinion.id"], name=op.f("opinion_entry_opinion_id_exists")),
        sa.ForeignKeyConstraint(["member_id"], ["staff_member.id"], name=op.f("opinion_entry_member_id_exists")),
        sa.PrimaryKeyConstraint("id", name=op.f("opinion_entry_key")),
        sa.UniqueConstraint("opinion_id", "number", name="one_opinion_entry_per_turn"),
    )
    op.create_table(
        "alarm",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("object", sa.Text(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), server_default=sa.text("clock_now()"), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), server_default=sa.text("clock_now()"), nullable=False),
        sa.Column("times", sa.Integer(), server_default="1", nullable=False),
        sa.Column("seen_by", sa.BigInteger(), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("times > 0", name=op.f("alarm_was_raised_at_least_once")),
        sa.CheckConstraint("(seen_by IS NULL) = (seen_at IS NULL)", name=op.f("who_saw_an_alarm_saw_it_at_a_time")),
        sa.ForeignKeyConstraint(["seen_by"], ["staff_member.id"], name=op.f("alarm_seen_by_exists")),
        sa.PrimaryKeyConstraint("id", name=op.f("alarm_key")),
        sa.UniqueConstraint("key", name=op.f("one_alarm_per_key")),
    )
    op.create_index(
        "alarms_not_seen", "alarm", ["kind", "object"], unique=False, postgresql_where=sa.text("seen_at IS NULL")
    )
    op.execute(KEPT)


def downgrade() -> None:
    op.drop_table("alarm")
    op.drop_table("opinion_entry")
    op.drop_table("opinion")
    op.drop_table("witness_mark")
    op.execute("DROP FUNCTION alarm_is_only_acknowledged_once()")
