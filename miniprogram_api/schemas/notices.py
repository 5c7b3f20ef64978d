"""What the residents' door says and takes about notices and objections."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from backend.infra.forms import Id, StrictModel
from backend.infra.paging import PageQuery, encode_cursor
from backend.notices.queries import Notice, ObjectionView
from backend.notices.rules import KIND_TITLES, STATE_TITLES, NoticeKind, words_of
from backend.notices.service import RaiseObjection


class NoticeQuery(PageQuery):
    """The notices of the caller's estates."""

    kind: NoticeKind | None = None


class NoticeOut(BaseModel):
    """A published notice."""

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
    def of(cls, found: Notice) -> NoticeOut:
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


class NoticeListOut(BaseModel):
    """A page of notices."""

    items: list[NoticeOut]
    next: str | None

    @classmethod
    def of(cls, found: list[Notice], size: int) -> NoticeListOut:
        """Build from one row more than a page holds."""
        page = found[:size]
        position = (page[-1].published_at, page[-1].id) if len(found) > size else None
        return cls(items=[NoticeOut.of(row) for row in page], next=encode_cursor(position))


class RaiseObjectionIn(StrictModel):
    """An objection from one's own dwelling; ``about_id`` is the dwelling or the binding.

    Votes, mandates and results are objected to under their ballot. Against a binding one tap is enough.
    """

    about: Literal["roll", "binding"]
    about_id: Annotated[str, Field(pattern=r"^[0-9A-Za-z-]{8,40}$")]
    dwelling: Id
    ballot: Id | None = None
    text: Annotated[str, Field(min_length=2, max_length=2000, pattern=r"\S")] | None = None

    def command(self, key: str) -> RaiseObjection:
        """Return the service's command."""
        text = words_of(self.about, self.text)
        return RaiseObjection(self.about, self.about_id, self.dwelling, text, key, self.ballot)


class ObjectionOut(BaseModel):
    """One's own objection and the answer."""

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
    def of(cls, found: ObjectionView) -> ObjectionOut:
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


class ObjectionListOut(BaseModel):
    """A page of one's own objections."""

    items: list[ObjectionOut]
    next: str | None

    @classmethod
    def of(cls, found: list[ObjectionView], size: int) -> ObjectionListOut:
        """Build from one row more than a page holds."""
        page = found[:size]
        position = (page[-1].raised_at, page[-1].id) if len(found) > size else None
        return cls(items=[ObjectionOut.of(row) for row in page], next=encode_cursor(position))
