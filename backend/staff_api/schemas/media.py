"""What the staff door says and takes about photos and videos."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, model_validator

from backend.infra.forms import Id, StrictModel
from backend.infra.paging import PageQuery, encode_cursor
from backend.media.rules.limits import KIND_TITLES, MediaKind
from backend.media.rules.states import REASON_TITLES, STATE_TITLES, MediaState
from backend.media.service import MediaView


class StaffMediaUploadQuery(BaseModel):
    """The estate the file belongs to."""

    estate: Id


class UndatedMediaOut(BaseModel):
    """A photo or video without the instant it came, where that would tell of its household.

    ``full`` and ``thumb`` are addresses that hold until ``expires_at``.
    """

    id: str
    kind: str
    kind_title: str
    content_type: str
    state: str
    state_title: str
    reason: str | None
    size: int
    width: int
    height: int
    duration_ms: int | None
    mine: bool
    full: str | None
    thumb: str | None
    expires_at: datetime

    @classmethod
    def of(cls, view: MediaView) -> UndatedMediaOut:
        """Build from the service's answer."""
        return UndatedMediaOut(
            id=view.id,
            kind=view.kind,
            kind_title=KIND_TITLES[MediaKind(view.kind)],
            content_type=view.content_type,
            state=view.state,
            state_title=STATE_TITLES[MediaState(view.state)],
            reason=REASON_TITLES.get(view.reason or ""),
            size=view.size,
            width=view.width,
            height=view.height,
            duration_ms=view.duration_ms,
            mine=view.is_mine,
            full=view.full,
            thumb=view.thumb,
            expires_at=view.expires_at,
        )


class StaffMediaOut(UndatedMediaOut):
    """A photo or video and when it was uploaded."""

    created_at: datetime

    @classmethod
    def of(cls, view: MediaView) -> StaffMediaOut:
        """Build from the service's answer."""
        return cls(**UndatedMediaOut.of(view).model_dump(), created_at=view.created_at)


class MediaReviewQuery(PageQuery):
    """An estate's files in a state."""

    estate: Id
    state: Literal["review", "risky", "checking", "passed"] = "review"


class StaffMediaListOut(BaseModel):
    """A page of files, the oldest first."""

    items: list[StaffMediaOut]
    next: str | None

    @classmethod
    def of(cls, found: list[MediaView], size: int) -> StaffMediaListOut:
        """Build from one row more than a page holds."""
        page = found[:size]
        position = (page[-1].created_at, page[-1].id) if len(found) > size else None
        return cls(items=[StaffMediaOut.of(row) for row in page], next=encode_cursor(position))


class DecideMediaIn(StrictModel):
    """Whether the file may be shown; a refusal says why."""

    passed: bool
    reason: Literal["privacy", "indecent", "abuse", "advertising", "unrelated"] | None = None

    @model_validator(mode="after")
    def _has_reason(self) -> DecideMediaIn:
        if self.passed == (self.reason is not None):
            raise ValueError("不通过须选择原因（reason）；通过不须填写。")
        return self
