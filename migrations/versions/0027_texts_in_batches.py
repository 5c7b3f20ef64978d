"""Texts of surveys appear in batches, and nothing is kept of when they were written."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import backend.infra.columns

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply; what stands has been read already."""
    op.drop_index("survey_text_list", table_name="survey_text")
    op.add_column(
        "survey_text", sa.Column("is_shown", sa.Boolean(), nullable=False, server_default=sa.true())
    )
    op.drop_column("survey_text", "written_at")
    _index("survey_text_list", ["survey_id", "estate_id", "id"], "is_standing AND is_shown")
    _index("survey_text_waiting", ["survey_id", "estate_id"], "is_standing AND NOT is_shown")


def downgrade() -> None:
    """Undo; the days are lost."""
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    op.drop_index("survey_text_waiting", table_name="survey_text")
    op.drop_index("survey_text_list", table_name="survey_text")
    day = sa.Column(
        "written_at",
        backend.infra.columns.UtcDateTime(),
        nullable=False,
        server_default=sa.text("'epoch'" if is_postgresql else "0"),
    )
    op.add_column("survey_text", day)
    op.drop_column("survey_text", "is_shown")
    _index("survey_text_list", ["survey_id", "estate_id", "written_at", "id"], "is_standing")


def _index(name: str, columns: list[str], where: str) -> None:
    op.create_index(
        name, "survey_text", columns, postgresql_where=sa.text(where), sqlite_where=sa.text(where)
    )
