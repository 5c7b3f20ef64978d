"""``gongjue complaints``: figures; export and import as csv or xlsx; nobody who reported is ever exported."""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from backend.commands._complaint_figures import add_statistics, show_statistics
from backend.commands._console import connected
from backend.commands._places import one_organisation
from backend.complaints.queries import ComplaintFilter
from backend.complaints.rules.exchange import EXPORT_HEADINGS, HEADINGS, LAYOUT, safe_cell
from backend.complaints.service.exchange import export_complaints, import_complaints
from backend.infra.context import Context, Ports
from backend.infra.database import open_session
from backend.kernel.access import SYSTEM
from backend.kernel.clock import start_of_day
from backend.kernel.errors import DomainError
from backend.kernel.files import reason_of
from backend.registry.rules.table_file import FILE_LIMIT


def add_parser(subparsers: Any) -> None:
    """Register ``complaints`` and its commands."""
    parser = subparsers.add_parser("complaints", help="投诉：导出、导入、统计")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    out = commands.add_parser("export", help="导出为 .csv 或 .xlsx（不含反映人，内容已隐去号码）")
    out.add_argument("file", type=Path)
    out.add_argument("--organisation", required=True, metavar="CODE_OR_ID")
    out.add_argument("--since", type=date.fromisoformat, metavar="YYYY-MM-DD", help="登记日期从")
    out.add_argument("--until", type=date.fromisoformat, metavar="YYYY-MM-DD", help="登记日期到（不含）")
    out.set_defaults(run=run_export)
    come = commands.add_parser("import", help="导入 .csv 或 .xlsx（全部导入，或一行也不导入）")
    come.add_argument("file", type=Path)
    come.add_argument("--organisation", required=True, metavar="CODE_OR_ID")
    come.add_argument("--dry-run", action="store_true", help="只检查，不保存")
    come.add_argument("--json", action="store_true")
    come.set_defaults(run=run_import)
    template = commands.add_parser("template", help="写出导入用的 CSV 模板")
    template.add_argument("file", type=Path)
    template.set_defaults(run=run_template)
    add_statistics(commands, run_statistics)


def run_template(args: argparse.Namespace) -> int:
    """Write the headings."""
    return _write_csv(args.file, [list(HEADINGS)])


def run_export(args: argparse.Namespace) -> int:
    """Write every complaint of an organisation; exit 2 where the file cannot be written."""
    if args.file.suffix.lower() not in (".csv", ".xlsx"):
        print("文件名应以 .csv 或 .xlsx 结尾。", file=sys.stderr)
        return 2
    wanted = ComplaintFilter(
        since=None if args.since is None else start_of_day(args.since),
        until=None if args.until is None else start_of_day(args.until),
    )
    with connected() as ports, open_session(ports.engine, read_only=True) as session:
        ctx = Context(session=session, actor=SYSTEM, ports=ports, request_id="cli")
        organisation_id = one_organisation(ctx, args.organisation).id
        rows = _with_headings(export_complaints(ctx, organisation_id, wanted))
        return _write_csv(args.file, rows) if args.file.suffix == ".csv" else _write_xlsx(args.file, rows)


def run_statistics(args: argparse.Namespace) -> int:
    """Show the figures; a workbook's event is committed with it."""
    with connected() as ports, open_session(ports.engine, read_only=args.xlsx is None) as session:
        ctx = Context(session=session, actor=SYSTEM, ports=ports, request_id="cli")
        code = show_statistics(ctx, one_organisation(ctx, args.organisation).id, args)
        if code == 0:
            session.commit()
        return code


def run_import(args: argparse.Namespace) -> int:
    """Import a file: exit 0 when done, 2 when refused, with every bad row named."""
    try:
        with args.file.open("rb") as file:
            content = file.read(FILE_LIMIT + 1)
    except OSError as error:
        print(f"不能读取 {args.file}：{reason_of(error)}", file=sys.stderr)
        return 2
    try:
        with connected() as ports:
            is_kept, report = _import(ports, args, content)
    except DomainError as error:
        print(f"没有导入任何内容。\n{error.message}", file=sys.stderr)
        return 2
    if args.json:
        print(json.dumps({"kept": is_kept and not args.dry_run, **report}, ensure_ascii=False))
    else:
        _print_report(report, is_kept, is_dry=args.dry_run)
    return 0 if is_kept else 2


def _import(ports: Ports, args: argparse.Namespace, content: bytes) -> tuple[bool, dict[str, Any]]:
    with open_session(ports.engine) as session:
        ctx = Context(session=session, actor=SYSTEM, ports=ports, request_id="cli")
        is_kept, report = import_complaints(ctx, one_organisation(ctx, args.organisation).id, content)
        if is_kept and not args.dry_run:
            session.commit()
        else:
            session.rollback()
    return is_kept, report


def _print_report(report: dict[str, Any], is_kept: bool, *, is_dry: bool) -> None:
    if not is_kept:
        print("没有导入任何内容。", file=sys.stderr)
        listed, count = report["errors"], report["error_count"]
        shown = f"（列出前 {len(listed)} 处）" if count > len(listed) else ""
        print(f"错误 {count} 处{shown}：", file=sys.stderr)
        for found in listed:
            value = f"“{found['value']}”" if found["value"] else ""
            where = f"第 {found['row']} 行 [{found['column']}]{value}"
            print(f"  {where} {found['reason']}。{found['remedy']}", file=sys.stderr)
        return
    print("试导入，没有保存：" if is_dry else "已导入：", end="")
    print(f"共 {report['rows']} 行，新增 {report['added']}，以前已导入 {report['known']}。")


def _with_headings(rows: Iterator[list[str]]) -> Iterator[list[str]]:
    yield list(EXPORT_HEADINGS)
    for row in rows:
        yield [safe_cell(cell) for cell in row]


def _write_csv(path: Path, rows: Any) -> int:
    try:
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            csv.writer(file).writerows(rows)
    except OSError as error:
        print(f"不能写入 {path}：{reason_of(error)}", file=sys.stderr)
        return 2
    print(f"已写入 {path}")
    return 0


def _write_xlsx(path: Path, rows: Iterator[list[str]]) -> int:
    import xlsxwriter

    book = xlsxwriter.Workbook(str(path), {"constant_memory": True})
    sheet = book.add_worksheet(LAYOUT.sheet)
    for number, row in enumerate(rows):
        for column, cell in enumerate(row):
            sheet.write_string(number, column, cell)
    try:
        book.close()
    except (OSError, xlsxwriter.exceptions.FileCreateError) as error:
        print(f"不能写入 {path}：{error}", file=sys.stderr)
        return 2
    print(f"已写入 {path}")
    return 0
