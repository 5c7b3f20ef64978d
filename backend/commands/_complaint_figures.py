"""``gongjue complaints statistics``: the hotline's figures on the console, as JSON, or as a workbook."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from backend.commands._files import workbook
from backend.complaints import service
from backend.complaints.rules.figures_table import TOTAL, rate_text
from backend.complaints.rules.statistics import DIMENSION_TITLES, Dimension, Figures
from backend.complaints.service import ReadStatistics, Statistics
from backend.infra.context import Context
from backend.kernel.files import reason_of

WRONG_USE = 2


def add_statistics(commands: Any, run: Callable[[argparse.Namespace], int]) -> None:
    """Register ``complaints statistics``."""
    parser = commands.add_parser("statistics", help="统计：响应率、解决率、满意率、用时、超期、重复")
    parser.add_argument("--organisation", required=True, metavar="CODE_OR_ID")
    parser.add_argument(
        "--by",
        type=Dimension,
        choices=list(Dimension),
        default=Dimension.ESTATE,
        metavar="|".join(Dimension),
        help="按什么分组（默认 estate）",
    )
    parser.add_argument("--since", type=date.fromisoformat, metavar="YYYY-MM-DD", help="登记日期从")
    parser.add_argument("--until", type=date.fromisoformat, metavar="YYYY-MM-DD", help="登记日期到（不含）")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--xlsx", type=workbook, metavar="OUT", help="另存为工作簿；已有的文件不覆盖")
    parser.set_defaults(run=run)


def show_statistics(ctx: Context, organisation_id: str, args: argparse.Namespace) -> int:
    """Print the figures of an organisation and all below it; exit 2 where the workbook cannot be written."""
    command = ReadStatistics(args.by, args.since, args.until, organisation_id=organisation_id)
    if args.xlsx is not None:
        content = service.export_statistics(ctx, organisation_id, command)
        if not _written(args.xlsx, content):
            return WRONG_USE
    found = service.read_statistics(ctx, command)
    if args.json:
        from backend.staff_api.schemas.complaint_statistics import StatisticsOut

        print(StatisticsOut.of(found).model_dump_json())
    else:
        print("\n".join(_lines(found)))
    return 0


def _lines(found: Statistics) -> list[str]:
    last = found.period.until - timedelta(days=1)
    groups = [*((each.title, each.figures) for each in found.groups), (TOTAL, found.total)]
    lines = [f"登记日期 {found.period.since} 至 {last}，按{DIMENSION_TITLES[found.by]}："]
    lines += [_line(title, figures) for title, figures in groups]
    if found.left_out:
        lines.append(f"另有 {found.left_out} 组没有列出，已计入合计。")
    return lines


def _line(title: str, figures: Figures) -> str:
    counts = figures.counts
    rates = {"响应率": figures.response, "解决率": figures.resolution, "满意率": figures.satisfaction}
    parts = [
        f"登记 {counts['registered']}",
        *(f"{name} {rate_text(rate)}" for name, rate in rates.items()),
        f"办结用时中位 {_hours(figures.to_resolve.median)}，九成以内 {_hours(figures.to_resolve.p90)}",
        f"目前超期 {counts['overdue']}，超期办结 {counts['late']}",
    ]
    return f"{title}：{'；'.join(parts)}"


def _hours(minutes: int | None) -> str:
    return "—" if minutes is None else f"{minutes // 60} 小时 {minutes % 60} 分"


def _written(path: Path, content: bytes) -> bool:
    try:
        with path.open("xb") as file:
            file.write(content)
    except OSError as error:
        print(f"不能写入 {path}：{reason_of(error)}", file=sys.stderr)
        return False
    return True
