"""Keys of outside systems, how a complaint came from outside, estates on the map, and what outsiders list."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import backend.infra.columns

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_PUBLISHED = (
    "NOT is_restricted AND disclosure <> 'confidential' AND nature <> 'accusation' AND category <> 'conduct'"
)
_NEWS = (
    "action IN ('accept', 'start', 'resolve', 'close', 'reopen', 'merge', 'transfer', 'decline', 'withdraw')"
)


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "api_key",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("key_index", sa.String(), nullable=False),
        sa.Column("hint", sa.String(), nullable=False),
        sa.Column("organisation_id", sa.String(), nullable=False),
        sa.Column("organisation_path", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("daily_limit", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", backend.infra.columns.UtcDateTime(), nullable=False),
        sa.Column("expires_at", backend.infra.columns.UtcDateTime(), nullable=False),
        sa.Column("last_used_on", sa.Date(), nullable=True),
        sa.Column("revoked_at", backend.infra.columns.UtcDateTime(), nullable=True),
        sa.Column("revoked_by", sa.String(), nullable=True),
        sa.CheckConstraint("expires_at > created_at", name="api_key_expires"),
        sa.CheckConstraint("daily_limit > 0", name="api_key_daily"),
        sa.CheckConstraint("(revoked_at IS NULL) = (revoked_by IS NULL)", name="api_key_revoked"),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"]),
        sa.ForeignKeyConstraint(["organisation_path"], ["organisation.path"], onupdate="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key_index"),
    )
    op.create_index("api_key_path", "api_key", ["organisation_path"])
    op.create_table(
        "complaint_relay",
        sa.Column("complaint_id", sa.String(), nullable=False),
        sa.Column("key_id", sa.String(), nullable=False),
        sa.Column("received_at", backend.infra.columns.UtcDateTime(), nullable=False),
        sa.Column("body_index", sa.String(), nullable=False),
        sa.Column("email_sealed", sa.String(), nullable=True),
        sa.Column("account_sealed", sa.String(), nullable=True),
        sa.Column("media_sealed", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["complaint_id"], ["complaint.id"]),
        sa.ForeignKeyConstraint(["key_id"], ["api_key.id"]),
        sa.PrimaryKeyConstraint("complaint_id"),
    )
    op.create_index("complaint_relay_newest", "complaint_relay", ["key_id", "received_at"])
    op.create_index("complaint_relay_body", "complaint_relay", ["key_id", "body_index", "received_at"])
    op.create_table(
        "estate_point",
        sa.Column("estate_id", sa.String(), nullable=False),
        sa.Column("lat_e6", sa.Integer(), nullable=False),
        sa.Column("lon_e6", sa.Integer(), nullable=False),
        sa.Column("reach_m", sa.Integer(), nullable=False),
        sa.Column("set_by", sa.String(), nullable=False),
        sa.Column("set_at", backend.infra.columns.UtcDateTime(), nullable=False),
        sa.CheckConstraint("reach_m BETWEEN 20 AND 5000", name="estate_point_reach"),
        sa.ForeignKeyConstraint(["estate_id"], ["estate.id"]),
        sa.PrimaryKeyConstraint("estate_id"),
    )
    op.create_index("estate_point_place", "estate_point", ["lat_e6", "lon_e6"])
    op.create_index(
        "complaint_published",
        "complaint",
        ["category", "registered_at", "id"],
        postgresql_where=sa.text(_PUBLISHED),
        sqlite_where=sa.text(_PUBLISHED),
    )
    op.create_index(
        "complaint_step_news",
        "complaint_step",
        ["at", "id"],
        postgresql_where=sa.text(_NEWS),
        sqlite_where=sa.text(_NEWS),
    )


def downgrade() -> None:
    """Undo."""
    op.drop_index("complaint_step_news", table_name="complaint_step")
    op.drop_index("complaint_published", table_name="complaint")
    op.drop_table("estate_point")
    op.drop_table("complaint_relay")
    op.drop_table("api_key")
