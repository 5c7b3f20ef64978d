"""A file as a table of cells: .xlsx or .csv, told apart by content and never by name."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO, TextIOWrapper

import python_calamine as calamine

from backend.registry.errors import FileTooLarge, UnreadableFile
from backend.registry.rules.cells import CellValue
from backend.registry.rules.columns import EXPLANATION_SHEET, SHEET
from backend.registry.rules.rows import is_heading_row
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


@dataclass(slots=True)
class TableFile:
    """Rows as (row number as the reader sees it, cells); the first one is the heading row."""

    rows: Iterator[tuple[int, list[CellValue]]]
    total: int
    error_cells: list[tuple[str, str]] = field(default_factory=list)
    merged: list[tuple[tuple[int, int], tuple[int, int]]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def open_table(content: bytes) -> TableFile:
    """Open a file; raises UnreadableFile or FileTooLarge with what to do about it."""
    if len(content) > FILE_LIMIT:
        raise FileTooLarge(f"文件超过 {FILE_LIMIT // 1024 // 1024} MB。请只保留名册表格，或拆成几个文件。")
    if not content.strip():
        raise UnreadableFile("文件是空的。请用系统的模板填写后再传。")
    for magic, message in _KINDS:
        if content.startswith(magic):
            raise UnreadableFile(message)
    table = _open_workbook(content) if content.startswith(b"PK") else _open_text(content)
    table.rows = _from_headings(table.rows)
    return table


def _from_headings(rows: Iterator[tuple[int, list[CellValue]]]) -> Iterator[tuple[int, list[CellValue]]]:
    """Skip titles above the headings."""
    for _, (number, values) in zip(range(_HEADING_SEARCH), rows, strict=False):
        if is_heading_row(values):
            yield number, values
            yield from rows
            return
    raise UnreadableFile("找不到列名：前 20 行里没有同时写着“楼栋”和“房号”的一行。请使用系统的模板。")


def _open_workbook(content: bytes) -> TableFile:
    error_cells = check_archive(content)
    try:
        with calamine.CalamineWorkbook.from_filelike(BytesIO(content)) as book:
            name, notes = _choose_sheet(book.sheets_metadata)
            sheet = book.get_sheet_by_name(name)
    except (calamine.CalamineError, OSError, ValueError) as error:
        raise UnreadableFile("工作簿读不出来。请在 Excel 或 WPS 里重新另存为 .xlsx 后再传。") from error
    if sheet.total_width > COLUMN_LIMIT or sheet.total_height > ROW_LIMIT + _HEADING_SEARCH:
        raise FileTooLarge(f"表格超过 {ROW_LIMIT:,} 行或 {COLUMN_LIMIT} 列，请拆成几个文件。")
    rows = ((number, row) for number, row in enumerate(sheet.iter_rows(), start=1))
    merged = list(sheet.merged_cell_ranges or ())
    return TableFile(rows, sheet.total_height, error_cells, merged, notes)


def _choose_sheet(sheets: list[calamine.SheetMetadata]) -> tuple[str, list[str]]:
    visible = [
        sheet.name
        for sheet in sheets
        if sheet.visible is calamine.SheetVisibleEnum.Visible
        and sheet.typ is calamine.SheetTypeEnum.WorkSheet
        and sheet.name != EXPLANATION_SHEET
    ]
    if SHEET in visible:
        others = [name for name in visible if name != SHEET]
        return SHEET, [f"只读了工作表“{SHEET}”，没有读：{'、'.join(others[:10])}。"] if others else []
    if len(visible) == 1:
        return visible[0], []
    if not visible:
        raise UnreadableFile(f"没有可读的工作表（隐藏的不读）。请把名册放在名为“{SHEET}”的工作表里。")
    raise UnreadableFile(f"有 {len(visible)} 个工作表，不知道读哪一个。请把名册那一个命名为“{SHEET}”。")


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
