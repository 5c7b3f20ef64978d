"""What the staff door takes about complaints."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from backend.complaints.queries import ComplaintFilter
from backend.complaints.rules.intake import MOST_WORDS
from backend.complaints.rules.states import State
from backend.complaints.rules.vocabulary import CATEGORIES, Disclosure, Nature, PauseReason, Source
from backend.complaints.service import (
    AcceptComplaint,
    Answer,
    DecideExtension,
    DispatchComplaint,
    HandleComplaint,
    HandUpComplaint,
    PauseComplaint,
    RecordComplaint,
    RecordMediation,
    Report,
    RequestExtension,
    TransferComplaint,
)
from backend.infra.forms import Id, Moment, StrictModel
from backend.infra.paging import PageQuery
from backend.media.rules.limits import MOST_PHOTOS
from backend.policies.rules.hotline import TimeClass

Category = Annotated[str, Field(json_schema_extra={"enum": list(CATEGORIES)}, max_length=20)]
Words = Annotated[str, Field(max_length=MOST_WORDS)]
Told = Annotated[str, Field(min_length=2, max_length=MOST_WORDS, pattern=r"\S")]
Line = Annotated[str, Field(min_length=2, max_length=120, pattern=r"\S")]
Media = Annotated[list[Id], Field(max_length=MOST_PHOTOS)]
Day = Annotated[date, Field(strict=False)]


class ComplaintQuery(PageQuery):
    """Which complaints; ``text`` is words, a number or a ticket number.

    ``mine``: open ones that one received first (首接). ``paused``: those whose clock stands still. ``handed_up``: those
    that wait for one's decision whether they are restricted. ``disputed``: declined once, and waiting to be looked at
    again. ``integrator`` is the id of a key: what that outside system filed (Open311).
    ``order`` = ``due`` is the worklist: what has a running clock, the most overdue first.
    """

    state: State | None = None
    organisation: Id | None = None
    estate: Id | None = None
    party: Id | None = None
    category: Annotated[str, Field(max_length=20)] | None = None
    source: Source | None = None
    integrator: Id | None = None
    text: Annotated[str, Field(min_length=2, max_length=60)] | None = None
    overdue: bool | None = None
    supervised: bool | None = None
    restricted: bool | None = None
    handed_up: bool = False
    paused: bool = False
    disputed: bool = False
    mine: bool = False
    order: Literal["newest", "due"] = "newest"
    since: Moment | None = None
    until: Moment | None = None

    def filter(self, *, only_assigned: bool = False) -> ComplaintFilter:
        """Return the query's filter."""
        return ComplaintFilter(
            states=(self.state,) if self.state else (),
            organisation_id=self.organisation,
            estate_id=self.estate,
            party_id=self.party,
            category=self.category,
            source=self.source,
            key_id=self.integrator,
            text=self.text,
            is_overdue=self.overdue,
            is_supervised=self.supervised,
            is_restricted=self.restricted,
            is_handed_up=self.handed_up,
            is_paused=self.paused,
            is_disputed=self.disputed,
            only_received=self.mine,
            since=self.since,
            until=self.until,
            only_assigned=only_assigned,
            by_due=self.order == "due",
        )


class PointIn(StrictModel):
    """A point on the map as WeChat gives it (GCJ-02), in millionths of a degree."""

    lat_e6: Annotated[int, Field(ge=-90_000_000, le=90_000_000)]
    lon_e6: Annotated[int, Field(ge=-180_000_000, le=180_000_000)]


class RecordComplaintIn(StrictModel):
    """What somebody reported by telephone, at the desk, by an inspection …"""

    source: Annotated[Source, Field(strict=False)]
    category: Category
    words: Told
    disclosure: Annotated[Disclosure, Field(strict=False)]
    nature: Annotated[Nature, Field(strict=False)] = Nature.COMPLAINT
    organisation: Id | None = None
    estate: Id | None = None
    building: Id | None = None
    place: Annotated[str, Field(max_length=100)] = ""
    point: PointIn | None = None
    works_item: Id | None = None
    media: Media = []
    ticket_number: Annotated[str, Field(pattern=r"^[0-9A-Za-z\-]{4,40}$")] | None = None
    reporter_name: Annotated[str, Field(min_length=1, max_length=40)] | None = None
    reporter_phone: Annotated[str, Field(min_length=5, max_length=40)] | None = None
    about_party: Id | None = None
    about_account: Id | None = None

    def command(self, key: str) -> RecordComplaint:
        """Return the service's command."""
        report = Report(
            category=self.category,
            words=self.words,
            disclosure=self.disclosure,
            nature=self.nature,
            estate_id=self.estate,
            building_id=self.building,
            place_words=self.place,
            point=None if self.point is None else (self.point.lat_e6, self.point.lon_e6),
            works_item_id=self.works_item,
            media_ids=tuple(self.media),
        )
        return RecordComplaint(
            report,
            self.source,
            key,
            self.organisation,
            self.ticket_number,
            self.reporter_name,
            self.reporter_phone,
            self.about_party,
            self.about_account,
        )


