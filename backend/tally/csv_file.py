"""Reads a CSV file row by row and names every row it cannot read; nothing is guessed or repaired silently."""

from __future__ import annotations

import codecs
import csv
import io
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple, TextIO

from backend.kernel.files import reason_of

MAX_LINE = 1 << 20
MAX_FIELD = 1 << 16
_BLOCK = 1 << 20


class Fault(NamedTuple):
    """One thing wrong in a file: where, in which field, the value found, and why it cannot be used (Chinese)."""

    file: str
    line: int | None
    field: str | None
    value: str | None
    reason: str


Report = Callable[[Fault], None]
Row = tuple[int, list[str]]


class Unreadable(Exception):
    """The file as a whole cannot be used; carries the fault."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.reason)
        self.fault = fault


class CsvFile:
    """One CSV file with a header, in UTF-8 (with or without BOM) or GB18030."""

    def __init__(self, path: str, columns: tuple[str, ...], report: Report) -> None:
        self.path = path
        self.is_whole = True
        self._columns = columns
        self._report = report

    def rows(self) -> Iterator[Row]:
        """Yield (first line number, the wanted fields in order); every fault is reported, none raised."""
        try:
            with self._open() as text:
                yield from self._parse(text)
        except Unreadable as error:
            self.is_whole = False
            self._report(error.fault)
        except OSError as error:
            self.is_whole = False
            self._report(self._fault(None, None, None, f"无法读取文件：{reason_of(error)}"))

    def fault(self, line: int, field: str, value: str, reason: str) -> None:
        """Report one bad field."""
        self._report(self._fault(line, field, value, reason))

    def _fault(self, line: int | None, field: str | None, value: str | None, reason: str) -> Fault:
        return Fault(self.path, line, field, value, reason)

    def _open(self) -> TextIO:
        path = Path(self.path)
        try:
            mode = path.stat().st_mode
        except ValueError as error:  # a NUL in the name
            raise Unreadable(self._fault(None, None, None, "文件名无效")) from error
        if stat.S_ISDIR(mode):
            raise Unreadable(self._fault(None, None, None, "这是文件夹，不是文件"))
        if not stat.S_ISREG(mode):
            raise Unreadable(self._fault(None, None, None, "不是普通文件"))
        encoding = self._encoding(path)
        return path.open(encoding=encoding, newline="")

    def _encoding(self, path: Path) -> str:
        lines = []
        with path.open("rb") as raw:
            has_bom = raw.read(3) == codecs.BOM_UTF8
            for encoding in ("utf-8-sig",) if has_bom else ("utf-8", "gb18030"):
                raw.seek(0)
                line = _undecodable_line(raw, encoding)
                if line is None:
                    return encoding
                lines.append(line)
        reason = "不是 UTF-8 或 GB18030 编码的文本，请另存为“CSV UTF-8”"
        # The encoding that reads furthest is the one that was meant.
        raise Unreadable(self._fault(max(lines), None, None, reason))

    def _parse(self, text: TextIO) -> Iterator[Row]:
        records = self._records(text)
        first = next(records, None)
        if first is None:
            reason = f"没有表头，应为 {','.join(self._columns)}"
            raise Unreadable(self._fault(1, None, None, reason))
        line, header = first
        names = [name.strip().lstrip("\ufeff") for name in header]
        places = self._places(line, names)
        for line, row in records:
            if len(row) > len(names):
                reason = f"这一行有 {len(row)} 个字段，表头只有 {len(names)} 个（值中有逗号时须加引号）"
                self._report(self._fault(line, None, row[len(names)], reason))
            elif len(row) < len(names):
                row += [""] * (len(names) - len(row))  # each missing field is then named as empty
            yield line, [row[place] for place in places]

    def _places(self, line: int, names: list[str]) -> list[int]:
        faults = [
            self._fault(line, column, None, "缺少这一列" if column not in names else "这一列重复")
            for column in self._columns
            if names.count(column) != 1
        ]
        for fault in faults[:-1]:
            self._report(fault)
        if faults:
            raise Unreadable(faults[-1])
        return [names.index(column) for column in self._columns]

    def _records(self, text: TextIO) -> Iterator[Row]:
        csv.field_size_limit(MAX_FIELD)
        reader = csv.reader(self._lines(text), strict=True)
        while True:
            line = reader.line_num + 1
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                self._report(self._fault(line, None, None, _csv_reason(str(error))))
                continue
            if row:
                yield line, row

    def _lines(self, text: TextIO) -> Iterator[str]:
        number = 0
        while line := text.readline(MAX_LINE):
            number += 1
            if len(line) == MAX_LINE and line[-1] not in "\r\n":
                raise Unreadable(self._fault(number, None, None, "这一行过长，后面的内容没有检查"))
            yield line


def _undecodable_line(raw: io.BufferedReader, encoding: str) -> int | None:
    """Return the first line with a byte that is none of this encoding's, None when every one is."""
    decoder = codecs.getincrementaldecoder(encoding)()
    line = 1
    try:
        while block := raw.read(_BLOCK):
            decoder.decode(block)
            line += block.count(b"\n")
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        return line + error.object[: error.start].count(b"\n")
    return None


def _csv_reason(text: str) -> str:
    if "field larger" in text:
        return f"有一个字段超过 {MAX_FIELD} 个字符（可能是引号没有成对）"
    if "unexpected end" in text:
        return "引号没有成对，直到文件末尾"
    return "引号使用有误（引号内的引号须写成两个）"
