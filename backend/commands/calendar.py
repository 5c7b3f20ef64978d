"""``gongjue calendar``: enter the holidays of a year that the product does not ship yet."""

from __future__ import annotations

import argparse
import sys
import tomllib
from pathlib import Path
from typing import Any

from backend.commands._console import connected
from backend.infra.context import Context
from backend.infra.database import open_session
from backend.kernel.access import SYSTEM
from backend.kernel.errors import DomainError
from backend.policies.queries import calendars
from backend.policies.service import LoadCalendar, load_calendar


def add_parser(subparsers: Any) -> None:
    """Register ``calendar`` and its commands."""
    parser = subparsers.add_parser("calendar", help="节假日安排：录入新的一年，查看已有年份")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    load = commands.add_parser("load", help="录入一年的安排（TOML：year、source、holidays、workdays）")
    load.add_argument("file", type=Path)
    load.set_defaults(run=run_load)
    shown = commands.add_parser("list", help="列出已录入的年份")
    shown.set_defaults(run=run_list)


def run_load(args: argparse.Namespace) -> int:
    """Enter a year; loading it again replaces it. Exit 2 where the file says something impossible."""
    try:
        found = tomllib.loads(args.file.read_text(encoding="utf-8"))
        command = LoadCalendar(
            int(found["year"]), str(found["source"]), tuple(found["holidays"]), tuple(found["workdays"])
        )
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        print(f"不能读取 {args.file}：{type(error).__name__} {error}", file=sys.stderr)
        return 2
    with connected() as ports, open_session(ports.engine) as session:
        try:
            load_calendar(Context(session=session, actor=SYSTEM, ports=ports, request_id="cli"), command)
        except DomainError as error:
            print("\n".join([error.message, *(field.message for field in error.fields)]), file=sys.stderr)
            return 2
        session.commit()
    print(f"{command.year} 年的安排已录入；暂定的期限由后台任务在一小时内重算。")
    return 0


def run_list(_args: argparse.Namespace) -> int:
    """Print the years with their sources."""
    with connected() as ports, open_session(ports.engine, read_only=True) as session:
        for year, known in sorted(calendars(session).items()):
            print(f"{year}  {known.source}")
    return 0
