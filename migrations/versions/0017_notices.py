"""Notices with their versions, subjects, attachments and media."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

FROZEN = """
CREATE FUNCTION published_version_never_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.state <> 'draft' THEN RAISE EXCEPTION 'a version of a notice begins as a draft'; END IF;
    RETURN NEW;
  END IF;
  IF OLD.state IN ('published', 'dropped') THEN
    RAISE EXCEPTION 'a version of a notice never changes once it is %', OLD.state;
  END IF;
  IF TG_OP = 'UPDATE' AND (OLD.id, OLD.notice_id, OLD.number, OLD.change = 'first', OLD.drafted_by, OLD.drafted_at)
     IS DISTINCT FROM (NEW.id, NEW.notice_id, NEW.number, NEW.change = 'first', NEW.drafted_by, NEW.drafted_at) THEN
    RAISE EXCEPTION 'a version keeps its notice, its number and who drafted it';
  END IF;
  RETURN COALESCE(NEW, OLD);
END $$;
CREATE TRIGGER published_version_never_changes BEFORE INSERT OR UPDATE OR DELETE ON notice_version
  FOR EACH ROW EXECUTE FUNCTION published_version_never_changes();

CREATE FUNCTION published_part_never_changes() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE states text[];
BEGIN
  -- FOR SHARE waits for whoever is publishing the version at this moment.
  SELECT array_agg(state) INTO states FROM
    (SELECT state FROM notice_version WHERE id IN (OLD.version_id, NEW.version_id) FOR SHARE) AS version;
  IF 'published' = ANY (states) THEN
    RAISE EXCEPTION 'the %s of a published version never change', replace(substr(TG_TABLE_NAME, 8), '_', ' ');
  END IF;
  RETURN COALESCE(NEW, OLD);
END $$;
CREATE TRIGGER published_subjects_never_change BEFORE INSERT OR UPDATE OR DELETE ON notice_subject
  FOR EACH ROW EXECUTE FUNCTION published_part_never_changes();
CREATE TRIGGER published_attachments_never_change BEFORE INSERT OR UPDATE OR DELETE ON notice_attachment
  FOR EACH ROW EXECUTE FUNCTION published_part_never_changes();

CREATE FUNCTION published_notice_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' THEN
    IF (OLD.id, OLD.key, OLD.created_by, OLD.created_at) IS DISTINCT FROM
       (NEW.id, NEW.key, NEW.created_by, NEW.created_at) THEN
      RAISE EXCEPTION 'a notice keeps its address and who began it';
    END IF;
    IF OLD.concluded_at IS NOT NULL AND (OLD.*) IS DISTINCT FROM (NEW.*) THEN
      RAISE EXCEPTION 'a notice is concluded once';
    END IF;
  END IF;
  IF (TG_OP = 'DELETE' OR (OLD.kind, OLD.working_days) IS DISTINCT FROM (NEW.kind, NEW.working_days))
     AND EXISTS (SELECT FROM notice_version WHERE notice_id = OLD.id AND state = 'published') THEN
    RAISE EXCEPTION 'a published notice stays what it is';
  END IF;
  RETURN COALESCE(NEW, OLD);
END $$;
CREATE TRIGGER published_notice_stays BEFORE UPDATE OR DELETE ON notice
  FOR EACH ROW EXECUTE FUNCTION published_notice_stays();

CREATE TRIGGER notices_are_never_emptied BEFORE TRUNCATE ON notice
  FOR EACH STATEMENT EXECUTE FUNCTION rows_are_only_added();
CREATE TRIGGER notice_versions_are_never_emptied BEFORE TRUNCATE ON notice_version
  FOR EACH STATEMENT EXECUTE FUNCTION rows_are_only_added();
CREATE TRIGGER notice_subjects_are_never_emptied BEFORE TRUNCATE ON notice_subject
  FOR EACH STATEMENT EXECUTE FUNCTION rows_are_only_added();
CREATE TRIGGER notice_attachments_are_never_emptied BEFORE TRUNCATE ON notice_attachment
  FOR EACH STATEMENT EXECUTE FUNCTION rows_are_only_added();
