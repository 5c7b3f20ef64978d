"""Registry: tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import backend.infra.columns

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "organisation",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("parent_id", sa.String(), nullable=True),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('province', 'city', 'county', 'town', 'community')", name="organisation_kind"
        ),
        sa.ForeignKeyConstraint(
            ["parent_id"],
            ["organisation.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("parent_id", "code", name="organisation_code"),
    )
    op.create_index("organisation_path", "organisation", ["path"], unique=True)
    op.create_table(
        "estate",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("organisation_id", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=True),
        sa.Column("built_year", sa.Integer(), nullable=True),
        sa.Column("floor_area_centi", sa.BigInteger(), nullable=True),
        sa.Column("estate_type", sa.String(), nullable=True),
        sa.Column("is_dangerous", sa.Boolean(), nullable=False),
        sa.Column("is_shantytown_plan", sa.Boolean(), nullable=False),
        sa.Column("is_self_built", sa.Boolean(), nullable=False),
        sa.Column("is_synthetic", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", backend.infra.columns.UtcDateTime(), nullable=False),
        sa.CheckConstraint("floor_area_centi IS NULL OR floor_area_centi > 0", name="estate_area"),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("organisation_id", "code", name="estate_code"),
    )
    op.create_index(op.f("ix_estate_organisation_id"), "estate", ["organisation_id"], unique=False)
    op.create_table(
        "building",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("estate_id", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("built_year", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["estate_id"],
            ["estate.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("estate_id", "code", name="building_code"),
    )
    op.create_table(
        "import_run",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("organisation_id", sa.String(), nullable=False),
        sa.Column("estate_id", sa.String(), nullable=True),
        sa.Column("file_sha256", sa.String(), nullable=False),
        sa.Column("file_name", sa.String(), nullable=False),
        sa.Column("is_dry_run", sa.Boolean(), nullable=False),
        sa.Column("removes_missing", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("progress_done", sa.Integer(), nullable=False),
        sa.Column("progress_total", sa.Integer(), nullable=False),
        sa.Column("report", backend.infra.columns.JsonText(), nullable=True),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("idempotency_key", sa.String(), nullable=False),
        sa.Column("created_at", backend.infra.columns.UtcDateTime(), nullable=False),
        sa.Column("claimed_at", backend.infra.columns.UtcDateTime(), nullable=True),
        sa.Column("finished_at", backend.infra.columns.UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "state IN ('queued', 'running', 'done', 'refused', 'failed')", name="import_run_state"
        ),
        sa.ForeignKeyConstraint(
            ["estate_id"],
            ["estate.id"],
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("created_by", "idempotency_key", name="import_run_idempotency"),
    )
    op.create_index("import_run_organisation", "import_run", ["organisation_id", "created_at"], unique=False)
    op.create_table(
        "owner",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("estate_id", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name_sealed", sa.String(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('person', 'co_owners', 'property_unit', 'organisation', 'developer_stock')",
            name="owner_kind",
        ),
        sa.ForeignKeyConstraint(
            ["estate_id"],
            ["estate.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("estate_id", "key", name="owner_key"),
    )
    op.create_table(
        "roll_display",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("estate_id", sa.String(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("opened_by", sa.String(), nullable=False),
        sa.Column("opened_at", backend.infra.columns.UtcDateTime(), nullable=False),
        sa.CheckConstraint("ends_on >= starts_on", name="roll_display_dates"),
        sa.ForeignKeyConstraint(
            ["estate_id"],
            ["estate.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("roll_display_estate", "roll_display", ["estate_id"], unique=False)
    op.create_table(
        "entrance",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("building_id", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["building_id"],
            ["building.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("building_id", "code", name="entrance_code"),
    )
    op.create_table(
        "owner_member",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("owner_id", sa.String(), nullable=False),
        sa.Column("name_sealed", sa.String(), nullable=False),
        sa.Column("phone_sealed", sa.String(), nullable=True),
        sa.Column("phone_index", sa.String(), nullable=True),
        sa.Column("is_representative", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["owner_id"],
            ["owner.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("owner_member_owner", "owner_member", ["owner_id"], unique=False)
    op.create_index("owner_member_phone", "owner_member", ["phone_index"], unique=False)
    op.create_table(
        "dwelling",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("estate_id", sa.String(), nullable=False),
        sa.Column("building_id", sa.String(), nullable=False),
        sa.Column("entrance_id", sa.String(), nullable=True),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("use", sa.String(), nullable=False),
        sa.Column("exclusive_area_centi", sa.BigInteger(), nullable=False),
        sa.Column("area_source", sa.String(), nullable=False),
        sa.Column("is_household", sa.Boolean(), nullable=False),
        sa.Column("owner_id", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.CheckConstraint(
            "area_source IN ('registration', 'survey', 'contract')", name="dwelling_area_source"
        ),
        sa.CheckConstraint("state IN ('active', 'removed')", name="dwelling_state"),
        sa.CheckConstraint(
            "use IN ('residential', 'shop', 'office', 'parking', 'other')", name="dwelling_use"
        ),
        sa.CheckConstraint("exclusive_area_centi > 0", name="dwelling_area"),
        sa.ForeignKeyConstraint(
            ["building_id"],
            ["building.id"],
        ),
        sa.ForeignKeyConstraint(
            ["entrance_id"],
            ["entrance.id"],
        ),
        sa.ForeignKeyConstraint(
            ["estate_id"],
            ["estate.id"],
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"],
            ["owner.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("estate_id", "building_id", "entrance_id", "code", name="dwelling_code"),
        sa.UniqueConstraint("estate_id", "key", name="dwelling_key"),
    )
    op.create_index("dwelling_building", "dwelling", ["building_id"], unique=False)
    op.create_index("dwelling_owner", "dwelling", ["owner_id"], unique=False)
    op.create_table(
        "tenant",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("dwelling_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name_sealed", sa.String(), nullable=False),
        sa.Column("phone_sealed", sa.String(), nullable=True),
        sa.Column("phone_index", sa.String(), nullable=True),
        sa.CheckConstraint("kind IN ('family', 'tenant', 'public')", name="tenant_kind"),
        sa.ForeignKeyConstraint(
            ["dwelling_id"],
            ["dwelling.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("tenant_dwelling", "tenant", ["dwelling_id"], unique=False)
    op.create_index("tenant_phone", "tenant", ["phone_index"], unique=False)


def downgrade() -> None:
    """Undo."""
    op.drop_index("tenant_phone", table_name="tenant")
    op.drop_index("tenant_dwelling", table_name="tenant")
    op.drop_table("tenant")
    op.drop_index("dwelling_owner", table_name="dwelling")
    op.drop_index("dwelling_building", table_name="dwelling")
    op.drop_table("dwelling")
    op.drop_index("owner_member_phone", table_name="owner_member")
    op.drop_index("owner_member_owner", table_name="owner_member")
    op.drop_table("owner_member")
    op.drop_table("entrance")
    op.drop_index("roll_display_estate", table_name="roll_display")
    op.drop_table("roll_display")
    op.drop_table("owner")
    op.drop_index("import_run_organisation", table_name="import_run")
    op.drop_table("import_run")
    op.drop_table("building")
    op.drop_index(op.f("ix_estate_organisation_id"), table_name="estate")
    op.drop_table("estate")
    op.drop_index("organisation_path", table_name="organisation")
    op.drop_table("organisation")
