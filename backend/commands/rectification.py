"""``gongjue rectification``: the ledger's template, import and export for one estate."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from backend.commands._console import commit
from backend.commands._files import workbook
from backend.commands._places import find_estate, one_organisation
from backend.infra.context import Context
from backend.kernel.errors import Invalid
from backend.rectification import service
from backend.rectification.service import ImportLedger, ImportReport


def add_parser(subparsers: Any) -> None:
    """Register ``rectification`` and its commands."""
    parser = subparsers.add_parser("rectification", help="整改台账：模板、导入、导出")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    template = commands.add_parser("template", help="写出空白台账")
    template.add_argument("out", type=workbook)
    template.set_defaults(run=run_template)
    taken = commands.add_parser("import", help="导入 .xlsx 或 .csv 台账（全部导入，或一行也不导入）")
    taken.add_argument("file", type=Path)
    _add_place(taken)
    taken.add_argument("--dry-run", action="store_true", help="只检查并显示差异，不保存")
    taken.add_argument("--json", action="store_true")
    taken.set_defaults(run=run_import)
    given = commands.add_parser("export", help="按台账样式导出 .xlsx（含责任人，记入操作记录）")
    given.add_argument("out", type=workbook)
    _add_place(given)
    given.set_defaults(run=run_export)


def _add_place(parser: Any) -> None:
    parser.add_argument("--community", required=True, metavar="CODE_OR_ID")
    parser.add_argument("--estate", required=True, metavar="CODE")


def _estate(ctx: Context, args: argparse.Namespace) -> str:
    community = one_organisation(ctx, args.community, "community")
    found = find_estate(ctx, community.id, args.estate)
    if found is None:
        raise Invalid("estate", f"这个社区没有编号为“{args.estate}”的小区。")
    return found


def run_template(args: argparse.Namespace) -> int:
    """Write the template."""
    args.out.write_bytes(service.write_ledger_template())
    print(f"模板已写入 {args.out}")
    return 0


def run_import(args: argparse.Namespace) -> int:
    """Import a ledger; exit 2 when it has faults and nothing was stored."""
    content = args.file.read_bytes()

    def act(ctx: Context) -> ImportReport:
        command = ImportLedger(_estate(ctx, args), ctx.storage.put(content), args.dry_run)
        return service.import_ledger(ctx, command)

    report = commit(act)
    if args.json:
        print(json.dumps(asdict(report), ensure_ascii=False))
    else:
        _print(report)
    return 2 if report.error_count else 0


def run_export(args: argparse.Namespace) -> int:
    """Write an estate's register."""
    args.out.write_bytes(commit(lambda ctx: service.export_ledger(ctx, _estate(ctx, args))))
    print(f"台账已写入 {args.out}")
    return 0


def _print(report: ImportReport) -> None:
    for fault in report.errors:
        value = f"“{fault['value']}”" if fault["value"] else ""
        words = f"第 {fault['row']} 行 [{fault['column']}]{value} {fault['reason']}。{fault['remedy']}"
        print(words, file=sys.stderr)
    if report.error_count:
        print(f"有 {report.error_count} 处错误，没有导入任何内容。", file=sys.stderr)
        return
    print("试导入，没有保存：" if report.is_dry_run else "已导入：", end="")
    print(f"共 {report.rows} 行，新增 {report.added}，变更 {report.changed}，未变 {report.unchanged}。")
