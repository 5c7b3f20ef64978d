"""An estate whose register the committee keeps, a builder who is responsible, a town that verifies."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlmodel import select

from backend.infra.context import Context
from backend.kernel.access import Role
from backend.kernel.clock import local_date
from backend.kernel.ids import new_id
from backend.ledger.tables import LedgerEvent
from backend.media import service as media
from backend.rectification import service
from backend.rectification.queries import ItemCard
from backend.rectification.rules.progress import Step
from backend.rectification.rules.wording import Category, Source
from backend.rectification.service import (
    AddEvidence,
    CreateWorks,
    Description,
    Links,
    OpenItem,
    Shown,
    TakeStep,
    WorksFacts,
)
from tests.factories.people import acting_as, make_staff
from tests.factories.photos import jpeg
from tests.factories.places import EstateFixture, make_estate


@dataclass
class Site:
    """Whoever acts in these tests, each with a context of their own."""

    place: EstateFixture
    committee: Context
    builder: Context
    town: Context
    today: date

    @property
    def estate(self) -> str:
        """Return the estate's id."""
        return self.place.estate.id

    def said(self, **changes: Any) -> Description:
        """Return what an item says."""
        due_on = self.today + timedelta(days=10)
        found_on = self.today - timedelta(days=1)
        said = Description(
            "屋面漏水", "3栋屋面", "某建筑公司", "重做防水", found_on, due_on, "张三 13800000001"
        )
        return replace(said, **changes)

    def links(self, **changes: Any) -> Links:
        """Return what an item hangs on: the builder is responsible."""
        links = Links(Source.INSPECTION, "检〔2026〕5号", None, self.builder.actor.account_id)
        return replace(links, **changes)

    def open(self, key: str = "", **changes: Any) -> ItemCard:
        """Open an item."""
        command = OpenItem(self.estate, self.links(), self.said(**changes), key or new_id())
        return service.open_item(self.committee, command)

    def upload(self, who: Context) -> str:
        """Upload a photo and return its id."""
        return media.upload_media(who, media.Upload(jpeg(), new_id(), self.estate)).id

    def photo(self, who: Context, item_id: str, phase: str = "after") -> Shown:
        """Upload and attach a photo."""
        return service.add_evidence(who, AddEvidence(item_id, phase, self.upload(who)))

    def step(self, who: Context, item_id: str, step: Step, words: str = "") -> Shown:
        """Take a step on the item as it is now."""
        version = service.show_item(who, item_id).card.version
        return service.take_step(who, TakeStep(item_id, step, version, words))

    def close(self, item_id: str) -> Shown:
        """Take an item the whole way."""
        self.photo(self.builder, item_id)
        self.step(self.builder, item_id, Step.SUBMIT)
        self.step(self.town, item_id, Step.VERIFY)
        return self.step(self.town, item_id, Step.CLOSE_OUT)

    def works(self, code: str = "W1", **changes: Any) -> str:
        """Write down a piece of works."""
        facts = WorksFacts(code, Category.BASIC, "屋面防水", "某建筑公司", "waterproofing", self.today)
        command = CreateWorks(self.estate, replace(facts, **changes), new_id())
        return service.create_works(self.committee, command).id

    def events(self, kind: str, subject: str) -> list[LedgerEvent]:
        """Return the events of a type about a thing."""
        chosen = select(LedgerEvent).where(LedgerEvent.type == kind, LedgerEvent.subject_id == subject)
        return list(self.committee.session.exec(chosen))


def make_site(ctx: Context) -> Site:
    """Build the estate and its people."""
    place = make_estate(ctx, dwellings=1)
    ids = place.community.path.strip("/").split("/")
    roles = (
        (Role.RESIDENTS_COMMITTEE, ids[4]),
        (Role.HANDLER, ids[4]),
        (Role.TOWN, ids[3]),
    )
    committee, builder, town = (acting_as(ctx, make_staff(ctx, role, at)) for role, at in roles)
    return Site(place, committee, builder, town, local_date(ctx.clock.now()))


@pytest.fixture
def site(ctx: Context) -> Site:
    """Return an estate with its people."""
    return make_site(ctx)
