"""What the residents' door says and takes about photos and videos."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from backend.infra.forms import Id
from backend.media.rules.limits import KIND_TITLES, MediaKind
from backend.media.rules.states import REASON_TITLES, STATE_TITLES, MediaState
from backend.media.service import MediaView


class MediaUploadQuery(BaseModel):
    """The estate the file belongs to; may be left out by a resident of one estate.

    ``proof``: a photo for a request for a binding, in an estate where one need not have a home yet.
    """

    estate: Id | None = None
    purpose: Literal["post", "proof"] = "post"


class AddressQuery(BaseModel):
    """The end of the address (epoch seconds) and its signature."""

    expires: Annotated[int, Field(ge=0, le=9_999_999_999)]
    sig: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]


class MediaOut(BaseModel):
    """A photo or video; ``full`` and ``thumb`` are addresses that hold until ``expires_at``."""

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
    created_at: datetime

    @classmethod
    def of(cls, view: MediaView) -> MediaOut:
        """Build from the service's answer."""
        return cls(
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
            created_at=view.created_at,
        )
