"""An estate with its hotline: who registers, triages, dispatches, handles and asks afterwards; and a movable clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import text

from backend.complaints import service
from backend.complaints.rules.vocabulary import Disclosure, Nature, PartyKind, Source
from backend.complaints.service import (
    AcceptComplaint,
    CreateParty,
    DispatchComplaint,
    HandleComplaint,
    RecordComplaint,
    RegisterComplaint,
    Report,
)
from backend.complaints.tables import Complaint
from backend.infra.columns import to_micros
from backend.infra.context import Context
from backend.kernel.access import Role
from backend.kernel.ids import new_id
from backend.policies.tables import CalendarYear
from tests.factories.people import ResidentFixture, acting_as, make_resident, make_staff
from tests.factories.places import EstateFixture, make_estate

WORDS = "三楼走廊顶部漏水，下雨天滴到电表箱上"


@dataclass(frozen=True)
class Hotline:
    """Contexts of everybody concerned, on one session."""

    system: Context
    place: EstateFixture
    county: str
    hotline: Context
    town: Context
    bureau: Context
    committee: Context
    auditor: Context
    handler: Context
    other_handler: Context
    resident: Context
    neighbour: Context
    resident_account: ResidentFixture
    party: str
    other_party: str

    def report(self, **changes: object) -> Report:
        """Return a report on this estate."""
        usual = Report(
            "quality",
            WORDS,
            Disclosure.NAMED,
            estate_id=self.place.estate.id,
            building_id=self.place.building_ids[0],
            place_words="2单元三楼走廊",
        )
        return replace(usual, **changes)

    def register(self, **changes: object) -> Complaint:
        """Register the resident's complaint."""
        return service.register_complaint(
            self.resident, RegisterComplaint(self.report(**changes), f"key-{new_id()}")
        ).complaint

    def record(self, by: Context | None = None, **changes: object) -> Complaint:
        """Record a telephone call."""
        command = RecordComplaint(self.report(**changes), Source.TELEPHONE, f"key-{new_id()}")
        return service.record_complaint(by or self.hotline, command).complaint

    def accepted(self, **changes: object) -> Complaint:
        """Register and accept."""
        row = self.register(**changes)
        return service.accept_complaint(self.hotline, AcceptComplaint(row.id, row.version))

    def dispatched(self, **changes: object) -> Complaint:
        """Register, accept, dispatch."""
        row = self.accepted(**changes)
        return service.dispatch_complaint(self.hotline, DispatchComplaint(row.id, row.version, self.party))

    def started(self, **changes: object) -> Complaint:
        """Register, accept, dispatch, start."""
        row = self.dispatched(**changes)
        return service.start_complaint(self.handler, HandleComplaint(row.id, row.version))

    def resolved(self, **changes: object) -> Complaint:
        """Register, accept, dispatch, start, resolve."""
        row = self.started(**changes)
        done = HandleComplaint(row.id, row.version, "已修补屋面并试水，不再渗漏")
        return service.resolve_complaint(self.handler, done)


def open_hotline(ctx: Context) -> Hotline:
    """Arrange it."""
    place = make_estate(ctx, dwellings=4)
    county, town, community = place.community.path.strip("/").split("/")[2:]

    def staff(role: Role, at: str) -> Context:
        return acting_as(ctx, make_staff(ctx, role, at))

    bureau = staff(Role.BUREAU, county)
    handlers = [make_staff(ctx, Role.HANDLER, community) for _ in range(2)]
    parties = []
    for number, handler in enumerate(handlers):
        made = service.create_party(
            bureau, CreateParty(town, PartyKind.CONTRACTOR, f"示例施工单位{number + 1}")
        )
        parties.append(service.add_member(bureau, made.id, handler.account_id).id)
    resident = make_resident(ctx, place.dwelling_ids[0])
    return Hotline(
        ctx,
        place,
        county,
        staff(Role.HOTLINE, community),
        staff(Role.TOWN, town),
        bureau,
        staff(Role.RESIDENTS_COMMITTEE, community),
        staff(Role.AUDITOR, county),
        *(acting_as(ctx, handler) for handler in handlers),
        acting_as(ctx, resident),
        acting_as(ctx, make_resident(ctx, place.dwelling_ids[1])),
        resident,
        *parties,
    )


def load_year(ctx: Context, year: int, free: Sequence[str] = (), worked: Sequence[str] = ()) -> None:
    """Load a year's calendar."""
    ctx.session.add(
        CalendarYear(
            year=year,
            source="通知",
            holidays=list(free),
            workdays=list(worked),
            loaded_by="test",
            loaded_at=ctx.clock.now(),
        )
    )
    ctx.session.flush()


def set_clock(ctx: Context, instant: datetime) -> None:
    """Move the rehearsal's clock to an instant, in this transaction."""
    ctx.session.connection().execute(text("UPDATE installation SET clock_offset_us = 0"))
    real = ctx.clock.now()
    offset = to_micros(instant) - to_micros(real)
    ctx.session.connection().execute(
        text("UPDATE installation SET clock_offset_us = :offset").bindparams(offset=offset)
    )


__all__ = ["WORDS", "Hotline", "Nature", "load_year", "open_hotline", "set_clock"]
