"""Notifications: tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import backend.infra.columns

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "channel_state",
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("paused_until", backend.infra.columns.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("channel"),
    )
    op.create_table(
        "event_cursor",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("leaf_no", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "message",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("occasion", sa.String(), nullable=False),
        sa.Column("ballot_id", sa.String(), nullable=True),
        sa.Column("organisation_id", sa.String(), nullable=True),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("payload", backend.infra.columns.JsonText(), nullable=False),
        sa.Column("page", sa.String(), nullable=False),
        sa.Column("route", sa.String(), nullable=False),
        sa.Column("is_urgent", sa.Boolean(), nullable=False),
        sa.Column("is_reminder", sa.Boolean(), nullable=False),
        sa.Column("to_doorstep", sa.Boolean(), nullable=False),
        sa.Column("quiet_from", sa.Integer(), nullable=False),
        sa.Column("quiet_until", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("is_enqueued", sa.Boolean(), nullable=False),
        sa.Column("created_at", backend.infra.columns.UtcDateTime(), nullable=False),
        sa.Column("expires_at", backend.infra.columns.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("topic", "kind", "occasion", name="message_once"),
    )
    op.create_table(
        "message_template",
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("template_id", sa.String(), nullable=False),
        sa.Column("fields", backend.infra.columns.JsonText(), nullable=False),
        sa.CheckConstraint(
            "channel IN ('subscribe', 'official_account', 'sms')", name="message_template_channel"
        ),
        sa.PrimaryKeyConstraint("channel", "purpose"),
    )
    op.create_table(
        "consent_balance",
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("remaining", sa.Integer(), nullable=False),
        sa.CheckConstraint("remaining BETWEEN 0 AND 100", name="consent_balance_range"),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
        ),
        sa.PrimaryKeyConstraint("account_id", "purpose"),
    )
    op.create_table(
        "consent_grant",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("client_key", sa.String(), nullable=True),
        sa.Column("callback_key", sa.String(), nullable=True),
        sa.Column("at", backend.infra.columns.UtcDateTime(), nullable=False),
        sa.CheckConstraint("client_key IS NOT NULL OR callback_key IS NOT NULL", name="consent_grant_key"),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("consent_grant_account", "consent_grant", ["account_id", "purpose", "at"], unique=False)
    op.create_index(
        "consent_grant_callback",
        "consent_grant",
        ["callback_key"],
        unique=True,
        postgresql_where=sa.text("callback_key IS NOT NULL"),
        sqlite_where=sa.text("callback_key IS NOT NULL"),
    )
    op.create_index(
        "consent_grant_client",
        "consent_grant",
        ["client_key"],
        unique=True,
        postgresql_where=sa.text("client_key IS NOT NULL"),
        sqlite_where=sa.text("client_key IS NOT NULL"),
    )
    op.create_table(
        "delivery",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("message_id", sa.String(), nullable=False),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("recipient_kind", sa.String(), nullable=False),
        sa.Column("recipient_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("occasion", sa.String(), nullable=False),
        sa.Column("organisation_id", sa.String(), nullable=True),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_try_at", backend.infra.columns.UtcDateTime(), nullable=False),
        sa.Column("claim", sa.String(), nullable=True),
        sa.Column("lease_until", backend.infra.columns.UtcDateTime(), nullable=True),
        sa.Column("started_at", backend.infra.columns.UtcDateTime(), nullable=True),
        sa.Column("finished_at", backend.infra.columns.UtcDateTime(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("created_at", backend.infra.columns.UtcDateTime(), nullable=False),
        sa.CheckConstraint("(state = 'sending') = (lease_until IS NOT NULL)", name="delivery_lease"),
        sa.CheckConstraint(
            "channel IN ('subscribe', 'official_account', 'sms', 'robot')", name="delivery_channel"
        ),
        sa.CheckConstraint("recipient_kind IN ('account', 'room')", name="delivery_recipient"),
        sa.CheckConstraint("state <> 'sending' OR claim IS NOT NULL", name="delivery_claim"),
        sa.CheckConstraint(
            "state IN ('created', 'sending', 'delivered', 'passing_failure', 'permanent_failure', 'technical_failure', 'unknown', 'cancelled')",
            name="delivery_state",
        ),
        sa.ForeignKeyConstraint(
            ["message_id"],
            ["message.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("topic", "recipient_id", "kind", "occasion", name="delivery_once"),
    )
    op.create_index(
        "delivery_leased",
        "delivery",
        ["lease_until"],
        unique=False,
        postgresql_where=sa.text("state = 'sending'"),
        sqlite_where=sa.text("state = 'sending'"),
    )
    op.create_index("delivery_message", "delivery", ["message_id", "state"], unique=False)
    op.create_index("delivery_recent", "delivery", ["organisation_id", "created_at", "id"], unique=False)
    op.create_index(
        "delivery_waiting",
        "delivery",
        ["priority", "next_try_at"],
        unique=False,
        postgresql_where=sa.text("state IN ('created', 'passing_failure')"),
        sqlite_where=sa.text("state IN ('created', 'passing_failure')"),
    )
    op.create_table(
        "follower",
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("openid_index", sa.String(), nullable=False),
        sa.Column("openid_sealed", sa.String(), nullable=False),
        sa.Column("spoke_at", backend.infra.columns.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
        ),
        sa.PrimaryKeyConstraint("account_id"),
        sa.UniqueConstraint("openid_index"),
    )
    op.create_table(
        "notification_setting",
        sa.Column("organisation_id", sa.String(), nullable=False),
        sa.Column("settings", backend.infra.columns.JsonText(), nullable=False),
        sa.Column("changed_by", sa.String(), nullable=False),
        sa.Column("changed_at", backend.infra.columns.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
        ),
        sa.PrimaryKeyConstraint("organisation_id"),
    )
    op.create_table(
        "room",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("organisation_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("key_sealed", sa.String(), nullable=False),
        sa.Column("key_index", sa.String(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("next_send_at", backend.infra.columns.UtcDateTime(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", backend.infra.columns.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("organisation_id", "key_index", name="room_once"),
    )
    op.create_index("room_organisation", "room", ["organisation_id"], unique=False)
    op.create_table(
        "delivery_household",
        sa.Column("message_id", sa.String(), nullable=False),
        sa.Column("dwelling_id", sa.String(), nullable=False),
        sa.Column("delivery_id", sa.String(), nullable=False),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("estate_id", sa.String(), nullable=False),
        sa.Column("building_id", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("day_no", sa.Integer(), nullable=True),
        sa.Column("ballot_no", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["delivery.id"],
        ),
        sa.ForeignKeyConstraint(
            ["message_id"],
            ["message.id"],
        ),
        sa.PrimaryKeyConstraint("message_id", "dwelling_id", "delivery_id"),
        sa.UniqueConstraint("dwelling_id", "day", "day_no", name="delivery_household_a_day"),
        sa.UniqueConstraint("dwelling_id", "topic", "ballot_no", name="delivery_household_a_ballot"),
    )
    op.create_index("delivery_household_delivery", "delivery_household", ["delivery_id"], unique=False)
    op.create_index(
        "delivery_household_once",
        "delivery_household",
        ["message_id", "dwelling_id"],
        unique=True,
        postgresql_where=sa.text("day IS NOT NULL"),
        sqlite_where=sa.text("day IS NOT NULL"),
    )
    op.create_table(
        "doorstep_entry",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("dwelling_id", sa.String(), nullable=False),
        sa.Column("estate_id", sa.String(), nullable=False),
        sa.Column("building_id", sa.String(), nullable=False),
        sa.Column("ballot_id", sa.String(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("is_reminder", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("delivery_id", sa.String(), nullable=True),
        sa.Column("created_at", backend.infra.columns.UtcDateTime(), nullable=False),
        sa.Column("done_at", backend.infra.columns.UtcDateTime(), nullable=True),
        sa.Column("done_by", sa.String(), nullable=True),
        sa.Column("note", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["building_id"],
            ["building.id"],
        ),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["delivery.id"],
        ),
        sa.ForeignKeyConstraint(
            ["estate_id"],
            ["estate.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "doorstep_entry_estate", "doorstep_entry", ["estate_id", "created_at", "id"], unique=False
    )
    op.create_index(
        "doorstep_entry_open",
        "doorstep_entry",
        ["topic", "dwelling_id", "is_reminder"],
        unique=True,
        postgresql_where=sa.text("done_at IS NULL"),
        sqlite_where=sa.text("done_at IS NULL"),
    )


def downgrade() -> None:
    """Undo."""
    op.drop_index(
        "doorstep_entry_open",
        table_name="doorstep_entry",
        postgresql_where=sa.text("done_at IS NULL"),
        sqlite_where=sa.text("done_at IS NULL"),
    )
    op.drop_index("doorstep_entry_estate", table_name="doorstep_entry")
    op.drop_table("doorstep_entry")
    op.drop_index(
        "delivery_household_once",
        table_name="delivery_household",
        postgresql_where=sa.text("day IS NOT NULL"),
        sqlite_where=sa.text("day IS NOT NULL"),
    )
    op.drop_index("delivery_household_delivery", table_name="delivery_household")
    op.drop_table("delivery_household")
    op.drop_index("room_organisation", table_name="room")
    op.drop_table("room")
    op.drop_table("notification_setting")
    op.drop_table("follower")
    op.drop_index(
        "delivery_waiting",
        table_name="delivery",
        postgresql_where=sa.text("state IN ('created', 'passing_failure')"),
        sqlite_where=sa.text("state IN ('created', 'passing_failure')"),
    )
    op.drop_index("delivery_recent", table_name="delivery")
    op.drop_index("delivery_message", table_name="delivery")
    op.drop_index(
        "delivery_leased",
        table_name="delivery",
        postgresql_where=sa.text("state = 'sending'"),
        sqlite_where=sa.text("state = 'sending'"),
    )
    op.drop_table("delivery")
    op.drop_index(
        "consent_grant_client",
        table_name="consent_grant",
        postgresql_where=sa.text("client_key IS NOT NULL"),
        sqlite_where=sa.text("client_key IS NOT NULL"),
    )
    op.drop_index(
        "consent_grant_callback",
        table_name="consent_grant",
        postgresql_where=sa.text("callback_key IS NOT NULL"),
        sqlite_where=sa.text("callback_key IS NOT NULL"),
    )
    op.drop_index("consent_grant_account", table_name="consent_grant")
    op.drop_table("consent_grant")
    op.drop_table("consent_balance")
    op.drop_table("message_template")
    op.drop_table("message")
    op.drop_table("event_cursor")
    op.drop_table("channel_state")