"""


def upgrade() -> None:
    op.create_table(
        "notice",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("working_days", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_now()"), nullable=False),
        sa.Column("concluded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("concluded_by", sa.BigInteger(), nullable=True),
        sa.Column("conclusion", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('unit', 'candidates', 'final', 'plain', 'opening', 'closing')", name=op.f("notice_kind_is_known")
        ),
        sa.CheckConstraint(
            "(concluded_at IS NULL) = (concluded_by IS NULL)", name=op.f("concluded_notice_says_by_whom")
        ),
        sa.CheckConstraint("concluded_at IS NULL OR working_days > 0", name=op.f("only_a_period_is_concluded")),
        sa.CheckConstraint("working_days BETWEEN 0 AND 60", name=op.f("notice_period_is_sensible")),
        sa.ForeignKeyConstraint(["concluded_by"], ["staff_member.id"], name=op.f("notice_concluded_by_exists")),
        sa.ForeignKeyConstraint(["created_by"], ["staff_member.id"], name=op.f("notice_created_by_exists")),
        sa.PrimaryKeyConstraint("id", name=op.f("notice_key")),
        sa.UniqueConstraint("key", name=op.f("one_notice_per_key")),
    )
    op.create_table(
        "notice_medium",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("notice_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("appeared_on", sa.Date(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("filename", sa.String(length=120), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.Column("noted_by", sa.BigInteger(), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), server_default=sa.text("clock_now()"), nullable=False),
        sa.CheckConstraint("address <> '' OR digest IS NOT NULL", name=op.f("medium_has_its_evidence")),
        sa.ForeignKeyConstraint(["noted_by"], ["staff_member.id"], name=op.f("notice_medium_noted_by_exists")),
        sa.ForeignKeyConstraint(
            ["notice_id"], ["notice.id"], name=op.f("notice_medium_notice_id_exists"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("notice_medium_key")),
        sa.UniqueConstraint("key", name=op.f("one_notice_medium_per_key")),
    )
    op.create_index(op.f("notice_medium_by_notice_id"), "notice_medium", ["notice_id"], unique=False)
    op.create_table(
        "notice_version",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("notice_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("change", sa.String(length=10), nullable=False),
        sa.Column("change_note", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("body_by_hand", sa.Boolean(), nullable=False),
        sa.Column("office", sa.Text(), nullable=False),
        sa.Column("office_hours", sa.Text(), nullable=False),
        sa.Column("office_phone", sa.String(length=40), nullable=False),
        sa.Column("office_address", sa.Text(), nullable=False),
        sa.Column("office_email", sa.String(length=80), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("drafted_by", sa.BigInteger(), nullable=False),
        sa.Column("drafted_at", sa.DateTime(timezone=True), server_default=sa.text("clock_now()"), nullable=False),
        sa.Column("editors", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reviewed_by", sa.BigInteger(), nullable=True),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("issued_by", sa.BigInteger(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("returned_because", sa.Text(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=True),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.CheckConstraint("(change = 'first') = (number = 1)", name=op.f("only_the_first_version_changes_nothing")),
        sa.CheckConstraint(
            "(state = 'published') = (published_at IS NOT NULL) AND (state = 'published') = (issued_by IS NOT NULL)",
            name=op.f("published_version_says_when_and_by_whom"),
        ),
        sa.CheckConstraint(
            "change IN ('first', 'subjects', 'withdrawal', 'misprint')", name=op.f("notice_version_change_is_known")
        ),
        sa.CheckConstraint(
            "state IN ('draft', 'reviewing', 'signing', 'published', 'dropped')",
            name=op.f("notice_version_state_is_known"),
        ),
        sa.CheckConstraint("(first_day IS NULL) = (last_day IS NULL)", name=op.f("period_has_two_ends")),
        sa.CheckConstraint("first_day <= last_day", name=op.f("period_ends_after_it_begins")),
        sa.CheckConstraint("number > 0", name=op.f("notice_versions_are_numbered_from_one")),
        sa.ForeignKeyConstraint(["drafted_by"], ["staff_member.id"], name=op.f("notice_version_drafted_by_exists")),
        sa.ForeignKeyConstraint(["issued_by"], ["staff_member.id"], name=op.f("notice_version_issued_by_exists")),
        sa.ForeignKeyConstraint(
            ["notice_id"], ["notice.id"], name=op.f("notice_version_notice_id_exists"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["reviewed_by"], ["staff_member.id"], name=op.f("notice_version_reviewed_by_exists")),
        sa.PrimaryKeyConstraint("id", name=op.f("notice_version_key")),
    )
    op.create_index(
        "one_notice_version_per_number",
        "notice_version",
        ["notice_id", "number"],
        unique=True,
        postgresql_where=sa.text("state <> 'dropped'"),
    )
    op.create_index(
        "notice_versions_by_publication",
        "notice_version",
        ["published_at"],
        unique=False,
        postgresql_where=sa.text("state = 'published'"),
    )
    op.create_index(
        "one_unpublished_version_per_notice",
        "notice_version",
        ["notice_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('draft', 'reviewing', 'signing')"),
    )
    op.create_table(
        "notice_subject",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("version_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("heading", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("text", sa.String(length=160), nullable=False),
        sa.Column("unit", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"], ["notice_version.id"], name=op.f("notice_subject_version_id_exists"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("notice_subject_key")),
        sa.UniqueConstraint("version_id", "kind", "key", name="one_subject_per_key_and_version"),
    )
    op.create_index("notice_subjects_by_key", "notice_subject", ["kind", "key"], unique=False)
    op.create_table(
        "notice_attachment",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("version_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("filename", sa.String(length=120), nullable=False),
        sa.Column("media_type", sa.String(length=80), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"], ["notice_version.id"], name=op.f("notice_attachment_version_id_exists"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("notice_attachment_key")),
        sa.UniqueConstraint("key", name=op.f("one_notice_attachment_per_key")),
    )
    op.create_index(op.f("notice_attachment_by_version_id"), "notice_attachment", ["version_id"], unique=False)
    op.execute(FROZEN)


def downgrade() -> None:
    for table in ("notice_attachment", "notice_subject", "notice_version", "notice_medium", "notice"):
        op.drop_table(table)
    for function in (
        "published_part_never_changes",
        "published_version_never_changes",
        "published_notice_stays",
    ):
        op.execute(f"DROP FUNCTION {function}()")
