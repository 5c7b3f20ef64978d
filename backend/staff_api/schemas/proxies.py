"""What the staff door says and takes about mandates."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from backend.ballots.service.proxies import MandateView
from backend.infra.forms import Id, Moment, Sha256, StrictModel


class MandateIn(StrictModel):
    """A signed mandate as the document states it; without a period: from now to the close."""

    entry: Id
    proxy: Id
    powers: Annotated[str, Field(min_length=2, max_length=500)]
    document: Sha256
    valid_from: Moment | None = None
    valid_until: Moment | None = None


class MandateQuery(BaseModel):
    """``limit`` rows after the id ``cursor``."""

    cursor: Annotated[str, Field(pattern=r"^[0-9a-z]{20}$")] | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 20


class MandateOut(BaseModel):
    """A mandate and where it stands."""

    id: str
    ballot: str
    entry: str
    label: str
    proxy: str
    powers: str
    valid_from: datetime
    valid_until: datetime
    document: str
    state: Literal["waiting", "confirmed", "revoked"]
    registered_by: str
    confirmed_by: str | None
    revoked_at: datetime | None

    @classmethod
    def of(cls, view: MandateView) -> MandateOut:
        """Show a mandate."""
        row = view.mandate
        return cls.model_validate(
            {
                "id": row.id,
                "ballot": row.ballot_id,
                "entry": row.roll_entry_id,
                "label": view.label,
                "proxy": row.proxy_account_id,
                "powers": row.powers,
                "valid_from": row.valid_from,
                "valid_until": row.valid_until,
                "document": row.document_sha256,
                "state": view.state,
                "registered_by": row.registered_by,
                "confirmed_by": row.confirmed_by,
                "revoked_at": row.revoked_at,
            }
        )


class MandateListOut(BaseModel):
    """A page of mandates."""

    items: list[MandateOut]
    next: str | None
