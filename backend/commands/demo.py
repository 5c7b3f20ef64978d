"""``gongjue demo load``: fill an empty demo database with four synthetic estates."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from backend.commands._console import connected

LOGINS = Path("var/demo-logins.json")


def add_parser(subparsers: Any) -> None:
    """Register ``demo`` with ``load``."""
    parser = subparsers.add_parser("demo", help="演示数据：四个虚构的小区")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    load = commands.add_parser("load", help="装入空的演示数据库（已装入则不变）")
    load.add_argument(
        "--logins", type=Path, default=LOGINS, metavar="FILE", help=f"账号密码文件，默认 {LOGINS}"
    )
    load.set_defaults(run=run_load)


def run_load(args: argparse.Namespace) -> int:
    """Load once, keep the logins in a file and print them; a second time changes nothing."""
    from backend.demo import logins
    from backend.demo.load import is_loaded, load_demo

    with connected() as ports:
        if is_loaded(ports):
            known = logins.load(args.logins)
            print("演示数据已经装入，没有重复装入 (already loaded)。")
        else:
            known = load_demo(ports)
            logins.save(args.logins, known)
            print(f"演示数据已装入 (loaded)，账号密码见 {args.logins}")
    if known is not None:
        print("\n".join(logins.describe(known)))
    return 0
