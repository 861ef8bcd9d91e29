"""Personal links for accounts without sign-in are kept by digest."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "personal_link",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("person", sa.LargeBinary(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("openid", sa.LargeBinary(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("button", sa.Text(), nullable=False),
        sa.Column("browser", sa.LargeBinary(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("clock_now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("personal_link_key")),
        sa.UniqueConstraint("digest", name=op.f("one_personal_link_per_digest")),
        sa.UniqueConstraint("person", "purpose", name=op.f("one_link_per_person_and_purpose")),
    )
    op.create_index("personal_links_by_time", "personal_link", ["made_at"], unique=False)


def downgrade() -> None:
    op.drop_table("personal_link")
