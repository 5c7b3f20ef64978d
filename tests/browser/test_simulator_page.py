"""The simulator's phones and groups as a person meets them: 320 px, keyboard, Chinese, nothing from elsewhere."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.factories.simulator import DEMO_ROOM, SimulatorHandle, start_simulator

pytestmark = pytest.mark.browser

OPENID = "oDemoResident0000000000001"
TEMPLATE = "tmplVoteReminder"
OTHER = "tmplResult"


@pytest.fixture(scope="module")
def played() -> Iterator[SimulatorHandle]:
    """Start a simulator with one resident, messages, a popup and a menu."""
    handle = start_simulator()
    handle.create_users(
        [
            {"openid": OPENID, "phone": "13800000001", "name": "马秀兰"},
            {"openid": "oSecond", "phone": "13800000002", "name": "王建国"},
        ]
    )
    labels = {"thing1": "表决事项", "date2": "截止时间", "phrase3": "状态"}
    titles = {TEMPLATE: "投票提醒", OTHER: "表决结果通知"}
    listed = [{"template_id": key, "title": title, "labels": labels} for key, title in titles.items()]
    handle.control("POST", "templates", {"templates": listed})
    yield handle
    handle.stop()


@pytest.fixture
def page(browser: Browser, played: SimulatorHandle) -> Iterator[Page]:
    """Open a page that fails the test when anything comes from elsewhere or goes wrong."""
    opened = browser.new_page(viewport={"width": 320, "height": 640})
    troubles: list[str] = []
    opened.on(
        "request", lambda sent: None if sent.url.startswith(played.base_url) else troubles.append(sent.url)
    )
    opened.on("console", lambda said: troubles.append(said.text) if said.type == "error" else None)
    yield opened
    opened.close()
    assert [trouble for trouble in troubles if not trouble.startswith("data:")] == []


def deliver(played: SimulatorHandle) -> None:
    """Put two service messages on the phone, as the product would by WeChat's own calls."""
    account = {"grant_type": "client_credential", "appid": "wxdemo0000000001"}
    secret = {"secret": "demo-secret-0000000000000000000"}
    token = played.phones.ask("POST", "/cgi-bin/stable_token", {**account, **secret})["access_token"]
    played.subscribe(OPENID, **{TEMPLATE: "accept", OTHER: "accept"})
    for template_id, data in (
        (TEMPLATE, {"thing1": "北塔花园加装电梯表决", "date2": "2026年12月1日 18:00", "phrase3": "未投票"}),
        (OTHER, {"thing1": "楼道照明改造", "phrase3": "已通过"}),
    ):
        body = {
            "touser": OPENID,
            "template_id": template_id,
            "page": "pages/ballot/ballot?id=1",
            "data": {name: {"value": value} for name, value in data.items()},
        }
        answer = played.phones.ask("POST", f"/cgi-bin/message/subscribe/send?access_token={token}", body)
        assert answer["errcode"] == 0


def shoot(page: Page, name: str, tmp_path: Path) -> None:
    """Check the width and keep a picture."""
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert page.locator("html").get_attribute("lang") == "zh-CN"
    shot = Path(os.environ.get("SCREENSHOTS", tmp_path)) / f"simulator-{name}.png"
    page.screenshot(path=shot, full_page=True)
    assert shot.stat().st_size > 5_000


def test_list_of_phones_is_searched_by_keyboard(page: Page, played: SimulatorHandle, tmp_path: Path) -> None:
    page.goto(f"{played.base_url}/")
    assert page.url.endswith("/phones")
    assert page.get_by_role("link", name="马秀兰").is_visible()
    shoot(page, "phones", tmp_path)
    page.get_by_label("姓名、手机号或 openid").focus()
    page.keyboard.type("王建国")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=**")
    assert page.get_by_role("link", name="马秀兰").count() == 0
    page.get_by_role("link", name="王建国").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/phones/oSecond")
    assert page.get_by_role("heading", level=1).inner_text() == "王建国 的手机"


def test_phone_shows_messages_and_answers_a_popup_by_keyboard(
    page: Page, played: SimulatorHandle, tmp_path: Path
) -> None:
    deliver(played)
    number = played.control("POST", f"users/{OPENID}/popup", {"template_ids": [TEMPLATE, OTHER]})["popup"]
    assert played.control("GET", f"popups/{number}") == {"open": True}
    page.goto(f"{played.base_url}/phones/{OPENID}")
    assert page.get_by_role("article").count() == 2
    assert page.get_by_text("未投票").is_visible()
    shoot(page, "popup", tmp_path)
    page.get_by_role("group", name="表决结果通知").get_by_label("允许").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "确定"
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert played.control("GET", f"popups/{number}") == {
        "errMsg": "requestSubscribeMessage:ok",
        TEMPLATE: "accept",
        OTHER: "reject",
    }
    assert page.get_by_role("heading", name="订阅消息弹窗").count() == 0
    assert played.control("GET", f"users/{OPENID}/consents")["consents"][TEMPLATE] == 1


def test_chat_with_the_official_account_by_keyboard(
    page: Page, played: SimulatorHandle, tmp_path: Path
) -> None:
    page.goto(f"{played.base_url}/phones/{OPENID}")
    page.get_by_role("button", name="关注公众号").press("Enter")
    box = page.get_by_label("给公众号发消息")
    box.fill("进度")
    box.press("Enter")
    page.get_by_text("进度", exact=True).wait_for()
    page.reload()
    assert [message["text"] for message in played.chat(OPENID)] == ["进度"]
    for name in ("发送", "取消关注"):
        target = page.get_by_role("button", name=name).bounding_box()
        assert target is not None
        assert target["height"] >= 44
    shoot(page, "chat", tmp_path)


def test_room_shows_what_the_robot_wrote(page: Page, played: SimulatorHandle, tmp_path: Path) -> None:
    content = (
        "# 北塔花园 今日汇总\n参与 **1,203 户**（37.1%）\n"
        '> 还差 <font color="warning">12 户</font> 达到参与人数\n<script>alert(1)</script>'
    )
    body = {"msgtype": "markdown", "markdown": {"content": content}}
    assert played.phones.ask("POST", f"/cgi-bin/webhook/send?key={DEMO_ROOM}", body)["errcode"] == 0
    page.goto(f"{played.base_url}/rooms")
    page.get_by_role("link", name="社区工作群").press("Enter")
    page.wait_for_url("**/rooms/**")
    assert page.locator(".bubble .quote").inner_text() == "还差 12 户 达到参与人数"
    assert "<script>alert(1)</script>" in page.locator(".bubble").inner_text()
    shoot(page, "room", tmp_path)


@pytest.mark.parametrize("path", ["/phones/nobody", "/rooms/none", "/connect/oauth2/authorize"])
def test_unknown_pages_are_client_errors(browser: Browser, played: SimulatorHandle, path: str) -> None:
    page = browser.new_page()
    answer = page.goto(played.base_url + path)
    assert answer is not None
    assert 400 <= answer.status < 500
    page.close()


def test_phone_opens_quickly_with_many_messages(page: Page, played: SimulatorHandle) -> None:
    for number in range(30):
        played.control("POST", f"users/{OPENID}/chat", {"text": f"第 {number} 条"})
    started = time.monotonic()
    page.goto(f"{played.base_url}/phones/{OPENID}")
    assert time.monotonic() - started < 3
    assert page.locator(".bubble").count() >= 30
