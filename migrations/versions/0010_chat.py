"""The chat with the Official Account: arrivals, links between people and accounts, tasks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import backend.infra.columns

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_NOW = {
    "postgresql": "now()",
    "sqlite": "CAST(strftime('%s','now') AS INTEGER) * 1000000",
}


def upgrade() -> None:
    """Apply."""
    _instant = backend.infra.columns.UtcDateTime
    op.create_table(
        "wechat_arrival",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("at", _instant(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index("wechat_arrival_at", "wechat_arrival", ["at"], unique=False)
    op.create_table(
        "chat_code",
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("code_index", sa.String(), nullable=False),
        sa.Column("issued_at", _instant(), nullable=False),
        sa.Column("expires_at", _instant(), nullable=False),
        sa.Column("used_by", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.PrimaryKeyConstraint("account_id"),
        sa.UniqueConstraint("code_index"),
    )
    op.create_table(
        "account_union",
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("unionid_index", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.PrimaryKeyConstraint("account_id"),
        sa.UniqueConstraint("unionid_index"),
    )
    op.create_table(
        "chat_task",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("openid_sealed", sa.String(), nullable=False),
        sa.Column("words_sealed", sa.String(), nullable=True),
        sa.Column("created_at", _instant(), nullable=False),
        sa.Column("done_at", _instant(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.CheckConstraint("kind IN ('recognise', 'answer')", name="chat_task_kind"),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index(
        "chat_task_waiting",
        "chat_task",
        ["created_at"],
        unique=False,
        postgresql_where=sa.text("done_at IS NULL"),
        sqlite_where=sa.text("done_at IS NULL"),
    )
    _replace_followers()


def _replace_followers() -> None:
    """Let one person be followed as a resident and as staff; SQLite cannot drop a nameless constraint."""
    op.rename_table("follower", "follower_before")
    op.create_table(
        "follower",
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("side", sa.String(), nullable=False),
        sa.Column("openid_index", sa.String(), nullable=False),
        sa.Column("openid_sealed", sa.String(), nullable=False),
        sa.Column("linked_at", backend.infra.columns.UtcDateTime(), nullable=False),
        sa.Column("spoke_at", backend.infra.columns.UtcDateTime(), nullable=True),
        sa.Column("tapped_at", backend.infra.columns.UtcDateTime(), nullable=True),
        sa.CheckConstraint("side IN ('resident', 'staff')", name="follower_side"),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.PrimaryKeyConstraint("account_id", name="follower_key"),
        sa.UniqueConstraint("openid_index", "side", name="follower_once"),
    )
    now = _NOW[op.get_bind().dialect.name]
    op.execute(
        "INSERT INTO follower (account_id, side, openid_index, openid_sealed, linked_at, spoke_at) "
        f"SELECT account_id, 'resident', openid_index, openid_sealed, {now}, spoke_at FROM follower_before"
    )
    op.drop_table("follower_before")


def downgrade() -> None:
    """Undo; links of staff end."""
    op.rename_table("follower", "follower_after")
    op.create_table(
        "follower",
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("openid_index", sa.String(), nullable=False),
        sa.Column("openid_sealed", sa.String(), nullable=False),
        sa.Column("spoke_at", backend.infra.columns.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.PrimaryKeyConstraint("account_id"),
        sa.UniqueConstraint("openid_index"),
    )
    op.execute(
        "INSERT INTO follower (account_id, openid_index, openid_sealed, spoke_at) "
        "SELECT account_id, openid_index, openid_sealed, spoke_at FROM follower_after WHERE side = 'resident'"
    )
    op.drop_table("follower_after")
    op.drop_index("chat_task_waiting", table_name="chat_task")
    op.drop_table("chat_task")
    op.drop_table("account_union")
    op.drop_table("chat_code")
    op.drop_index("wechat_arrival_at", table_name="wechat_arrival")
    op.drop_table("wechat_arrival")
