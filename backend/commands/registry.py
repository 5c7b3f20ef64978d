"""``gongjue registry``: template, import with a progress bar, and the first organisations and estates."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from backend.commands._console import connected
from backend.commands._files import workbook
from backend.commands._places import find_estate, one_organisation
from backend.infra.context import Context, Ports
from backend.infra.database import open_session
from backend.kernel.access import SYSTEM
from backend.kernel.errors import DomainError, Invalid
from backend.kernel.files import reason_of
from backend.kernel.ids import new_id
from backend.registry import service
from backend.registry.rules.levels import LEVELS
from backend.registry.rules.table_file import FILE_LIMIT
from backend.registry.service.estates import EstateFacts
from backend.registry.tables import ImportRun

_BAR = 30


def add_parser(subparsers: Any) -> None:
    """Register ``registry`` and its commands."""
    parser = subparsers.add_parser("registry", help="房屋名册：模板、导入、建立组织和小区")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    template = commands.add_parser("template", help="写出 Excel 模板")
    template.add_argument("out", type=workbook)
    template.set_defaults(run=run_template)
    _add_import(commands)
    node = commands.add_parser("organisation", help="建立省、市、县、乡镇街道、社区")
    node.add_argument("kind", choices=LEVELS)
    node.add_argument("code")
    node.add_argument("name")
    node.add_argument("--under", metavar="CODE_OR_ID", help="上级")
    node.set_defaults(run=run_organisation)
    estate = commands.add_parser("estate", help="建立小区")
    estate.add_argument("code")
    estate.add_argument("name")
    estate.add_argument("--community", required=True, metavar="CODE_OR_ID")
    estate.add_argument("--built-year", type=int)
    estate.set_defaults(run=run_estate)


def _add_import(commands: Any) -> None:
    parser = commands.add_parser("import", help="导入 .xlsx 或 .csv 名册（全部导入，或一行也不导入）")
    parser.add_argument("file", type=Path)
    parser.add_argument("--community", required=True, metavar="CODE_OR_ID")
    parser.add_argument("--estate", metavar="CODE", help="不填则每行须有小区编号")
    parser.add_argument("--create-estate", metavar="NAME", help="小区还没有时，以此名称建立")
    parser.add_argument("--dry-run", action="store_true", help="只检查并显示差异，不保存")
    parser.add_argument("--remove-missing", action="store_true", help="把文件中没有的房屋标为已移除")
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(run=run_import)


def _refuse(error: DomainError) -> int:
    print(error.message, file=sys.stderr)
    return 2


def run_template(args: argparse.Namespace) -> int:
    """Write the template; exit 2 where the path cannot be written."""
    try:
        args.out.write_bytes(service.write_template())
    except OSError as error:
        print(f"不能写入 {args.out}：{reason_of(error)}", file=sys.stderr)
        return 2
    print(f"模板已写入 {args.out}")
    return 0


def _in_transaction(ports: Ports, action: Callable[[Context], str]) -> str:
    with open_session(ports.engine) as session:
        result = action(Context(session=session, actor=SYSTEM, ports=ports, request_id="cli"))
        session.commit()
        return result


def run_organisation(args: argparse.Namespace) -> int:
    """Add an organisation and print its id."""

    def create(ctx: Context) -> str:
        parent = one_organisation(ctx, args.under).id if args.under else None
        command = service.CreateOrganisation(parent, args.kind, args.code, args.name)
        return service.create_organisation(ctx, command).id

    return _print_id(create)


def run_estate(args: argparse.Namespace) -> int:
    """Add an estate and print its id."""

    def create(ctx: Context) -> str:
        community = one_organisation(ctx, args.community, "community")
        facts = EstateFacts(args.name, built_year=args.built_year)
        return service.create_estate(ctx, service.CreateEstate(community.id, args.code, facts)).id

    return _print_id(create)


def _print_id(create: Callable[[Context], str]) -> int:
    try:
        with connected() as ports:
            print(_in_transaction(ports, create))
    except DomainError as error:
        return _refuse(error)
    return 0


def run_import(args: argparse.Namespace) -> int:
    """Import a file: exit 0 when done, 2 when refused, with every bad row named."""
    try:
        with args.file.open("rb") as file:
            content = file.read(FILE_LIMIT + 1)
    except OSError as error:
        print(f"不能读取 {args.file}：{reason_of(error)}", file=sys.stderr)
        return 2
    if len(content) > FILE_LIMIT:
        print(f"文件超过 {FILE_LIMIT // 1024 // 1024} MB，请拆成几个文件。", file=sys.stderr)
        return 2
    try:
        with connected() as ports:
            return import_file(ports, args, content)
    except DomainError as error:
        return _refuse(error)


def import_file(ports: Ports, args: argparse.Namespace, content: bytes) -> int:
    """Queue the content and run it here, exactly as a worker would."""
    digest = ports.storage.put(content)
    del content
    run_id = _in_transaction(ports, lambda ctx: _queue(ctx, args, digest))
    bar = _Bar(sys.stderr.isatty())
    service.run_import(ports, run_id, bar.show)
    bar.close()
    with open_session(ports.engine, read_only=True) as session:
        run = service.show_import(Context(session, SYSTEM, ports, "cli"), run_id)
    if args.json:
        print(
            json.dumps(
                {"state": run.state, "dry_run": run.is_dry_run} | (run.report or {}), ensure_ascii=False
            )
        )
    else:
        _print_report(run)
    return 0 if run.state == "done" else 2


def _queue(ctx: Context, args: argparse.Namespace, digest: str) -> str:
    community = one_organisation(ctx, args.community, "community")
    estate_id = find_estate(ctx, community.id, args.estate) if args.estate else None
    if args.estate and estate_id is None and not args.create_estate:
        raise Invalid(
            "estate", f"这个社区没有编号为“{args.estate}”的小区。要新建，请加 --create-estate 小区名称。"
        )
    is_new = args.estate is not None and estate_id is None
    command = service.QueueImport(
        organisation_id=community.id,
        estate_id=estate_id,
        new_estate=(args.estate, args.create_estate) if is_new else None,
        file_sha256=digest,
        file_name=args.file.name,
        is_dry_run=args.dry_run,
        removes_missing=args.remove_missing,
        idempotency_key=new_id(),
    )
    return service.queue_import(ctx, command).id


class _Bar:
    """A progress bar on standard error; plain lines every ten per cent where there is no terminal."""

    def __init__(self, is_terminal: bool) -> None:
        self._is_terminal = is_terminal
        self._started = time.monotonic()
        self._tenth = -1

    def show(self, done: int, total: int) -> None:
        """Draw."""
        share = done * 100 // max(total, 1)
        step = "检查" if share < 50 else "写入"
        seconds = time.monotonic() - self._started
        if self._is_terminal:
            filled = share * _BAR // 100
            line = f"\r{step} [{'█' * filled}{'·' * (_BAR - filled)}] {share:3d}% {seconds:4.0f} 秒"
            print(line, end="", file=sys.stderr, flush=True)
        elif share // 10 != self._tenth:
            self._tenth = share // 10
            print(f"{step} {share}%（{seconds:.0f} 秒）", file=sys.stderr, flush=True)

    def close(self) -> None:
        """End the line."""
        if self._is_terminal:
            print(file=sys.stderr)


def _print_report(run: ImportRun) -> None:
    report = run.report or {}
    if run.state != "done":
        print("没有导入任何内容。", file=sys.stderr)
        if "message" in report:
            print(report["message"], file=sys.stderr)
    _print_findings("错误", report.get("errors", []), report.get("error_count", 0))
    _print_findings("提醒", report.get("warnings", []), report.get("warning_count", 0))
    difference = report.get("difference")
    if difference is None:
        return
    print("试导入，没有保存：" if run.is_dry_run else "已导入：", end="")
    print(
        f"共 {report['rows']} 行，新增 {difference['added']}，变更 {difference['changed']}，"
        f"移除 {difference['removed']}，未变 {difference['unchanged']}，"
        f"文件中没有而保留 {difference['kept_though_missing']}。"
    )
    for line in difference["lines"]:
        print(f"  {line}")


def _print_findings(title: str, findings: list[dict[str, Any]], count: int) -> None:
    if not count:
        return
    shown = f"（列出前 {len(findings)} 处）" if count > len(findings) else ""
    print(f"{title} {count} 处{shown}：", file=sys.stderr)
    for finding in findings:
        value = f"“{finding['value']}”" if finding["value"] else ""
        where = f"第 {finding['row']} 行 " if finding["row"] else ""
        print(
            f"  {where}[{finding['column']}]{value} {finding['reason']}。{finding['remedy']}", file=sys.stderr
        )
