"""Logging in: one code, one exchange, and everything that can come between."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from backend.infra.wechat.errors import (
    BUSY,
    NO_CONNECTION,
    TIMED_OUT,
    Configuration,
    InvalidCode,
    Passing,
    Permanent,
    Quota,
    UserRefused,
)
from backend.infra.wechat.gateway import WeChatGateway, WeChatSession
from tests.factories.simulator import SimulatorHandle
from tests.wechat.conftest import OPENID

PATH = "/sns/jscode2session"


def test_login_gives_openid_and_unionid_and_nothing_else(
    gateway: WeChatGateway, simulator: SimulatorHandle
) -> None:
    session = gateway.login(simulator.login_code(OPENID))
    assert session == WeChatSession(OPENID, "uTest1")
    assert session.__slots__ == ("openid", "unionid")


def test_user_without_unionid(gateway: WeChatGateway, simulator: SimulatorHandle) -> None:
    simulator.create_users([{"openid": "oNoUnion"}])
    assert gateway.login(simulator.login_code("oNoUnion")).unionid is None


def test_login_needs_no_access_token(gateway: WeChatGateway, simulator: SimulatorHandle) -> None:
    gateway.login(simulator.login_code(OPENID))
    assert simulator.calls("/cgi-bin/stable_token") == 0


def test_code_cannot_be_used_twice(gateway: WeChatGateway, simulator: SimulatorHandle) -> None:
    code = simulator.login_code(OPENID)
    gateway.login(code)
    with pytest.raises(InvalidCode) as caught:
        gateway.login(code)
    assert caught.value.code == 40163
    assert simulator.calls(PATH) == 2


@pytest.mark.parametrize(("age", "is_good"), [(299, True), (301, False)])
def test_code_lives_five_minutes(
    gateway: WeChatGateway, simulator: SimulatorHandle, age: int, is_good: bool
) -> None:
    code = simulator.login_code(OPENID)
    simulator.advance(age)
    if is_good:
        assert gateway.login(code).openid == OPENID
        return
    with pytest.raises(InvalidCode) as caught:
        gateway.login(code)
    assert caught.value.code == 40029


@pytest.mark.parametrize("code", ["", "a b", "码", "x" * 257, "a\n", "a\x00"])
def test_impossible_code_is_refused_without_asking_wechat(
    gateway: WeChatGateway, simulator: SimulatorHandle, code: str
) -> None:
    with pytest.raises(InvalidCode):
        gateway.login(code)
    assert simulator.calls(PATH) == 0


@pytest.mark.parametrize("code", ["unknown", "a&secret=b#c", "%00", "../x"])
def test_unknown_code(gateway: WeChatGateway, simulator: SimulatorHandle, code: str) -> None:
    with pytest.raises(InvalidCode) as caught:
        gateway.login(code)
    assert caught.value.code == 40029


def test_phone_code_is_no_login_code(gateway: WeChatGateway, simulator: SimulatorHandle) -> None:
    with pytest.raises(InvalidCode):
        gateway.login(simulator.phone_code(OPENID))


def test_hundred_and_first_login_in_a_minute_is_over_quota(
    gateway: WeChatGateway, simulator: SimulatorHandle
) -> None:
    for _ in range(100):
        gateway.login(simulator.login_code(OPENID))
    code = simulator.login_code(OPENID)
    with pytest.raises(Quota) as caught:
        gateway.login(code)
    assert caught.value.code == 45011
    simulator.advance(61)
    assert gateway.login(code).openid == OPENID


def test_risky_user_is_refused(gateway: WeChatGateway, simulator: SimulatorHandle) -> None:
    simulator.create_users([{"openid": "oRisky", "blocked": True}])
    with pytest.raises(UserRefused):
        gateway.login(simulator.login_code("oRisky"))


@pytest.mark.parametrize(
    ("change", "code"),
    [({"app_id": "wxother"}, 40013), ({"app_secret": "wrong"}, 40125), ({"app_id": ""}, 41002)],
)
def test_wrong_account_is_a_configuration_error(
    build_gateway: Callable[..., WeChatGateway], simulator: SimulatorHandle, change: dict[str, str], code: int
) -> None:
    with pytest.raises(Configuration) as caught:
        build_gateway(**change).login(simulator.login_code(OPENID))
    assert caught.value.code == code


def test_one_busy_answer_is_retried(gateway: WeChatGateway, simulator: SimulatorHandle) -> None:
    code = simulator.login_code(OPENID)
    simulator.inject("error", errcode=-1, count=1)
    assert gateway.login(code).openid == OPENID


def test_busy_storm_is_bounded(gateway: WeChatGateway, simulator: SimulatorHandle) -> None:
    code = simulator.login_code(OPENID)
    simulator.inject("error", errcode=-1, count=1000)
    with pytest.raises(Passing) as caught:
        gateway.login(code)
    assert caught.value.code == BUSY
    assert simulator.calls(PATH) == 2


def test_dropped_connection_is_retried(gateway: WeChatGateway, simulator: SimulatorHandle) -> None:
    code = simulator.login_code(OPENID)
    simulator.inject("drop", count=1)
    assert gateway.login(code).openid == OPENID


def test_kept_connection_that_dies_is_retried(gateway: WeChatGateway, simulator: SimulatorHandle) -> None:
    gateway.login(simulator.login_code(OPENID))
    code = simulator.login_code(OPENID)
    simulator.inject("drop", count=1)
    assert gateway.login(code).openid == OPENID


def test_lost_answer_is_passing_not_a_used_code(gateway: WeChatGateway, simulator: SimulatorHandle) -> None:
    code = simulator.login_code(OPENID)
    simulator.inject("drop_after", count=1)
    with pytest.raises(Passing) as caught:
        gateway.login(code)
    assert caught.value.code == NO_CONNECTION
    assert gateway.login(simulator.login_code(OPENID)).openid == OPENID


def test_connections_that_keep_dropping_are_bounded(
    gateway: WeChatGateway, simulator: SimulatorHandle
) -> None:
    code = simulator.login_code(OPENID)
    simulator.inject("drop", count=1000)
    with pytest.raises(Passing):
        gateway.login(code)
    assert simulator.calls(PATH) == 2


def test_slow_answer_times_out_without_retry(
    build_gateway: Callable[..., WeChatGateway], simulator: SimulatorHandle
) -> None:
    gateway = build_gateway(timeout_seconds=(1, 0.3))
    code = simulator.login_code(OPENID)
    simulator.inject("slow", milliseconds=1500)
    with pytest.raises(Passing) as caught:
        gateway.login(code)
    assert caught.value.code == TIMED_OUT
    assert simulator.calls(PATH) == 1


def test_nothing_listening_is_passing(build_gateway: Callable[..., WeChatGateway]) -> None:
    with pytest.raises(Passing) as caught:
        build_gateway(api_base="http://127.0.0.1:9").login("anything")
    assert caught.value.code == NO_CONNECTION


def test_unknown_errcode_is_permanent(gateway: WeChatGateway, simulator: SimulatorHandle) -> None:
    code = simulator.login_code(OPENID)
    simulator.inject("error", errcode=99999)
    with pytest.raises(Permanent) as caught:
        gateway.login(code)
    assert caught.value.code == 99999


def test_threads_share_a_gateway(gateway: WeChatGateway, simulator: SimulatorHandle) -> None:
    people = [user["openid"] for user in simulator.create_users([{}] * 80)]
    codes = [simulator.login_code(openid) for openid in people]
    seen: list[tuple[str, str]] = []

    def log_in(which: int) -> None:
        for index in range(which, 80, 4):
            seen.append((people[index], gateway.login(codes[index]).openid))

    threads = [threading.Thread(target=log_in, args=(which,)) for which in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 80
    assert all(wanted == got for wanted, got in seen)
