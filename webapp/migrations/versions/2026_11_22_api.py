"""Keys of outside shops, and the messages that they sent.

Revision: f7382b9d1c05, after d94f3c6a1b05
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "f7382b9d1c05"
down_revision = "d94f3c6a1b05"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=26), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("form_key", sa.String(length=26), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("place IN (1, 2)", name=op.f("ck_api_keys_place")),
        sa.ForeignKeyConstraint(["created_by_id"], ["users.id"], name=op.f("fk_api_keys_created_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("form_key", name=op.f("uq_api_keys_form_key")),
        sa.UniqueConstraint("public_id", name=op.f("uq_api_keys_public_id")),
    )
    with op.batch_alter_table("api_keys", schema=None) as batch_op:
        batch_op.create_index(
            "uq_api_keys_place",
            ["place"],
            unique=True,
            sqlite_where=sa.text("revoked_at IS NULL"),
            postgresql_where=sa.text("revoked_at IS NULL"),
        )

    op.create_table(
        "outside_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.String(length=100), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("external_id", sa.String(length=100), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "misfit",
            sa.Enum("currency", "impossible", "beyond", name="misfit", native_enum=False, length=20),
            nullable=True,
        ),
        sa.Column("order_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "(applied_at IS NULL) = (order_id IS NULL)", name=op.f("ck_outside_events_applied_whole")
        ),
        sa.CheckConstraint(
            "misfit IN ('currency', 'impossible', 'beyond')", name=op.f("ck_outside_events_misfit")
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_outside_events_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outside_events")),
        sa.UniqueConstraint("event_id", name=op.f("uq_outside_events_event_id")),
    )
    with op.batch_alter_table("outside_events", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_outside_events_order_id"), ["order_id"], unique=False)
        batch_op.create_index("ix_outside_events_parked", ["external_id", "applied_at"], unique=False)
        batch_op.create_index("ix_outside_events_waiting", ["applied_at", "id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("outside_events", schema=None) as batch_op:
        batch_op.drop_index("ix_outside_events_waiting")
        batch_op.drop_index("ix_outside_events_parked")
        batch_op.drop_index(batch_op.f("ix_outside_events_order_id"))

    op.drop_table("outside_events")
    with op.batch_alter_table("api_keys", schema=None) as batch_op:
        batch_op.drop_index("uq_api_keys_place")

    op.drop_table("api_keys")
