"""``python -m wechat_simulator --port N``: start the simulator and say where it listens."""

from __future__ import annotations

import argparse
import contextlib
import signal
import threading
from collections.abc import Sequence
from pathlib import Path

from wechat_simulator.app import build_app
from wechat_simulator.server import Service
from wechat_simulator.shelf import Shelf
from wechat_simulator.state import AppCredentials

# The product's demo defaults; nobody's real account.
_DEMO_APP_ID = "wxdemo0000000001"
_DEMO_APP_SECRET = "demo-secret-0000000000000000000"  # noqa: S105 - public, for the demo only
_DEMO = AppCredentials(_DEMO_APP_ID, _DEMO_APP_SECRET)


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until SIGTERM or Ctrl-C; the first line printed is ``listening on URL``."""
    options = _parse(arguments)
    services: list[Service] = []
    apps = AppCredentials(options.app_id, options.app_secret, options.official_id, options.official_secret)
    shelf = Shelf(options.keep)
    app = build_app(apps, options.seed, lambda seconds: services[0].go_away(seconds), shelf)
    service = Service((options.host, options.port), app)
    services.append(service)
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=service.stop).start())
    print(f"listening on {service.base_url}", flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        service.run()


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m wechat_simulator", description="Stands in for WeChat's servers."
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (keep it on loopback)")
    parser.add_argument("--port", type=int, default=8900, help="port to listen on, 0 for any free one")
    parser.add_argument("--seed", type=int, help="same seed, same openids, codes and tokens")
    parser.add_argument(
        "--keep", type=Path, metavar="FILE", help="messages and rooms outlive the process here"
    )
    parser.add_argument("--app-id", default=_DEMO_APP_ID)
    parser.add_argument("--app-secret", default=_DEMO_APP_SECRET)
    parser.add_argument("--official-id", default=_DEMO.official_id, help="the Official Account's app id")
    parser.add_argument("--official-secret", default=_DEMO.official_secret)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
