"""One bot process that only delivers: ``python -m bench.sender`` sends until nothing waits and prints one JSON line.

With ``--forever`` it goes on, sweeping in between, until somebody ends it.
"""

from __future__ import annotations

import json
import sys
import time

from backend.bootstrap import build_ports
from backend.infra.settings import load_settings
from bot import delivery

_PAUSE_SECONDS = 0.05


def main() -> None:
    """Send."""
    ports = build_ports(load_settings())
    started, total = time.monotonic(), 0
    while (sent := delivery.deliver(ports)) or "--forever" in sys.argv:
        total += sent
        if not sent:
            delivery.sweep(ports)
            time.sleep(_PAUSE_SECONDS)
    told = {"sent": total, "seconds": time.monotonic() - started, "cpu_seconds": time.process_time()}
    print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
