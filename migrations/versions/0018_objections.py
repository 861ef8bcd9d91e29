"""Objections, what was done about them, and what was handed in."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

KEPT = """
CREATE FUNCTION objection_goes_its_way() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN RAISE EXCEPTION 'an objection stays'; END IF;
  IF (OLD.id, OLD.code, OLD.form_key, OLD.notice_id, OLD.version_number, OLD.subject_kind, OLD.subject_key,
      OLD.subject_name, OLD.subject_unit, OLD.way, OLD.raised_as, OLD.has_lead, OLD.arrived_on, OLD.received_at)
     IS DISTINCT FROM
     (NEW.id, NEW.code, NEW.form_key, NEW.notice_id, NEW.version_number, NEW.subject_kind, NEW.subject_key,
      NEW.subject_name, NEW.subject_unit, NEW.way, NEW.raised_as, NEW.has_lead, NEW.arrived_on, NEW.received_at)
  THEN RAISE EXCEPTION 'an objection stays what was raised, against whom, and how it came'; END IF;
  IF NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN
     (('received', 'accepted'), ('received', 'declined'), ('accepted', 'examined'),
      ('examined', 'founded'), ('examined', 'unfounded'))
  THEN RAISE EXCEPTION 'an objection does not go from % to %', OLD.state, NEW.state; END IF;
  IF (NEW.text IS DISTINCT FROM OLD.text AND NEW.text IS NOT NULL
      OR NEW.lead IS DISTINCT FROM OLD.lead AND NEW.lead IS NOT NULL)
     AND current_setting('vote.rotates_keys', true) IS DISTINCT FROM 'on'
  THEN RAISE EXCEPTION 'what was raised is erased in its time, and not changed'; END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER objection_goes_its_way BEFORE UPDATE OR DELETE ON objection
  FOR EACH ROW EXECUTE FUNCTION objection_goes_its_way();

CREATE FUNCTION objection_step_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE'
     AND (OLD.id, OLD.objection_id, OLD.number, OLD.state, OLD.member_id, OLD.handler_id, OLD.at)
         IS NOT DISTINCT FROM
         (NEW.id, NEW.objection_id, NEW.number, NEW.state, NEW.member_id, NEW.handler_id, NEW.at)
     AND (NEW.note IS NULL OR current_setting('vote.rotates_keys', true) IS NOT DISTINCT FROM 'on')
  THEN RETURN NEW; END IF;
  RAISE EXCEPTION 'a step of an objection stays; only its note is erased in its time';
END $$;
CREATE TRIGGER objection_step_stays BEFORE UPDATE OR DELETE ON objection_step
  FOR EACH ROW EXECUTE FUNCTION objection_step_stays();
