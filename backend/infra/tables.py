"""The installation row: its mode and its clock offset."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint
from sqlmodel import Field, SQLModel

from backend.infra.columns import UtcDateTime


class Installation(SQLModel, table=True):
    """One row: what this database is for.

    The mode never changes (trigger), and only a rehearsal's clock can be moved (constraint): a production
    deadline cannot be shifted by anybody, and a rehearsal's result can never pass for a real one.
    """

    __tablename__ = "installation"
    __table_args__ = (
        CheckConstraint("id = 1", name="installation_single_row"),
        CheckConstraint("mode IN ('production', 'demo', 'rehearsal')", name="installation_mode"),
        CheckConstraint("mode = 'rehearsal' OR clock_offset_us = 0", name="installation_clock"),
    )

    id: int = Field(primary_key=True)
    mode: str
    clock_offset_us: int = Field(default=0, sa_type=BigInteger)
    created_at: datetime = Field(sa_type=UtcDateTime)


class Heartbeat(SQLModel, table=True):
    """When a background process last said that it lives, by the database's clock."""

    __tablename__ = "heartbeat"

    name: str = Field(primary_key=True)
    beat_at: datetime = Field(sa_type=UtcDateTime)
