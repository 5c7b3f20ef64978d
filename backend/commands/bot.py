"""``gongjue bot``: close, seal, number, remind and keep alive, until stopped."""

from __future__ import annotations

import argparse
from typing import Any


def add_parser(subparsers: Any) -> None:
    """Register ``bot``."""
    parser = subparsers.add_parser("bot", help="启动后台任务（截止、封存、检查点、消息、导入、心跳）")
    parser.add_argument("--list", action="store_true", help="只列出任务，不启动")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Work until SIGTERM or Ctrl-C; a second bot stands by."""
    from bot.worker import describe_jobs, main

    if args.list:
        print("\n".join(describe_jobs()))
        return 0
    return main()
