"""A resident and a staff member talk to the Official Account: simulator, app and Chromium together."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from werkzeug.serving import make_server

from backend.bootstrap import build_ports
from backend.infra.context import Context, Ports
from backend.infra.database import open_session
from backend.kernel.access import SYSTEM, Role
from backend.notifications.service import followers
from backend.wsgi import build_app
from bot import chat_jobs, delivery
from bot.menu import buttons
from tests.factories.ballots import make_ballot
from tests.factories.databases import make_settings, sqlite_copy
from tests.factories.people import make_resident, make_staff
from tests.factories.places import make_estate
from tests.factories.simulator import SimulatorHandle, start_simulator

pytestmark = pytest.mark.browser

RESIDENT, OFFICER = "oResidentOnThePhone", "oOfficerOnThePhone"


@pytest.fixture(scope="module")
def played() -> Iterator[SimulatorHandle]:
    """A simulator with two people who follow the account."""
    handle = start_simulator()
    yield handle
    handle.stop()


@pytest.fixture(scope="module")
def product(played: SimulatorHandle, migrated_sqlite: Path, session_folder: Path) -> Iterator[Ports]:
    """The app, told by the simulator; one estate with an open ballot."""
    url = sqlite_copy(migrated_sqlite, session_folder / "chat-page.db")
    settings = make_settings(url, session_folder / "files")
    ports = build_ports(replace(settings, wechat_api_base=played.base_url))
    app = build_app(ports)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    people = played.create_users(
        [{"openid": RESIDENT, "name": "马秀兰"}, {"openid": OFFICER, "name": "社区网格员"}]
    )
    played.control(
        "POST",
        "callbacks/official",
        {
            "url": f"http://127.0.0.1:{server.server_port}/wechat/official",
            "token": settings.callback_token_official,
            "aes_key": settings.callback_aes_key_official,
        },
    )
    _arrange(ports, [str(person["official_openid"]) for person in people])
    assert ports.gateways is not None and ports.gateways.official is not None
    ports.gateways.official.set_menu(buttons(ports.settings))
    yield ports
    server.shutdown()
    thread.join()
    app.extensions["wechat_callbacks"].close()
    ports.engine.dispose()


def _arrange(ports: Ports, chats: list[str]) -> None:
    with open_session(ports.engine) as session:
        ctx = Context(session=session, actor=SYSTEM, ports=ports, request_id="arrange")
        estate = make_estate(ctx, dwellings=4)
        make_ballot(ctx, estate)
        make_ballot(ctx, estate, kind="canvass", state="notice")
        resident = make_resident(ctx, estate.dwelling_ids[0])
        officer = make_staff(ctx, Role.RESIDENTS_COMMITTEE, estate.community.id)
        followers.link_follower(ctx, resident.account_id, chats[0])
        followers.link_follower(ctx, officer.account_id, chats[1], "staff")
        session.commit()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    opened = browser.new_page(viewport={"width": 360, "height": 740})
    yield opened
    opened.close()


def says(page: Page, played: SimulatorHandle, openid: str, words: str) -> str:
    """Type a text and return the answer that then stands on the page."""
    before = len(played.chat(openid))
    box = page.get_by_label("给公众号发消息")
    box.fill(words)
    box.press("Enter")
    return _answer(page, played, openid, before + 2)


def _answer(page: Page, played: SimulatorHandle, openid: str, count: int) -> str:
    deadline = time.monotonic() + 10
    while len(played.chat(openid)) < count and time.monotonic() < deadline:
        time.sleep(0.05)
    page.reload()
    return str(page.locator(".bubble").last.inner_text())


def shoot(page: Page, name: str, tmp_path: Path) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.screenshot(path=Path(os.environ.get("SCREENSHOTS", tmp_path)) / f"chat-{name}.png", full_page=True)


def test_a_resident_asks_by_words_numbers_and_menu(
    page: Page, played: SimulatorHandle, product: Ports, tmp_path: Path
) -> None:
    page.goto(f"{played.base_url}/phones/{RESIDENT}")
    page.get_by_role("button", name="关注公众号").click()
    _answer(page, played, RESIDENT, 1)
    assert "还没投票" in says(page, played, RESIDENT, "怎么投票？")
    assert "pages/ballot/index?id=" in page.locator(".bubble").last.inner_text()
    assert "0 / 4 户" in says(page, played, RESIDENT, "２")
    assert "没看懂" in says(page, played, RESIDENT, "今天天气真好")
    count = len(played.chat(RESIDENT))
    page.get_by_role("button", name="我的房屋").click()
    assert "101" in _answer(page, played, RESIDENT, count + 2)
    shoot(page, "resident", tmp_path)


def test_an_officer_gets_the_summary_by_the_outbox(
    page: Page, played: SimulatorHandle, product: Ports, tmp_path: Path
) -> None:
    page.goto(f"{played.base_url}/phones/{OFFICER}")
    page.get_by_role("button", name="关注公众号").click()
    _answer(page, played, OFFICER, 1)
    assert "一分钟" in says(page, played, OFFICER, "汇总")
    count = len(played.chat(OFFICER))
    assert chat_jobs.answer_chats(product) == 1
    assert delivery.deliver(product) == 1
    assert "0/4 户（0%）" in _answer(page, played, OFFICER, count + 1)
    shoot(page, "officer", tmp_path)
