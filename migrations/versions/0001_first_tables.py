"""The first tables, the clock, and the triggers that keep the ledger and the ballot paper as they are."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

CLOCK = """
CREATE FUNCTION clock_now() RETURNS timestamptz LANGUAGE sql STABLE AS 'SELECT now()';
CREATE FUNCTION poll_period(period text) RETURNS integer LANGUAGE sql STABLE AS
$$ SELECT CASE WHEN period = 'daily'
   THEN (clock_now() AT TIME ZONE 'Asia/Shanghai')::date - DATE '1970-01-01' ELSE 0 END $$;
"""

LEDGER = """
CREATE INDEX ballots_waiting_for_a_number ON ballot (poll_id, id) WHERE number IS NULL;

CREATE FUNCTION ballot_is_only_numbered_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND OLD.number IS NULL AND NEW.number IS NOT NULL
     AND (OLD.id, OLD.poll_id, OLD.voter_tag, OLD.period, OLD.nonce, OLD.choices, OLD.salt, OLD.code, OLD.accepted_at)
         IS NOT DISTINCT FROM
         (NEW.id, NEW.poll_id, NEW.voter_tag, NEW.period, NEW.nonce, NEW.choices, NEW.salt, NEW.code, NEW.accepted_at)
  THEN RETURN NEW; END IF;
  RAISE EXCEPTION 'a ballot is only numbered, once; nothing else about it changes';
END $$;
CREATE TRIGGER ballot_is_only_numbered_once BEFORE UPDATE OR DELETE ON ballot
  FOR EACH ROW EXECUTE FUNCTION ballot_is_only_numbered_once();

CREATE FUNCTION rows_are_only_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'rows of % are only added', TG_TABLE_NAME; END $$;
CREATE TRIGGER ballots_are_never_emptied BEFORE TRUNCATE ON ballot
  FOR EACH STATEMENT EXECUTE FUNCTION rows_are_only_added();
CREATE TRIGGER audit_entries_are_only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entry
  FOR EACH STATEMENT EXECUTE FUNCTION rows_are_only_added();
CREATE TRIGGER certified_counts_are_only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON certified_count
  FOR EACH STATEMENT EXECUTE FUNCTION rows_are_only_added();
"""

POLLS = """
CREATE FUNCTION poll_goes_one_way() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE states text[] := ARRAY['draft', 'open', 'closed', 'certified'];
BEGIN
  IF array_position(states, NEW.state) NOT IN
     (array_position(states, OLD.state), array_position(states, OLD.state) + 1) THEN
    RAISE EXCEPTION 'a poll goes from draft to open, closed and certified, one step at a time';
  END IF;
  IF OLD.state <> 'draft' AND (
     (OLD.period, OLD.opens_at, OLD.slug) IS DISTINCT FROM (NEW.period, NEW.opens_at, NEW.slug)
     OR OLD.voter_key <> NEW.voter_key AND current_setting('vote.rotates_keys', true) IS DISTINCT FROM 'on') THEN
    RAISE EXCEPTION 'what a poll was opened with does not change';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER poll_goes_one_way BEFORE UPDATE ON poll FOR EACH ROW EXECUTE FUNCTION poll_goes_one_way();

CREATE FUNCTION ballot_paper_is_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM poll WHERE id IN (OLD.poll_id, NEW.poll_id) AND state <> 'draft') THEN
    RETURN COALESCE(NEW, OLD);
  END IF;
  IF TG_OP <> 'UPDATE' THEN RAISE EXCEPTION 'the ballot paper is frozen once the poll is open'; END IF;
  IF TG_TABLE_NAME = 'award' AND (OLD.*) IS DISTINCT FROM (NEW.*) THEN
    RAISE EXCEPTION 'awards are frozen once the poll is open';
  END IF;
  IF TG_TABLE_NAME = 'candidate' AND (OLD.poll_id, OLD.award_id, OLD.number)
     IS DISTINCT FROM (NEW.poll_id, NEW.award_id, NEW.number) THEN
    RAISE EXCEPTION 'candidates keep their numbers once the poll is open';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER awards_are_frozen BEFORE INSERT OR UPDATE OR DELETE ON award
  FOR EACH ROW EXECUTE FUNCTION ballot_paper_is_frozen();
CREATE TRIGGER candidates_are_frozen BEFORE INSERT OR UPDATE OR DELETE ON candidate
  FOR EACH ROW EXECUTE FUNCTION ballot_paper_is_frozen();
