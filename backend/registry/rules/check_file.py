"""Read and check a whole roll file: everything wrong is found in one pass, nothing is stored here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from backend.registry.errors import FileTooLarge, UnreadableFile
from backend.registry.rules.cells import CellValue
from backend.registry.rules.findings import Finding
from backend.registry.rules.roll_file import RollFile
from backend.registry.rules.rows import HeadingError, RowReader, read_headings
from backend.registry.rules.table_file import open_table, refuse_error_cells, refuse_merged
from backend.registry.rules.zip_guard import ROW_LIMIT

Progress = Callable[[int, int], None]
_STEP = 2_000


def check_file(content: bytes, estates: Mapping[str, str], only: str | None, progress: Progress) -> RollFile:
    """Return the checked file; ``estates`` maps codes to ids, ``only`` is the code chosen by the caller.

    Raises UnreadableFile or FileTooLarge where it cannot be read as a table at all.
    """
    table = open_table(content)
    heading_row, headings = next(table.rows)
    try:
        reader = RowReader(read_headings(headings), needs_estate=only is None)
    except HeadingError as error:
        raise UnreadableFile(f"第 {heading_row} 行的列名有误：{error}") from error
    checked = RollFile(estates, only)
    refuse_merged(checked.errors, table, heading_row)
    refuse_error_cells(checked.errors, table)
    for number, values in table.rows:
        _take_row(checked, reader, number, values)
        if number % _STEP == 0:
            progress(number, table.total)
        if checked.row_count > ROW_LIMIT:
            raise FileTooLarge(f"超过 {ROW_LIMIT:,} 行。请拆成几个文件。")
    checked.finish()
    if checked.row_count == 0:
        raise UnreadableFile("表里没有任何房屋（只有列名或示例）。请填写后再传。")
    for note in table.notes:
        checked.warnings.add(Finding(0, "工作表", "", note, "如名册在其他工作表里，请调整后重传"))
    return checked


def _take_row(checked: RollFile, reader: RowReader, number: int, values: Sequence[CellValue]) -> None:
    if all(value == "" or (isinstance(value, str) and not value.strip()) for value in values):
        return
    if reader.is_example(values):
        checked.example_count += 1
        return
    checked.row_count += 1
    found = reader.read(number, values)
    if isinstance(found, list):
        for finding in found:
            checked.errors.add(finding)
        return
    checked.add(*found)
