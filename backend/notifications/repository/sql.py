"""What differs between the two databases."""

from __future__ import annotations

from typing import Any

from sqlalchemy import String, cast, func
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlmodel import Session


def is_postgresql(session: Session) -> bool:
    """Tell which database this is."""
    return session.get_bind().dialect.name == "postgresql"


def insert_once(session: Session, table: Any) -> Any:
    """Return an INSERT that leaves alone whatever stands there already; add values or a SELECT to it."""
    return (postgresql_insert if is_postgresql(session) else sqlite_insert)(table)


def random_id(session: Session) -> Any:
    """Return the SQL expression of a new identifier: 20 characters, at least 74 random bits, one per row."""
    if is_postgresql(session):
        return func.substr(func.replace(cast(func.gen_random_uuid(), String), "-", ""), 1, 20)
    return func.lower(func.hex(func.randomblob(10)))
