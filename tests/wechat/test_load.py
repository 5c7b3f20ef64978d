"""How fast a client sends, how fast the simulator takes it, outages, and memory."""

from __future__ import annotations

import gc
import threading
import time

import psutil
import pytest

from backend.infra.wechat.account import WeChatAccount
from backend.infra.wechat.client import WeChatSettings
from backend.infra.wechat.errors import Passing, Unknown, UserRefused, WeChatError
from backend.infra.wechat.messages import WeChatMessages
from tests.factories.simulator import APP_ID, APP_SECRET, SimulatorHandle
from tests.wechat.conftest import OPENID, SharedStore

MESSAGES = 5000
THREADS = 8
PER_SECOND = 300
# By its own CPU time: what else runs on this machine does not count.
SIMULATOR_PER_SECOND = 1000
DATA = {"thing1": "北塔花园加装电梯", "date2": "2026年12月1日 18:00"}
# A leak of a kilobyte a message would be 4 MiB; allocators move by less.
MOST_GROWTH_BYTES = 3 * 1024 * 1024


def send_all(messages: WeChatMessages, openids: list[str]) -> list[WeChatError]:
    """Send one message to each, eight at a time; return what failed."""
    failures: list[WeChatError] = []
    left = iter(openids)
    lock = threading.Lock()

    def work() -> None:
        while True:
            with lock:
                openid = next(left, None)
            if openid is None:
                return
            try:
                messages.send_subscribe(openid, "t1", "pages/home/home", DATA)
            except WeChatError as error:
                failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failures


@pytest.mark.slow
def test_five_thousand_messages_at_three_hundred_a_second_with_flat_memory(
    messages: WeChatMessages, simulator: SimulatorHandle
) -> None:
    openids = [user["openid"] for user in simulator.create_users([{}] * MESSAGES)]
    simulator.control("POST", "consents", {"grants": [[openid, "t1", 1] for openid in openids]})
    assert send_all(messages, openids[:1000]) == []
    gc.collect()
    before = psutil.Process().memory_info().rss
    played = psutil.Process(simulator.process.pid)
    cpu_before = sum(played.cpu_times()[:2])
    started = time.monotonic()
    assert send_all(messages, openids[1000:]) == []
    rate = (MESSAGES - 1000) / (time.monotonic() - started)
    cost = (sum(played.cpu_times()[:2]) - cpu_before) / (MESSAGES - 1000)
    gc.collect()
    assert psutil.Process().memory_info().rss - before < MOST_GROWTH_BYTES
    assert simulator.control("GET", "messages?limit=0")["counts"] == {"subscribe": MESSAGES}
    print(f"\n{rate:.0f} messages/s, {cost * 1e6:.0f} µs of the simulator's CPU each")
    assert rate >= PER_SECOND
    assert cost <= 1 / SIMULATOR_PER_SECOND
    assert len(send_all(messages, openids[:10])) == 10  # every consent is used up


def test_outage_sends_nothing_and_ends(simulator: SimulatorHandle, store: SharedStore) -> None:
    settings = WeChatSettings(APP_ID, APP_SECRET, simulator.base_url, timeout_seconds=(1, 2))
    messages = WeChatMessages(WeChatAccount(settings, store))
    simulator.control("POST", "consents", {"grants": [[OPENID, "t1", 3]]})
    messages.send_subscribe(OPENID, "t1", "", DATA)
    simulator.control("POST", "outage", {"milliseconds": 1500})
    time.sleep(0.5)
    with pytest.raises((Passing, Unknown)) as first:
        messages.send_subscribe(OPENID, "t1", "", DATA)
    with pytest.raises(Passing) as second:
        messages.send_subscribe(OPENID, "t1", "", DATA)
    assert isinstance(first.value, Passing)  # the kept connection was seen to be closed
    assert not second.value.may_be_done
    deadline = time.monotonic() + 5
    while True:
        try:
            messages.send_subscribe(OPENID, "t1", "", DATA)
            break
        except Passing:
            assert time.monotonic() < deadline
            time.sleep(0.1)
    simulator.phones.close()
    assert len(simulator.inbox(OPENID)) == 2


def test_racing_senders_share_the_last_consent(messages: WeChatMessages, simulator: SimulatorHandle) -> None:
    simulator.control("POST", "consents", {"grants": [[OPENID, "t1", 7]]})
    failures = send_all(messages, [OPENID] * 40)
    assert (len(failures), {type(failure) for failure in failures}) == (33, {UserRefused})
    assert len(simulator.inbox(OPENID)) == 7
