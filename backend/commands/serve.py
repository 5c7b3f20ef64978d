"""``gongjue serve``: become the web server (gunicorn) with the settings this product was measured with."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import Any

DEFAULT_BIND = "127.0.0.1:8000"
GRACEFUL_SECONDS = 25


def add_parser(subparsers: Any) -> None:
    """Register ``serve``."""
    parser = subparsers.add_parser("serve", help="启动网页服务（gunicorn）")
    parser.add_argument(
        "--bind", default=DEFAULT_BIND, metavar="HOST:PORT", help=f"监听地址，默认 {DEFAULT_BIND}"
    )
    parser.add_argument("--workers", type=_positive, default=2, metavar="N", help="进程数，默认 2")
    parser.add_argument("--threads", type=_positive, default=4, metavar="N", help="每个进程的线程数，默认 4")
    parser.set_defaults(run=run)


def _positive(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"应为正整数，不是 {text!r}")
    return int(text)


def gunicorn_command(bind: str, workers: int, threads: int, more: Sequence[str] = ()) -> list[str]:
    """Return the command line of the web server.

    No preload: each worker opens its own connections. ``--reuse-port``: without it kept connections pile up
    on one worker. The control socket would be a file anybody on the machine could talk to.
    """
    return [
        *(sys.executable, "-m", "gunicorn", "backend.wsgi:app"),
        *("--worker-class", "gthread", "--workers", str(workers), "--threads", str(threads)),
        *("--bind", bind, "--reuse-port", "--no-control-socket"),
        *("--graceful-timeout", str(GRACEFUL_SECONDS), "--keep-alive", "15"),
        *("--worker-tmp-dir", "/dev/shm" if os.path.isdir("/dev/shm") else "/tmp"),  # noqa: S108 - unnamed file
        *more,
    ]


def run(args: argparse.Namespace) -> int:
    """Replace this process by gunicorn; returns only when the settings or the database are unusable."""
    from backend.infra.database import build_engine
    from backend.infra.installation import require_mode
    from backend.infra.settings import load_settings

    settings = load_settings()
    engine = build_engine(settings)
    require_mode(engine, settings.mode)
    engine.dispose()
    # One connection per thread and no waiting for one.
    os.environ.setdefault("GONGJUE_POOL_SIZE", str(args.threads))
    command = gunicorn_command(args.bind, args.workers, args.threads)
    # With --reuse-port gunicorn's own log names no address.
    print(f"网页服务监听 {args.bind}")
    sys.stdout.flush()
    os.execv(command[0], command)  # noqa: S606 - our own interpreter, no shell
