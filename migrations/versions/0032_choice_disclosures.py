"""Demands to be shown how one dwelling voted: two people, a document."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import backend.infra.columns

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "choice_disclosure",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("ballot_id", sa.String(), nullable=False),
        sa.Column("roll_entry_id", sa.String(), nullable=False),
        sa.Column("demand_sealed", sa.String(), nullable=False),
        sa.Column("document_sha256", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("proposed_by", sa.String(), nullable=False),
        sa.Column("proposed_at", backend.infra.columns.UtcDateTime(), nullable=False),
        sa.Column("confirmed_by", sa.String(), nullable=True),
        sa.Column("confirmed_at", backend.infra.columns.UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "confirmed_by IS NULL OR confirmed_by <> proposed_by", name="choice_disclosure_two_people"
        ),
        sa.CheckConstraint("state IN ('proposed', 'confirmed', 'withdrawn')", name="choice_disclosure_state"),
        sa.CheckConstraint(
            "(state = 'confirmed') = (confirmed_by IS NOT NULL)", name="choice_disclosure_confirmed"
        ),
        sa.ForeignKeyConstraint(["ballot_id"], ["ballot.id"]),
        sa.ForeignKeyConstraint(["roll_entry_id"], ["roll_entry.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("choice_disclosure_ballot", "choice_disclosure", ["ballot_id", "proposed_at"])


def downgrade() -> None:
    """Undo."""
    op.drop_table("choice_disclosure")
