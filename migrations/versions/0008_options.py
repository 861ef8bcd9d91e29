"""What staff may set, with every version of it; and the menus that were published."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

ADDED = """
CREATE TRIGGER option_versions_are_only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON option_version
  FOR EACH STATEMENT EXECUTE FUNCTION rows_are_only_added();
CREATE TRIGGER menu_publications_are_only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON menu_publication
  FOR EACH STATEMENT EXECUTE FUNCTION rows_are_only_added();
"""


def upgrade() -> None:
    op.create_table(
        "option_version",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("value", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("set_by", sa.String(length=40), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), server_default=sa.text("clock_now()"), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint("btrim(reason) <> ''", name=op.f("every_version_of_an_option_has_its_reason")),
        sa.CheckConstraint("version >= 1", name=op.f("versions_of_options_count_from_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("option_version_key")),
        sa.UniqueConstraint("name", "version", name=op.f("one_value_per_version_of_an_option")),
    )
    op.create_table(
        "menu_publication",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("buttons", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("published_by", sa.String(length=40), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), server_default=sa.text("clock_now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("menu_publication_key")),
    )
    op.execute(ADDED)


def downgrade() -> None:
    op.drop_table("menu_publication")
    op.drop_table("option_version")
