"""The notification tests' world, wired to WeChat's simulator through the real gateway."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import orjson

from backend.bootstrap import build_ports
from backend.identity.service.contacts import contacts_of
from backend.infra.context import Ports
from backend.infra.settings import Settings
from backend.infra.wechat.build import WeChatPlan, build_wechat
from backend.infra.wechat.client import WeChatSettings
from backend.notifications.channels.binding import channels_of
from backend.notifications.rules.templates import SIMULATED
from bot import delivery
from tests.factories.people import ResidentFixture
from tests.factories.simulator import SimulatorHandle
from tests.services.notifications.conftest import World
from tests.wechat.conftest import SharedStore

SEND = "/cgi-bin/message/subscribe/send"
ROBOT = "/cgi-bin/webhook/send"
TOKEN = "/cgi-bin/stable_token"
# Nobody listens there: a connection is refused at once.
NOWHERE = "http://127.0.0.1:9"


@dataclass
class Wired(World):
    """A world whose messages really leave; ``people`` maps openid → resident."""

    simulator: SimulatorHandle = field(kw_only=True)
    people: dict[str, ResidentFixture] = field(default_factory=dict)

    @cached_property
    def ways(self) -> Mapping[str, Any]:  # type: ignore[override] # built once, as a process does
        return self.ways_to(self.simulator.base_url)

    def ways_to(self, base: str) -> Mapping[str, Any]:
        """Return the channels with short patience; no text messages, so that the doorstep list shows."""
        settings = self.ports.settings
        account = WeChatSettings(settings.wechat_app_id, settings.wechat_app_secret, base, (1, 0.5))
        plan = WeChatPlan(account, robot_api=base, open_base=base)
        messages = build_wechat(plan, SharedStore()).messages
        return channels_of(messages, account.app_id, has_official_account=False, sms=None)

    def send(self, base: str | None = None) -> int:
        """Let one bot send once; returns how many requests left."""
        return delivery.deliver(self.ports, self.ways if base is None else self.ways_to(base))

    def move_in(self, home: str, *, granted: int = 3, relation: str = "owner") -> str:
        """Add a resident whom we believe to accept three messages, and WeChat ``granted``; return the openid."""
        person = self.resident(home, relation=relation)
        with self.acting() as ctx:
            openid = str(contacts_of(ctx, [person.account_id])[person.account_id].openid)
        self.simulator.create_users([{"openid": openid}])
        for template in SIMULATED.values():
            body = {"template_id": template.template_id, "count": granted}
            self.simulator.control("POST", f"users/{openid}/consents", body)
        self.people[openid] = person
        return openid

    def remind(self, homes: int, **options: Any) -> list[str]:
        """Enqueue a reminder each for ``homes`` households; returns their people's openids."""
        estate = self.estate(homes)
        self.ballot(estate, days=3)
        openids = [self.move_in(home, **options) for home in estate.dwelling_ids]
        delivery.remind(self.ports)
        assert len(self.deliveries()) == homes
        return openids

    def received(self) -> dict[str, int]:
        """Return how many messages each phone got."""
        return {openid: len(self.simulator.inbox(openid)) for openid in self.people}

    def consents(self) -> list[int]:
        """Return what we believe to be left of reminders, person by person."""
        return [self.left(person.account_id) for person in self.people.values()]


def wire(settings: Settings, engine: Any, simulator: SimulatorHandle) -> Wired:
    """Return a wired world at noon, its ports pointing at the simulator."""
    base = simulator.base_url
    pointed = replace(settings, wechat_api_base=base, wechat_robot_base=base, wechat_open_base=base)
    made = Wired(build_ports(pointed, engine=engine), simulator=simulator)
    made.go_to(12, days=1)
    return made


def texts_sent(ports: Ports) -> list[dict[str, Any]]:
    """Return the text messages of the file transport."""
    path: Path = ports.settings.sms.file
    return [orjson.loads(line) for line in path.read_bytes().splitlines()] if path.exists() else []
