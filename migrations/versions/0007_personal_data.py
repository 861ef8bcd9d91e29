"""Personal data ends when its term is over, with a certificate."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# The old trigger compares keys with <>, which a missing one escapes: this one says when a key may go.
KEYS = """
CREATE FUNCTION voter_key_ends_with_its_term() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.voter_key IS NULL THEN
    RAISE EXCEPTION 'a voter key that was destroyed never comes back';
  END IF;
  IF OLD.state NOT IN ('closed', 'certified') OR OLD.closed_at IS NULL
     OR OLD.closed_at > clock_now() - interval '190 days' THEN
    RAISE EXCEPTION 'a voter key is destroyed 190 days after its poll was closed, not before';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER voter_key_ends_with_its_term BEFORE UPDATE ON poll FOR EACH ROW
  WHEN ((OLD.voter_key IS NULL) <> (NEW.voter_key IS NULL))
  EXECUTE FUNCTION voter_key_ends_with_its_term();
"""

RETENTION = """
CREATE TRIGGER erasures_are_only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON retention_erasure
  FOR EACH STATEMENT EXECUTE FUNCTION rows_are_only_added();
CREATE TRIGGER certificates_are_only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON retention_certificate
  FOR EACH STATEMENT EXECUTE FUNCTION rows_are_only_added();

CREATE FUNCTION hold_is_lifted_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND OLD.lifted_at IS NULL AND NEW.lifted_at IS NOT NULL
     AND (OLD.id, OLD.key, OLD.rules, OLD.subject, OLD.reason, OLD.requested_by, OLD.approved_by, OLD.placed_at)
         IS NOT DISTINCT FROM
         (NEW.id, NEW.key, NEW.rules, NEW.subject, NEW.reason, NEW.requested_by, NEW.approved_by, NEW.placed_at)
  THEN RETURN NEW; END IF;
  RAISE EXCEPTION 'a hold is lifted once; nothing else about it changes';
END $$;
CREATE TRIGGER hold_is_lifted_once BEFORE UPDATE OR DELETE ON retention_hold
  FOR EACH ROW EXECUTE FUNCTION hold_is_lifted_once();
"""

KNOWN = "state IN ('waiting', 'running', 'ready', 'failed')"
KNOWN_WITH_EXPIRED = "state IN ('waiting', 'running', 'ready', 'failed', 'expired')"
HAS_A_FILE = "state <> 'ready' OR (digest IS NOT NULL AND filename IS NOT NULL)"
HAS_A_FILE_FOR_A_TIME = "state <> 'ready' OR (digest IS NOT NULL AND filename IS NOT NULL AND expires_at IS NOT NULL)"


def upgrade() -> None:
    _add_retention_tables()
    op.create_table(
        "voter_farewell",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("voter_farewell_key")),
    )
    op.create_index("voter_farewells_by_time", "voter_farewell", ["left_at"], unique=False)
    op.add_column("download", sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE download SET expires_at = ready_at + interval '24 hours' WHERE state = 'ready'")
    op.create_index("downloads_by_their_end", "download", ["expires_at"], postgresql_where="state = 'ready'")
    _set_checks_of_downloads(KNOWN_WITH_EXPIRED, HAS_A_FILE_FOR_A_TIME)
    op.create_check_constraint(op.f("expired_download_has_no_file"), "download", "state <> 'expired' OR digest IS NULL")
    op.alter_column("poll", "voter_key", nullable=True)
    op.create_check_constraint(
        op.f("only_a_poll_that_is_over_has_no_key"),
        "poll",
        "voter_key IS NOT NULL OR state IN ('closed', 'certified')",
    )
    op.execute(KEYS)
    op.execute(RETENTION)


def _add_retention_tables() -> None:
    op.create_table(
        "retention_run",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("asked_by", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("failed", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), server_default=sa.text("clock_now()"), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'running', 'ended')", name=op.f("retention_run_state_is_known")),
        sa.CheckConstraint("(state = 'ended') = (ended_at IS NOT NULL)", name=op.f("ended_retention_run_has_its_time")),
        sa.PrimaryKeyConstraint("id", name=op.f("retention_run_key")),
        sa.UniqueConstraint("key", name=op.f("one_retention_run_per_key")),
    )
    op.create_index("retention_runs_by_time", "retention_run", ["requested_at"], unique=False)
    op.create_table(
        "retention_erasure",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("rule", sa.String(length=60), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("term_seconds", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("clock_now()"), nullable=False),
        sa.CheckConstraint("count > 0", name=op.f("erasure_counts_something")),
        sa.ForeignKeyConstraint(["run_id"], ["retention_run.id"], name=op.f("retention_erasure_run_id_exists")),
        sa.PrimaryKeyConstraint("id", name=op.f("retention_erasure_key")),
    )
    op.create_index(op.f("retention_erasure_by_run_id"), "retention_erasure", ["run_id"], unique=False)
    op.create_table(
        "retention_certificate",
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("document", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), server_default=sa.text("clock_now()"), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["retention_run.id"], name=op.f("retention_certificate_run_id_exists")),
        sa.PrimaryKeyConstraint("run_id", name=op.f("retention_certificate_key")),
    )
    op.create_table(
        "retention_hold",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("rules", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("requested_by", sa.String(length=40), nullable=False),
        sa.Column("approved_by", sa.String(length=40), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), server_default=sa.text("clock_now()"), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lift_requested_by", sa.String(length=40), nullable=True),
        sa.Column("lift_approved_by", sa.String(length=40), nullable=True),
        sa.CheckConstraint("reason <> ''", name=op.f("hold_has_its_reason")),
        sa.CheckConstraint("requested_by <> approved_by", name=op.f("two_people_place_a_hold")),
        sa.CheckConstraint(
            "(lifted_at IS NULL) = (lift_requested_by IS NULL) AND (lifted_at IS NULL) = (lift_approved_by IS NULL)",
            name=op.f("lifted_hold_names_its_people"),
        ),
        sa.CheckConstraint("lift_requested_by <> lift_approved_by", name=op.f("two_people_lift_a_hold")),
        sa.PrimaryKeyConstraint("id", name=op.f("retention_hold_key")),
        sa.UniqueConstraint("key", name=op.f("one_retention_hold_per_key")),
    )


def _set_checks_of_downloads(known: str, has_a_file: str) -> None:
    for name, condition in (("download_state_is_known", known), ("ready_download_has_a_file", has_a_file)):
        op.drop_constraint(op.f(name), "download")
        op.create_check_constraint(op.f(name), "download", condition)


def downgrade() -> None:
    op.execute("DROP TRIGGER voter_key_ends_with_its_term ON poll")
    op.execute("DROP FUNCTION voter_key_ends_with_its_term()")
    op.drop_constraint(op.f("only_a_poll_that_is_over_has_no_key"), "poll")
    op.alter_column("poll", "voter_key", nullable=False)
    op.drop_constraint(op.f("expired_download_has_no_file"), "download")
    op.execute("DELETE FROM download WHERE state = 'expired'")
    _set_checks_of_downloads(KNOWN, HAS_A_FILE)
    op.drop_index("downloads_by_their_end", "download")
    op.drop_column("download", "expires_at")
    for table in ("voter_farewell", "retention_hold", "retention_certificate", "retention_erasure", "retention_run"):
        op.drop_table(table)
    op.execute("DROP FUNCTION hold_is_lifted_once()")