class AcceptIn(StrictModel):
    """Taking a matter on, or correcting what it was taken for; what is missing stays as it is.

    ``restricted`` is for those who may see restricted cases: true restricts, false lifts it and names nobody more.
    """

    nature: Literal["complaint", "emergency"] | None = None
    category: Category | None = None
    time_class: Annotated[TimeClass, Field(strict=False)] | None = None
    about_party: Id | None = None
    about_account: Id | None = None
    restricted: bool | None = None
    words: Words = ""

    def command(self, complaint_id: str, version: int) -> AcceptComplaint:
        """Return the service's command."""
        return AcceptComplaint(
            complaint_id,
            version,
            None if self.nature is None else Nature(self.nature),
            self.category,
            self.time_class,
            self.about_party,
            self.about_account,
            self.words,
            self.restricted,
        )


class HandUpIn(StrictModel):
    """Why a case should be seen from further off only, and about whom it may be."""

    words: Told
    about_account: Id | None = None

    def command(self, complaint_id: str, version: int) -> HandUpComplaint:
        """Return the service's command."""
        return HandUpComplaint(complaint_id, version, self.words, self.about_account)


class TransferIn(StrictModel):
    """Passing a matter on in writing."""

    nature: Literal["petition", "accusation", "lawsuit"]
    recipient: Line
    document_title: Line
    document_number: Annotated[str, Field(min_length=1, max_length=60, pattern=r"\S")]
    transferred_on: Day
    words: Words = ""

    def command(self, complaint_id: str, version: int) -> TransferComplaint:
        """Return the service's command."""
        return TransferComplaint(
            complaint_id,
            version,
            Nature(self.nature),
            self.recipient,
            self.document_title,
            self.document_number,
            self.transferred_on,
            self.words,
        )


class WordsIn(StrictModel):
    """Words that must be given."""

    words: Told


class RemarkIn(StrictModel):
    """Words that may be given."""

    words: Words = ""


class DispatchIn(StrictModel):
    """The party that is to handle the case; ``wording`` is what it reads of a hidden reporter's words."""

    party: Id
    words: Words = ""
    wording: Told | None = None

    def command(self, complaint_id: str, version: int) -> DispatchComplaint:
        """Return the service's command."""
        return DispatchComplaint(complaint_id, version, self.party, self.words, self.wording)


class HandleIn(StrictModel):
    """What the party did; ``media`` are photos of it, ``tell`` lets the reporter read it."""

    words: Words = ""
    tell: bool = False
    media: Media = []

    def command(self, complaint_id: str, version: int) -> HandleComplaint:
        """Return the service's command."""
        return HandleComplaint(complaint_id, version, self.words, self.tell, tuple(self.media))


class PauseIn(StrictModel):
    """Why the clock stops."""

    reason: Annotated[PauseReason, Field(strict=False)]
    words: Told

    def command(self, complaint_id: str, version: int) -> PauseComplaint:
        """Return the service's command."""
        return PauseComplaint(complaint_id, version, self.reason, self.words)


class ExtensionIn(StrictModel):
    """Asking for more time: ``period`` like ``5wd``, missing for as much as one may ask for."""

    reason: Told
    period: Annotated[str, Field(pattern=r"^[0-9]{1,4}(wd|d|h)$")] | None = None

    def command(self, complaint_id: str, version: int) -> RequestExtension:
        """Return the service's command."""
        return RequestExtension(complaint_id, version, self.reason, self.period)


class ExtensionDecisionIn(StrictModel):
    """Granting or refusing; the words are told to the reporter and the hotline."""

    grant: bool
    words: Told

    def command(self, complaint_id: str, version: int) -> DecideExtension:
        """Return the service's command."""
        return DecideExtension(complaint_id, version, self.grant, self.words)


class MergeIn(StrictModel):
    """The case that goes on."""

    into: Id


class MediationIn(StrictModel):
    """A mediation that was held."""

    held_on: Day
    parties: Line
    mediator: Line
    agreed: bool
    agreement: Words = ""
    media: Media = []

    def command(self, complaint_id: str, version: int) -> RecordMediation:
        """Return the service's command."""
        return RecordMediation(
            complaint_id,
            version,
            self.held_on,
            self.parties,
            self.mediator,
            self.agreed,
            self.agreement,
            tuple(self.media),
        )


class FollowUpIn(StrictModel):
    """What the reporter answered."""

    solved: bool
    satisfied: bool
    words: Words = ""

    def answer(self) -> Answer:
        """Return the service's value."""
        return Answer(self.solved, self.satisfied, self.words)


class ViewReasonIn(StrictModel):
    """Why the reporter's identity is asked for; kept in the log."""

    reason: Line
