"""A county under gansu-2022 with one estate of a hundred equal homes in a project."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from backend.infra.context import Context
from backend.kernel.access import Role
from backend.policies import service as policies
from backend.policies.rules.gates import Gate
from backend.projects import service
from backend.projects.queries import GateView
from backend.projects.service import AttachRecord, CreateProject, DecideGate, MoveStage
from tests.factories.people import acting_as, make_staff
from tests.factories.places import EstateFixture, make_estate
from tests.services.projects.held_ballots import GENERAL, hold_ballot

START_RECORDS = ("management_minutes", "fee_confirmation", "mode_without_company")


@dataclass
class Town:
    """Whoever acts in these tests, and the project they act on."""

    place: EstateFixture
    county: str
    bureau: Context
    committee: Context
    project: str
    row: str

    def view(self, gate: Gate) -> GateView:
        """Return a gate as the bureau sees it."""
        return service.show_gate(self.bureau, self.row, gate)

    def attach(self, gate: Gate, *names: str) -> None:
        """Attach a file under each name."""
        for name in names:
            stored = self.committee.storage.put(name.encode())
            service.attach_record(self.committee, AttachRecord(self.row, gate, name, name, stored))

    def link(
        self, gate: Gate, kind: str, rules: tuple[str, ...], votes: tuple[int, int], motions: int = 1
    ) -> str:
        """Hold a ballot and link it."""
        ballot = hold_ballot(self.committee, self.place, kind, rules, votes=votes, motions=motions)
        service.link_ballot(self.committee, service.LinkBallot(self.row, gate, ballot))
        return ballot

    def decide(self, gate: Gate, *, is_passed: bool = True, reason: str = "经集体研究") -> GateView:
        """Decide a gate on what is there now."""
        seen = self.view(gate).evidence_sha256
        return service.decide_gate(self.bureau, DecideGate(self.row, gate, is_passed, reason, seen))

    def step(self, target: str) -> None:
        """Take a free step."""
        version = self.view(Gate.START).version
        service.move_stage(self.committee, MoveStage(self.row, target, version))

    def reach_start(self) -> None:
        """Pass eligibility and inclusion, and come to the plan vote."""
        self.decide(Gate.ELIGIBILITY)
        self.link(Gate.INCLUSION, "canvass", ("gansu-2022/inclusion",), (90, 80), motions=2)
        self.decide(Gate.INCLUSION)
        self.step("plan_vote")

    def pass_start(self) -> None:
        """Pass the start gate as well."""
        self.reach_start()
        self.link(Gate.START, "plan", ("gansu-2022/plan", GENERAL), (90, 75))
        self.attach(Gate.START, *START_RECORDS)
        self.decide(Gate.START)

    def stage(self) -> str:
        """Return the estate's stage."""
        return service.show_project(self.bureau, self.project).estates[0].stage


def make_town(ctx: Context, profile: str | None = "gansu-2022") -> Town:
    """Build the county, its staff and a project over one estate."""
    place = make_estate(ctx, dwellings=100)
    county = place.community.path.strip("/").split("/")[2]
    if profile is not None:
        policies.adopt_profile(ctx, policies.AdoptProfile(county, profile, "采用文件"))
    bureau = acting_as(ctx, make_staff(ctx, Role.BUREAU, county))
    committee = acting_as(ctx, make_staff(ctx, Role.RESIDENTS_COMMITTEE, place.community.id))
    card = service.create_project(bureau, CreateProject(county, "P1", "一期", 2026, (place.estate.id,)))
    return Town(place, county, bureau, committee, card.id, card.estates[0].project_estate_id)


@pytest.fixture
def town(ctx: Context) -> Town:
    """Return a county under gansu-2022."""
    return make_town(ctx)
