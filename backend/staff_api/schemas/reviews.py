"""What the staff door says and takes about reviews."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from backend.ballots.service.reviews import ReviewItem
from backend.infra.forms import StrictModel
from backend.staff_api.schemas.ballots import Reason


class ReviewQuery(BaseModel):
    """``limit`` rows after the receipt ``cursor``."""

    cursor: Annotated[str, Field(pattern=r"^[0-9]{12}$")] | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 20


class ReviewOut(BaseModel):
    """A vote waiting for a decision; never a choice."""

    receipt: str
    label: str
    channel: str
    cast_at: datetime
    standing_channel: str | None
    suggestion: Literal["accept", "keep", "decide"]

    @classmethod
    def of(cls, item: ReviewItem) -> ReviewOut:
        """Show one."""
        return cls.model_validate(item, from_attributes=True)


class ReviewListOut(BaseModel):
    """A page of reviews."""

    items: list[ReviewOut]
    next: str | None


class DecideReviewIn(StrictModel):
    """``accept``: this vote takes the place; ``keep``: what stands is kept."""

    decision: Literal["accept", "keep"]
    reason: Reason


class DecidedOut(BaseModel):
    """The vote's new state."""

    receipt: str
    state: Literal["standing", "rejected"]
