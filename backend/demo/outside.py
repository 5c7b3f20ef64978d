"""What the simulator must know of the demo at every start: only messages, rooms and followers outlive it."""

from __future__ import annotations

from collections.abc import Mapping

from backend.bootstrap import build_ports
from backend.demo.people import phones
from backend.demo.roll import CHAOYANG, XINYI
from backend.identity.service.contacts import contacts_of
from backend.infra.context import Context
from backend.infra.database import open_session
from backend.infra.settings import Settings
from backend.kernel.access import SYSTEM
from backend.notifications import queries
from backend.notifications.rules.templates import SIMULATED
from backend.rehearsal.phones import SimulatedPhones
from bot.menu import buttons

# The first is the simulator's own demo group.
ROOM_KEYS = {
    XINYI.code: "00000000-0000-4000-8000-00000000d001",
    CHAOYANG.code: "00000000-0000-4000-8000-00000000d002",
}
ROOM_NAMES = {plan.code: f"{plan.community}工作群" for plan in (XINYI, CHAOYANG)}


def fill(simulated: SimulatedPhones, settings: Settings, web_url: str) -> None:
    """Set up phones, templates, groups, consents and the chat's menu; only then the callbacks, so that nothing is
    told twice."""
    simulated.create_users(phones())
    simulated.register_templates()
    for code, key in ROOM_KEYS.items():
        simulated.open_room(key, ROOM_NAMES[code])
    simulated.ask("POST", "/__sim/consents", {"grants": _consents(settings)})
    _publish_menu(settings)
    for account, secrets in _callbacks(settings).items():
        url = f"{web_url}/wechat/{account}"
        simulated.ask("POST", f"/__sim/callbacks/{account}", {"url": url, **secrets})


def _publish_menu(settings: Settings) -> None:
    ports = build_ports(settings)
    try:
        if ports.gateways is not None and ports.gateways.official is not None:
            ports.gateways.official.set_menu(buttons(settings))
    finally:
        ports.engine.dispose()


def _consents(settings: Settings) -> list[tuple[str, str, int]]:
    """Return openid, template and number of every consent that the product counts on."""
    ports = build_ports(settings)
    with open_session(ports.engine, read_only=True) as session:
        left = queries.consents_left(session)
        ctx = Context(session, SYSTEM, ports, "demo")
        contacts = contacts_of(ctx, {account_id for account_id, _, _ in left})
    ports.engine.dispose()
    return [
        (str(contacts[account_id].openid), SIMULATED[purpose].template_id, count)
        for account_id, purpose, count in left
        if account_id in contacts
    ]


def _callbacks(settings: Settings) -> Mapping[str, Mapping[str, str]]:
    return {
        "mini": {
            "token": settings.callback_token_mini,
            "aes_key": settings.callback_aes_key_mini,
            "form": "json",
        },
        "official": {
            "token": settings.callback_token_official,
            "aes_key": settings.callback_aes_key_official,
        },
    }
