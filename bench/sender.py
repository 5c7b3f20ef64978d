"""One bot process that only delivers: ``python -m bench.sender`` sends until nothing waits and prints one JSON line."""

from __future__ import annotations

import json
import time

from backend.bootstrap import build_ports
from backend.infra.settings import load_settings
from bot import delivery


def main() -> None:
    """Send."""
    ports = build_ports(load_settings())
    started, total = time.monotonic(), 0
    while sent := delivery.deliver(ports):
        total += sent
    told = {"sent": total, "seconds": time.monotonic() - started, "cpu_seconds": time.process_time()}
    print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
