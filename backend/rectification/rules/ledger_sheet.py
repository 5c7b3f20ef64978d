"""Write a ledger in the usual layout: title, summary, headings, one bordered line per problem."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from io import BytesIO
from typing import Any

import xlsxwriter

from backend.rectification.rules.ledger_columns import COLUMNS, EXPORTED_ONLY, NOTES, SHEET, guarded
from backend.rectification.rules.ledger_file import LedgerRow, Outcome
from backend.rectification.rules.progress import STATE_TITLES, State
from backend.rectification.rules.wording import SOURCE_TITLES
from backend.registry.rules.template import add_dropdown, write_explanation

_HEADINGS = 2
_TEMPLATE_OF = date(2026, 1, 1)


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """A line to write, with what an import does not read: whether it is overdue, pieces of evidence."""

    row: LedgerRow
    is_overdue: bool
    before: int
    after: int


def write_ledger(title: str, today: date, lines: Sequence[LedgerLine]) -> bytes:
    """Return the .xlsx; every cell is text or a number, never a formula or a link."""
    unfinished = sum(_outcome(line.row).state is not State.CLOSED_OUT for line in lines)
    overdue = sum(line.is_overdue for line in lines)
    summary = f"截至 {today.isoformat()}：共 {len(lines)} 项，未销号 {unfinished} 项，其中逾期 {overdue} 项"
    return _write((title, summary), lines, today)


def write_ledger_template() -> bytes:
    """Return an empty ledger with dropdowns and an explanation sheet."""
    return _write(("老旧小区改造整改台账", "填写办法见“填写说明”"), (), _TEMPLATE_OF)


def _write(titles: tuple[str, str], lines: Sequence[LedgerLine], made_on: date) -> bytes:
    buffer = BytesIO()
    book = xlsxwriter.Workbook(
        buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    # The writer would put the host's time: the same lines of the same day are the same file.
    book.set_properties({"created": datetime.combine(made_on, time())})
    sheet = book.add_worksheet(SHEET)
    _lay_out(book, sheet, guarded(titles[0]), titles[1])
    cell = book.add_format({"border": 1, "text_wrap": True, "valign": "top", "num_format": "@"})
    for number, line in enumerate(lines, start=1):
        sheet.write_number(_HEADINGS + number, 0, number, cell)
        for index, text in enumerate(_texts(line), start=1):
            sheet.write_string(_HEADINGS + number, index, guarded(text), cell)
    write_explanation(book, NOTES, COLUMNS)
    book.close()
    return buffer.getvalue()


def _lay_out(book: Any, sheet: Any, title: str, summary: str) -> None:
    last = len(COLUMNS) + len(EXPORTED_ONLY)
    large = book.add_format({"bold": True, "font_size": 16, "align": "center", "valign": "vcenter"})
    heading = book.add_format({"bold": True, "bg_color": "#EDEDED", "border": 1, "text_wrap": True})
    text = book.add_format({"num_format": "@"})
    sheet.merge_range(0, 0, 0, last, "", large)
    sheet.write_string(0, 0, title, large)
    sheet.write_string(1, 0, summary)
    sheet.set_column(0, 0, 6)
    sheet.write_string(_HEADINGS, 0, "序号", heading)
    for index, column in enumerate(COLUMNS, start=1):
        sheet.set_column(index, index, column.width, text)
        sheet.write_string(_HEADINGS, index, column.heading + ("*" if column.is_required else ""), heading)
        add_dropdown(sheet, (_HEADINGS + 1, index), column)
    for index, words in enumerate(EXPORTED_ONLY, start=len(COLUMNS) + 1):
        sheet.write_string(_HEADINGS, index, words, heading)
    sheet.freeze_panes(_HEADINGS + 1, 2)
    sheet.set_landscape()
    sheet.set_paper(8)  # A3, as such ledgers are printed
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(_HEADINGS)


def _outcome(row: LedgerRow) -> Outcome:
    return row.outcome or Outcome()


def _texts(line: LedgerLine) -> list[str]:
    row, said, outcome = line.row, line.row.description, _outcome(line.row)
    values: Mapping[str, str] = {
        "number": row.number,
        "source": SOURCE_TITLES[row.source],
        "source_reference": row.source_reference,
        "problem": said.problem,
        "place": said.place,
        "responsible_party": said.responsible_party,
        "responsible_person": said.responsible_person,
        "measures": said.measures,
        "found_on": said.found_on.isoformat(),
        "due_on": said.due_on.isoformat(),
        "state": STATE_TITLES[outcome.state],
        "verifier": outcome.verifier,
        "verified_on": outcome.verified_on.isoformat() if outcome.verified_on else "",
        "closed_out_on": outcome.closed_out_on.isoformat() if outcome.closed_out_on else "",
    }
    extra = ["逾期" if line.is_overdue else "", f"{line.before} 件", f"{line.after} 件"]
    return [values[column.name] for column in COLUMNS] + extra
