"""Requests that nobody decides end by themselves; followers who left are found without reading those who stay."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

# What was decided is kept from changing by a trigger, which has to let this one change through.
UNDO = """
ALTER TABLE approval DISABLE TRIGGER USER;
UPDATE approval SET state = 'withdrawn', decided_by = requested_by WHERE state = 'expired';
ALTER TABLE approval ENABLE TRIGGER USER;
"""


def upgrade() -> None:
    _replace_states("'waiting', 'approved', 'refused', 'withdrawn', 'expired'")
    op.create_index(
        "followers_who_left_by_time", "follower", ["changed_at"], postgresql_where=sa.text("follows IS FALSE")
    )


def downgrade() -> None:
    op.drop_index("followers_who_left_by_time", table_name="follower")
    op.execute(UNDO)
    _replace_states("'waiting', 'approved', 'refused', 'withdrawn'")


def _replace_states(known: str) -> None:
    name = op.f("approval_state_is_known")
    op.drop_constraint(name, "approval", type_="check")
    op.create_check_constraint(name, "approval", f"state IN ({known})")
