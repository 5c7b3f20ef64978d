"""The hotline's figures of an area as an Excel workbook: a sheet for each dimension."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from backend.complaints.rules.figures_table import HEADINGS, MEANINGS, Cell, rows_of
from backend.complaints.rules.statistics import DIMENSION_TITLES, Dimension
from backend.complaints.service.statistics import ReadStatistics, Statistics, read_breakdowns
from backend.infra.context import Context
from backend.infra.workbook import Sheet, write_workbook
from backend.kernel.clock import SHANGHAI
from backend.kernel.events import Event
from backend.ledger import service as ledger

_TITLE_WIDTH, _WIDTH = 28, 11


def export_statistics(ctx: Context, organisation_id: str, command: ReadStatistics) -> bytes:
    """Return the workbook over an organisation and all below it; taking it out is an event."""
    wanted = replace(command, organisation_id=organisation_id)
    found = read_breakdowns(ctx, wanted, Dimension)
    first = found[Dimension.MONTH]
    sheets = [Sheet("概况", ("项目", "内容"), list(_summary(first)), (14, 90))]
    for by, each in found.items():
        headings = (DIMENSION_TITLES[by], *HEADINGS)
        widths = (_TITLE_WIDTH, *(_WIDTH for _ in HEADINGS))
        sheets.append(Sheet(f"按{DIMENSION_TITLES[by]}", headings, _rows(each), widths))
    content = write_workbook(sheets)
    told = {
        "since": first.period.since.isoformat(),
        "until": first.period.until.isoformat(),
        "estate": wanted.estate_id,
        "restricted": wanted.is_restricted,
        "bytes": len(content),
    }
    event = Event("complaint.statistics_exported", organisation_id, "organisation", organisation_id, told)
    ledger.append(ctx, event)
    return content


def _summary(found: Statistics) -> Iterator[tuple[Cell, ...]]:
    last = found.period.until - timedelta(days=1)
    yield "登记日期", f"{found.period.since.isoformat()} 至 {last.isoformat()}"
    yield "统计时刻", found.as_of.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")
    yield "登记总数", found.total.counts["registered"]
    yield from MEANINGS


def _rows(found: Statistics) -> Iterator[tuple[Cell, ...]]:
    yield from rows_of(found.groups, found.total)
    if found.left_out:
        yield (f"另有 {found.left_out} 组没有列出，已计入合计。请缩小范围后查看。",)
