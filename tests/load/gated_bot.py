"""The bot's own process, held at the gate: it says when it is ready and begins when it is told."""

from __future__ import annotations

import sys

from bot.worker import main

if __name__ == "__main__":
    print("ready", flush=True)
    sys.stdin.readline()
    raise SystemExit(main())
