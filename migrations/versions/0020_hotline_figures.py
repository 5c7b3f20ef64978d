"""What the hotline's figures need of a complaint: its pauses, and whether it repeats an earlier one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_DAYS = 30


def upgrade() -> None:
    """Apply."""
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    seconds = "floor(extract(epoch FROM n.at - p.at))" if is_postgresql else "(n.at - p.at) / 1000000"
    window = f"interval '{_DAYS} days'" if is_postgresql else str(_DAYS * 86_400 * 1_000_000)
    whole = sa.Column("paused_seconds", sa.Integer(), nullable=False, server_default="0")
    op.add_column("complaint", whole)
    for name in ("repeats_place", "repeats_reporter"):
        op.add_column("complaint", sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute(
        f"""
        UPDATE complaint SET paused_seconds = COALESCE((
          SELECT SUM({seconds}) FROM complaint_step p JOIN complaint_step n
            ON n.complaint_id = p.complaint_id AND n.position = (
              SELECT MIN(e.position) FROM complaint_step e WHERE e.complaint_id = p.complaint_id
                AND e.position > p.position AND e.action IN ('resume', 'resolve'))
          WHERE p.complaint_id = complaint.id AND p.action = 'pause'), 0)
        WHERE id IN (SELECT complaint_id FROM complaint_step WHERE action = 'pause')
        """
    )
    earlier = (
        "NOT o.is_restricted AND o.registered_at < complaint.registered_at"
        f" AND o.registered_at >= complaint.registered_at - {window}"
    )
    op.execute(
        f"""
        UPDATE complaint SET repeats_place = true WHERE NOT is_restricted AND EXISTS (
          SELECT 1 FROM complaint o WHERE o.estate_id = complaint.estate_id AND o.category = complaint.category
            AND COALESCE(o.building_id, '') = COALESCE(complaint.building_id, '') AND {earlier})
        """
    )
    op.execute(
        f"""
        UPDATE complaint SET repeats_reporter = true
        WHERE NOT is_restricted AND disclosure = 'named' AND EXISTS (
          SELECT 1 FROM complaint_reporter mine
          JOIN complaint_reporter other ON other.account_id = mine.account_id OR other.phone_index = mine.phone_index
          JOIN complaint o ON o.id = other.complaint_id
          WHERE mine.complaint_id = complaint.id AND o.disclosure = 'named' AND {earlier})
        """
    )


def downgrade() -> None:
    """Undo."""
    for name in ("repeats_reporter", "repeats_place", "paused_seconds"):
        op.drop_column("complaint", name)
