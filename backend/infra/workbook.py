"""Results as an Excel workbook: every cell is text or a number, never a formula."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from itertools import islice

import xlsxwriter

# What a spreadsheet program takes for the beginning of a formula when the sheet is saved as text and read again.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NAME = 31
_LONGEST_CELL = 32_767

Cell = str | int | None


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet: its name, headings, rows, and the columns' widths in characters."""

    name: str
    headings: Sequence[str]
    rows: Iterable[Sequence[Cell]]
    widths: Sequence[int]


def write_workbook(sheets: Iterable[Sheet]) -> bytes:
    """Return the .xlsx."""
    buffer = BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    book = xlsxwriter.Workbook(buffer, options)
    bold = book.add_format({"bold": True, "bg_color": "#EDEDED", "border": 1})
    text = book.add_format({"num_format": "@", "text_wrap": True, "valign": "top"})
    for sheet in sheets:
        page = book.add_worksheet(sheet.name[:_NAME])
        for column, width in enumerate(sheet.widths):
            page.set_column(column, column, width)
        for column, heading in enumerate(sheet.headings):
            page.write_string(0, column, heading, bold)
        for line, row in enumerate(sheet.rows, start=1):
            for column, cell in enumerate(row):
                if isinstance(cell, int):
                    page.write_number(line, column, cell)
                elif cell is not None:
                    page.write_string(line, column, plain_cell(cell), text)
        page.freeze_panes(1, 0)
    book.close()
    return buffer.getvalue()


def first_rows(rows: Iterable[Sequence[Cell]], most: int) -> Iterator[Sequence[Cell]]:
    """Yield the first rows, and a note instead of what follows: a workbook is made within one request."""
    source = iter(rows)
    yield from islice(source, most)
    if next(source, None) is not None:
        yield (f"这里只列出前 {most} 行，其余请在网页上按小区查看。",)


def plain_cell(value: str) -> str:
    """Return a text that no spreadsheet program runs: an apostrophe before what would begin a formula."""
    shown = value[: _LONGEST_CELL - 1]
    return f"'{shown}" if shown.lstrip().startswith(_FORMULA) or shown.startswith(_FORMULA) else shown
