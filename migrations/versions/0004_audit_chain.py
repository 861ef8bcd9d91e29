"""The audit trail becomes a chain of hashes, tells in what role and why, and is found by what people ask for."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# What is hashed is written as the number of bytes of each value and the value, so that no two rows are written alike.
HASH = """
CREATE FUNCTION audit_link_hash(seq bigint, previous bytea, entry audit_entry) RETURNS bytea
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT sha256(convert_to(string_agg(
    CASE WHEN value IS NULL THEN '-' ELSE octet_length(convert_to(value, 'UTF8')) || ':' || value END,
    '' ORDER BY place), 'UTF8'))
  FROM unnest(ARRAY[
    'audit link 1', seq::text, encode(previous, 'hex'),
    entry.id::text, trim_scale(extract(epoch FROM entry.at) * 1000000)::text,
    entry.actor::text, entry.role::text, entry.asked_by::text, entry.act::text, entry.object::text,
    entry.result::text, entry.purpose::text, entry.fields::text, entry.request_id::text, entry.network::text
  ]) WITH ORDINALITY AS written (value, place)
$$;
"""

# It runs when a transaction commits, so that the lock is held by nobody who still has anything else to wait for.
CHAIN = """
CREATE FUNCTION audit_entry_is_chained() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE last public.audit_link%ROWTYPE;
BEGIN
  IF TG_RELID <> 'public.audit_entry'::regclass THEN
    RAISE EXCEPTION 'nothing but the audit trail is chained';
  END IF;
  PERFORM pg_advisory_xact_lock(4);
  SELECT * INTO last FROM public.audit_link ORDER BY seq DESC LIMIT 1;
  last.seq := coalesce(last.seq, 0) + 1;
  last.previous := coalesce(last.hash, decode(repeat('00', 32), 'hex'));
  INSERT INTO public.audit_link (seq, entry_id, previous, hash)
  VALUES (last.seq, NEW.id, last.previous, public.audit_link_hash(last.seq, last.previous, NEW));
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER audit_entries_are_chained AFTER INSERT ON audit_entry
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_entry_is_chained();
"""

CHAIN_WHAT_IS_THERE = """
DO $$
DECLARE entry audit_entry; link audit_link;
BEGIN
  link.seq := 0;
  link.hash := decode(repeat('00', 32), 'hex');
  FOR entry IN SELECT * FROM audit_entry ORDER BY id LOOP
    link.seq := link.seq + 1;
    link.previous := link.hash;
    link.hash := audit_link_hash(link.seq, link.previous, entry);
    INSERT INTO audit_link VALUES (link.seq, entry.id, link.previous, link.hash);
  END LOOP;
END $$;
"""

GUARDS = """
CREATE FUNCTION links_are_made_by_the_chain() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'links of the audit trail are made by its own trigger alone'; END $$;
CREATE TRIGGER audit_links_are_made_by_the_chain BEFORE INSERT ON audit_link
  FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION links_are_made_by_the_chain();
CREATE TRIGGER audit_links_are_only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_link
  FOR EACH STATEMENT EXECUTE FUNCTION rows_are_only_added();
"""

# Any two neighbouring letters, so that a word is found wherever it stands, in Chinese too.
SEARCH = """
CREATE FUNCTION letter_pairs(written text) RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(array_agg(DISTINCT substr(lower(written), place, 2)), '{}')
  FROM generate_series(1, length(written) - 1) AS place
$$;
CREATE INDEX audit_entries_by_letter_pairs ON audit_entry USING gin (letter_pairs(object));
CREATE INDEX audit_entries_by_kind ON audit_entry (split_part(act, '.', 1), at, id);
"""

NO_MORE = """
DROP INDEX audit_entries_by_kind;
DROP INDEX audit_entries_by_letter_pairs;
DROP FUNCTION letter_pairs(text);
DROP TRIGGER audit_entries_are_chained ON audit_entry;
DROP FUNCTION audit_entry_is_chained();
DROP FUNCTION audit_link_hash(bigint, bytea, audit_entry);
"""


def upgrade() -> None:
    op.add_column("audit_entry", sa.Column("role", sa.String(length=20), nullable=True))
    op.add_column("audit_entry", sa.Column("asked_by", sa.String(length=40), nullable=True))
    op.add_column("audit_entry", sa.Column("purpose", sa.String(length=500), server_default="", nullable=False))
    _make_the_ways_to_find()
    _make_tables()
    for step in (HASH, CHAIN_WHAT_IS_THERE, CHAIN, GUARDS, SEARCH):
        op.execute(step)


def _make_the_ways_to_find() -> None:
    op.drop_index(op.f("audit_entry_by_at"), table_name="audit_entry")
    op.create_index("audit_entries_by_time", "audit_entry", ["at", "id"], unique=False)
    op.create_index("audit_entries_by_actor", "audit_entry", ["actor", "at", "id"], unique=False)
    op.create_index("audit_entries_by_act", "audit_entry", ["act", "at", "id"], unique=False)
    op.create_index("audit_entries_by_result", "audit_entry", ["result", "at", "id"], unique=False)


def _make_tables() -> None:
    op.create_table(
        "audit_link",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=False),
        sa.Column("previous", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["audit_entry.id"], name=op.f("audit_link_entry_id_exists")),
        sa.PrimaryKeyConstraint("seq", name=op.f("audit_link_key")),
        sa.UniqueConstraint("entry_id", name=op.f("one_audit_link_per_entry_id")),
    )
    op.create_table(
        "audit_check",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("whole", sa.Boolean(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("clock_now()"), nullable=False),
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seq", sa.BigInteger(), nullable=True),
        sa.Column("hash", sa.LargeBinary(), nullable=True),
        sa.Column("fault", sa.String(length=30), nullable=True),
        sa.Column("fault_seq", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("fault IS NULL OR finished_at IS NOT NULL", name=op.f("fault_is_found_by_a_finished_check")),
        sa.CheckConstraint("(seq IS NULL) = (hash IS NULL)", name=op.f("checked_link_has_its_hash")),
        sa.PrimaryKeyConstraint("id", name=op.f("audit_check_key")),
    )


def downgrade() -> None:
    op.execute(NO_MORE)
    op.drop_table("audit_check")
    op.drop_table("audit_link")
    op.execute("DROP FUNCTION links_are_made_by_the_chain()")
    for name in ("time", "actor", "act", "result"):
        op.drop_index(f"audit_entries_by_{name}", table_name="audit_entry")
    op.create_index(op.f("audit_entry_by_at"), "audit_entry", ["at"], unique=False)
    for column in ("purpose", "asked_by", "role"):
        op.drop_column("audit_entry", column)
