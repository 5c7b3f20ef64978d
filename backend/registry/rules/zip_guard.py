"""What a workbook would cost before anything opens it: a small file can unpack to gigabytes."""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from io import BytesIO

from backend.registry.errors import FileTooLarge, UnreadableFile

ROW_LIMIT = 200_000
COLUMN_LIMIT = 40
_PART_LIMIT = 200 * 1024 * 1024
_TOTAL_LIMIT = 256 * 1024 * 1024
_OTHER_LIMIT = 20 * 1024 * 1024
_TEXT_LIMIT = 192 * 1024 * 1024
_CELL_LIMIT = 4_200_000
_STRANGE = "工作簿的内部结构异常，不能读取。请用 Excel 或 WPS 打开，把内容复制到系统模板后另存为 .xlsx。"

# A reader allocates the whole rectangle up to the farthest cell, so far-away references are refused.
# Every repetition is bounded: the patterns run over hostile text too.
_FAR_ROW = rb"(?:\d{7,}|[3-9]\d{5}|2[1-9]\d{4}|20[1-9]\d{3}|200[1-9]\d{2})"
_FAR_COLUMN = rb"(?:[A-Z]{3,}|[B-Z][A-Z]|A[O-Z])\d*"
_FAR_CELL = re.compile(rb"""\sr\s*=\s*["'](?:[A-Z]{0,3}""" + _FAR_ROW + rb"|" + _FAR_COLUMN + rb""")["']""")
_ENTITY = re.compile(rb"""\s[rt]\s*=\s*["'][^"'<>]{0,64}&""")
_SHARED_CELL = re.compile(rb"""\st="s"[^<>]{0,200}><v>(\d{1,9})</v>""")
_SHARED_MARK = re.compile(rb"""\st\s*=\s*["']\s*s\s*["']""")
_ERROR_CELL = re.compile(
    rb"""\sr="([A-Z]{1,3}\d{1,7})"[^<>]{0,200}\st="e"[^<>]{0,200}>(?:<f[^<>]{0,200}>[^<]{0,9000}</f>)?<v>([^<]{1,20})"""
)
_CELL = re.compile(rb"<(?:\w+:)?c[\s/>]")
_ITEM_END = re.compile(rb"</(?:\w+:)?si>|<(?:\w+:)?si\s*/>")


def open_archive(content: bytes) -> zipfile.ZipFile:
    """Return the archive of an .xlsx; refuse anything else that is a zip, or a broken one."""
    try:
        archive = zipfile.ZipFile(BytesIO(content))
        names = set(archive.namelist())
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise UnreadableFile("文件已损坏，不是完整的 .xlsx。请重新另存后再传。") from error
    if "word/document.xml" in names:
        raise UnreadableFile("这是 Word 文档，不是表格。请填写系统的 Excel 模板。")
    if "[Content_Types].xml" not in names or "xl/workbook.xml" not in names:
        raise UnreadableFile("这不是 .xlsx 工作簿。请在 Excel 或 WPS 里另存为 .xlsx。")
    if any(info.flag_bits & 1 for info in archive.infolist()):
        raise UnreadableFile("文件加了密码。请去掉密码后再传。")
    if len(names) != len(archive.infolist()) or len(names) > 1_000:
        raise UnreadableFile(_STRANGE)
    return archive


def check_archive(content: bytes) -> list[tuple[str, str]]:
    """Refuse a workbook that would take too much memory; return its error cells as (cell, error)."""
    archive = open_archive(content)
    total = 0
    lengths: list[int] = []
    sheets: list[bytes] = []
    for info in archive.infolist():
        part = _inflate(content, info, min(_PART_LIMIT, _TOTAL_LIMIT - total))
        total += len(part)
        if b"<!DOCTYPE" in part[:4096] or part[:2] in (b"\xff\xfe", b"\xfe\xff"):
            raise UnreadableFile(_STRANGE)
        if b"sheetData" in part:
            sheets.append(part)
        elif re.search(rb"<(?:\w+:)?sst[\s>]", part[:4096]):
            lengths = _item_lengths(part)
        elif len(part) > _OTHER_LIMIT:
            raise FileTooLarge("工作簿里有过大的图片或附件。请只保留名册表格后再传。")
    errors: list[tuple[str, str]] = []
    for sheet in sheets:
        errors += _check_sheet(sheet, lengths)
    return errors


def _inflate(content: bytes, info: zipfile.ZipInfo, limit: int) -> bytes:
    """Return one member's bytes, whatever size the directory claims; stop at ``limit``."""
    start = info.header_offset
    header = content[start : start + 30]
    if len(header) < 30 or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise UnreadableFile(_STRANGE)
    name_length, extra_length = struct.unpack("<HH", header[26:30])
    begin = start + 30 + name_length + extra_length
    packed = memoryview(content)[begin : begin + info.compress_size]
    too_large = FileTooLarge(f"文件解开后太大。名册最多 {ROW_LIMIT:,} 行，请拆成几个文件。")
    if info.compress_type == zipfile.ZIP_STORED:
        if len(packed) > limit:
            raise too_large
        return bytes(packed)
    engine = zlib.decompressobj(-15)
    try:
        part = engine.decompress(packed, limit + 1)
    except zlib.error as error:
        raise UnreadableFile("文件已损坏，不是完整的 .xlsx。请重新另存后再传。") from error
    if len(part) > limit:
        raise too_large
    return part


def _item_lengths(part: bytes) -> list[int]:
    lengths: list[int] = []
    begin = 0
    for found in _ITEM_END.finditer(part):
        lengths.append(found.end() - begin)
        begin = found.end()
        if len(lengths) > _CELL_LIMIT:
            raise FileTooLarge("文件里的文字太多。请只保留名册表格后再传。")
    return lengths


def _check_sheet(sheet: bytes, lengths: list[int]) -> list[tuple[str, str]]:
    far = _FAR_CELL.search(sheet)
    if far is not None:
        raise FileTooLarge(
            f"表格超过 {ROW_LIMIT:,} 行或 {COLUMN_LIMIT} 列（可能是远处的空白格里有内容）。"
            "请删去多余的行和列，或拆成几个文件。"
        )
    if _ENTITY.search(sheet):
        raise UnreadableFile(_STRANGE)
    if sum(1 for _ in _CELL.finditer(sheet)) > _CELL_LIMIT:
        raise FileTooLarge(f"单元格太多。名册最多 {ROW_LIMIT:,} 行，请拆成几个文件。")
    if _text_size(sheet, lengths) > _TEXT_LIMIT:
        raise FileTooLarge("单元格里的文字太长。请只保留名册表格后再传。")
    return [(a.decode(), b.decode("utf-8", "replace")) for a, b in _ERROR_CELL.findall(sheet)]


def _text_size(sheet: bytes, lengths: list[int]) -> int:
    """Return the bytes of text once every cell holds its own copy of the shared string it names."""
    size = known = 0
    for found in _SHARED_CELL.finditer(sheet):
        index = int(found[1])
        size += lengths[index] if index < len(lengths) else 0
        known += 1
    marked = sum(1 for _ in _SHARED_MARK.finditer(sheet))
    return size + (marked - known) * max(lengths, default=0)
