"""Notices about renewals.

Revision: e21f6a8c4d04, after c90b2d5e7a03
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "e21f6a8c4d04"
down_revision = "c90b2d5e7a03"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "renewal_notices",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("reminder", "automatic", "failed", name="notice", native_enum=False, length=20),
            nullable=False,
        ),
        sa.Column("renews_on", sa.Date(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("days >= 0", name=op.f("ck_renewal_notices_days")),
        sa.CheckConstraint(
            "kind IN ('reminder', 'automatic', 'failed')", name=op.f("ck_renewal_notices_kind")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_renewal_notices_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_renewal_notices")),
        sa.UniqueConstraint(
            "organisation_id", "kind", "renews_on", "days",
            name=op.f("uq_renewal_notices_organisation_id_kind_renews_on_days"),
        ),
    )  # fmt: skip
    op.create_index("ix_renewal_notices_renews_on", "renewal_notices", ["renews_on"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_renewal_notices_renews_on", "renewal_notices")
    op.drop_table("renewal_notices")
