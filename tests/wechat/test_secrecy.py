"""Nothing that the gateway says or raises holds a secret, a code, an openid or a phone number."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable

import pytest

from backend.infra.wechat.client import WeChatSettings
from backend.infra.wechat.errors import WeChatError
from backend.infra.wechat.gateway import WeChatGateway
from backend.infra.wechat.messages import WeChatMessages
from tests.factories.simulator import APP_SECRET, DEMO_ROOM, OFFICIAL_SECRET, SimulatorHandle
from tests.wechat.conftest import OPENID, PHONE, SharedStore

FAULTS: list[dict[str, object]] = [
    {"kind": "error", "errcode": 40001, "count": 1000},
    {"kind": "error", "errcode": -1, "count": 1000},
    {"kind": "drop", "count": 1000},
    {"kind": "slow", "milliseconds": 1000, "count": 1000},
]


def _chain(error: BaseException | None) -> list[BaseException]:
    return [] if error is None else [error, *_chain(error.__context__), *_chain(error.__cause__)]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: str(fault.get("errcode", fault["kind"])))
def test_failures_tell_nothing_personal(
    build_gateway: Callable[..., WeChatGateway],
    simulator: SimulatorHandle,
    store: SharedStore,
    caplog: pytest.LogCaptureFixture,
    fault: dict[str, object],
) -> None:
    caplog.set_level(logging.DEBUG)
    gateway = build_gateway(timeout_seconds=(1, 0.2))
    gateway.login(simulator.login_code(OPENID))
    gateway.phone_number(simulator.phone_code(OPENID))
    codes = [simulator.login_code(OPENID), simulator.phone_code(OPENID)]
    simulator.inject(**fault)  # type: ignore[arg-type]  # the table holds inject's own arguments
    said = []
    for call, code in zip((gateway.login, gateway.phone_number), codes, strict=True):
        with pytest.raises(WeChatError) as caught:
            call(code)
        said += ["".join(traceback.format_exception(error)) for error in _chain(caught.value)]
    text = "".join(said) + caplog.text + "".join(record.getMessage() for record in caplog.records)
    tokens = [token.text for token in store.tokens.values()]
    assert tokens
    assert [secret for secret in (APP_SECRET, OPENID, PHONE, *codes, *tokens) if secret in text] == []


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: str(fault.get("errcode", fault["kind"])))
def test_failures_of_sending_tell_nothing_either(
    messages: WeChatMessages,
    simulator: SimulatorHandle,
    store: SharedStore,
    official_openid: str,
    caplog: pytest.LogCaptureFixture,
    fault: dict[str, object],
) -> None:
    caplog.set_level(logging.DEBUG)
    words = "宋体字样的内容"
    sends: list[Callable[[], None]] = [
        lambda: messages.send_subscribe(OPENID, "t1", "", {"thing1": words}),
        lambda: messages.send_custom(official_openid, words),
        lambda: messages.send_template(official_openid, "t2", "", {"thing1": words}),
        lambda: messages.send_robot(DEMO_ROOM, words),
    ]
    simulator.control("POST", "consents", {"grants": [[OPENID, "t1", 1]]})
    for send in sends:
        send()
    simulator.inject(**fault)  # type: ignore[arg-type]  # the table holds inject's own arguments
    said = []
    for send in sends:
        with pytest.raises(WeChatError) as caught:
            send()
        said += ["".join(traceback.format_exception(error, limit=0)) for error in _chain(caught.value)]
    text = "".join(said) + caplog.text
    tokens = [token.text for token in store.tokens.values()]
    secrets = (OPENID, official_openid, DEMO_ROOM, words, APP_SECRET, OFFICIAL_SECRET, *tokens)
    assert [secret for secret in secrets if secret in text] == []


def test_settings_hide_the_secret() -> None:
    assert "hush" not in repr(WeChatSettings("wx1", "hush"))


@pytest.mark.parametrize(
    "base", ["http://api.example.org", "ftp://127.0.0.1", "127.0.0.1:80", "https://x.org/path"]
)
def test_unsafe_address_is_refused(base: str) -> None:
    with pytest.raises(ValueError, match="api_base"):
        WeChatSettings("wx1", "secret", base)


def test_session_hides_the_person(gateway: WeChatGateway, simulator: SimulatorHandle) -> None:
    assert OPENID not in repr(gateway.login(simulator.login_code(OPENID)))
