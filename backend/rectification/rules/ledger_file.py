"""Read and check a whole ledger: everything wrong is found in one pass, nothing is stored here."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from backend.rectification.rules import ledger_columns as columns
from backend.rectification.rules.description import Description, faults
from backend.rectification.rules.ledger_columns import BY_NAME, COLUMNS, LAYOUT, LENGTHS, ROW_LIMIT
from backend.rectification.rules.progress import STATE_TITLES, WORKED_ON, State
from backend.rectification.rules.wording import Source, share_a_name
from backend.registry.errors import FileTooLarge, UnreadableFile
from backend.registry.rules.cells import CellError, CellValue, read_code, read_option, text_of
from backend.registry.rules.columns import Column
from backend.registry.rules.findings import Finding, Findings
from backend.registry.rules.rows import HeadingError, read_headings, shown_value
from backend.registry.rules.table_file import open_table, refuse_error_cells, refuse_merged

_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[ T]0?0:00(?::00)?)?", re.ASCII)
_MASK = "**"
_DAYS = ("found_on", "due_on", "verified_on", "closed_out_on")
_DONE = (State.VERIFIED, State.CLOSED_OUT)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How far an item has come, as a ledger says it."""

    state: State = State.OPEN
    verifier: str = ""
    verified_on: date | None = None
    closed_out_on: date | None = None


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One line; ``outcome`` None = the ledger is silent about it. ``line`` is the row as the reader sees it."""

    number: str
    source: Source
    source_reference: str
    description: Description
    outcome: Outcome | None
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class StoredLine:
    """What the register holds under a number; ``is_live``: somebody has worked on it here."""

    row: LedgerRow
    is_live: bool


@dataclass(slots=True)
class LedgerFile:
    """A checked file."""

    rows: dict[str, LedgerRow] = field(default_factory=dict)
    errors: Findings = field(default_factory=Findings)


@dataclass(slots=True)
class Difference:
    """What an import would change, by number."""

    added: list[LedgerRow] = field(default_factory=list)
    changed: list[LedgerRow] = field(default_factory=list)
    unchanged: int = 0


def check_ledger(content: bytes, today: date) -> LedgerFile:
    """Return the checked file; raises UnreadableFile or FileTooLarge where it is no such table at all."""
    table = open_table(content, LAYOUT)
    heading_row, headings = next(table.rows)
    try:
        positions = read_headings(headings, COLUMNS, columns.IGNORED)
    except HeadingError as error:
        raise UnreadableFile(f"第 {heading_row} 行的列名有误：{error}") from error
    found = LedgerFile()
    refuse_merged(found.errors, table, heading_row)
    refuse_error_cells(found.errors, table)
    for number, values in table.rows:
        if all(isinstance(value, str) and not value.strip() for value in values):
            continue
        if len(found.rows) + found.errors.count >= ROW_LIMIT:
            raise FileTooLarge(f"台账超过 {ROW_LIMIT:,} 行，请拆成几个文件。")
        _take(found, _Line(number, positions, values), today)
    if not found.rows and not found.errors.count:
        raise UnreadableFile("台账里没有任何问题（只有列名）。请填写后再传。")
    return found


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    positions: Mapping[str, int]
    values: Sequence[CellValue]

    def value(self, name: str) -> CellValue:
        """Return a cell, empty where the column or the cell is missing."""
        position = self.positions.get(name)
        return self.values[position] if position is not None and position < len(self.values) else ""

    def finding(self, name: str, reason: str, remedy: str) -> Finding:
        """Return what is wrong with one cell, people masked."""
        column = BY_NAME[name]
        return Finding(self.number, column.heading, shown_value(column, self.value(name)), reason, remedy)


def _take(found: LedgerFile, line: _Line, today: date) -> None:
    read: dict[str, Any] = {}
    findings: list[Finding] = []
    for column in COLUMNS:
        try:
            read[column.name] = _cell(column, line.value(column.name))
        except CellError as error:
            findings.append(line.finding(column.name, error.reason, error.remedy))
    if not findings:
        findings = [line.finding(*fault) for fault in _faults(read, today)]
    twin = found.rows.get(read.get("number", ""))
    if twin is not None:
        findings.append(line.finding("number", f"与第 {twin.line} 行编号相同", "请改成各自的编号"))
    for finding in findings:
        found.errors.add(finding)
    if not findings:
        row = _row(read, line.number)
        found.rows[row.number] = row


def _cell(column: Column, value: CellValue) -> Any:
    if isinstance(value, str) and not value.strip():
        if column.is_required:
            raise CellError("没有填", f"请填写。{column.explanation}")
        return None if column.name in _DAYS else ""
    if column.options:
        return read_option(value, column.options)
    if column.name == "number":
        return read_code(value)
    if column.name in _DAYS:
        return read_day(value)
    text = columns.unguarded(text_of(value))
    if len(text) > LENGTHS[column.name]:
        raise CellError(f"太长，最多 {LENGTHS[column.name]} 个字", "请改短")
    if column.is_personal and _MASK in text:
        raise CellError("姓名已被隐去", "请用有权查看姓名的账号导出的台账，或填上姓名")
    return text


def read_day(value: CellValue) -> date:
    """Return a day: an Excel date, or 2026-03-01, 2026/3/1, 2026.3.1, 2026年3月1日."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    text = unicodedata.normalize("NFKC", text_of(value))
    found = _DAY.fullmatch(text)
    try:
        if found is not None:
            return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        pass
    raise CellError("不是日期", "请写成 2026-03-01 这样的日期")


