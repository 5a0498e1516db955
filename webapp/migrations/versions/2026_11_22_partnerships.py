"""Products, partnerships and invitations.

Revision: 42a23364b53f, after 346b9a7d9599
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "42a23364b53f"
down_revision = "346b9a7d9599"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "uq_partner_accounts_id_organisation_id", "partner_accounts", ["id", "organisation_id"], unique=True
    )
    op.create_table(
        "plans",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=26), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column(
            "family",
            sa.Enum("web", "mail", "cloud", "domain", "other", name="family", native_enum=False, length=20),
            nullable=False,
        ),
        sa.Column("name_en", sa.String(length=80), nullable=False),
        sa.Column("name_fr", sa.String(length=80), nullable=False),
        sa.Column("name_de", sa.String(length=80), nullable=False),
        sa.Column(
            "period", sa.Enum("month", "year", name="period", native_enum=False, length=20), nullable=False
        ),
        sa.Column("price_chf", sa.BigInteger(), nullable=False),
        sa.Column("price_eur", sa.BigInteger(), nullable=False),
        sa.Column("discount", sa.Integer(), nullable=False),
        sa.Column("sliding", sa.Boolean(), nullable=False),
        sa.Column("affiliates", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "family IN ('web', 'mail', 'cloud', 'domain', 'other')", name=op.f("ck_plans_family")
        ),
        sa.CheckConstraint("period IN ('month', 'year')", name=op.f("ck_plans_period")),
        sa.CheckConstraint("discount BETWEEN 0 AND 100", name=op.f("ck_plans_discount")),
        sa.CheckConstraint("price_chf >= 0 AND price_eur >= 0", name=op.f("ck_plans_prices")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plans")),
        sa.UniqueConstraint("code", name=op.f("uq_plans_code")),
        sa.UniqueConstraint("public_id", name=op.f("uq_plans_public_id")),
    )
    op.create_table(
        "products",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=26), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("family_rank", sa.Integer(), nullable=False),
        sa.Column("sort_label", sa.String(length=240), nullable=False),
        sa.Column("label", sa.String(length=120), nullable=False),
        sa.Column("started_on", sa.Date(), nullable=False),
        sa.Column("renews_on", sa.Date(), nullable=False),
        sa.Column("auto_renew", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_products_organisation_id")
        ),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"], name=op.f("fk_products_plan_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_products")),
        sa.UniqueConstraint("id", "organisation_id", name=op.f("uq_products_id_organisation_id")),
        sa.UniqueConstraint("public_id", name=op.f("uq_products_public_id")),
    )
    op.create_index(
        "ix_products_listed",
        "products",
        ["organisation_id", "ended_at", "family_rank", "sort_label", "id"],
        unique=False,
    )
    op.create_index(op.f("ix_products_plan_id"), "products", ["plan_id"], unique=False)

    op.create_table(
        "tags",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=26), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=24), nullable=False),
        sa.Column("sort_name", sa.String(length=48), nullable=False),
        sa.Column(
            "colour",
            sa.Enum(
                "grey",
                "red",
                "orange",
                "yellow",
                "green",
                "teal",
                "blue",
                "violet",
                name="colour",
                native_enum=False,
                length=20,
            ),
            nullable=False,
        ),
        sa.CheckConstraint(
            "colour IN ('grey', 'red', 'orange', 'yellow', 'green', 'teal', 'blue', 'violet')",
            name=op.f("ck_tags_colour"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_tags_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tags")),
        sa.UniqueConstraint("id", "organisation_id", name=op.f("uq_tags_id_organisation_id")),
        sa.UniqueConstraint("organisation_id", "sort_name", name=op.f("uq_tags_organisation_id_sort_name")),
        sa.UniqueConstraint("public_id", name=op.f("uq_tags_public_id")),
    )
    op.create_table(
        "product_settings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=26), nullable=False),
        sa.Column("product_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("value", sa.String(length=500), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["product_id"], ["products.id"], name=op.f("fk_product_settings_product_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product_settings")),
        sa.UniqueConstraint("product_id", "name", name=op.f("uq_product_settings_product_id_name")),
        sa.UniqueConstraint("public_id", name=op.f("uq_product_settings_public_id")),
    )
    op.create_table(
        "product_tags",
        sa.Column("product_id", sa.Integer(), nullable=False),
        sa.Column("tag_id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["product_id", "organisation_id"],
            ["products.id", "products.organisation_id"],
            name="fk_product_tags_product",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tag_id", "organisation_id"],
            ["tags.id", "tags.organisation_id"],
            name="fk_product_tags_tag",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("product_id", "tag_id", name=op.f("pk_product_tags")),
    )
    op.create_index("ix_product_tags_tag_id", "product_tags", ["tag_id"], unique=False)

    op.create_table(
        "usage",
        sa.Column("product_id", sa.Integer(), nullable=False),
        sa.Column(
            "metric",
            sa.Enum(
                "visits", "transfer", "messages", "cpu_hours", name="metric", native_enum=False, length=20
            ),
            nullable=False,
        ),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "metric IN ('visits', 'transfer', 'messages', 'cpu_hours')", name=op.f("ck_usage_metric")
        ),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_usage_amount")),
        sa.ForeignKeyConstraint(
            ["product_id"], ["products.id"], name=op.f("fk_usage_product_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("product_id", "metric", "day", name=op.f("pk_usage")),
    )
    op.create_table(
        "partnerships",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=26), nullable=False),
        sa.Column("client_id", sa.Integer(), nullable=False),
        sa.Column("partner_id", sa.Integer(), nullable=False),
        sa.Column("partner_organisation_id", sa.Integer(), nullable=False),
        sa.Column("client_sort_name", sa.String(length=240), server_default="", nullable=False),
        sa.Column(
            "access", sa.Enum("limited", "full", name="access", native_enum=False, length=20), nullable=False
        ),
        sa.Column(
            "payer", sa.Enum("client", "partner", name="payer", native_enum=False, length=20), nullable=False
        ),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "ended_by_side",
            sa.Enum("client", "partner", "operator", name="side", native_enum=False, length=20),
            nullable=True,
        ),
        sa.CheckConstraint(
            "access = 'full' OR payer = 'client'", name=op.f("ck_partnerships_limited_is_paid_by_client")
        ),
        sa.CheckConstraint("access IN ('limited', 'full')", name=op.f("ck_partnerships_access")),
        sa.CheckConstraint("payer IN ('client', 'partner')", name=op.f("ck_partnerships_payer")),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (ended_by_side IS NULL)", name=op.f("ck_partnerships_ended_whole")
        ),
        sa.CheckConstraint(
            "client_id <> partner_organisation_id", name=op.f("ck_partnerships_two_organisations")
        ),
        sa.ForeignKeyConstraint(["changed_by_id"], ["users.id"], name=op.f("fk_partnerships_changed_by_id")),
        sa.ForeignKeyConstraint(["client_id"], ["organisations.id"], name=op.f("fk_partnerships_client_id")),
        sa.ForeignKeyConstraint(
            ["partner_id", "partner_organisation_id"],
            ["partner_accounts.id", "partner_accounts.organisation_id"],
            name="fk_partnerships_partner",
        ),
        sa.ForeignKeyConstraint(
            ["partner_id"], ["partner_accounts.id"], name=op.f("fk_partnerships_partner_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partnerships")),
        sa.UniqueConstraint("id", "client_id", name=op.f("uq_partnerships_id_client_id")),
        sa.UniqueConstraint("public_id", name=op.f("uq_partnerships_public_id")),
    )
    op.create_index("ix_partnerships_client", "partnerships", ["client_id", "ended_at", "id"], unique=False)
    op.create_index(
        "ix_partnerships_clients",
        "partnerships",
        ["partner_id", "client_sort_name", "id"],
        unique=False,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index("ix_partnerships_partner", "partnerships", ["partner_id", "ended_at", "id"], unique=False)
    op.create_index(
        "uq_partnerships_full",
        "partnerships",
        ["client_id"],
        unique=True,
        sqlite_where=sa.text("access = 'full' AND ended_at IS NULL"),
        postgresql_where=sa.text("access = 'full' AND ended_at IS NULL"),
    )
    op.create_index(
        "uq_partnerships_pair",
        "partnerships",
        ["client_id", "partner_id"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )

    op.create_table(
        "assignments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("partnership_id", sa.Integer(), nullable=False),
        sa.Column("membership_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["membership_id"],
            ["memberships.id"],
            name=op.f("fk_assignments_membership_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["partnership_id"], ["partnerships.id"], name=op.f("fk_assignments_partnership_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignments")),
        sa.UniqueConstraint(
            "partnership_id", "membership_id", name=op.f("uq_assignments_partnership_id_membership_id")
        ),
    )
    op.create_index(op.f("ix_assignments_membership_id"), "assignments", ["membership_id"], unique=False)

    op.create_table(
        "invitations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=26), nullable=False),
        sa.Column(
            "direction",
            sa.Enum("to_partner", "to_client", name="direction", native_enum=False, length=20),
            nullable=False,
        ),
        sa.Column("client_id", sa.Integer(), nullable=True),
        sa.Column("partner_id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column(
            "access", sa.Enum("limited", "full", name="access", native_enum=False, length=20), nullable=False
        ),
        sa.Column(
            "payer", sa.Enum("client", "partner", name="payer", native_enum=False, length=20), nullable=False
        ),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("invited_by_id", sa.Integer(), nullable=False),
        sa.Column("answered_by_id", sa.Integer(), nullable=True),
        sa.Column("partnership_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(direction = 'to_client') = (email IS NOT NULL)", name=op.f("ck_invitations_addressee")
        ),
        sa.CheckConstraint(
            "access = 'full' OR payer = 'client'", name=op.f("ck_invitations_limited_is_paid_by_client")
        ),
        sa.CheckConstraint("access IN ('limited', 'full')", name=op.f("ck_invitations_access")),
        sa.CheckConstraint(
            "direction = 'to_client' OR client_id IS NOT NULL", name=op.f("ck_invitations_client_known")
        ),
        sa.CheckConstraint("direction IN ('to_partner', 'to_client')", name=op.f("ck_invitations_direction")),
        sa.CheckConstraint("payer IN ('client', 'partner')", name=op.f("ck_invitations_payer")),
        sa.CheckConstraint(
            "(accepted_at IS NULL OR refused_at IS NULL) AND (accepted_at IS NULL OR deleted_at IS NULL)"
            " AND (refused_at IS NULL OR deleted_at IS NULL)",
            name=op.f("ck_invitations_ends_once"),
        ),
        sa.CheckConstraint(
            "(accepted_at IS NULL) = (partnership_id IS NULL)", name=op.f("ck_invitations_accepted_whole")
        ),
        sa.ForeignKeyConstraint(["answered_by_id"], ["users.id"], name=op.f("fk_invitations_answered_by_id")),
        sa.ForeignKeyConstraint(["client_id"], ["organisations.id"], name=op.f("fk_invitations_client_id")),
        sa.ForeignKeyConstraint(["invited_by_id"], ["users.id"], name=op.f("fk_invitations_invited_by_id")),
        sa.ForeignKeyConstraint(
            ["partner_id"], ["partner_accounts.id"], name=op.f("fk_invitations_partner_id")
        ),
        sa.ForeignKeyConstraint(
            ["partnership_id"], ["partnerships.id"], name=op.f("fk_invitations_partnership_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitations")),
        sa.UniqueConstraint("public_id", name=op.f("uq_invitations_public_id")),
    )
    op.create_index(op.f("ix_invitations_expires_at"), "invitations", ["expires_at"], unique=False)
    op.create_index(op.f("ix_invitations_partner_id"), "invitations", ["partner_id"], unique=False)
    op.create_index(
        "uq_invitations_to_client",
        "invitations",
        ["partner_id", "email"],
        unique=True,
        sqlite_where=sa.text(
            "direction = 'to_client' AND accepted_at IS NULL AND refused_at IS NULL AND deleted_at IS NULL"
        ),
        postgresql_where=sa.text(
            "direction = 'to_client' AND accepted_at IS NULL AND refused_at IS NULL AND deleted_at IS NULL"
        ),
    )
    op.create_index(
        "uq_invitations_to_partner",
        "invitations",
        ["client_id", "partner_id"],
        unique=True,
        sqlite_where=sa.text(
            "direction = 'to_partner' AND accepted_at IS NULL AND refused_at IS NULL AND deleted_at IS NULL"
        ),
        postgresql_where=sa.text(
            "direction = 'to_partner' AND accepted_at IS NULL AND refused_at IS NULL AND deleted_at IS NULL"
        ),
    )

    op.create_table(
        "partnership_changes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("partnership_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "side",
            sa.Enum("client", "partner", "operator", name="side", native_enum=False, length=20),
            nullable=False,
        ),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("what", sa.String(length=20), nullable=False),
        sa.Column("detail", sa.String(length=40), nullable=False),
        sa.CheckConstraint(
            "side IN ('client', 'partner', 'operator')", name=op.f("ck_partnership_changes_side")
        ),
        sa.ForeignKeyConstraint(
            ["partnership_id"], ["partnerships.id"], name=op.f("fk_partnership_changes_partnership_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["users.id"], name=op.f("fk_partnership_changes_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partnership_changes")),
    )
    op.create_index(
        op.f("ix_partnership_changes_partnership_id"), "partnership_changes", ["partnership_id"], unique=False
    )

    op.create_table(
        "product_grants",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("partnership_id", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.Integer(), nullable=False),
        sa.Column("client_id", sa.Integer(), nullable=False),
        sa.Column("technical", sa.Boolean(), nullable=False),
        sa.Column("statistical", sa.Boolean(), nullable=False),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("technical OR statistical", name=op.f("ck_product_grants_some_right")),
        sa.ForeignKeyConstraint(
            ["partnership_id", "client_id"],
            ["partnerships.id", "partnerships.client_id"],
            name="fk_product_grants_partnership",
        ),
        sa.ForeignKeyConstraint(
            ["product_id", "client_id"],
            ["products.id", "products.organisation_id"],
            name="fk_product_grants_product",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product_grants")),
    )
    op.create_index(
        "ix_product_grants_partnership", "product_grants", ["partnership_id", "ended_at"], unique=False
    )
    op.create_index(
        "uq_product_grants_product",
        "product_grants",
        ["product_id"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )

    op.create_table(
        "asked_rights",
        sa.Column("invitation_id", sa.Integer(), nullable=False),
        sa.Column(
            "family",
            sa.Enum("web", "mail", "cloud", "domain", "other", name="family", native_enum=False, length=20),
            nullable=False,
        ),
        sa.Column("technical", sa.Boolean(), nullable=False),
        sa.Column("statistical", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "family IN ('web', 'mail', 'cloud', 'domain', 'other')", name=op.f("ck_asked_rights_family")
        ),
        sa.CheckConstraint("technical OR statistical", name=op.f("ck_asked_rights_some_right")),
        sa.ForeignKeyConstraint(
            ["invitation_id"],
            ["invitations.id"],
            name=op.f("fk_asked_rights_invitation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("invitation_id", "family", name=op.f("pk_asked_rights")),
    )
    op.create_table(
        "offered_products",
        sa.Column("invitation_id", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.Integer(), nullable=False),
        sa.Column("technical", sa.Boolean(), nullable=False),
        sa.Column("statistical", sa.Boolean(), nullable=False),
        sa.CheckConstraint("technical OR statistical", name=op.f("ck_offered_products_some_right")),
        sa.ForeignKeyConstraint(
            ["invitation_id"],
            ["invitations.id"],
            name=op.f("fk_offered_products_invitation_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name=op.f("fk_offered_products_product_id")),
        sa.PrimaryKeyConstraint("invitation_id", "product_id", name=op.f("pk_offered_products")),
    )
    op.create_table(
        "right_changes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("change_id", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.Integer(), nullable=False),
        sa.Column(
            "right",
            sa.Enum("technical", "statistical", name="right", native_enum=False, length=20),
            nullable=False,
        ),
        sa.Column("label", sa.String(length=120), nullable=False),
        sa.Column("given", sa.Boolean(), nullable=False),
        sa.CheckConstraint("\"right\" IN ('technical', 'statistical')", name=op.f("ck_right_changes_right")),
        sa.ForeignKeyConstraint(
            ["change_id"], ["partnership_changes.id"], name=op.f("fk_right_changes_change_id")
        ),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name=op.f("fk_right_changes_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_right_changes")),
    )
    op.create_index(op.f("ix_right_changes_change_id"), "right_changes", ["change_id"], unique=False)
    op.create_index(op.f("ix_right_changes_product_id"), "right_changes", ["product_id"], unique=False)

    op.add_column("user_sessions", sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True))

    op.add_column("users", sa.Column("first_page", sa.String(length=300), nullable=True))


def downgrade() -> None:
    op.drop_column("users", "first_page")
    op.drop_column("user_sessions", "confirmed_at")
    op.drop_table("right_changes")
    op.drop_table("offered_products")
    op.drop_table("asked_rights")
    op.drop_table("product_grants")
    op.drop_table("partnership_changes")
    op.drop_table("invitations")
    op.drop_table("assignments")
    op.drop_table("partnerships")
    op.drop_table("usage")
    op.drop_table("product_tags")
    op.drop_table("product_settings")
    op.drop_table("tags")
    op.drop_table("products")
    op.drop_table("plans")
    op.drop_index("uq_partner_accounts_id_organisation_id", table_name="partner_accounts")
