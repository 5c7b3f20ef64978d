"""One simulator for these tests, emptied before each; a gateway to it with its store in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from backend.infra.wechat.account import WeChatAccount
from backend.infra.wechat.gateway import WeChatGateway, WeChatSettings
from backend.infra.wechat.messages import WeChatMessages
from backend.infra.wechat.tokens import Token
from tests.factories.simulator import (
    APP_ID,
    APP_SECRET,
    OFFICIAL_ID,
    OFFICIAL_SECRET,
    SimulatorHandle,
    start_simulator,
)

OPENID = "oTestResident00000000000001"
PHONE = "13800000001"


class SharedStore:
    """A token store as several processes would share it."""

    def __init__(self) -> None:
        self.tokens: dict[str, Token] = {}

    def get(self, app_id: str) -> Token | None:
        return self.tokens.get(app_id)

    def save(self, app_id: str, token: Token) -> None:
        self.tokens[app_id] = token


@pytest.fixture(scope="session")
def running_simulator() -> Iterator[SimulatorHandle]:
    handle = start_simulator()
    yield handle
    handle.stop()


@pytest.fixture
def simulator(running_simulator: SimulatorHandle) -> SimulatorHandle:
    running_simulator.reset()
    running_simulator.create_users([{"openid": OPENID, "phone": PHONE, "unionid": "uTest1"}])
    return running_simulator


@pytest.fixture
def store() -> SharedStore:
    return SharedStore()


@pytest.fixture
def build_gateway(simulator: SimulatorHandle, store: SharedStore) -> Callable[..., WeChatGateway]:
    def build(**changes: Any) -> WeChatGateway:
        account = {"app_id": APP_ID, "app_secret": APP_SECRET, "api_base": simulator.base_url, **changes}
        return WeChatGateway(WeChatSettings(**account), store)

    return build


@pytest.fixture
def gateway(build_gateway: Callable[..., WeChatGateway]) -> WeChatGateway:
    return build_gateway()


@pytest.fixture
def official(simulator: SimulatorHandle, store: SharedStore) -> WeChatAccount:
    settings = WeChatSettings(OFFICIAL_ID, OFFICIAL_SECRET, simulator.base_url, timeout_seconds=(1, 0.5))
    return WeChatAccount(settings, store)


@pytest.fixture
def messages(simulator: SimulatorHandle, store: SharedStore, official: WeChatAccount) -> WeChatMessages:
    settings = WeChatSettings(APP_ID, APP_SECRET, simulator.base_url, timeout_seconds=(1, 0.5))
    return WeChatMessages(WeChatAccount(settings, store), official, robot_api=simulator.base_url)


@pytest.fixture
def official_openid(simulator: SimulatorHandle) -> str:
    """Return how the Official Account knows the test's resident, who follows it."""
    simulator.control("POST", f"users/{OPENID}/follow")
    return str(simulator.control("GET", "users")["users"][0]["official_openid"])
