"""``gongjue survey``: take a survey's results out as an Excel workbook."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from backend.commands._console import connected
from backend.commands._files import workbook

WRONG_USE = 2


def add_parser(subparsers: Any) -> None:
    """Register ``survey export``."""
    parser = subparsers.add_parser("survey", help="问卷调查：导出结果")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    export = actions.add_parser("export", help="导出一次调查的结果（.xlsx），以一位工作人员的名义")
    export.add_argument("survey", metavar="SURVEY", help="调查编号")
    export.add_argument("path", type=workbook, metavar="OUT", help="写到哪个文件（.xlsx）；已有的文件不覆盖")
    export.add_argument(
        "--as", dest="username", required=True, metavar="USERNAME", help="以哪位工作人员的名义"
    )
    export.set_defaults(run=run_export)


def run_export(args: argparse.Namespace) -> int:
    """Export as the named staff member; the event is committed before the file appears under its name."""
    if args.path.exists():
        print(f"文件 {args.path} 已存在，没有覆盖。", file=sys.stderr)
        return WRONG_USE
    with connected() as ports:
        return _export(ports, args)


def _export(ports: Any, args: argparse.Namespace) -> int:
    from backend.commands._record_export import find_actor
    from backend.infra.context import Context
    from backend.infra.database import open_session
    from backend.kernel.access import SYSTEM
    from backend.surveys.service import export_survey

    with open_session(ports.engine) as session:
        actor = find_actor(
            Context(session=session, actor=SYSTEM, ports=ports, request_id="cli"), args.username
        )
        if actor is None:
            print(f"没有在职的工作人员 {args.username}。", file=sys.stderr)
            return WRONG_USE
        content = export_survey(Context(session, actor, ports, "cli"), args.survey)
        session.commit()
    with args.path.open("xb") as file:
        file.write(content)
    print(f"已写入 {args.path}（{len(content)} 字节）")
    return 0
