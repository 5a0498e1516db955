"""Orders, their lines, invoices and credit notes; who pays for a product.

Revision: a3c47be81f02, after 5d1f0a6c2e01
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from webapp.migrations.append_only import append_only

revision = "a3c47be81f02"
down_revision = "5d1f0a6c2e01"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "series",
        sa.Column("name", sa.String(length=10), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("following", sa.Integer(), nullable=False),
        sa.Column("newest_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("name", "year", name=op.f("pk_series")),
    )
    op.create_table(
        "notice_settings",
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("reminders", sa.Boolean(), nullable=False),
        sa.Column("reminder_days", sa.Text(), nullable=False),
        sa.Column("automatic_reminder", sa.Boolean(), nullable=False),
        sa.Column("automatic_done", sa.Boolean(), nullable=False),
        sa.Column("invoice_issued", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_notice_settings_organisation_id")
        ),
        sa.PrimaryKeyConstraint("organisation_id", name=op.f("pk_notice_settings")),
    )
    op.create_table(
        "orders",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=26), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("holder_id", sa.Integer(), nullable=False),
        sa.Column("payer_id", sa.Integer(), nullable=False),
        sa.Column("partnership_id", sa.Integer(), nullable=True),
        sa.Column(
            "access", sa.Enum("limited", "full", name="access", native_enum=False, length=20), nullable=True
        ),
        sa.Column(
            "paid_by", sa.Enum("client", "partner", name="payer", native_enum=False, length=20), nullable=True
        ),
        sa.Column(
            "side",
            sa.Enum("client", "partner", "operator", name="side", native_enum=False, length=20),
            nullable=False,
        ),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column(
            "method",
            sa.Enum("prepaid", "invoice", "outside", name="method", native_enum=False, length=20),
            nullable=False,
        ),
        sa.Column("outside", sa.String(length=100), nullable=True),
        sa.Column("reference", sa.String(length=25), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("net", sa.BigInteger(), nullable=False),
        sa.Column(
            "treatment",
            sa.Enum(
                "standard", "reverse_charge", "outside_scope", name="treatment", native_enum=False, length=20
            ),
            nullable=False,
        ),
        sa.Column("vat_rate", sa.Integer(), nullable=False),
        sa.Column("vat", sa.BigInteger(), nullable=False),
        sa.Column("gross", sa.BigInteger(), nullable=False),
        sa.Column("policy_version", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=True),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("received", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("credited", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("returned", sa.BigInteger(), server_default="0", nullable=False),
        sa.CheckConstraint("access IN ('limited', 'full')", name=op.f("ck_orders_access")),
        sa.CheckConstraint("currency IN ('CHF', 'EUR')", name=op.f("ck_orders_currency")),
        sa.CheckConstraint("method IN ('prepaid', 'invoice', 'outside')", name=op.f("ck_orders_method")),
        sa.CheckConstraint("paid_by IN ('client', 'partner')", name=op.f("ck_orders_paid_by")),
        sa.CheckConstraint("side IN ('client', 'partner', 'operator')", name=op.f("ck_orders_side")),
        sa.CheckConstraint(
            "treatment = 'standard' OR (vat = 0 AND vat_rate = 0)", name=op.f("ck_orders_tax")
        ),
        sa.CheckConstraint(
            "treatment IN ('standard', 'reverse_charge', 'outside_scope')", name=op.f("ck_orders_treatment")
        ),
        sa.CheckConstraint(
            "cancelled_at IS NULL OR credited = gross", name=op.f("ck_orders_cancelled_whole")
        ),
        sa.CheckConstraint("credited BETWEEN 0 AND gross", name=op.f("ck_orders_credited")),
        sa.CheckConstraint("net >= 0 AND vat >= 0 AND gross = net + vat", name=op.f("ck_orders_sum")),
        sa.CheckConstraint(
            "received >= 0 AND returned BETWEEN 0 AND received", name=op.f("ck_orders_received")
        ),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name=op.f("fk_orders_by_id")),
        sa.ForeignKeyConstraint(["holder_id"], ["organisations.id"], name=op.f("fk_orders_holder_id")),
        sa.ForeignKeyConstraint(
            ["partnership_id"], ["partnerships.id"], name=op.f("fk_orders_partnership_id")
        ),
        sa.ForeignKeyConstraint(["payer_id"], ["organisations.id"], name=op.f("fk_orders_payer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders")),
        sa.UniqueConstraint("key", name=op.f("uq_orders_key")),
        sa.UniqueConstraint("number", name=op.f("uq_orders_number")),
        sa.UniqueConstraint("outside", name=op.f("uq_orders_outside")),
        sa.UniqueConstraint("public_id", name=op.f("uq_orders_public_id")),
        sa.UniqueConstraint("reference", name=op.f("uq_orders_reference")),
    )
    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.create_index("ix_orders_holder", ["holder_id", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_orders_partnership_id"), ["partnership_id"], unique=False)
        batch_op.create_index("ix_orders_payer", ["payer_id", "id"], unique=False)
        batch_op.create_index("ix_orders_placed", ["placed_at"], unique=False)

    op.create_table(
        "invoices",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=26), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("payer_id", sa.Integer(), nullable=False),
        sa.Column("corrects_id", sa.Integer(), nullable=True),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("party", sa.JSON(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("net", sa.BigInteger(), nullable=False),
        sa.Column("vat", sa.BigInteger(), nullable=False),
        sa.Column("gross", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("net >= 0 AND vat >= 0 AND gross = net + vat", name=op.f("ck_invoices_sum")),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name=op.f("fk_invoices_by_id")),
        sa.ForeignKeyConstraint(["corrects_id"], ["invoices.id"], name=op.f("fk_invoices_corrects_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_invoices_order_id")),
        sa.ForeignKeyConstraint(["payer_id"], ["organisations.id"], name=op.f("fk_invoices_payer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoices")),
        sa.UniqueConstraint("number", name=op.f("uq_invoices_number")),
        sa.UniqueConstraint("public_id", name=op.f("uq_invoices_public_id")),
    )
    with op.batch_alter_table("invoices", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_invoices_order_id"), ["order_id"], unique=False)
        batch_op.create_index("ix_invoices_payer", ["payer_id", "id"], unique=False)
        batch_op.create_index(
            "uq_invoices_order",
            ["order_id"],
            unique=True,
            sqlite_where=sa.text("corrects_id IS NULL"),
            postgresql_where=sa.text("corrects_id IS NULL"),
        )

    op.create_table(
        "order_lines",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column(
            "action", sa.Enum("new", "renewal", name="action", native_enum=False, length=20), nullable=False
        ),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("plan_code", sa.String(length=40), nullable=False),
        sa.Column("plan_name", sa.JSON(), nullable=False),
        sa.Column(
            "family",
            sa.Enum("web", "mail", "cloud", "domain", "other", name="family", native_enum=False, length=20),
            nullable=False,
        ),
        sa.Column(
            "period", sa.Enum("month", "year", name="period", native_enum=False, length=20), nullable=False
        ),
        sa.Column("product_id", sa.Integer(), nullable=True),
        sa.Column("label", sa.String(length=120), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("periods", sa.Integer(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("payer_before_id", sa.Integer(), nullable=True),
        sa.Column("unit", sa.BigInteger(), nullable=False),
        sa.Column("discount", sa.Integer(), nullable=False),
        sa.Column("sliding", sa.Integer(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column(
            "price",
            sa.Enum("public", "partner", name="pricekind", native_enum=False, length=20),
            nullable=False,
        ),
        sa.Column("public", sa.BigInteger(), nullable=False),
        sa.Column("partner", sa.BigInteger(), nullable=False),
        sa.Column("net", sa.BigInteger(), nullable=False),
        sa.Column("vat", sa.BigInteger(), nullable=False),
        sa.Column("partnership_id", sa.Integer(), nullable=True),
        sa.Column("earner_id", sa.Integer(), nullable=True),
        sa.Column("cashback", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("cashback_booked", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("credited", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("claim", sa.String(length=60), nullable=True),
        sa.CheckConstraint(
            "(action = 'renewal') = (product_id IS NOT NULL)", name=op.f("ck_order_lines_renewal")
        ),
        sa.CheckConstraint(
            "(action = 'renewal') = (starts_on IS NOT NULL) AND (starts_on IS NULL) = (ends_on IS NULL)",
            name=op.f("ck_order_lines_stretch"),
        ),
        sa.CheckConstraint("action = 'new' OR quantity = 1", name=op.f("ck_order_lines_renewal_of_one")),
        sa.CheckConstraint("action IN ('new', 'renewal')", name=op.f("ck_order_lines_action")),
        sa.CheckConstraint(
            "cashback = 0 OR (price = 'public' AND earner_id IS NOT NULL AND cashback = public - partner)",
            name=op.f("ck_order_lines_cashback"),
        ),
        sa.CheckConstraint(
            "net = CASE price WHEN 'public' THEN public ELSE partner END", name=op.f("ck_order_lines_charged")
        ),
        sa.CheckConstraint("price IN ('public', 'partner')", name=op.f("ck_order_lines_price")),
        sa.CheckConstraint(
            "cashback_booked BETWEEN 0 AND cashback", name=op.f("ck_order_lines_cashback_booked")
        ),
        sa.CheckConstraint("credited BETWEEN 0 AND net", name=op.f("ck_order_lines_credited")),
        sa.CheckConstraint(
            "discount BETWEEN 0 AND 100 AND sliding BETWEEN 0 AND 100", name=op.f("ck_order_lines_per_cent")
        ),
        sa.CheckConstraint("quantity > 0 AND periods > 0 AND unit >= 0", name=op.f("ck_order_lines_factors")),
        sa.ForeignKeyConstraint(["earner_id"], ["organisations.id"], name=op.f("fk_order_lines_earner_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_order_lines_order_id")),
        sa.ForeignKeyConstraint(
            ["partnership_id"], ["partnerships.id"], name=op.f("fk_order_lines_partnership_id")
        ),
        sa.ForeignKeyConstraint(
            ["payer_before_id"], ["organisations.id"], name=op.f("fk_order_lines_payer_before_id")
        ),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"], name=op.f("fk_order_lines_plan_id")),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name=op.f("fk_order_lines_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_lines")),
        sa.UniqueConstraint("claim", name=op.f("uq_order_lines_claim")),
        sa.UniqueConstraint("order_id", "position", name=op.f("uq_order_lines_order_id_position")),
    )
    with op.batch_alter_table("order_lines", schema=None) as batch_op:
        batch_op.create_index("ix_order_lines_earner", ["earner_id", "order_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_order_lines_partnership_id"), ["partnership_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_order_lines_plan_id"), ["plan_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_order_lines_product_id"), ["product_id"], unique=False)

    op.create_table(
        "credit_lines",
        sa.Column("invoice_id", sa.Integer(), nullable=False),
        sa.Column("line_id", sa.Integer(), nullable=False),
        sa.Column("net", sa.BigInteger(), nullable=False),
        sa.Column("vat", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("net >= 0 AND vat >= 0", name=op.f("ck_credit_lines_sum")),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoices.id"], name=op.f("fk_credit_lines_invoice_id")),
        sa.ForeignKeyConstraint(["line_id"], ["order_lines.id"], name=op.f("fk_credit_lines_line_id")),
        sa.PrimaryKeyConstraint("invoice_id", "line_id", name=op.f("pk_credit_lines")),
    )
    with op.batch_alter_table("credit_lines", schema=None) as batch_op:
        batch_op.create_index("ix_credit_lines_line", ["line_id"], unique=False)

    op.create_table(
        "order_products",
        sa.Column("line_id", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["line_id"], ["order_lines.id"], name=op.f("fk_order_products_line_id")),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name=op.f("fk_order_products_product_id")),
        sa.PrimaryKeyConstraint("line_id", "product_id", name=op.f("pk_order_products")),
        sa.UniqueConstraint("product_id", name=op.f("uq_order_products_product_id")),
    )
    with op.batch_alter_table("products", schema=None) as batch_op:
        batch_op.add_column(sa.Column("payer_id", sa.Integer(), nullable=True))
    op.execute("UPDATE products SET payer_id = organisation_id")
    with op.batch_alter_table("products", schema=None) as batch_op:
        batch_op.alter_column("payer_id", existing_type=sa.Integer(), nullable=False)
        batch_op.create_index("ix_products_payer", ["payer_id", "ended_at"], unique=False)
        batch_op.create_index("ix_products_renewal", ["renews_on", "ended_at"], unique=False)
        batch_op.create_foreign_key(batch_op.f("fk_products_payer_id"), "organisations", ["payer_id"], ["id"])
    for table in ("invoices", "credit_lines"):
        append_only(table)


def downgrade() -> None:
    with op.batch_alter_table("products", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_products_payer_id"), type_="foreignkey")
        batch_op.drop_index("ix_products_renewal")
        batch_op.drop_index("ix_products_payer")
        batch_op.drop_column("payer_id")

    op.drop_table("order_products")
    with op.batch_alter_table("credit_lines", schema=None) as batch_op:
        batch_op.drop_index("ix_credit_lines_line")

    op.drop_table("credit_lines")
    with op.batch_alter_table("order_lines", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_order_lines_product_id"))
        batch_op.drop_index(batch_op.f("ix_order_lines_plan_id"))
        batch_op.drop_index(batch_op.f("ix_order_lines_partnership_id"))
        batch_op.drop_index("ix_order_lines_earner")

    op.drop_table("order_lines")
    with op.batch_alter_table("invoices", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_invoices_order",
            sqlite_where=sa.text("corrects_id IS NULL"),
            postgresql_where=sa.text("corrects_id IS NULL"),
        )
        batch_op.drop_index("ix_invoices_payer")
        batch_op.drop_index(batch_op.f("ix_invoices_order_id"))

    op.drop_table("invoices")
    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.drop_index("ix_orders_placed")
        batch_op.drop_index("ix_orders_payer")
        batch_op.drop_index(batch_op.f("ix_orders_partnership_id"))
        batch_op.drop_index("ix_orders_holder")

    op.drop_table("orders")
    op.drop_table("notice_settings")
    op.drop_table("series")
