"""What the staff door says and takes about the minutes of count day."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from backend.ballots.rules.minutes import Content, People
from backend.ballots.service.minutes_rows import MinutesLine, MinutesView, line_of
from backend.infra.forms import Moment, Sha256, StrictModel
from backend.staff_api.schemas.ballots import Reason

Name = Annotated[str, Field(min_length=1, max_length=40)]
Names = Annotated[list[Name], Field(max_length=20)]
Households = Annotated[int, Field(ge=0, le=100_000)]


class MinutesIn(StrictModel):
    """Who supervised (监票), read out (唱票) and counted (计票), where and when; how the telephone sample went."""

    scrutineers: Names
    tellers: Names = []
    counters: Names = []
    place: Annotated[str, Field(min_length=1, max_length=100)]
    counted_from: Moment
    counted_until: Moment
    words: Annotated[str, Field(max_length=4000)] = ""
    sample_confirmed: Households | None = None
    sample_disputed: Households | None = None

    def content(self) -> Content:
        """Return what the minutes say."""
        return Content(
            people=People(tuple(self.scrutineers), tuple(self.tellers), tuple(self.counters)),
            place=self.place,
            counted_from=self.counted_from,
            counted_until=self.counted_until,
            words=self.words,
            sample_confirmed=self.sample_confirmed,
            sample_disputed=self.sample_disputed,
        )


class RecordMinutesIn(MinutesIn):
    """A new edition; ``reason`` where it corrects a signed one."""

    reason: Reason | None = None


class SignedIn(StrictModel):
    """The uploaded scan of the signed sheet."""

    document: Sha256


class MinutesLineOut(BaseModel):
    """An edition without names; ``version`` goes into ``If-Match``, ``document`` is told with the result."""

    id: str
    ballot: str
    edition: int
    version: int
    state: str
    scrutineers: int
    counted_from: datetime
    counted_until: datetime
    recorded_at: datetime
    document: str | None
    signed_at: datetime | None

    @classmethod
    def of(cls, row: MinutesLine) -> MinutesLineOut:
        """Build from an edition."""
        line = asdict(row)
        return cls(ballot=line.pop("ballot_id"), document=line.pop("document_sha256"), **line)


class MinutesListOut(BaseModel):
    """A page of editions."""

    items: list[MinutesLineOut]
    next: int | None


class MinutesOut(BaseModel):
    """An edition with its names, for those who keep it."""

    edition: MinutesLineOut
    scrutineers: list[str]
    tellers: list[str]
    counters: list[str]
    place: str
    words: str
    sample_confirmed: int | None
    sample_disputed: int | None
    reason: str | None

    @classmethod
    def of(cls, view: MinutesView) -> MinutesOut:
        """Show it."""
        content = view.content
        return cls(
            edition=MinutesLineOut.of(line_of(view.row)),
            scrutineers=list(content.people.scrutineers),
            tellers=list(content.people.tellers),
            counters=list(content.people.counters),
            place=content.place,
            words=content.words,
            sample_confirmed=content.sample_confirmed,
            sample_disputed=content.sample_disputed,
            reason=view.reason,
        )
