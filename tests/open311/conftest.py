"""A town at the hotline's outer door, arranged once for each kind of database: nothing here is put back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from backend.complaints import service
from backend.complaints.rules.vocabulary import Disclosure, Nature, PartyKind, Source
from backend.complaints.service import (
    AcceptComplaint,
    CreateParty,
    DispatchComplaint,
    HandleComplaint,
    RecordComplaint,
    Report,
)
from backend.complaints.tables import Complaint
from backend.identity import service as identity
from backend.identity.service import CreateApiKey
from backend.infra.context import Context, Ports
from backend.infra.crypto import build_vault
from backend.infra.database import build_engine
from backend.infra.limits import FloodGate
from backend.infra.storage import Storage
from backend.kernel.access import Role
from backend.kernel.coordinates import Point
from backend.registry import service as registry
from backend.registry.service import SetEstatePoint
from backend.wsgi import build_app
from tests.api.conftest import World
from tests.factories.complaints import fill_complaints
from tests.factories.databases import make_settings, sqlite_copy
from tests.factories.people import StaffFixture, acting_as, make_staff
from tests.factories.phones import FakeExchange
from tests.factories.places import EstateFixture, make_community, make_estate
from tests.factories.postgres import Cluster

BASE = "/open311/v2"
FORM = "application/x-www-form-urlencoded"
# GCJ-02; 400 m to the north lies another estate, and further off nothing.
MIDDLE: Point = (37_985_000, 106_198_000)
NORTH: Point = (37_993_000, 106_198_000)
REACH = 300
NAME, PHONE = "欧阳示例", "13812345678"


@dataclass
class Town:
    """An estate of a community with reports in every state, another estate, and a community far off with one."""

    world: World
    home: EstateFixture
    north: EstateFixture
    far: EstateFixture
    key: str
    far_key: str
    bureau: StaffFixture
    hotline: StaffFixture
    numbers: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, **arguments: Any) -> Any:
        """Ask; flood counters start anew, this is not about floods."""
        self.world.app.floods = FloodGate("memory://")
        return self.world.app.test_client().get(f"{BASE}/{path}", query_string=arguments)

    def post(self, fmt: str = "json", headers: Any = None, **form: Any) -> Any:
        """File a form with the community's key unless another is given."""
        self.world.app.floods = FloodGate("memory://")
        body = {"api_key": self.key, "service_code": "quality", "address_id": self.home.estate.id} | form
        sent = {name.replace("__", ""): value for name, value in body.items() if value is not None}
        return self.world.app.test_client().post(
            f"{BASE}/requests.{fmt}", data=sent, headers=headers, content_type=FORM
        )

    def file(self, **form: Any) -> str:
        """File and return the number."""
        answer = self.post(**form)
        assert answer.status_code == 200, answer.text
        return str(answer.get_json()[0]["service_request_id"])


def build_town(world: World) -> Town:
    """Arrange everything."""
    with world.arrange() as ctx:
        home = make_estate(ctx, community=make_community(ctx), dwellings=2)
        north = make_estate(ctx, community=home.community, dwellings=1)
        far = make_estate(ctx, dwellings=1)
        for place, name in ((home, "安居小区"), (north, "安居小区二期"), (far, "远方小区")):
            place.estate.name = name
        for place, middle in ((home, MIDDLE), (north, NORTH)):
            registry.set_estate_point(ctx, SetEstatePoint(place.estate.id, middle, REACH))
        expires_on = ctx.clock.now().date() + timedelta(days=30)
        keys = [
            identity.create_api_key(ctx, CreateApiKey(place.community.id, "某平台", expires_on)).secret
            for place in (home, far)
        ]
        county = home.community.path.strip("/").split("/")[2]
        bureau, hotline = make_staff(ctx, Role.BUREAU, county), make_staff(ctx, Role.HOTLINE, county)
        town = Town(world, home, north, far, *keys, bureau, hotline)
        _report_everything(ctx, town)
    return town


