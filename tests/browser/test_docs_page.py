"""The API's page as people meet it: phone width, keyboard, both languages, no foreign address."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import Browser

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("width", "height"), [(320, 640), (1280, 900)])
def test_documents_page_fits_and_needs_nothing_from_elsewhere(
    browser: Browser, site: str, width: int, height: int, tmp_path: Path
) -> None:
    page = browser.new_page(viewport={"width": width, "height": height})
    asked: list[str] = []
    errors: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.goto(f"{site}/docs")
    assert page.title() == "共决 接口说明"
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert all(url.startswith(site) for url in asked)
    assert not errors
    assert page.get_by_role("heading", name="votes").count() == 1
    shot = Path(os.environ.get("SCREENSHOTS", tmp_path)) / f"docs-{width}.png"
    page.screenshot(path=shot)
    assert shot.stat().st_size > 5_000
    page.close()


def test_an_operation_opens_by_keyboard(browser: Browser, site: str) -> None:
    page = browser.new_page()
    page.goto(f"{site}/docs")
    operation = page.locator("details", has_text="/api/v1/receipts").first
    operation.locator("summary").focus()
    page.keyboard.press("Enter")
    assert operation.get_attribute("open") is not None
    assert operation.get_by_text("谁可以用：任何人").is_visible()
    page.close()


@pytest.mark.parametrize("path", ["/", "/receipt", "/receipt?code=1234"])
def test_small_pages_fit_a_phone_and_say_what_to_do(
    browser: Browser, site: str, path: str, tmp_path: Path
) -> None:
    page = browser.new_page(viewport={"width": 320, "height": 640})
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.goto(site + path)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert page.locator("html").get_attribute("lang") == "zh-CN"
    assert page.get_by_role("heading", level=1).is_visible()
    assert not errors
    if path.endswith("1234"):
        assert "没有找到这个回执号" in page.get_by_role("alert").inner_text()
    if path != "/":
        for control in (page.get_by_label("回执号"), page.get_by_role("button", name="查验")):
            box = control.bounding_box()
            assert box is not None
            assert box["height"] >= 60
    name = path.strip("/").replace("?code=", "-") or "home"
    page.screenshot(path=Path(os.environ.get("SCREENSHOTS", tmp_path)) / f"{name}.png")
    page.close()
