"""The volume under management is computed, no longer recorded; a partner's statement by mail.

Revision: d94f3c6a1b05, after e21f6a8c4d04
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "d94f3c6a1b05"
down_revision = "e21f6a8c4d04"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("partner_accounts") as table:
        table.drop_constraint(op.f("ck_partner_accounts_volume"), type_="check")
        table.drop_constraint(op.f("ck_partner_accounts_volume_whole"), type_="check")
        table.drop_column("volume_minor")
        table.drop_column("volume_currency")
        table.drop_column("volume_recorded_at")
        table.add_column(sa.Column("statement_mail", sa.Boolean(), server_default=sa.true(), nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("partner_accounts") as table:
        table.drop_column("statement_mail")
        table.add_column(sa.Column("volume_minor", sa.BigInteger(), nullable=True))
        table.add_column(sa.Column("volume_currency", sa.String(length=3), nullable=True))
        table.add_column(sa.Column("volume_recorded_at", sa.DateTime(timezone=True), nullable=True))
        table.create_check_constraint(
            op.f("ck_partner_accounts_volume"), "volume_minor >= 0 AND volume_currency IN ('CHF', 'EUR')"
        )
        table.create_check_constraint(
            op.f("ck_partner_accounts_volume_whole"),
            "(volume_minor IS NULL) = (volume_recorded_at IS NULL)"
            " AND (volume_currency IS NULL) = (volume_recorded_at IS NULL)",
        )
