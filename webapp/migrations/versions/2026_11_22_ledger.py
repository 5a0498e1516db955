"""The ledger.

Revision: 5d1f0a6c2e01, after 42a23364b53f
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from webapp.migrations.append_only import append_only

revision = "5d1f0a6c2e01"
down_revision = "42a23364b53f"
branch_labels = None
depends_on = None

KINDS = (
    "prepaid", "receivable", "debt", "withdrawals", "earnings",
    "bank", "clearing", "suspense", "revenue", "vat", "cashback", "commissions", "payouts", "exchange",
)  # fmt: skip
CAUSES = (
    "order_charged", "order_vat", "order_paid", "order_excess", "order_reversed", "order_vat_reversed",
    "order_returned", "cashback_earned", "cashback_taken_back", "debt_settled", "transfer_received",
    "transfer_assigned", "transfer_sent_back", "topped_up", "withdrawal_requested", "withdrawal_paid",
    "withdrawal_refused", "commission_earned", "commission_reduced", "payout_made", "payout_executed",
    "payout_returned", "converted",
)  # fmt: skip

# Each entry continues its account's chain and says what its transfer says.
GAP = "NEW.seq <> coalesce((SELECT max(seq) FROM entries WHERE account_id = NEW.account_id), 0) + 1"
PREVIOUS = "FROM entries WHERE account_id = NEW.account_id AND seq = NEW.seq - 1"
BALANCE = f"NEW.balance <> coalesce((SELECT balance {PREVIOUS}), 0) + NEW.amount"
TIME = f"NEW.at < (SELECT at {PREVIOUS})"
TRANSFER = (
    "NOT EXISTS (SELECT 1 FROM transfers t JOIN ledger_accounts a ON a.id = NEW.account_id "
    "WHERE t.id = NEW.transfer_id AND t.at = NEW.at "
    "AND NEW.floored = (a.kind IN ('prepaid', 'withdrawals')) "
    "AND ((t.credit_id = a.id AND NEW.amount = t.amount) OR (t.debit_id = a.id AND NEW.amount = -t.amount)))"
)
REFUSALS = (
    (GAP, "the numbers of an account have no gap"),
    (BALANCE, "a balance is the one before and the amount"),
    (TIME, "time does not run back"),
    (TRANSFER, "an entry says what its transfer says"),
)
TABLES = ("entries", "transfers", "ledger_accounts")


def _codes(*codes: str) -> str:
    return ", ".join(f"'{code}'" for code in codes)


def upgrade() -> None:
    op.create_table(
        "ledger_accounts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=26), nullable=False),
        sa.Column("kind", sa.Enum(*KINDS, name="accountkind", native_enum=False, length=20), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(f"kind IN ({_codes(*KINDS)})", name=op.f("ck_ledger_accounts_kind")),
        sa.CheckConstraint("currency IN ('CHF', 'EUR')", name=op.f("ck_ledger_accounts_currency")),
        sa.CheckConstraint(
            "(organisation_id IS NOT NULL) = (kind IN"
            " ('prepaid', 'receivable', 'debt', 'withdrawals', 'earnings'))",
            name=op.f("ck_ledger_accounts_whose"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_ledger_accounts_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_accounts")),
        sa.UniqueConstraint("id", "currency", name=op.f("uq_ledger_accounts_id_currency")),
        sa.UniqueConstraint(
            "organisation_id",
            "kind",
            "currency",
            name=op.f("uq_ledger_accounts_organisation_id_kind_currency"),
        ),
        sa.UniqueConstraint("public_id", name=op.f("uq_ledger_accounts_public_id")),
    )
    op.create_index(
        "uq_ledger_accounts_operator", "ledger_accounts", ["kind", "currency"], unique=True,
        sqlite_where=sa.text("organisation_id IS NULL"), postgresql_where=sa.text("organisation_id IS NULL"),
    )  # fmt: skip

    op.create_table(
        "transfers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=26), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("debit_id", sa.Integer(), nullable=False),
        sa.Column("credit_id", sa.Integer(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("cause", sa.Enum(*CAUSES, name="cause", native_enum=False, length=20), nullable=False),
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("subject", sa.String(length=60), nullable=False),
        sa.Column("reference", sa.String(length=40), nullable=False),
        sa.Column("policy_version", sa.String(length=40), nullable=False),
        sa.Column("rate", sa.BigInteger(), nullable=True),
        sa.Column("rate_on", sa.Date(), nullable=True),
        sa.CheckConstraint(f"cause IN ({_codes(*CAUSES)})", name=op.f("ck_transfers_cause")),
        sa.CheckConstraint(
            "amount > 0 AND amount = CAST(amount AS BIGINT)", name=op.f("ck_transfers_amount")
        ),
        sa.CheckConstraint("debit_id <> credit_id", name=op.f("ck_transfers_two_accounts")),
        sa.CheckConstraint(
            "(cause = 'converted') = (rate IS NOT NULL) AND (rate IS NULL) = (rate_on IS NULL)",
            name=op.f("ck_transfers_rate"),
        ),
        sa.CheckConstraint("rate > 0", name=op.f("ck_transfers_rate_above_zero")),
        sa.ForeignKeyConstraint(
            ["debit_id", "currency"],
            ["ledger_accounts.id", "ledger_accounts.currency"],
            name="fk_transfers_debit",
        ),
        sa.ForeignKeyConstraint(
            ["credit_id", "currency"],
            ["ledger_accounts.id", "ledger_accounts.currency"],
            name="fk_transfers_credit",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transfers")),
        sa.UniqueConstraint("key", name=op.f("uq_transfers_key")),
        sa.UniqueConstraint("public_id", name=op.f("uq_transfers_public_id")),
    )
    op.create_index(op.f("ix_transfers_subject"), "transfers", ["subject"], unique=False)

    op.create_table(
        "entries",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("transfer_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("balance", sa.BigInteger(), nullable=False),
        sa.Column("floored", sa.Boolean(), nullable=False),
        sa.CheckConstraint("NOT floored OR balance >= 0", name=op.f("ck_entries_floor")),
        sa.ForeignKeyConstraint(["account_id"], ["ledger_accounts.id"], name=op.f("fk_entries_account_id")),
        sa.ForeignKeyConstraint(["transfer_id"], ["transfers.id"], name=op.f("fk_entries_transfer_id")),
        sa.PrimaryKeyConstraint("account_id", "seq", name=op.f("pk_entries")),
        sa.UniqueConstraint("transfer_id", "account_id", name=op.f("uq_entries_transfer_id_account_id")),
    )
    op.create_index("ix_entries_at", "entries", ["account_id", "at", "seq"], unique=False)
    for table in TABLES:
        append_only(table)
    _chained()


def _chained() -> None:
    """Both databases refuse an entry that does not follow."""
    if op.get_bind().dialect.name == "sqlite":
        checks = " ".join(f"SELECT RAISE(ABORT, 'entries: {why}') WHERE {wrong};" for wrong, why in REFUSALS)
        op.execute(f"CREATE TRIGGER entries_chained BEFORE INSERT ON entries BEGIN {checks} END")
        return
    checks = " ".join(f"IF {wrong} THEN RAISE EXCEPTION 'entries: {why}'; END IF;" for wrong, why in REFUSALS)
    op.execute(
        "CREATE FUNCTION refuse_broken_chain() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN {checks} RETURN NEW; END $$"
    )
    op.execute(
        "CREATE TRIGGER entries_chained BEFORE INSERT ON entries "
        "FOR EACH ROW EXECUTE FUNCTION refuse_broken_chain()"
    )


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_broken_chain")