"""


def upgrade() -> None:
    op.create_table(
        "objection",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("code", sa.String(length=14), nullable=False),
        sa.Column("form_key", sa.String(length=32), nullable=False),
        sa.Column("notice_id", sa.BigInteger(), nullable=False),
        sa.Column("version_number", sa.Integer(), nullable=False),
        sa.Column("subject_kind", sa.String(length=20), nullable=False),
        sa.Column("subject_key", sa.String(length=80), nullable=False),
        sa.Column("subject_name", sa.String(length=80), nullable=False),
        sa.Column("subject_unit", sa.String(length=80), nullable=False),
        sa.Column("way", sa.String(length=10), nullable=False),
        sa.Column("raised_as", sa.String(length=10), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("text", sa.LargeBinary(), nullable=True),
        sa.Column("has_lead", sa.Boolean(), nullable=False),
        sa.Column("lead", sa.LargeBinary(), nullable=True),
        sa.Column("reporter_name", sa.LargeBinary(), nullable=True),
        sa.Column("reporter_unit", sa.LargeBinary(), nullable=True),
        sa.Column("reporter_phone", sa.LargeBinary(), nullable=True),
        sa.Column("person", sa.LargeBinary(), nullable=True),
        sa.Column("arrived_on", sa.Date(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("clock_now()"), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("handler_id", sa.BigInteger(), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.CheckConstraint("person IS NULL OR way = 'wechat'", name=op.f("only_wechat_knows_an_account")),
        sa.CheckConstraint(
            "raised_as <> 'anonymous' OR (reporter_name IS NULL AND reporter_unit IS NULL "
            "AND reporter_phone IS NULL AND person IS NULL)",
            name=op.f("anonymous_objection_knows_nobody"),
        ),
        sa.CheckConstraint(
            "state IN ('received', 'declined') OR handler_id IS NOT NULL", name=op.f("accepted_objection_is_in_a_hand")
        ),
        sa.CheckConstraint(
            "(state IN ('founded', 'unfounded', 'declined')) = (settled_at IS NOT NULL)",
            name=op.f("settled_objection_has_its_time"),
        ),
        sa.CheckConstraint("raised_as IN ('person', 'unit', 'anonymous')", name=op.f("objection_says_by_whom")),
        sa.CheckConstraint(
            "state IN ('received', 'accepted', 'examined', 'founded', 'unfounded', 'declined')",
            name=op.f("objection_state_is_known"),
        ),
        sa.CheckConstraint(
            "way IN ('wechat', 'web', 'letter', 'telephone', 'visit')", name=op.f("objection_way_is_known")
        ),
        sa.ForeignKeyConstraint(["handler_id"], ["staff_member.id"], name=op.f("objection_handler_id_exists")),
        sa.ForeignKeyConstraint(["notice_id"], ["notice.id"], name=op.f("objection_notice_id_exists")),
        sa.PrimaryKeyConstraint("id", name=op.f("objection_key")),
        sa.UniqueConstraint("code", name=op.f("one_objection_per_code")),
        sa.UniqueConstraint("form_key", name=op.f("one_objection_per_form_key")),
    )
    op.create_index(op.f("objection_by_notice_id"), "objection", ["notice_id"], unique=False)
    op.create_index("objections_by_person", "objection", ["person"], unique=False)
    op.create_index("objections_by_subject", "objection", ["subject_kind", "subject_key"], unique=False)
    op.create_table(
        "objection_step",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("objection_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=True),
        sa.Column("member_id", sa.BigInteger(), nullable=True),
        sa.Column("handler_id", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("clock_now()"), nullable=False),
        sa.CheckConstraint("number > 0", name=op.f("objection_steps_are_numbered_from_one")),
        sa.CheckConstraint(
            "state IN ('received', 'accepted', 'examined', 'founded', 'unfounded', 'declined')",
            name=op.f("objection_step_state_is_known"),
        ),
        sa.ForeignKeyConstraint(["handler_id"], ["staff_member.id"], name=op.f("objection_step_handler_id_exists")),
        sa.ForeignKeyConstraint(["member_id"], ["staff_member.id"], name=op.f("objection_step_member_id_exists")),
        sa.ForeignKeyConstraint(
            ["objection_id"], ["objection.id"], name=op.f("objection_step_objection_id_exists"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("objection_step_key")),
        sa.UniqueConstraint("objection_id", "number", name="one_objection_step_per_number"),
    )
    op.create_table(
        "objection_attachment",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("objection_id", sa.BigInteger(), nullable=False),
        sa.Column("is_seal", sa.Boolean(), nullable=False),
        sa.Column("filename", sa.LargeBinary(), nullable=False),
        sa.Column("media_type", sa.String(length=80), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["objection_id"],
            ["objection.id"],
            name=op.f("objection_attachment_objection_id_exists"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("objection_attachment_key")),
        sa.UniqueConstraint("key", name=op.f("one_objection_attachment_per_key")),
    )
    op.create_index(
        op.f("objection_attachment_by_objection_id"), "objection_attachment", ["objection_id"], unique=False
    )
    op.execute(KEPT)


def downgrade() -> None:
    for table in ("objection_attachment", "objection_step", "objection"):
        op.drop_table(table)
    op.execute("DROP FUNCTION objection_goes_its_way(); DROP FUNCTION objection_step_stays()")
