"""How long complaints took, kept as minutes; the index the figures are counted from; the register, newest first."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_INCLUDED = (
    "organisation_path",
    "estate_id",
    "party_id",
    "category",
    "time_class",
    "nature",
    "state",
    "is_restricted",
    "about_party_id",
    "about_account_id",
    "respond_by_at",
    "responded_at",
    "resolved_at",
    "due_at",
    "minutes_to_accept",
    "minutes_to_resolve",
    "reopenings",
    "is_solved",
    "is_satisfied",
    "repeats_place",
    "repeats_reporter",
)


def upgrade() -> None:
    """Apply."""
    is_postgresql = op.get_bind().dialect.name == "postgresql"

    def seconds(until: str) -> str:
        passed = f"{until} - registered_at"
        return f"floor(extract(epoch FROM {passed}))::bigint" if is_postgresql else f"(({passed}) / 1000000)"

    for name in ("minutes_to_accept", "minutes_to_resolve"):
        op.add_column("complaint", sa.Column(name, sa.Integer(), nullable=True))
    op.execute(
        f"""
        UPDATE complaint SET
          minutes_to_accept = {seconds("accepted_at")} / 60,
          minutes_to_resolve = ({seconds("resolved_at")} - paused_seconds) / 60
        """
    )
    op.create_index(
        "complaint_figures",
        "complaint",
        ["registered_at"],
        postgresql_include=list(_INCLUDED),
        sqlite_where=sa.text("0"),
    )
    op.create_index("rectification_item_newest", "rectification_item", ["created_at", "id"])


def downgrade() -> None:
    """Undo."""
    op.drop_index("rectification_item_newest", table_name="rectification_item")
    op.drop_index("complaint_figures", table_name="complaint")
    for name in ("minutes_to_resolve", "minutes_to_accept"):
        op.drop_column("complaint", name)
