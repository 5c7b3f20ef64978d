"""Phone numbers, and the access token they need."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from backend.infra.wechat.errors import (
    NOT_MAINLAND,
    Configuration,
    InvalidCode,
    Passing,
    Permanent,
    Quota,
    WeChatError,
)
from backend.infra.wechat.gateway import WeChatGateway
from backend.infra.wechat.tokens import Token
from tests.factories.simulator import APP_ID, SimulatorHandle
from tests.wechat.conftest import OPENID, PHONE, SharedStore

PATH = "/wxa/business/getuserphonenumber"
TOKEN_PATH = "/cgi-bin/stable_token"


def test_phone_number_is_eleven_digits(gateway: WeChatGateway, simulator: SimulatorHandle) -> None:
    assert gateway.phone_number(simulator.phone_code(OPENID)) == PHONE


def test_foreign_number_is_refused(gateway: WeChatGateway, simulator: SimulatorHandle) -> None:
    simulator.create_users([{"openid": "oAbroad", "phone": "5550100", "country_code": "1"}])
    with pytest.raises(Permanent) as caught:
        gateway.phone_number(simulator.phone_code("oAbroad"))
    assert caught.value.code == NOT_MAINLAND


def test_phone_code_cannot_be_used_twice(gateway: WeChatGateway, simulator: SimulatorHandle) -> None:
    code = simulator.phone_code(OPENID)
    gateway.phone_number(code)
    with pytest.raises(InvalidCode):
        gateway.phone_number(code)


def test_login_code_is_no_phone_code(gateway: WeChatGateway, simulator: SimulatorHandle) -> None:
    with pytest.raises(InvalidCode):
        gateway.phone_number(simulator.login_code(OPENID))


def test_token_is_fetched_once_for_many_calls(gateway: WeChatGateway, simulator: SimulatorHandle) -> None:
    for _ in range(5):
        gateway.phone_number(simulator.phone_code(OPENID))
    assert simulator.calls(TOKEN_PATH) == 1


def test_processes_share_the_stored_token(
    build_gateway: Callable[..., WeChatGateway], simulator: SimulatorHandle
) -> None:
    for _ in range(3):
        assert build_gateway().phone_number(simulator.phone_code(OPENID)) == PHONE
    assert simulator.calls(TOKEN_PATH) == 1


@pytest.mark.parametrize("errcode", [42001, 40001])
def test_token_that_ends_in_mid_run_is_renewed(
    gateway: WeChatGateway, simulator: SimulatorHandle, errcode: int
) -> None:
    gateway.phone_number(simulator.phone_code(OPENID))
    code = simulator.phone_code(OPENID)
    simulator.spoil_tokens(errcode)
    assert gateway.phone_number(code) == PHONE
    assert simulator.calls(PATH) == 3
    assert simulator.calls(TOKEN_PATH) == 2


def test_token_ends_by_the_clock(gateway: WeChatGateway, simulator: SimulatorHandle) -> None:
    gateway.phone_number(simulator.phone_code(OPENID))
    simulator.advance(7201)
    assert gateway.phone_number(simulator.phone_code(OPENID)) == PHONE


def test_malformed_stored_token_is_replaced(
    gateway: WeChatGateway, simulator: SimulatorHandle, store: SharedStore
) -> None:
    store.save(APP_ID, Token("garbage", 2**40))
    assert gateway.phone_number(simulator.phone_code(OPENID)) == PHONE
    assert store.tokens[APP_ID].text != "garbage"


@pytest.mark.parametrize("errcode", [40001, 40014, 42001])
def test_lasting_token_refusal_is_bounded(
    gateway: WeChatGateway, simulator: SimulatorHandle, errcode: int
) -> None:
    code = simulator.phone_code(OPENID)
    simulator.inject("error", errcode=errcode, count=1000, path=PATH)
    with pytest.raises(Configuration) as caught:
        gateway.phone_number(code)
    assert caught.value.code == errcode
    assert simulator.calls(PATH) == 2
    assert simulator.calls(TOKEN_PATH) == 2


def test_busy_storm_is_bounded(gateway: WeChatGateway, simulator: SimulatorHandle) -> None:
    code = simulator.phone_code(OPENID)
    simulator.inject("error", errcode=-1, count=1000)
    with pytest.raises(Passing):
        gateway.phone_number(code)
    assert simulator.calls(TOKEN_PATH) == 2
    assert simulator.calls(PATH) == 0


def test_daily_limit_is_not_retried(gateway: WeChatGateway, simulator: SimulatorHandle) -> None:
    code = simulator.phone_code(OPENID)
    simulator.inject("error", errcode=45009, count=1000, path=PATH)
    with pytest.raises(Quota):
        gateway.phone_number(code)
    assert simulator.calls(PATH) == 1


def test_token_fetch_survives_a_dropped_answer(gateway: WeChatGateway, simulator: SimulatorHandle) -> None:
    simulator.inject("drop_after", path=TOKEN_PATH)
    assert gateway.phone_number(simulator.phone_code(OPENID)) == PHONE


def test_token_fetch_has_a_timeout(
    build_gateway: Callable[..., WeChatGateway], simulator: SimulatorHandle
) -> None:
    simulator.inject("slow", milliseconds=1500, path=TOKEN_PATH)
    with pytest.raises(Passing):
        build_gateway(timeout_seconds=(1, 0.3)).phone_number(simulator.phone_code(OPENID))


def test_wrong_secret_is_a_configuration_error(
    build_gateway: Callable[..., WeChatGateway], simulator: SimulatorHandle
) -> None:
    with pytest.raises(Configuration):
        build_gateway(app_secret="wrong").phone_number(simulator.phone_code(OPENID))


def test_threads_fetch_one_token_and_renew_it_once(
    gateway: WeChatGateway, simulator: SimulatorHandle
) -> None:
    results: list[str | WeChatError] = []

    def ask(code: str) -> None:
        try:
            results.append(gateway.phone_number(code))
        except WeChatError as error:
            results.append(error)

    for round_number in (1, 2):
        threads = [threading.Thread(target=ask, args=(simulator.phone_code(OPENID),)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert results == [PHONE] * 8 * round_number
        assert simulator.calls(TOKEN_PATH) == round_number
        simulator.spoil_tokens(40001)
