"""Whose a draft is: one person keeps so many at most.

Revision: 7c1e5a9d4b07, after 0b6f4e2d9a06
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "7c1e5a9d4b07"
down_revision = "0b6f4e2d9a06"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("drafts") as table:
        table.add_column(sa.Column("owner", sa.String(length=26), nullable=True))
        table.create_index("ix_drafts_owner", ["owner", "expires_at"])


def downgrade() -> None:
    with op.batch_alter_table("drafts") as table:
        table.drop_index("ix_drafts_owner")
        table.drop_column("owner")
