"""One bot process that only delivers: ``python -m bench.sender`` sends until nothing waits and prints one JSON line.

With ``--forever`` it says when it is ready, waits for a line on its standard input, and then sends and sweeps until
somebody ends it.
"""

from __future__ import annotations

import json
import sys
import time

from backend.bootstrap import build_ports
from backend.infra.context import Ports
from backend.infra.settings import load_settings
from bot import delivery

_PAUSE_SECONDS = 0.05


def main() -> None:
    """Send."""
    ports = build_ports(load_settings())
    if "--forever" in sys.argv:
        _send_forever(ports)
    started, total = time.monotonic(), 0
    while sent := delivery.deliver(ports):
        total += sent
    told = {"sent": total, "seconds": time.monotonic() - started, "cpu_seconds": time.process_time()}
    print(json.dumps(told), flush=True)


def _send_forever(ports: Ports) -> None:
    print("ready", flush=True)
    sys.stdin.readline()
    while True:
        if not delivery.deliver(ports):
            delivery.sweep(ports)
            time.sleep(_PAUSE_SECONDS)


if __name__ == "__main__":
    main()