def _report_everything(ctx: Context, town: Town) -> None:
    hotline, bureau = acting_as(ctx, town.hotline), acting_as(ctx, town.bureau)
    party = service.create_party(
        bureau, CreateParty(town.home.community.path.strip("/").split("/")[3], PartyKind.CONTRACTOR, "某公司")
    )
    fill_complaints(ctx, [town.north], party.id, 900)
    handler = make_staff(ctx, Role.HANDLER, town.home.community.id)
    service.add_member(bureau, party.id, handler.account_id)
    handling = acting_as(ctx, handler)

    def record(name: str, disclosure: str = "named", nature: str = "complaint", **other: Any) -> Complaint:
        place: EstateFixture = other.pop("place", town.home)
        report = Report(
            other.pop("category", "quality"),
            f"我是{NAME}，住1栋1单元101，电话{PHONE}，漏水",
            Disclosure(disclosure),
            Nature(nature),
            estate_id=place.estate.id,
            building_id=place.building_ids[0],
            point=(MIDDLE[0] + 1234, MIDDLE[1] - 777),
        )
        told = (NAME, PHONE) if disclosure != "anonymous" else (None, None)
        command = RecordComplaint(report, Source.TELEPHONE, f"town-{name}", None, None, *told)
        row = service.record_complaint(ctx, command).complaint
        town.numbers[name] = row.number
        return row

    record("registered")
    record("hidden", "confidential")
    record("anonymous", "anonymous", category="disturbance")
    record("accusation", "named", "accusation")
    record("conduct", "named", category="conduct")
    record("far", place=town.far)
    accepted = record("accepted")
    service.accept_complaint(hotline, AcceptComplaint(accepted.id, accepted.version))
    row = record("resolved")
    row = service.accept_complaint(hotline, AcceptComplaint(row.id, row.version))
    row = service.dispatch_complaint(hotline, DispatchComplaint(row.id, row.version, party.id))
    row = service.start_complaint(handling, HandleComplaint(row.id, row.version))
    service.resolve_complaint(handling, HandleComplaint(row.id, row.version, f"已给{NAME}家修好"))
    row = record("closed")
    row = service.accept_complaint(hotline, AcceptComplaint(row.id, row.version))
    row = service.dispatch_complaint(hotline, DispatchComplaint(row.id, row.version, party.id))
    row = service.start_complaint(handling, HandleComplaint(row.id, row.version))
    row = service.resolve_complaint(handling, HandleComplaint(row.id, row.version, "已修好"))
    service.close_complaint(ctx, row.id, row.version)


def _world(url: str, folder: Path) -> World:
    settings = make_settings(url, folder / "files")
    vault = build_vault(settings)
    storage = Storage(settings.storage_path, vault)
    ports = Ports(settings, build_engine(settings), vault, storage, FakeExchange())
    return World(build_app(ports), ports)


@pytest.fixture(scope="session")
def sqlite_town(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """The town in an SQLite file."""
    folder = tmp_path_factory.mktemp("open311")
    made = build_town(_world(sqlite_copy(migrated_sqlite, folder / "town.db"), folder))
    yield made
    made.world.ports.engine.dispose()


@pytest.fixture(scope="session")
def postgresql_town(
    pg_cluster: Cluster, migrated_postgresql: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Town]:
    """The town in a PostgreSQL database."""
    url = pg_cluster.create_database("open311", template=migrated_postgresql)
    made = build_town(_world(url, tmp_path_factory.mktemp("open311")))
    yield made
    made.world.ports.engine.dispose()


@pytest.fixture
def town(request: pytest.FixtureRequest) -> Town:
    """The town, on SQLite unless a test says otherwise."""
    chosen: Town = request.getfixturevalue(f"{getattr(request, 'param', 'sqlite')}_town")
    return replace(chosen)


on_both = pytest.mark.parametrize("town", ["sqlite", "postgresql"], indirect=True)
