"""The app behind a real loopback server, and a headless Chromium."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright
from werkzeug.serving import make_server

from backend.infra.context import Ports
from backend.infra.crypto import build_vault
from backend.infra.database import build_engine
from backend.infra.storage import Storage
from backend.wsgi import build_app
from tests.factories.databases import make_settings, sqlite_copy
from tests.factories.phones import FakeExchange

_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start Chromium; without one, skip loudly or fail where a browser is required."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        if os.environ.get("REQUIRE_BROWSER") == "1":
            pytest.fail("REQUIRE_BROWSER=1, but there is no chromium")
        pytest.skip("BROWSER NOT TESTED: no chromium found")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=found, args=list(_FLAGS))
        yield running
        running.close()


@pytest.fixture(scope="session")
def site(migrated_sqlite: Path, session_folder: Path) -> Iterator[str]:
    """Serve the app on a free loopback port and return its address."""
    settings = make_settings(
        sqlite_copy(migrated_sqlite, session_folder / "site.db"), session_folder / "files"
    )
    vault = build_vault(settings)
    engine = build_engine(settings)
    ports = Ports(settings, engine, vault, Storage(settings.storage_path, vault), FakeExchange())
    server = make_server("127.0.0.1", 0, build_app(ports), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    engine.dispose()