def _faults(read: Mapping[str, Any], today: date) -> Iterator[tuple[str, str, str]]:
    yield from faults(_description(read), today)
    state, closed_on, verified_on = _state(read), read["closed_out_on"], read["verified_on"]
    if state is State.CLOSED_OUT and closed_on is None:
        yield "closed_out_on", "已销号但没有销号日期", "请填写销号日期"
    if state is not State.CLOSED_OUT and closed_on is not None:
        yield "state", "填了销号日期，状态却不是已销号", "请改状态，或清空销号日期"
    if state in _DONE and not read["verifier"]:
        yield "verifier", "没有核验人", "请填写核验人"
    if state is State.VERIFIED and verified_on is None:
        yield "verified_on", "已核验但没有核验日期", "请填写核验日期"
    if state not in _DONE and (read["verifier"] or verified_on is not None):
        yield "state", "填了核验人或核验日期，状态却不是已核验或已销号", "请改状态，或清空核验人和核验日期"
    if share_a_name(read["verifier"], read["responsible_person"]):
        yield "verifier", "核验人就是责任人", "核验人不能是责任人，请核对"
    for name in ("verified_on", "closed_out_on"):
        if read[name] is not None and not read["found_on"] <= read[name] <= today:
            yield name, "早于发现日期或晚于今天", "请核对日期"
    if verified_on is not None and closed_on is not None and verified_on > closed_on:
        yield "verified_on", "核验日期晚于销号日期", "请核对两个日期"


def _state(read: Mapping[str, Any]) -> State:
    if read["state"]:
        return State(read["state"])
    return State.CLOSED_OUT if read["closed_out_on"] is not None else State.OPEN


def _description(read: Mapping[str, Any]) -> Description:
    names = ("problem", "place", "responsible_party", "measures", "found_on", "due_on", "responsible_person")
    return Description(**{name: read[name] for name in names})


def _row(read: Mapping[str, Any], line: int) -> LedgerRow:
    state, outcome = _state(read), None
    if read["state"] or read["closed_out_on"] is not None:
        verified_on = read["verified_on"] or read["closed_out_on"]
        outcome = Outcome(state, read["verifier"], verified_on, read["closed_out_on"])
    return LedgerRow(
        read["number"],
        Source(read["source"]),
        read["source_reference"],
        _description(read),
        outcome,
        line,
    )


def compare(checked: LedgerFile, stored: Mapping[str, StoredLine]) -> Difference:
    """Return what would change; a line that would overrule what happened in the system becomes an error."""
    difference = Difference()
    for number, row in checked.rows.items():
        there = stored.get(number)
        if there is None:
            difference.added.append(row)
            continue
        said = row if row.outcome is not None else _silent(row, there)
        if said == there.row:
            difference.unchanged += 1
            continue
        finding = _overrules(said, there)
        if finding is None:
            difference.changed.append(said)
        else:
            checked.errors.add(finding)
    return difference


def _silent(row: LedgerRow, there: StoredLine) -> LedgerRow:
    return LedgerRow(
        row.number, row.source, row.source_reference, row.description, there.row.outcome, row.line
    )


def _overrules(row: LedgerRow, there: StoredLine) -> Finding | None:
    if not there.is_live:
        return None
    outcome = there.row.outcome
    assert outcome is not None
    title = STATE_TITLES[outcome.state]
    if row.outcome != outcome:
        said = STATE_TITLES[row.outcome.state] if row.outcome else ""
        remedy = f"请在系统里办理，并把状态、核验和销号各列改回系统里的内容（{title}）"
        return Finding(row.line, "整改状态", said, "与系统里办理的不一致，台账不能代替核验和销号", remedy)
    if outcome.state not in WORKED_ON:
        return Finding(
            row.line, "编号", row.number, f"这一项现在是“{title}”，内容不能再改", "请先在系统里退回或重新打开"
        )
    return None