"""


def upgrade() -> None:
    op.execute(CLOCK)
    op.create_table(
        "answered_push",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("identity", sa.LargeBinary(), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("clock_now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("answered_push_key")),
        sa.UniqueConstraint("identity", name=op.f("one_answered_push_per_identity")),
    )
    op.create_index("answered_pushes_by_time", "answered_push", ["received_at"], unique=False)
    op.create_table(
        "audit_entry",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("clock_now()"), nullable=False),
        sa.Column("actor", sa.String(length=40), nullable=False),
        sa.Column("act", sa.String(length=60), nullable=False),
        sa.Column("object", sa.Text(), nullable=False),
        sa.Column("result", sa.String(length=20), nullable=False),
        sa.Column("fields", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("request_id", sa.String(length=32), nullable=True),
        sa.Column("network", sa.String(length=50), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("audit_entry_key")),
    )
    op.create_index(op.f("audit_entry_by_at"), "audit_entry", ["at"], unique=False)
    op.create_table(
        "follower",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("openid", sa.LargeBinary(), nullable=True),
        sa.Column("follows", sa.Boolean(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("follows = (openid IS NOT NULL)", name=op.f("who_left_is_forgotten")),
        sa.PrimaryKeyConstraint("id", name=op.f("follower_key")),
        sa.UniqueConstraint("digest", name=op.f("one_follower_per_digest")),
    )
    op.create_table(
        "login_attempt",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("state_digest", sa.LargeBinary(), nullable=False),
        sa.Column("return_path", sa.Text(), nullable=False),
        sa.Column("restarted", sa.Boolean(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("clock_now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("login_attempt_key")),
        sa.UniqueConstraint("state_digest", name=op.f("one_login_attempt_per_state_digest")),
    )
    op.create_index("login_attempts_by_time", "login_attempt", ["started_at"], unique=False)
    op.create_table(
        "poll",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("slug", sa.String(length=60), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("rules_text", sa.Text(), nullable=False),
        sa.Column("enquiry_phone", sa.String(length=40), nullable=False),
        sa.Column("supervision_phone", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("opens_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("period", sa.String(length=10), nullable=False),
        sa.Column("visibility", sa.String(length=14), nullable=False),
        sa.Column("candidate_order", sa.String(length=10), nullable=False),
        sa.Column("draw_seed", sa.String(length=80), nullable=True),
        sa.Column("followers_only", sa.Boolean(), nullable=False),
        sa.Column("voter_key", sa.LargeBinary(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_now()"), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("certified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("certified_by", sa.String(length=40), nullable=True),
        sa.CheckConstraint(
            "(state = 'certified') = (certified_at IS NOT NULL)", name=op.f("certified_poll_has_its_time")
        ),
        sa.CheckConstraint(
            "candidate_order <> 'drawn' OR state = 'draft' OR draw_seed IS NOT NULL", name=op.f("draw_has_a_seed")
        ),
        sa.CheckConstraint(
            "candidate_order IN ('strokes', 'numbered', 'drawn', 'per_voter')", name=op.f("candidate_order_is_known")
        ),
        sa.CheckConstraint("period IN ('once', 'daily')", name=op.f("poll_period_is_known")),
        sa.CheckConstraint("slug ~ '^[a-z0-9][a-z0-9-]*$'", name=op.f("slug_is_plain")),
        sa.CheckConstraint(
            "state = 'draft' OR (opens_at IS NOT NULL AND closes_at IS NOT NULL)",
            name=op.f("poll_past_draft_has_its_times"),
        ),
        sa.CheckConstraint("state IN ('draft', 'open', 'closed', 'certified')", name=op.f("poll_state_is_known")),
        sa.CheckConstraint(
            "visibility IN ('hidden', 'daily', 'after_voting', 'live')", name=op.f("poll_visibility_is_known")
        ),
        sa.CheckConstraint("opens_at < closes_at", name=op.f("poll_opens_before_it_closes")),
        sa.PrimaryKeyConstraint("id", name=op.f("poll_key")),
        sa.UniqueConstraint("slug", name=op.f("one_poll_per_slug")),
    )
    op.create_table(
        "staff_member",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("display_name", sa.String(length=40), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("staff_member_key")),
        sa.UniqueConstraint("name", name=op.f("one_staff_member_per_name")),
    )
    op.create_table(
        "staff_sign_in_tries",
        sa.Column("key", sa.String(length=60), nullable=False),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("failures >= 0", name=op.f("failures_are_counted_from_zero")),
        sa.PrimaryKeyConstraint("key", name=op.f("staff_sign_in_tries_key")),
    )
    op.create_table(
        "award",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("poll_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("for_organisations", sa.Boolean(), nullable=False),
        sa.Column("places", sa.Integer(), nullable=False),
        sa.Column("min_choices", sa.Integer(), nullable=False),
        sa.Column("max_choices", sa.Integer(), nullable=False),
        sa.CheckConstraint("0 <= min_choices AND min_choices <= max_choices", name=op.f("min_choices_fit_max_choices")),
        sa.CheckConstraint("max_choices > 0", name=op.f("award_lets_choose")),
        sa.CheckConstraint("places > 0", name=op.f("award_has_places")),
        sa.ForeignKeyConstraint(["poll_id"], ["poll.id"], name=op.f("award_poll_id_exists"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("award_key")),
        sa.UniqueConstraint("poll_id", "name", name="one_award_per_name"),
    )
    op.create_table(
        "ballot",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("poll_id", sa.BigInteger(), nullable=False),
        sa.Column("voter_tag", sa.LargeBinary(), nullable=False),
        sa.Column("period", sa.Integer(), nullable=False),
        sa.Column("nonce", sa.String(length=64), nullable=False),
        sa.Column("choices", sa.LargeBinary(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("code", sa.String(length=14), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), server_default=sa.text("clock_now()"), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("number > 0", name=op.f("ballots_are_numbered_from_one")),
        sa.CheckConstraint("octet_length(salt) = 16", name=op.f("salt_has_128_bits")),
        sa.CheckConstraint("octet_length(voter_tag) = 16", name=op.f("voter_tag_has_128_bits")),
        sa.ForeignKeyConstraint(["poll_id"], ["poll.id"], name=op.f("ballot_poll_id_exists")),
        sa.PrimaryKeyConstraint("id", name=op.f("ballot_key")),
        sa.UniqueConstraint("code", name="one_ballot_per_receipt_code"),
        sa.UniqueConstraint("poll_id", "number", name="one_ballot_per_number"),
        sa.UniqueConstraint("poll_id", "voter_tag", "nonce", name="one_ballot_per_voter_and_nonce"),
        sa.UniqueConstraint("poll_id", "voter_tag", "period", name="one_ballot_per_voter_and_period"),
    )
    op.create_table(
        "certified_count",
        sa.Column("poll_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("votes", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("votes >= 0", name=op.f("certified_votes_are_not_negative")),
        sa.ForeignKeyConstraint(["poll_id"], ["poll.id"], name=op.f("certified_count_poll_id_exists")),
        sa.PrimaryKeyConstraint("poll_id", "number", name=op.f("certified_count_key")),
    )
    op.create_table(
        "download",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("filename", sa.Text(), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.Column("requested_by", sa.BigInteger(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), server_default=sa.text("clock_now()"), nullable=False),
        sa.Column("ready_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state <> 'ready' OR (digest IS NOT NULL AND filename IS NOT NULL)", name=op.f("ready_download_has_a_file")
        ),
        sa.CheckConstraint("state IN ('waiting', 'running', 'ready', 'failed')", name=op.f("download_state_is_known")),
        sa.ForeignKeyConstraint(["requested_by"], ["staff_member.id"], name=op.f("download_requested_by_exists")),
        sa.PrimaryKeyConstraint("id", name=op.f("download_key")),
        sa.UniqueConstraint("key", name=op.f("one_download_per_key")),
    )
    op.create_index(op.f("download_by_requested_by"), "download", ["requested_by"], unique=False)
    op.create_index("downloads_by_time", "download", ["requested_at"], unique=False)
    op.create_table(
        "poll_head",
        sa.Column("poll_id", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("epoch", sa.String(length=32), nullable=False),
        sa.CheckConstraint("size >= 0", name=op.f("head_counts_from_zero")),
        sa.ForeignKeyConstraint(["poll_id"], ["poll.id"], name=op.f("poll_head_poll_id_exists"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("poll_id", name=op.f("poll_head_key")),
    )
    op.create_table(
        "staff_session",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("token_digest", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_now()"), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), server_default=sa.text("clock_now()"), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["member_id"], ["staff_member.id"], name=op.f("staff_session_member_id_exists")),
        sa.PrimaryKeyConstraint("id", name=op.f("staff_session_key")),
        sa.UniqueConstraint("token_digest", name=op.f("one_staff_session_per_token_digest")),
    )
    op.create_index(op.f("staff_session_by_member_id"), "staff_session", ["member_id"], unique=False)
    op.create_table(
        "candidate",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("poll_id", sa.BigInteger(), nullable=False),
        sa.Column("award_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("place_in_list", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("unit", sa.String(length=80), nullable=False),
        sa.Column("post", sa.String(length=160), nullable=False),
        sa.Column("brief", sa.Text(), nullable=False),
        sa.Column("deeds", sa.Text(), nullable=False),
        sa.Column("initials", sa.String(length=80), nullable=False),
        sa.Column("photo", sa.String(length=64), nullable=True),
        sa.Column("thumbnail", sa.String(length=64), nullable=True),
        sa.Column("consented", sa.Boolean(), nullable=False),
        sa.Column("secrecy_reviewed", sa.Boolean(), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(photo IS NULL) = (thumbnail IS NULL)", name=op.f("photo_has_its_thumbnail")),
        sa.CheckConstraint("number BETWEEN 1 AND 2000", name=op.f("candidate_number_fits_the_ballot")),
        sa.ForeignKeyConstraint(["award_id"], ["award.id"], name=op.f("candidate_award_id_exists"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["poll_id"], ["poll.id"], name=op.f("candidate_poll_id_exists"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("candidate_key")),
        sa.UniqueConstraint(
            "poll_id", "number", deferrable=True, initially="DEFERRED", name="one_candidate_per_number"
        ),
    )
    op.create_index(op.f("candidate_by_award_id"), "candidate", ["award_id"], unique=False)
    op.execute(LEDGER)
    op.execute(POLLS)


def downgrade() -> None:
    raise RuntimeError("the first migration is not undone: restore a backup")
