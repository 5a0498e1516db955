"""The first tables.

Revision: 346b9a7d9599
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from webapp.migrations.append_only import append_only

revision = "346b9a7d9599"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "attempts",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("window", sa.BigInteger(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", "window", name=op.f("pk_attempts")),
    )
    op.create_index(op.f("ix_attempts_ends_at"), "attempts", ["ends_at"], unique=False)

    op.create_table(
        "audit_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("action", sa.String(length=60), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.Column("subject", sa.String(length=60), nullable=False),
        sa.Column("detail", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_events")),
    )
    op.create_index("ix_audit_events_subject", "audit_events", ["subject"], unique=False)

    op.create_table(
        "drafts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("result", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drafts")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_drafts_key_hash")),
    )
    op.create_index(op.f("ix_drafts_expires_at"), "drafts", ["expires_at"], unique=False)

    op.create_table(
        "job_slots",
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("slot", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_job_slots")),
    )
    op.create_table(
        "links",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("selector", sa.String(length=22), nullable=False),
        sa.Column("purpose", sa.String(length=30), nullable=False),
        sa.Column("subject", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_links")),
        sa.UniqueConstraint("selector", name=op.f("uq_links_selector")),
    )
    op.create_index("ix_links_purpose_subject", "links", ["purpose", "subject"], unique=False)

    op.create_table(
        "organisations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=26), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("individual", "company", name="kind", native_enum=False, length=20),
            nullable=False,
        ),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("street", sa.String(length=120), nullable=False),
        sa.Column("postcode", sa.String(length=12), nullable=False),
        sa.Column("city", sa.String(length=80), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("register_number", sa.String(length=30), nullable=True),
        sa.Column("vat_number", sa.String(length=30), nullable=True),
        sa.Column("invoice_note", sa.String(length=500), nullable=False),
        sa.Column("programme", sa.String(length=10), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("currency IN ('CHF', 'EUR')", name=op.f("ck_organisations_currency")),
        sa.CheckConstraint("kind IN ('individual', 'company')", name=op.f("ck_organisations_kind")),
        sa.CheckConstraint("programme IN ('partner', 'affiliate')", name=op.f("ck_organisations_programme")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisations")),
        sa.UniqueConstraint("public_id", name=op.f("uq_organisations_public_id")),
    )
    op.create_table(
        "queued_mails",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("about", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("region", sa.String(length=2), nullable=False),
        sa.Column("stop", sa.String(length=60), nullable=True),
        sa.Column("dedupe", sa.String(length=80), nullable=True),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("leased_by", sa.String(length=80), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dead_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_queued_mails")),
        sa.UniqueConstraint("dedupe", name=op.f("uq_queued_mails_dedupe")),
    )
    op.create_index("ix_queued_mails_kind_about", "queued_mails", ["kind", "about"], unique=False)
    op.create_index(
        "ix_queued_mails_waiting",
        "queued_mails",
        ["due_at", "id"],
        unique=False,
        sqlite_where=sa.text("sent_at IS NULL AND dead_at IS NULL AND cancelled_at IS NULL"),
        postgresql_where=sa.text("sent_at IS NULL AND dead_at IS NULL AND cancelled_at IS NULL"),
    )

    op.create_table(
        "revisions",
        sa.Column("name", sa.String(length=30), nullable=False),
        sa.Column("stamp", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_revisions")),
    )
    op.create_table(
        "uploads",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=26), nullable=False),
        sa.Column("filename", sa.String(length=120), nullable=False),
        sa.Column("content_type", sa.String(length=60), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("draft", sa.String(length=64), nullable=True),
        sa.Column("data", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_uploads")),
        sa.UniqueConstraint("public_id", name=op.f("uq_uploads_public_id")),
    )
    op.create_index(op.f("ix_uploads_draft"), "uploads", ["draft"], unique=False)

    op.create_table(
        "users",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=26), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("region", sa.String(length=2), nullable=False),
        sa.Column("avatar_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("operator_since", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["avatar_id"], ["uploads.id"], name=op.f("fk_users_avatar_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("email", name=op.f("uq_users_email")),
        sa.UniqueConstraint("public_id", name=op.f("uq_users_public_id")),
    )
    op.create_table(
        "applications",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=26), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("applicant_id", sa.Integer(), nullable=False),
        sa.Column("website", sa.String(length=200), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("policy_version", sa.String(length=40), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rejected_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "approved_at IS NULL OR rejected_at IS NULL", name=op.f("ck_applications_decided_once")
        ),
        sa.ForeignKeyConstraint(["applicant_id"], ["users.id"], name=op.f("fk_applications_applicant_id")),
        sa.ForeignKeyConstraint(["decided_by_id"], ["users.id"], name=op.f("fk_applications_decided_by_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_applications_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_applications")),
        sa.UniqueConstraint("public_id", name=op.f("uq_applications_public_id")),
    )
    op.create_index(
        op.f("ix_applications_organisation_id"), "applications", ["organisation_id"], unique=False
    )
    op.create_index(
        "uq_applications_waiting",
        "applications",
        ["organisation_id"],
        unique=True,
        sqlite_where=sa.text("approved_at IS NULL AND rejected_at IS NULL"),
        postgresql_where=sa.text("approved_at IS NULL AND rejected_at IS NULL"),
    )

    op.create_table(
        "colleague_invitations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=26), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column(
            "role",
            sa.Enum("collaborator", "administrator", "legal_representative", name="role", native_enum=False),
            nullable=False,
        ),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("invited_by_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "role IN ('collaborator', 'administrator', 'legal_representative')",
            name=op.f("ck_colleague_invitations_role"),
        ),
        sa.ForeignKeyConstraint(
            ["invited_by_id"], ["users.id"], name=op.f("fk_colleague_invitations_invited_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_colleague_invitations_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_colleague_invitations")),
        sa.UniqueConstraint("public_id", name=op.f("uq_colleague_invitations_public_id")),
    )
    op.create_index(
        op.f("ix_colleague_invitations_organisation_id"),
        "colleague_invitations",
        ["organisation_id"],
        unique=False,
    )
    op.create_index(
        "uq_colleague_invitations_open",
        "colleague_invitations",
        ["organisation_id", "email"],
        unique=True,
        sqlite_where=sa.text("accepted_at IS NULL AND withdrawn_at IS NULL"),
        postgresql_where=sa.text("accepted_at IS NULL AND withdrawn_at IS NULL"),
    )

    op.create_table(
        "memberships",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=26), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column(
            "role",
            sa.Enum("collaborator", "administrator", "legal_representative", name="role", native_enum=False),
            nullable=False,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "role IN ('collaborator', 'administrator', 'legal_representative')",
            name=op.f("ck_memberships_role"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_memberships_organisation_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_memberships_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_memberships")),
        sa.UniqueConstraint("public_id", name=op.f("uq_memberships_public_id")),
        sa.UniqueConstraint(
            "user_id", "organisation_id", name=op.f("uq_memberships_user_id_organisation_id")
        ),
    )
    op.create_index(op.f("ix_memberships_organisation_id"), "memberships", ["organisation_id"], unique=False)

    op.create_table(
        "tenders",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=26), nullable=False),
        sa.Column("reference", sa.String(length=12), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("title", sa.String(length=90), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("services", sa.Text(), nullable=False),
        sa.Column("reply_languages", sa.Text(), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("region", sa.String(length=8), nullable=False),
        sa.Column("start", sa.String(length=10), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("budget_least", sa.Integer(), nullable=True),
        sa.Column("budget_most", sa.Integer(), nullable=True),
        sa.Column("contact_name", sa.String(length=80), nullable=True),
        sa.Column("contact_company", sa.String(length=120), nullable=True),
        sa.Column("contact_email", sa.String(length=254), nullable=True),
        sa.Column("contact_phone", sa.String(length=30), nullable=True),
        sa.Column("validity_days", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("extended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("awarded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelling_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lapsed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("hidden_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("opening_mailed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("opening_mails", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.CheckConstraint("awarded_at IS NULL OR cancelled_at IS NULL", name=op.f("ck_tenders_one_end")),
        sa.CheckConstraint(
            "cancelled_at IS NULL OR cancelling_at IS NOT NULL", name=op.f("ck_tenders_cancelled")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_tenders_organisation_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_tenders_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tenders")),
        sa.UniqueConstraint("public_id", name=op.f("uq_tenders_public_id")),
        sa.UniqueConstraint("reference", name=op.f("uq_tenders_reference")),
    )
    op.create_index(op.f("ix_tenders_closes_at"), "tenders", ["closes_at"], unique=False)
    op.create_index(op.f("ix_tenders_organisation_id"), "tenders", ["organisation_id"], unique=False)

    op.create_table(
        "user_sessions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=26), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("kept", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("browser", sa.String(length=120), nullable=False),
        sa.Column("address", sa.String(length=45), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_user_sessions_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_sessions")),
        sa.UniqueConstraint("public_id", name=op.f("uq_user_sessions_public_id")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_user_sessions_token_hash")),
    )
    op.create_index(op.f("ix_user_sessions_user_id"), "user_sessions", ["user_id"], unique=False)

    op.create_table(
        "partner_accounts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=26), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("suspended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("volume_minor", sa.BigInteger(), nullable=True),
        sa.Column("volume_currency", sa.String(length=3), nullable=True),
        sa.Column("volume_recorded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("slug", sa.String(length=80), nullable=False),
        sa.Column("listed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("website", sa.String(length=200), nullable=False),
        sa.Column("city", sa.String(length=80), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("region", sa.String(length=8), nullable=False),
        sa.Column("services", sa.Text(), nullable=False),
        sa.Column("languages", sa.Text(), nullable=False),
        sa.Column("logo_id", sa.Integer(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("sort_name", sa.String(length=200), nullable=False),
        sa.Column("search", sa.Text(), nullable=False),
        sa.Column("tender_services", sa.Text(), nullable=False),
        sa.Column("tender_places", sa.Text(), nullable=False),
        sa.Column("tender_languages", sa.Text(), nullable=False),
        sa.Column("tender_least_budget", sa.Integer(), nullable=False),
        sa.Column("tender_mail", sa.String(length=10), nullable=False),
        sa.Column("tender_contact_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "tender_mail IN ('at_once', 'daily', 'never')", name=op.f("ck_partner_accounts_tender_mail")
        ),
        sa.CheckConstraint("tender_least_budget >= 0", name=op.f("ck_partner_accounts_tender_least_budget")),
        sa.CheckConstraint(
            "volume_minor >= 0 AND volume_currency IN ('CHF', 'EUR')", name=op.f("ck_partner_accounts_volume")
        ),
        sa.CheckConstraint(
            "(volume_minor IS NULL) = (volume_recorded_at IS NULL)"
            " AND (volume_currency IS NULL) = (volume_recorded_at IS NULL)",
            name=op.f("ck_partner_accounts_volume_whole"),
        ),
        sa.ForeignKeyConstraint(["logo_id"], ["uploads.id"], name=op.f("fk_partner_accounts_logo_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_partner_accounts_organisation_id")
        ),
        sa.ForeignKeyConstraint(
            ["tender_contact_id"],
            ["memberships.id"],
            name=op.f("fk_partner_accounts_tender_contact_id"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partner_accounts")),
        sa.UniqueConstraint("organisation_id", name=op.f("uq_partner_accounts_organisation_id")),
        sa.UniqueConstraint("public_id", name=op.f("uq_partner_accounts_public_id")),
        sa.UniqueConstraint("slug", name=op.f("uq_partner_accounts_slug")),
    )
    op.create_index(
        "ix_partner_accounts_country", "partner_accounts", ["country", "sort_name", "id"], unique=False
    )
    op.create_index(
        "ix_partner_accounts_listed",
        "partner_accounts",
        ["sort_name", "id"],
        unique=False,
        sqlite_where=sa.text("listed_at IS NOT NULL AND suspended_at IS NULL"),
        postgresql_where=sa.text("listed_at IS NOT NULL AND suspended_at IS NULL"),
    )
    op.create_index(
        "ix_partner_accounts_region", "partner_accounts", ["region", "sort_name", "id"], unique=False
    )

    op.create_table(
        "tender_files",
        sa.Column("tender_id", sa.Integer(), nullable=False),
        sa.Column("upload_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tender_id"], ["tenders.id"], name=op.f("fk_tender_files_tender_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["upload_id"], ["uploads.id"], name=op.f("fk_tender_files_upload_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tender_id", "upload_id", name=op.f("pk_tender_files")),
    )
    op.create_table(
        "listing_texts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("partner_id", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["partner_id"],
            ["partner_accounts.id"],
            name=op.f("fk_listing_texts_partner_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_listing_texts")),
        sa.UniqueConstraint("partner_id", "language", name=op.f("uq_listing_texts_partner_id_language")),
    )
    op.create_table(
        "offers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=26), nullable=False),
        sa.Column("tender_id", sa.Integer(), nullable=False),
        sa.Column("partner_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("price_least", sa.BigInteger(), nullable=False),
        sa.Column("price_most", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("pdf_id", sa.Integer(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changes", sa.Integer(), server_default="0", nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("currency IN ('CHF', 'EUR')", name=op.f("ck_offers_currency")),
        sa.CheckConstraint("0 <= price_least AND price_least <= price_most", name=op.f("ck_offers_price")),
        sa.CheckConstraint("accepted_at IS NULL OR withdrawn_at IS NULL", name=op.f("ck_offers_one_end")),
        sa.ForeignKeyConstraint(["partner_id"], ["partner_accounts.id"], name=op.f("fk_offers_partner_id")),
        sa.ForeignKeyConstraint(["pdf_id"], ["uploads.id"], name=op.f("fk_offers_pdf_id")),
        sa.ForeignKeyConstraint(["tender_id"], ["tenders.id"], name=op.f("fk_offers_tender_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_offers_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offers")),
        sa.UniqueConstraint("public_id", name=op.f("uq_offers_public_id")),
        sa.UniqueConstraint("tender_id", "partner_id", name=op.f("uq_offers_tender_id_partner_id")),
    )
    op.create_index(op.f("ix_offers_partner_id"), "offers", ["partner_id"], unique=False)
    op.create_index(
        "uq_offers_accepted",
        "offers",
        ["tender_id"],
        unique=True,
        sqlite_where=sa.text("accepted_at IS NOT NULL"),
        postgresql_where=sa.text("accepted_at IS NOT NULL"),
    )

    op.create_table(
        "tender_openings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("tender_id", sa.Integer(), nullable=False),
        sa.Column("partner_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["partner_id"], ["partner_accounts.id"], name=op.f("fk_tender_openings_partner_id")
        ),
        sa.ForeignKeyConstraint(["tender_id"], ["tenders.id"], name=op.f("fk_tender_openings_tender_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_tender_openings_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tender_openings")),
        sa.UniqueConstraint("tender_id", "partner_id", name=op.f("uq_tender_openings_tender_id_partner_id")),
    )
    op.create_index(op.f("ix_tender_openings_partner_id"), "tender_openings", ["partner_id"], unique=False)

    op.create_table(
        "tender_recipients",
        sa.Column("tender_id", sa.Integer(), nullable=False),
        sa.Column("partner_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.Boolean(), nullable=False),
        sa.Column("digested_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dismissed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dismissal", sa.String(length=20), nullable=True),
        sa.ForeignKeyConstraint(
            ["partner_id"], ["partner_accounts.id"], name=op.f("fk_tender_recipients_partner_id")
        ),
        sa.ForeignKeyConstraint(["tender_id"], ["tenders.id"], name=op.f("fk_tender_recipients_tender_id")),
        sa.PrimaryKeyConstraint("tender_id", "partner_id", name=op.f("pk_tender_recipients")),
    )
    op.create_index("ix_tender_recipients_partner", "tender_recipients", ["partner_id", "tender_id"])
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
        )
    append_only("audit_events")


def downgrade() -> None:
    for table in (
        "tender_recipients",
        "tender_openings",
        "offers",
        "listing_texts",
        "tender_files",
        "partner_accounts",
        "user_sessions",
        "tenders",
        "memberships",
        "colleague_invitations",
        "applications",
        "users",
        "uploads",
        "revisions",
        "queued_mails",
        "organisations",
        "links",
        "job_slots",
        "drafts",
        "audit_events",
        "attempts",
    ):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_change")
