"""The page behind a text message: the code stands in it, one of three taps answers, and nothing else does."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Browser, Route

pytestmark = pytest.mark.browser

CODE = "0123456789abcdefghjk"


@pytest.mark.parametrize(
    ("tap", "solved", "satisfied"),
    [("解决了，满意", True, True), ("解决了，但不满意", True, False), ("没有解决", False, False)],
)
def test_one_tap_sends_the_code_and_the_answer(
    browser: Browser, site: str, tap: str, solved: bool, satisfied: bool
) -> None:
    page = browser.new_page(viewport={"width": 360, "height": 640})
    sent: list[dict[str, object]] = []
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)

    def take(route: Route) -> None:
        sent.append(json.loads(route.request.post_data or "{}"))
        route.fulfill(json={"number": "1", "state": "closed", "state_title": "已结案"})

    page.route("**/api/v1/complaint-follow-ups", take)
    page.goto(f"{site}/follow-up#{CODE}")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.locator("#code").press("Enter")
    assert sent == []
    page.get_by_role("button", name=tap, exact=True).click()
    page.get_by_text("谢谢，已记下").wait_for()
    assert sent == [{"token": CODE, "solved": solved, "satisfied": satisfied}]
    assert errors == []
    page.close()


def test_a_wrong_code_is_told_in_plain_words(browser: Browser, site: str) -> None:
    page = browser.new_page()
    page.goto(f"{site}/follow-up")
    page.locator("#code").fill("123")
    page.get_by_role("button", name="没有解决").click()
    assert "20 位" in page.locator("#outcome").inner_text()
    page.locator("#code").fill(CODE)
    page.get_by_role("button", name="没有解决").click()
    page.get_by_text("代码不对、已经用过").wait_for()
    page.close()
