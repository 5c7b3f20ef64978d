"""Identity: tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import backend.infra.columns

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "account",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("openid_index", sa.String(), nullable=True),
        sa.Column("openid_sealed", sa.String(), nullable=True),
        sa.Column("username", sa.String(), nullable=True),
        sa.Column("name_sealed", sa.String(), nullable=True),
        sa.Column("phone_sealed", sa.String(), nullable=True),
        sa.Column("phone_index", sa.String(), nullable=True),
        sa.Column("password_hash", sa.String(), nullable=True),
        sa.Column("totp_sealed", sa.String(), nullable=True),
        sa.Column("totp_last_step", sa.Integer(), nullable=True),
        sa.Column("created_at", backend.infra.columns.UtcDateTime(), nullable=False),
        sa.CheckConstraint("kind IN ('resident', 'staff')", name="account_kind"),
        sa.CheckConstraint(
            "state <> 'erased' OR (openid_index IS NULL AND openid_sealed IS NULL AND name_sealed IS NULL AND phone_sealed IS NULL AND phone_index IS NULL)",
            name="account_erased",
        ),
        sa.CheckConstraint("state IN ('active', 'disabled', 'erased')", name="account_state"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "account_openid",
        "account",
        ["openid_index"],
        unique=True,
        postgresql_where=sa.text("openid_index IS NOT NULL"),
        sqlite_where=sa.text("openid_index IS NOT NULL"),
    )
    op.create_index("account_phone", "account", ["phone_index"], unique=False)
    op.create_index(
        "account_username",
        "account",
        ["username"],
        unique=True,
        postgresql_where=sa.text("username IS NOT NULL"),
        sqlite_where=sa.text("username IS NOT NULL"),
    )
    op.create_table(
        "failed_try",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("key_index", sa.String(), nullable=False),
        sa.Column("at", backend.infra.columns.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("failed_try_key", "failed_try", ["key_index", "at"], unique=False)
    op.create_table(
        "consent_record",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("notice_version", sa.String(), nullable=False),
        sa.Column("is_given", sa.Boolean(), nullable=False),
        sa.Column("at", backend.infra.columns.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("consent_record_account", "consent_record", ["account_id", "at"], unique=False)
    op.create_table(
        "login_session",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("public_id", sa.String(), nullable=False),
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("created_at", backend.infra.columns.UtcDateTime(), nullable=False),
        sa.Column("expires_at", backend.infra.columns.UtcDateTime(), nullable=False),
        sa.Column("revoked_at", backend.infra.columns.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
        ),
        sa.PrimaryKeyConstraint("token_hash"),
        sa.UniqueConstraint("public_id"),
    )
    op.create_index("login_session_account", "login_session", ["account_id"], unique=False)
    op.create_table(
        "role_grant",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("organisation_id", sa.String(), nullable=False),
        sa.Column("organisation_path", sa.String(), nullable=False),
        sa.Column("estate_id", sa.String(), nullable=True),
        sa.Column("building_id", sa.String(), nullable=True),
        sa.Column("entrance_id", sa.String(), nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("granted_by", sa.String(), nullable=False),
        sa.Column("granted_at", backend.infra.columns.UtcDateTime(), nullable=False),
        sa.Column("revoked_at", backend.infra.columns.UtcDateTime(), nullable=True),
        sa.CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name="role_grant_dates"),
        sa.CheckConstraint("granted_by <> account_id", name="role_grant_not_self"),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
        ),
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
            ["organisation_id"],
            ["organisation.id"],
        ),
        sa.ForeignKeyConstraint(["organisation_path"], ["organisation.path"], onupdate="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("role_grant_account", "role_grant", ["account_id"], unique=False)
    op.create_index("role_grant_path", "role_grant", ["organisation_path"], unique=False)
    op.create_table(
        "binding",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("dwelling_id", sa.String(), nullable=False),
        sa.Column("estate_id", sa.String(), nullable=False),
        sa.Column("building_id", sa.String(), nullable=False),
        sa.Column("relation", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("via", sa.String(), nullable=False),
        sa.Column("requested_at", backend.infra.columns.UtcDateTime(), nullable=False),
        sa.Column("effective_at", backend.infra.columns.UtcDateTime(), nullable=True),
        sa.Column("ended_at", backend.infra.columns.UtcDateTime(), nullable=True),
        sa.Column("evidence_sha256", sa.String(), nullable=True),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.CheckConstraint(
            "relation IN ('owner', 'co_owner', 'representative', 'family', 'tenant', 'public_tenant', 'proxy')",
            name="binding_relation",
        ),
        sa.CheckConstraint("state IN ('pending', 'active', 'refused', 'ended')", name="binding_state"),
        sa.CheckConstraint("via IN ('invite', 'phone', 'staff')", name="binding_via"),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
        ),
        sa.ForeignKeyConstraint(
            ["building_id"],
            ["building.id"],
        ),
        sa.ForeignKeyConstraint(
            ["dwelling_id"],
            ["dwelling.id"],
        ),
        sa.ForeignKeyConstraint(
            ["estate_id"],
            ["estate.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("binding_account", "binding", ["account_id"], unique=False)
    op.create_index("binding_dwelling", "binding", ["dwelling_id"], unique=False)
    op.create_index("binding_estate", "binding", ["estate_id", "state"], unique=False)
    op.create_index(
        "binding_one",
        "binding",
        ["account_id", "dwelling_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('pending', 'active')"),
        sqlite_where=sa.text("state IN ('pending', 'active')"),
    )
    op.create_table(
        "invite_code",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("code_index", sa.String(), nullable=False),
        sa.Column("dwelling_id", sa.String(), nullable=False),
        sa.Column("estate_id", sa.String(), nullable=False),
        sa.Column("building_id", sa.String(), nullable=False),
        sa.Column("relation", sa.String(), nullable=False),
        sa.Column("batch", sa.String(), nullable=False),
        sa.Column("issued_by", sa.String(), nullable=False),
        sa.Column("issued_at", backend.infra.columns.UtcDateTime(), nullable=False),
        sa.Column("expires_at", backend.infra.columns.UtcDateTime(), nullable=False),
        sa.Column("used_at", backend.infra.columns.UtcDateTime(), nullable=True),
        sa.Column("used_by", sa.String(), nullable=True),
        sa.Column("revoked_at", backend.infra.columns.UtcDateTime(), nullable=True),
        sa.CheckConstraint("used_at IS NULL OR revoked_at IS NULL", name="invite_code_end"),
        sa.ForeignKeyConstraint(
            ["building_id"],
            ["building.id"],
        ),
        sa.ForeignKeyConstraint(
            ["dwelling_id"],
            ["dwelling.id"],
        ),
        sa.ForeignKeyConstraint(
            ["estate_id"],
            ["estate.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("code_index"),
    )
    op.create_index("invite_code_estate", "invite_code", ["estate_id", "batch"], unique=False)
    op.create_index(
        "invite_code_one",
        "invite_code",
        ["dwelling_id", "relation"],
        unique=True,
        postgresql_where=sa.text("used_at IS NULL AND revoked_at IS NULL"),
        sqlite_where=sa.text("used_at IS NULL AND revoked_at IS NULL"),
    )


def downgrade() -> None:
    """Undo."""
    op.drop_index(
        "invite_code_one",
        table_name="invite_code",
        postgresql_where=sa.text("used_at IS NULL AND revoked_at IS NULL"),
        sqlite_where=sa.text("used_at IS NULL AND revoked_at IS NULL"),
    )
    op.drop_index("invite_code_estate", table_name="invite_code")
    op.drop_table("invite_code")
    op.drop_index(
        "binding_one",
        table_name="binding",
        postgresql_where=sa.text("state IN ('pending', 'active')"),
        sqlite_where=sa.text("state IN ('pending', 'active')"),
    )
    op.drop_index("binding_estate", table_name="binding")
    op.drop_index("binding_dwelling", table_name="binding")
    op.drop_index("binding_account", table_name="binding")
    op.drop_table("binding")
    op.drop_index("role_grant_path", table_name="role_grant")
    op.drop_index("role_grant_account", table_name="role_grant")
    op.drop_table("role_grant")
    op.drop_index("login_session_account", table_name="login_session")
    op.drop_table("login_session")
    op.drop_index("consent_record_account", table_name="consent_record")
    op.drop_table("consent_record")
    op.drop_index("failed_try_key", table_name="failed_try")
    op.drop_table("failed_try")
    op.drop_index(
        "account_username",
        table_name="account",
        postgresql_where=sa.text("username IS NOT NULL"),
        sqlite_where=sa.text("username IS NOT NULL"),
    )
    op.drop_index("account_phone", table_name="account")
    op.drop_index(
        "account_openid",
        table_name="account",
        postgresql_where=sa.text("openid_index IS NOT NULL"),
        sqlite_where=sa.text("openid_index IS NOT NULL"),
    )
    op.drop_table("account")
