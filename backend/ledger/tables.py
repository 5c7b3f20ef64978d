"""Immutable events, numbered leaves and checkpoints."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index, LargeBinary, text
from sqlmodel import Field, SQLModel

from backend.infra.columns import JsonText, UtcDateTime


class LedgerEvent(SQLModel, table=True):
    """One fact. Rows never change except that the sealer numbers them once (trigger)."""

    __tablename__ = "ledger_event"
    __table_args__ = (
        # Also finds what has no number yet.
        Index("ledger_event_leaf", "leaf_no", unique=True),
        Index(
            "ledger_event_subject",
            "subject_kind",
            "subject_id",
            postgresql_where=text("leaf_no IS NOT NULL"),
            sqlite_where=text("leaf_no IS NOT NULL"),
        ),
        Index(
            "ledger_event_organisation",
            "organisation_id",
            "leaf_no",
            postgresql_where=text("leaf_no IS NOT NULL"),
            sqlite_where=text("leaf_no IS NOT NULL"),
        ),
    )  # partial: an insert on the vote path pays for two index entries, the sealer for the rest

    id: str = Field(primary_key=True)
    type: str
    organisation_id: str | None = None
    subject_kind: str
    subject_id: str
    actor_kind: str
    actor_id: str | None = None
    payload: Any = Field(sa_type=JsonText)
    at: datetime = Field(sa_type=UtcDateTime)
    leaf_no: int | None = Field(default=None, sa_type=BigInteger)


class LedgerLeaf(SQLModel, table=True):
    """A numbered leaf of a tree (``events`` or ``ballot:<id>``) and its hash."""

    __tablename__ = "ledger_leaf"
    __table_args__ = (
        CheckConstraint("leaf_no >= 0", name="ledger_leaf_number"),
        Index("ledger_leaf_source", "source_kind", "source_id", unique=True),
    )

    tree: str = Field(primary_key=True)
    leaf_no: int = Field(primary_key=True, sa_type=BigInteger)
    source_kind: str
    source_id: str
    hash: bytes = Field(sa_type=LargeBinary)


class LedgerCheckpoint(SQLModel, table=True):
    """The root of a tree at a size, with the proof that it extends the checkpoint before."""

    __tablename__ = "ledger_checkpoint"
    __table_args__ = (Index("ledger_checkpoint_size", "tree", "size", unique=True),)

    tree: str = Field(primary_key=True)
    number: int = Field(primary_key=True, sa_type=BigInteger)
    size: int = Field(sa_type=BigInteger)
    root: str
    frontier: Any = Field(sa_type=JsonText)
    consistency: Any = Field(sa_type=JsonText)
    at: datetime = Field(sa_type=UtcDateTime)
