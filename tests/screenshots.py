"""``make screenshots``: a small rehearsal, then its phones and rooms in headless Chromium, into docs/screenshots."""

from __future__ import annotations

import io
import os
import shutil
import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from backend.rehearsal.litong import LITONG_2026, excerpt
from backend.rehearsal.play import play
from backend.rehearsal.scenario import Fate
from backend.rehearsal.theatre import Theatre

FOLDER = Path(__file__).parents[1] / "docs" / "screenshots"
SEED = 5
MOST_BYTES = 150_000
# A usual phone, drawn twice as fine; long pages are cut.
_WIDTH, _HEIGHT, _FINE, _MOST_HEIGHT = 390, 844, 2, 1_300
_COLOURS = 64
_ASKED = ("结果", "进度")
_FLAGS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")


def main() -> int:
    """Play, look, and write the pictures; 0 when each is small enough to live in the repository."""
    play(excerpt(LITONG_2026, [Fate.STARTS], 24), SEED, sys.stderr, afterwards=shoot)
    heavy = [path.name for path in FOLDER.glob("*.png") if path.stat().st_size > MOST_BYTES]
    if heavy:
        print(f"heavier than {MOST_BYTES:,} bytes: {', '.join(heavy)}", file=sys.stderr)
    return 1 if heavy else 0


def shoot(theatre: Theatre, _: object) -> None:
    """Take every picture of a stage."""
    FOLDER.mkdir(exist_ok=True)
    base = theatre.stage.wechat_url
    with _phone_sized_page() as page:
        take(page, f"{base}/phones/{_told_most(theatre)}", "phone-inbox")
        take(page, f"{base}/phones/{_asked(theatre)}", "phone-popup")
        take(page, f"{base}/phones/{_chatting(theatre)}", "phone-chat", part="section[aria-labelledby=chat]")
        for number, key in enumerate(sorted(theatre.diary.rooms.values()), start=1):
            take(page, f"{base}/rooms/{key}", f"room-{number}")


def take(page: Page, address: str, name: str, *, part: str = "html") -> None:
    """Write one page, or what it shows from one part on, as a PNG of few colours."""
    page.goto(address)
    assert page.evaluate("document.documentElement.scrollWidth") <= _WIDTH
    target = page.locator(part)
    target.scroll_into_view_if_needed()
    box = target.bounding_box()
    assert box is not None
    page.set_viewport_size({"width": _WIDTH, "height": min(int(box["height"]), _MOST_HEIGHT)})
    target.evaluate("element => element.scrollIntoView()")
    shot = page.screenshot()
    picture = Image.open(io.BytesIO(shot)).convert("RGB").quantize(_COLOURS)
    picture.save(FOLDER / f"{name}.png", optimize=True)


def _told_most(theatre: Theatre) -> str:
    """Return the phone with the most kinds of service messages, then the most of them."""
    kinds: dict[str, set[str]] = defaultdict(set)
    counts: dict[str, int] = defaultdict(int)
    for message in theatre.stage.phones.messages():
        if message["kind"] == "subscribe":
            kinds[message["openid"]].add(message["template_id"])
            counts[message["openid"]] += 1
    return max(counts, key=lambda openid: (len(kinds[openid]), counts[openid], openid))


def _asked(theatre: Theatre) -> str:
    """Open a popup on a phone that has none and return the phone."""
    openid = min(person.openid for person in theatre.diary.bound)
    templates = [f"demo-template-{purpose}" for purpose in ("record", "reminder", "result")]
    theatre.stage.phones.ask("POST", f"/__sim/users/{openid}/popup", {"template_ids": templates})
    return openid


def _chatting(theatre: Theatre) -> str:
    """Let a resident follow the Official Account and ask; return the phone."""
    phones, settings = theatre.stage.phones, theatre.stage.ports.settings
    secrets = {"token": settings.callback_token_official, "aes_key": settings.callback_aes_key_official}
    address = {"url": f"{theatre.stage.web_urls[0]}/wechat/official", **secrets}
    phones.ask("POST", "/__sim/callbacks/official", address)
    openid = _told_most(theatre)
    phones.ask("POST", f"/__sim/users/{openid}/follow")
    theatre.look()
    for words in _ASKED:
        phones.ask("POST", f"/__sim/users/{openid}/chat", {"text": words})
        theatre.look()
    return openid


@contextmanager
def _phone_sized_page() -> Iterator[Page]:
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=list(_FLAGS))
        size = {"width": _WIDTH, "height": _HEIGHT}
        yield browser.new_page(viewport=size, device_scale_factor=_FINE, locale="zh-CN")  # type: ignore[arg-type]  # the same
        browser.close()


if __name__ == "__main__":
    sys.exit(main())
