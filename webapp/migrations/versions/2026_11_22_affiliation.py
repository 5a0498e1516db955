"""Affiliates: exchange rates, accounts, links, clicks, customers won, commissions, payouts.

Revision: 0b6f4e2d9a06, after f7382b9d1c05
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0b6f4e2d9a06"
down_revision = "f7382b9d1c05"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("partner_accounts", sa.Column("left_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "affiliate_accounts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=26), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("tag", sa.String(length=20), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("policy_version", sa.String(length=40), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("earned", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("moves", sa.Integer(), server_default="0", nullable=False),
        sa.Column("tier", sa.Integer(), server_default="0", nullable=False),
        sa.Column("paid_until", sa.Date(), nullable=True),
        sa.CheckConstraint("currency IN ('CHF', 'EUR')", name=op.f("ck_affiliate_accounts_currency")),
        sa.CheckConstraint("earned >= 0", name=op.f("ck_affiliate_accounts_earned")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_affiliate_accounts_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_affiliate_accounts")),
        sa.UniqueConstraint("organisation_id", name=op.f("uq_affiliate_accounts_organisation_id")),
        sa.UniqueConstraint("public_id", name=op.f("uq_affiliate_accounts_public_id")),
        sa.UniqueConstraint("tag", name=op.f("uq_affiliate_accounts_tag")),
    )
    op.create_table(
        "affiliate_links",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=26), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("path", sa.String(length=200), nullable=False),
        sa.Column("label", sa.String(length=60), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("clicks", sa.BigInteger(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["affiliate_accounts.id"], name=op.f("fk_affiliate_links_account_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_affiliate_links")),
        sa.UniqueConstraint("account_id", "path", name=op.f("uq_affiliate_links_account_id_path")),
        sa.UniqueConstraint("public_id", name=op.f("uq_affiliate_links_public_id")),
    )
    op.create_table(
        "exchange_rates",
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("millionths", sa.BigInteger(), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("imported_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("currency IN ('CHF')", name=op.f("ck_exchange_rates_currency")),
        sa.CheckConstraint("millionths > 0", name=op.f("ck_exchange_rates_millionths")),
        sa.ForeignKeyConstraint(
            ["imported_by_id"], ["users.id"], name=op.f("fk_exchange_rates_imported_by_id")
        ),
        sa.PrimaryKeyConstraint("currency", "day", name=op.f("pk_exchange_rates")),
    )
    op.create_table(
        "payout_preferences",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("prepaid", "iban", "paypal", name="kind", native_enum=False, length=20),
            nullable=False,
        ),
        sa.Column("target", sa.String(length=127), nullable=False),
        sa.Column("holder", sa.String(length=70), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by_id", sa.Integer(), nullable=False),
        sa.Column("holds_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("came_back_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(kind = 'prepaid') = (target = '')", name=op.f("ck_payout_preferences_target")),
        sa.CheckConstraint("kind IN ('prepaid', 'iban', 'paypal')", name=op.f("ck_payout_preferences_kind")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["affiliate_accounts.id"], name=op.f("fk_payout_preferences_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["changed_by_id"], ["users.id"], name=op.f("fk_payout_preferences_changed_by_id")
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_payout_preferences")),
    )
    op.create_table(
        "payout_runs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=26), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("nth", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("executed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("executed_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("currency IN ('CHF', 'EUR')", name=op.f("ck_payout_runs_currency")),
        sa.CheckConstraint(
            "executed_at IS NULL OR sealed_at IS NOT NULL", name=op.f("ck_payout_runs_executed")
        ),
        sa.ForeignKeyConstraint(["executed_by_id"], ["users.id"], name=op.f("fk_payout_runs_executed_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payout_runs")),
        sa.UniqueConstraint("month", "currency", "nth", name=op.f("uq_payout_runs_month_currency_nth")),
        sa.UniqueConstraint("public_id", name=op.f("uq_payout_runs_public_id")),
    )
    with op.batch_alter_table("payout_runs", schema=None) as batch_op:
        batch_op.create_index(
            "uq_payout_runs_open",
            ["month", "currency"],
            unique=True,
            sqlite_where=sa.text("sealed_at IS NULL"),
            postgresql_where=sa.text("sealed_at IS NULL"),
        )

    op.create_table(
        "clicks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=26), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("link_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("network_hash", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["affiliate_accounts.id"], name=op.f("fk_clicks_account_id")),
        sa.ForeignKeyConstraint(
            ["link_id"], ["affiliate_links.id"], name=op.f("fk_clicks_link_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clicks")),
        sa.UniqueConstraint("public_id", name=op.f("uq_clicks_public_id")),
    )
    with op.batch_alter_table("clicks", schema=None) as batch_op:
        batch_op.create_index("ix_clicks_account", ["account_id", "network_hash", "at"], unique=False)
        batch_op.create_index(batch_op.f("ix_clicks_at"), ["at"], unique=False)

    op.create_table(
        "payouts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=26), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column(
            "treatment",
            sa.Enum(
                "standard", "reverse_charge", "outside_scope", name="treatment", native_enum=False, length=20
            ),
            nullable=False,
        ),
        sa.Column("vat_rate", sa.Integer(), nullable=False),
        sa.Column("vat", sa.BigInteger(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("prepaid", "iban", "paypal", name="kind", native_enum=False, length=20),
            nullable=False,
        ),
        sa.Column("target", sa.String(length=127), nullable=False),
        sa.Column("holder", sa.String(length=70), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("party", sa.JSON(), nullable=False),
        sa.Column("policy_version", sa.String(length=40), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("executed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("returned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("returned_by_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.CheckConstraint("(kind = 'prepaid') = (target = '')", name=op.f("ck_payouts_target")),
        sa.CheckConstraint("currency IN ('CHF', 'EUR')", name=op.f("ck_payouts_currency")),
        sa.CheckConstraint(
            "kind <> 'prepaid' OR executed_at IS NOT NULL", name=op.f("ck_payouts_prepaid_at_once")
        ),
        sa.CheckConstraint("kind <> 'prepaid' OR returned_at IS NULL", name=op.f("ck_payouts_prepaid_stays")),
        sa.CheckConstraint(
            "(returned_at IS NULL) = (returned_by_id IS NULL)", name=op.f("ck_payouts_returned_whole")
        ),
        sa.CheckConstraint("kind IN ('prepaid', 'iban', 'paypal')", name=op.f("ck_payouts_kind")),
        sa.CheckConstraint(
            "treatment = 'standard' OR (vat = 0 AND vat_rate = 0)", name=op.f("ck_payouts_tax")
        ),
        sa.CheckConstraint(
            "treatment IN ('standard', 'reverse_charge', 'outside_scope')", name=op.f("ck_payouts_treatment")
        ),
        sa.CheckConstraint("amount > 0 AND vat >= 0 AND vat < amount", name=op.f("ck_payouts_amount")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["affiliate_accounts.id"], name=op.f("fk_payouts_account_id")
        ),
        sa.ForeignKeyConstraint(["returned_by_id"], ["users.id"], name=op.f("fk_payouts_returned_by_id")),
        sa.ForeignKeyConstraint(["run_id"], ["payout_runs.id"], name=op.f("fk_payouts_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payouts")),
        sa.UniqueConstraint("account_id", "month", name=op.f("uq_payouts_account_id_month")),
        sa.UniqueConstraint("number", name=op.f("uq_payouts_number")),
        sa.UniqueConstraint("public_id", name=op.f("uq_payouts_public_id")),
    )
    with op.batch_alter_table("payouts", schema=None) as batch_op:
        batch_op.create_index("ix_payouts_run", ["run_id", "id"], unique=False)
        batch_op.create_index(
            "ix_payouts_made",
            ["run_id", "id"],
            unique=False,
            sqlite_where=sa.text("executed_at IS NULL AND returned_at IS NULL"),
            postgresql_where=sa.text("executed_at IS NULL AND returned_at IS NULL"),
        )

    op.create_table(
        "attributions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=26), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("click_id", sa.Integer(), nullable=True),
        sa.Column("link_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("pays_until", sa.Date(), nullable=False),
        sa.Column("first_order_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("network_hash", sa.String(length=64), nullable=True),
        sa.Column("signs", sa.Text(), nullable=False),
        sa.Column(
            "verdict",
            sa.Enum("allowed", "held", "refused", name="verdict", native_enum=False, length=20),
            nullable=False,
        ),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reviewed_by_id", sa.Integer(), nullable=True),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.CheckConstraint("verdict IN ('allowed', 'held', 'refused')", name=op.f("ck_attributions_verdict")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["affiliate_accounts.id"], name=op.f("fk_attributions_account_id")
        ),
        sa.ForeignKeyConstraint(["click_id"], ["clicks.id"], name=op.f("fk_attributions_click_id")),
        sa.ForeignKeyConstraint(
            ["link_id"], ["affiliate_links.id"], name=op.f("fk_attributions_link_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_attributions_organisation_id")
        ),
        sa.ForeignKeyConstraint(
            ["reviewed_by_id"], ["users.id"], name=op.f("fk_attributions_reviewed_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attributions")),
        sa.UniqueConstraint("click_id", name=op.f("uq_attributions_click_id")),
        sa.UniqueConstraint("organisation_id", name=op.f("uq_attributions_organisation_id")),
        sa.UniqueConstraint("public_id", name=op.f("uq_attributions_public_id")),
    )
    with op.batch_alter_table("attributions", schema=None) as batch_op:
        batch_op.create_index("ix_attributions_account", ["account_id", "network_hash", "at"], unique=False)
        batch_op.create_index("ix_attributions_link", ["link_id"], unique=False)
        batch_op.create_index("ix_attributions_verdict", ["verdict", "id"], unique=False)

    op.create_table(
        "commissions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=26), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("attribution_id", sa.Integer(), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "reason",
            sa.Enum(
                "closed",
                "refused",
                "late",
                "over",
                "own",
                "address",
                "managed",
                "excluded",
                name="reason",
                native_enum=False,
                length=20,
            ),
            nullable=True,
        ),
        sa.Column("counted", sa.JSON(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("base", sa.BigInteger(), nullable=False),
        sa.Column("excluded", sa.BigInteger(), nullable=False),
        sa.Column("rate", sa.Integer(), nullable=False),
        sa.Column("earned_before", sa.BigInteger(), nullable=False),
        sa.Column("whole", sa.BigInteger(), nullable=False),
        sa.Column("exchange", sa.BigInteger(), nullable=True),
        sa.Column("exchange_on", sa.Date(), nullable=True),
        sa.Column("booked", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("amount", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("moves", sa.Integer(), server_default="0", nullable=False),
        sa.Column("waits_until", sa.Date(), nullable=False),
        sa.Column("confirms_on", sa.Date(), nullable=True),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("policy_version", sa.String(length=40), nullable=False),
        sa.CheckConstraint("currency IN ('CHF', 'EUR')", name=op.f("ck_commissions_currency")),
        sa.CheckConstraint(
            "reason IN ('closed', 'refused', 'late', 'over', 'own', 'address', 'managed', 'excluded')",
            name=op.f("ck_commissions_reason"),
        ),
        sa.CheckConstraint(
            "(exchange IS NULL) = (exchange_on IS NULL)", name=op.f("ck_commissions_exchange")
        ),
        sa.CheckConstraint(
            "base >= 0 AND excluded >= 0 AND rate BETWEEN 0 AND 100", name=op.f("ck_commissions_factors")
        ),
        sa.CheckConstraint("booked BETWEEN 0 AND whole AND amount >= 0", name=op.f("ck_commissions_booked")),
        sa.CheckConstraint(
            "confirms_on IS NULL OR confirms_on > waits_until", name=op.f("ck_commissions_confirms")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["affiliate_accounts.id"], name=op.f("fk_commissions_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["attribution_id"], ["attributions.id"], name=op.f("fk_commissions_attribution_id")
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_commissions_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commissions")),
        sa.UniqueConstraint("order_id", name=op.f("uq_commissions_order_id")),
        sa.UniqueConstraint("public_id", name=op.f("uq_commissions_public_id")),
    )
    with op.batch_alter_table("commissions", schema=None) as batch_op:
        batch_op.create_index("ix_commissions_account", ["account_id", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_commissions_attribution_id"), ["attribution_id"], unique=False)
        batch_op.create_index("ix_commissions_payable", ["account_id", "confirms_on", "amount"], unique=False)
        batch_op.create_index("ix_commissions_placed", ["account_id", "placed_at", "amount"], unique=False)
        batch_op.create_index(
            "ix_commissions_unsettled",
            ["id"],
            unique=False,
            sqlite_where=sa.text("confirms_on IS NULL AND reason IS NULL"),
            postgresql_where=sa.text("confirms_on IS NULL AND reason IS NULL"),
        )


def downgrade() -> None:
    with op.batch_alter_table("commissions", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_commissions_unsettled",
            sqlite_where=sa.text("confirms_on IS NULL AND reason IS NULL"),
            postgresql_where=sa.text("confirms_on IS NULL AND reason IS NULL"),
        )
        batch_op.drop_index("ix_commissions_placed")
        batch_op.drop_index("ix_commissions_payable")
        batch_op.drop_index(batch_op.f("ix_commissions_attribution_id"))
        batch_op.drop_index("ix_commissions_account")

    op.drop_table("commissions")
    with op.batch_alter_table("attributions", schema=None) as batch_op:
        batch_op.drop_index("ix_attributions_verdict")
        batch_op.drop_index("ix_attributions_link")
        batch_op.drop_index("ix_attributions_account")

    op.drop_table("attributions")
    with op.batch_alter_table("payouts", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_payouts_made",
            sqlite_where=sa.text("executed_at IS NULL AND returned_at IS NULL"),
            postgresql_where=sa.text("executed_at IS NULL AND returned_at IS NULL"),
        )
        batch_op.drop_index("ix_payouts_run")

    op.drop_table("payouts")
    with op.batch_alter_table("clicks", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_clicks_at"))
        batch_op.drop_index("ix_clicks_account")

    op.drop_table("clicks")
    with op.batch_alter_table("payout_runs", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_payout_runs_open",
            sqlite_where=sa.text("sealed_at IS NULL"),
            postgresql_where=sa.text("sealed_at IS NULL"),
        )

    op.drop_table("payout_runs")
    op.drop_table("payout_preferences")
    op.drop_table("exchange_rates")
    op.drop_table("affiliate_links")
    op.drop_table("affiliate_accounts")
    with op.batch_alter_table("partner_accounts", schema=None) as batch_op:
        batch_op.drop_column("left_at")
