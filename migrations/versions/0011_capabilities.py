"""Rights that the platform refused while running are kept."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "refused_right",
        sa.Column("appid", sa.String(length=40), nullable=False),
        sa.Column("right", sa.String(length=30), nullable=False),
        sa.Column("path", sa.String(length=100), nullable=False),
        sa.Column("errcode", sa.Integer(), nullable=False),
        sa.Column("refused_at", sa.DateTime(timezone=True), server_default=sa.text("clock_now()"), nullable=False),
        sa.PrimaryKeyConstraint("appid", "right", name=op.f("refused_right_key")),
    )


def downgrade() -> None:
    op.drop_table("refused_right")
