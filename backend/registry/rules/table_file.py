"""A file as a table of cells: .xlsx or .csv, told apart by content and never by name."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from io import BytesIO, TextIOWrapper

import python_calamine as calamine

from backend.registry.errors import FileTooLarge, UnreadableFile
from backend.registry.rules.cells import CellValue
from backend.registry.rules.columns import EXPLANATION_SHEET, SHEET, plain_heading
from backend.registry.rules.findings import Finding, Findings
from backend.registry.rules.zip_guard import COLUMN_LIMIT, ROW_LIMIT, check_archive

FILE_LIMIT = 64 * 1024 * 1024
_HEADING_SEARCH = 20
_SLICE = 1024 * 1024
_KINDS = (
    (b"\xd0\xcf\x11\xe0", "这是旧的 .xls 格式或加了密码的工作簿。请另存为 .xlsx（不加密码）后再传。"),
    (b"%PDF", "这是 PDF，不是表格。请填写系统的 Excel 模板。"),
    (b"Rar!", "这是压缩包，不是表格。请解压后上传里面的 .xlsx。"),
    (b"7z\xbc\xaf", "这是压缩包，不是表格。请解压后上传里面的 .xlsx。"),
    (b"\x89PNG", "这是图片，不是表格。请填写系统的 Excel 模板。"),
    (b"\xff\xd8\xff", "这是图片，不是表格。请填写系统的 Excel 模板。"),
)
_TOO_MANY = f"超过 {ROW_LIMIT:,} 行。请拆成几个文件。"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class Layout:
    """The table that is looked for: what it is called, its sheet, and the headings by which it is known."""

    what: str
    sheet: str
    known_by: tuple[str, ...]

    def is_heading_row(self, values: Sequence[CellValue]) -> bool:
        """Tell whether a row names every heading by which the table is known."""
        return set(self.known_by) <= {plain_heading(value) for value in values if isinstance(value, str)}


ROLL = Layout("名册", SHEET, ("楼栋", "房号"))


@dataclass(slots=True)
class TableFile:
    """Rows as (row number as the reader sees it, cells); the first one is the heading row."""

    rows: Iterator[tuple[int, list[CellValue]]]
    total: int
    error_cells: list[tuple[str, str]] = field(default_factory=list)
    merged: list[tuple[tuple[int, int], tuple[int, int]]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def open_table(content: bytes, layout: Layout = ROLL) -> TableFile:
    """Open a file; raises UnreadableFile or FileTooLarge with what to do about it."""
    if len(content) > FILE_LIMIT:
        raise FileTooLarge(
            f"文件超过 {FILE_LIMIT // 1024 // 1024} MB。请只保留{layout.what}表格，或拆成几个文件。"
        )
    if not content.strip():
        raise UnreadableFile("文件是空的。请用系统的模板填写后再传。")
    for magic, message in _KINDS:
        if content.startswith(magic):
            raise UnreadableFile(message)
    table = _open_workbook(content, layout) if content.startswith(b"PK") else _open_text(content)
    table.rows = _from_headings(table.rows, layout)
    return table


def refuse_merged(errors: Findings, table: TableFile, heading_row: int) -> None:
    """Find every merged range that reaches below the headings: only its first cell would hold the value."""
    for (top, left), (bottom, right) in table.merged:
        if bottom + 1 > heading_row:
            where = f"{_cell(top, left)}:{_cell(bottom, right)}"
            errors.add(Finding(top + 1, where, "", "合并了单元格", "请取消合并，并在每一行都填上内容"))


def refuse_error_cells(errors: Findings, table: TableFile) -> None:
    """Find every cell whose formula failed."""
    for cell, error in table.error_cells:
        row = int("".join(character for character in cell if character.isdigit()))
        errors.add(Finding(row, cell, error, "公式出错", "请改正公式，或直接填写结果"))


def _cell(row: int, column: int) -> str:
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row + 1}"


def _from_headings(
    rows: Iterator[tuple[int, list[CellValue]]], layout: Layout
) -> Iterator[tuple[int, list[CellValue]]]:
    """Skip titles above the headings."""
    for _, (number, values) in zip(range(_HEADING_SEARCH), rows, strict=False):
        if layout.is_heading_row(values):
            yield number, values
            yield from rows
            return
    known_by = "和".join(f"“{heading}”" for heading in layout.known_by)
    raise UnreadableFile(f"找不到列名：前 20 行里没有同时写着{known_by}的一行。请使用系统的模板。")


def _open_workbook(content: bytes, layout: Layout) -> TableFile:
    error_cells = check_archive(content)
    try:
        with calamine.CalamineWorkbook.from_filelike(BytesIO(content)) as book:
            name, notes = _choose_sheet(book.sheets_metadata, layout)
            sheet = book.get_sheet_by_name(name)
    except (calamine.CalamineError, OSError, ValueError) as error:
        raise UnreadableFile("工作簿读不出来。请在 Excel 或 WPS 里重新另存为 .xlsx 后再传。") from error
    if sheet.total_width > COLUMN_LIMIT or sheet.total_height > ROW_LIMIT + _HEADING_SEARCH:
        raise FileTooLarge(f"表格超过 {ROW_LIMIT:,} 行或 {COLUMN_LIMIT} 列，请拆成几个文件。")
    rows = ((number, row) for number, row in enumerate(sheet.iter_rows(), start=1))
    merged = list(sheet.merged_cell_ranges or ())
    return TableFile(rows, sheet.total_height, error_cells, merged, notes)


def _choose_sheet(sheets: list[calamine.SheetMetadata], layout: Layout) -> tuple[str, list[str]]:
    visible = [
        sheet.name
        for sheet in sheets
        if sheet.visible is calamine.SheetVisibleEnum.Visible
        and sheet.typ is calamine.SheetTypeEnum.WorkSheet
        and sheet.name != EXPLANATION_SHEET
    ]
    if layout.sheet in visible:
        others = [name for name in visible if name != layout.sheet]
        notes = [f"只读了工作表“{layout.sheet}”，没有读：{'、'.join(others[:10])}。"] if others else []
        return layout.sheet, notes
    if len(visible) == 1:
        return visible[0], []
    if not visible:
        raise UnreadableFile(
            f"没有可读的工作表（隐藏的不读）。请把{layout.what}放在名为“{layout.sheet}”的工作表里。"
        )
    raise UnreadableFile(
        f"有 {len(visible)} 个工作表，不知道读哪一个。请把{layout.what}那一个命名为“{layout.sheet}”。"
    )


def _open_text(content: bytes) -> TableFile:
    if content.startswith(_UTF16):
        raise UnreadableFile("这是 UTF-16（Unicode 文本）。请另存为“CSV UTF-8”或 .xlsx 后再传。")
    if b"\x00" in content:
        raise UnreadableFile("文件里有不是文字的内容，不是表格。请填写系统的 Excel 模板。")
    total = content.count(b"\n") + (not content.endswith(b"\n"))
    if total > 2 * ROW_LIMIT:  # twice, because cells may hold line breaks of their own
        raise FileTooLarge(_TOO_MANY)
    for encoding in ("utf-8-sig", "gb18030"):
        if _decodes(content, encoding):
            return TableFile(_text_rows(TextIOWrapper(BytesIO(content), encoding, newline="")), total)
    raise UnreadableFile("文字编码不对，既不是 UTF-8 也不是 GB18030。请另存为“CSV UTF-8”或 .xlsx 后再传。")


def _decodes(content: bytes, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for start in range(0, len(content), _SLICE):
            decoder.decode(content[start : start + _SLICE], final=start + _SLICE >= len(content))
    except UnicodeDecodeError:
        return False
    return True


def _text_rows(stream: TextIOWrapper) -> Iterator[tuple[int, list[CellValue]]]:
    reader = csv.reader(stream, strict=True)
    begins, count = 1, 0
    try:
        for values in reader:
            count += 1
            if count > ROW_LIMIT + _HEADING_SEARCH:
                raise FileTooLarge(_TOO_MANY)
            yield begins, list(values)
            begins = reader.line_num + 1
    except csv.Error as error:
        raise UnreadableFile(f"第 {begins} 行的引号或内容有误，读不下去。请另存为 .xlsx 后再传。") from error
