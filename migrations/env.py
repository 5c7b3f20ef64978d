"""Alembic's entry: runs on the connection that ``migrations.runner`` hands over."""

from __future__ import annotations

from typing import Any

from alembic import context
from sqlalchemy.types import TypeDecorator

from backend.schema import metadata


def render_item(kind: str, item: Any, _context: Any) -> str | bool:
    """Write our column types by their plain names."""
    if (
        kind == "type"
        and isinstance(item, TypeDecorator)
        and type(item).__module__ == "backend.infra.columns"
    ):
        return f"backend.infra.columns.{type(item).__name__}()"
    return "sa.String()" if kind == "type" and type(item).__name__ == "AutoString" else False


def run() -> None:
    """Migrate on the given connection, one transaction for all steps."""
    connection = context.config.attributes["connection"]
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_item=render_item,
        compare_type=True,
        transaction_per_migration=False,
        render_as_batch=False,
    )
    with context.begin_transaction():
        context.run_migrations()


run()
