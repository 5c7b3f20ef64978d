"""What the staff door says and takes about notices and objections."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from backend.infra.forms import Id, StrictModel
from backend.infra.paging import PageQuery, encode_cursor
from backend.notices.queries import Notice, ObjectionView
from backend.notices.rules import KIND_TITLES, STATE_TITLES, NoticeKind


class StaffNoticeQuery(PageQuery):
    """An estate's notices."""

    estate: Id
    kind: NoticeKind | None = None


class PublishNoticeIn(StrictModel):
    """A notice written by hand: of the roll, or a correction."""

    estate: Id
    kind: Literal["roll", "amendment"]
    title: Annotated[str, Field(min_length=2, max_length=120, pattern=r"\S")]
    body: Annotated[str, Field(min_length=2, max_length=20_000, pattern=r"\S")]


class StaffNoticeOut(BaseModel):
    """A published notice; its text never changes."""

    id: str
    estate: str
    about: str
    about_id: str
    kind: str
    kind_title: str
    title: str
    body: str
    sha256: str
    published_at: datetime
    until_at: datetime | None

    @classmethod
    def of(cls, found: Notice) -> StaffNoticeOut:
        """Build from the service's answer."""
        return cls(
            id=found.id,
            estate=found.estate_id,
            about=found.subject_kind,
            about_id=found.subject_id,
            kind=found.kind,
            kind_title=KIND_TITLES[NoticeKind(found.kind)],
            title=found.title,
            body=found.body,
            sha256=found.sha256,
            published_at=found.published_at,
            until_at=found.until_at,
        )


class StaffNoticeListOut(BaseModel):
    """A page of notices."""

    items: list[StaffNoticeOut]
    next: str | None

    @classmethod
    def of(cls, found: list[Notice], size: int) -> StaffNoticeListOut:
        """Build from one row more than a page holds."""
        page = found[:size]
        position = (page[-1].published_at, page[-1].id) if len(found) > size else None
        return cls(items=[StaffNoticeOut.of(row) for row in page], next=encode_cursor(position))


class StaffObjectionQuery(PageQuery):
    """An estate's objections."""

    estate: Id
    state: Literal["open", "upheld", "rejected", "withdrawn"] | None = None
    about: Literal["roll", "binding", "vote", "result", "proxy", "survey"] | None = None
    ballot: Id | None = None


class ReplyObjectionIn(StrictModel):
    """An answer in words."""

    upheld: bool
    words: Annotated[str, Field(min_length=2, max_length=2000, pattern=r"\S")]


class StaffObjectionOut(BaseModel):
    """An objection as those who answer it see it."""

    id: str
    estate: str
    about: str
    about_id: str
    ballot: str | None
    dwelling: str | None
    text: str
    state: str
    state_title: str
    reply: str | None
    raised_at: datetime
    replied_at: datetime | None

    @classmethod
    def of(cls, found: ObjectionView) -> StaffObjectionOut:
        """Build from the service's answer."""
        return cls(
            id=found.id,
            estate=found.estate_id,
            about=found.subject_kind,
            about_id=found.subject_id,
            ballot=found.ballot_id,
            dwelling=found.dwelling_id,
            text=found.text,
            state=found.state,
            state_title=STATE_TITLES[found.state],
            reply=found.reply,
            raised_at=found.raised_at,
            replied_at=found.replied_at,
        )


class StaffObjectionListOut(BaseModel):
    """A page of objections."""

    items: list[StaffObjectionOut]
    next: str | None

    @classmethod
    def of(cls, found: list[ObjectionView], size: int) -> StaffObjectionListOut:
        """Build from one row more than a page holds."""
        page = found[:size]
        position = (page[-1].raised_at, page[-1].id) if len(found) > size else None
        return cls(items=[StaffObjectionOut.of(row) for row in page], next=encode_cursor(position))
