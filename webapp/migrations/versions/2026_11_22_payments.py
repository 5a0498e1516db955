"""Transfers that came in, and withdrawals.

Revision: c90b2d5e7a03, after a3c47be81f02
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "c90b2d5e7a03"
down_revision = "a3c47be81f02"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "withdrawals",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=26), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column(
            "kind", sa.Enum("iban", "paypal", name="kind", native_enum=False, length=20), nullable=False
        ),
        sa.Column("target", sa.String(length=127), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("requested_by_id", sa.Integer(), nullable=False),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.CheckConstraint("currency IN ('CHF', 'EUR')", name=op.f("ck_withdrawals_currency")),
        sa.CheckConstraint("kind IN ('iban', 'paypal')", name=op.f("ck_withdrawals_kind")),
        sa.CheckConstraint("amount > 0", name=op.f("ck_withdrawals_amount")),
        sa.CheckConstraint("paid_at IS NULL OR refused_at IS NULL", name=op.f("ck_withdrawals_decided_once")),
        sa.ForeignKeyConstraint(["decided_by_id"], ["users.id"], name=op.f("fk_withdrawals_decided_by_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_withdrawals_organisation_id")
        ),
        sa.ForeignKeyConstraint(
            ["requested_by_id"], ["users.id"], name=op.f("fk_withdrawals_requested_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_withdrawals")),
        sa.UniqueConstraint("key", name=op.f("uq_withdrawals_key")),
        sa.UniqueConstraint("public_id", name=op.f("uq_withdrawals_public_id")),
    )
    with op.batch_alter_table("withdrawals", schema=None) as batch_op:
        batch_op.create_index("ix_withdrawals_organisation", ["organisation_id", "id"], unique=False)
        batch_op.create_index("ix_withdrawals_waiting", ["paid_at", "refused_at", "id"], unique=False)

    op.create_table(
        "incoming_transfers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=26), nullable=False),
        sa.Column("bank_id", sa.String(length=40), nullable=False),
        sa.Column("booked_on", sa.Date(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("debtor_name", sa.String(length=140), nullable=False),
        sa.Column("debtor_iban", sa.String(length=34), nullable=False),
        sa.Column("reference", sa.String(length=35), nullable=False),
        sa.Column("text", sa.String(length=1000), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by_id", sa.Integer(), nullable=True),
        sa.Column("assigned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("assigned_by_id", sa.Integer(), nullable=True),
        sa.Column("order_id", sa.Integer(), nullable=True),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.Column("sent_back_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("same_as_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("currency IN ('CHF', 'EUR')", name=op.f("ck_incoming_transfers_currency")),
        sa.CheckConstraint(
            "(assigned_at IS NOT NULL)"
            " = (order_id IS NOT NULL OR organisation_id IS NOT NULL OR sent_back_at IS NOT NULL)",
            name=op.f("ck_incoming_transfers_assigned_whole"),
        ),
        sa.CheckConstraint("amount > 0", name=op.f("ck_incoming_transfers_amount")),
        sa.CheckConstraint(
            "order_id IS NULL OR organisation_id IS NULL", name=op.f("ck_incoming_transfers_one_end")
        ),
        sa.CheckConstraint(
            "sent_back_at IS NULL OR (order_id IS NULL AND organisation_id IS NULL)",
            name=op.f("ck_incoming_transfers_sent_back"),
        ),
        sa.CheckConstraint(
            "same_as_id IS NULL OR order_id IS NOT NULL", name=op.f("ck_incoming_transfers_same_as")
        ),
        sa.ForeignKeyConstraint(
            ["assigned_by_id"], ["users.id"], name=op.f("fk_incoming_transfers_assigned_by_id")
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_incoming_transfers_order_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_incoming_transfers_organisation_id")
        ),
        sa.ForeignKeyConstraint(
            ["recorded_by_id"], ["users.id"], name=op.f("fk_incoming_transfers_recorded_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["same_as_id"], ["incoming_transfers.id"], name=op.f("fk_incoming_transfers_same_as_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incoming_transfers")),
        sa.UniqueConstraint("bank_id", name=op.f("uq_incoming_transfers_bank_id")),
        sa.UniqueConstraint("public_id", name=op.f("uq_incoming_transfers_public_id")),
        sa.UniqueConstraint("same_as_id", name=op.f("uq_incoming_transfers_same_as_id")),
    )
    with op.batch_alter_table("incoming_transfers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_incoming_transfers_order_id"), ["order_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_incoming_transfers_organisation_id"), ["organisation_id"], unique=False
        )
        batch_op.create_index("ix_incoming_transfers_waiting", ["assigned_at", "id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("incoming_transfers", schema=None) as batch_op:
        batch_op.drop_index("ix_incoming_transfers_waiting")
        batch_op.drop_index(batch_op.f("ix_incoming_transfers_organisation_id"))
        batch_op.drop_index(batch_op.f("ix_incoming_transfers_order_id"))

    op.drop_table("incoming_transfers")
    with op.batch_alter_table("withdrawals", schema=None) as batch_op:
        batch_op.drop_index("ix_withdrawals_waiting")
        batch_op.drop_index("ix_withdrawals_organisation")

    op.drop_table("withdrawals")
