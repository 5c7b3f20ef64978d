"""A community office with the people that paper needs: clerks, a confirmer, a reviewer, a steward."""

from __future__ import annotations

from dataclasses import dataclass

from backend.ballots.service.batches import RegisterBatch, register_batch, witness_batch
from backend.ballots.service.paper import ConfirmSheet, EnterSheet, SheetState, confirm_sheet, enter_sheet
from backend.ballots.tables import PaperBatch
from backend.infra.context import Context
from backend.kernel.access import Actor, Grant, Role, Scope
from backend.kernel.ids import new_id
from tests.factories.ballots import BallotFixture, make_ballot
from tests.factories.places import EstateFixture, make_estate


@dataclass(frozen=True)
class Office:
    """An estate with a ballot; every context shares the test's session."""

    estate: EstateFixture
    ballot: BallotFixture
    clerk: Context
    second: Context
    third: Context
    photo: str

    def entry(self, number: int) -> str:
        """Return the roll entry of the n-th dwelling."""
        return self.ballot.entry_ids[self.estate.dwelling_ids[number]]

    def marks(self, choice: str = "for") -> dict[str, str]:
        """Return a sheet marked alike everywhere."""
        return dict.fromkeys(self.ballot.motion_ids, choice)


def staff(ctx: Context, estate: EstateFixture, role: Role, *, building_id: str | None = None) -> Context:
    """Return a context of a staff member with one grant (stored nowhere: services ask the actor only)."""
    scope = Scope(estate.community.path, estate.estate.id if building_id else None, building_id)
    actor = Actor("staff", new_id(), (Grant(role, scope),))
    return Context(session=ctx.session, actor=actor, ports=ctx.ports, request_id="test")


def open_office(ctx: Context, *, dwellings: int = 4, per_building: int = 20, **ballot: object) -> Office:
    """Return an office with an open ballot."""
    estate = make_estate(ctx, dwellings=dwellings, per_building=per_building)
    made = make_ballot(ctx, estate, **ballot)  # type: ignore[arg-type] # passed through
    people = [staff(ctx, estate, Role.RESIDENTS_COMMITTEE) for _ in range(3)]
    return Office(estate, made, people[0], people[1], people[2], ctx.storage.put(b"photo"))


def sealed_batch(office: Office, count: int = 3, channel: str = "paper") -> PaperBatch:
    """Return a batch registered by the clerk and witnessed by the second."""
    command = RegisterBatch(office.ballot.ballot_id, count, office.photo, new_id(), channel)
    batch = register_batch(office.clerk, command)
    return witness_batch(office.second, batch.id, count)


def enter(office: Office, batch: PaperBatch, sheet_no: int, dwelling: int, choice: str = "for") -> SheetState:
    """Enter a sheet as the clerk."""
    command = EnterSheet(batch.id, sheet_no, office.entry(dwelling), office.marks(choice), office.photo)
    return enter_sheet(office.clerk, command)


def confirm(office: Office, sheet: SheetState, dwelling: int, choice: str = "for") -> SheetState:
    """Confirm a sheet as the second person."""
    return confirm_sheet(
        office.second, ConfirmSheet(sheet.receipt, office.entry(dwelling), office.marks(choice))
    )
