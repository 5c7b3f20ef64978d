"""The parts as bootstrap builds them: one token per account, whoever asks."""

from __future__ import annotations

import pytest

from backend.infra.wechat.build import WeChatPlan, build_wechat
from backend.infra.wechat.client import WeChatSettings
from backend.infra.wechat.errors import Configuration
from tests.factories.simulator import (
    APP_ID,
    APP_SECRET,
    DEMO_ROOM,
    OFFICIAL_ID,
    OFFICIAL_SECRET,
    SimulatorHandle,
)
from tests.wechat.conftest import OPENID, PHONE, SharedStore


def test_all_parts_work_with_one_token_per_account(simulator: SimulatorHandle, store: SharedStore) -> None:
    base = simulator.base_url
    mini, official = (
        WeChatSettings(APP_ID, APP_SECRET, base),
        WeChatSettings(OFFICIAL_ID, OFFICIAL_SECRET, base),
    )
    wechat = build_wechat(WeChatPlan(mini, official, robot_api=base, open_base=base, state="trial"), store)
    simulator.subscribe(OPENID, t1="accept")
    assert wechat.gateway.phone_number(simulator.phone_code(OPENID)) == PHONE
    assert wechat.content.check_text(OPENID, "楼道灯坏了", 1).suggestion == "pass"
    wechat.messages.send_subscribe(OPENID, "t1", "", {"thing1": "提醒"})
    wechat.messages.send_robot(DEMO_ROOM, "汇总")
    assert wechat.official is not None
    wechat.official.set_menu([{"type": "click", "name": "进度", "key": "progress"}])
    assert simulator.calls("/cgi-bin/stable_token") == 2


def test_without_an_official_account_the_rest_works(simulator: SimulatorHandle, store: SharedStore) -> None:
    plan = WeChatPlan(WeChatSettings(APP_ID, APP_SECRET, simulator.base_url), robot_api=simulator.base_url)
    wechat = build_wechat(plan, store)
    assert wechat.official is None
    wechat.messages.send_robot(DEMO_ROOM, "汇总")
    with pytest.raises(Configuration):
        wechat.messages.send_template("f1", "t", "", {"thing1": "x"})


def test_unsafe_robot_address_is_refused(store: SharedStore) -> None:
    with pytest.raises(ValueError, match="api_base"):
        build_wechat(WeChatPlan(WeChatSettings(APP_ID, APP_SECRET), robot_api="http://example.org"), store)
