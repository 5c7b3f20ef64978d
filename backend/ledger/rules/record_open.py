"""Opening a record somebody else made: every container byte is demanded, nothing is trusted or unpacked."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from backend.ledger.rules.record_findings import Findings
from backend.ledger.rules.record_zip import (
    CENTRAL,
    CENTRAL_MAGIC,
    END,
    END_MAGIC,
    LOCAL_MAGIC,
    RECORD_FILES,
    Entry,
    end_record,
)

CHUNK = 1 << 16
DIRECTORY = "zip 目录"
DIRECTORY_END = "zip 目录结尾"

_LOCAL_FIELDS = (
    (0, "标志"),
    (4, "所需版本"),
    (6, "标志位（加密等）"),
    (8, "压缩方式（应为存储）"),
    (10, "时间"),
    (12, "日期"),
    (14, "CRC-32"),
    (18, "压缩后长度"),
    (22, "原长度"),
    (26, "文件名长度"),
    (28, "附加字段长度"),
    (30, "文件名"),
)
_CENTRAL_FIELDS = (
    (0, "标志"),
    (4, "制作版本"),
    (6, "所需版本"),
    (8, "标志位（加密等）"),
    (10, "压缩方式（应为存储）"),
    (12, "时间"),
    (14, "日期"),
    (16, "CRC-32"),
    (20, "压缩后长度"),
    (24, "原长度"),
    (28, "文件名长度"),
    (30, "附加字段长度"),
    (32, "注释长度"),
    (34, "分卷号"),
    (36, "内部属性"),
    (38, "外部属性"),
    (42, "位置"),
    (46, "文件名"),
)
_END_FIELDS = (
    (0, "标志"),
    (4, "分卷号"),
    (8, "本卷文件数"),
    (10, "文件数"),
    (12, "目录长度"),
    (16, "目录位置"),
    (20, "注释长度"),
)


class Unreadable(Exception):
    """There is no record to verify: no such file, no permission, not a zip; the message is Chinese."""


class Broken(Exception):
    """The container is so damaged that its files cannot be told apart; the findings say where."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The most a record may hold: bytes in all, per JSON file and per line; leaves or roll entries."""

    total_bytes: int = 1 << 30
    json_bytes: int = 16 << 20
    line_bytes: int = 64 << 10
    rows: int = 5_000_000


class OpenRecord:
    """A record whose container was checked: ``kind`` and its files as streams of lines or bytes."""

    def __init__(self, stream: BinaryIO, kind: str, entries: tuple[Entry, ...], limits: Limits) -> None:
        self.kind = kind
        self.limits = limits
        self.entries = {entry.name: entry for entry in entries}
        self.local_crcs: dict[str, int] = {}
        self._stream = stream

    def chunks(self, name: str) -> Iterator[bytes]:
        """Yield the content of a file in pieces."""
        entry = self.entries[name]
        position, left = entry.content_offset, entry.size
        while left:
            self._stream.seek(position)
            piece = self._stream.read(min(CHUNK, left))
            if not piece:
                return
            yield piece
            position, left = position + len(piece), left - len(piece)

    def read(self, name: str) -> bytes | None:
        """Return a whole small file, None when it is larger than ``Limits.json_bytes``."""
        if self.entries[name].size > self.limits.json_bytes:
            return None
        return b"".join(self.chunks(name))

    def lines(self, name: str) -> Iterator[tuple[int, bytes, bool]]:
        """Yield (offset in the zip, line without its LF, whether it is whole and ended by LF).

        A line beyond ``Limits.line_bytes`` is cut, marked as not whole, and ends the iteration.
        """
        offset, rest = self.entries[name].content_offset, b""
        for piece in self.chunks(name):
            *whole, rest = (rest + piece).split(b"\n")
            for line in whole:
                if len(line) > self.limits.line_bytes:
                    yield offset, line[: self.limits.line_bytes], False
                    return
                yield offset, line, True
                offset += len(line) + 1
            if len(rest) > self.limits.line_bytes:
                break
        if rest:
            yield offset, rest[: self.limits.line_bytes], False

    def digests(self, name: str) -> tuple[str, int]:
        """Return SHA-256 (hex) and CRC-32 of a file's content."""
        digest, crc = sha256(), 0
        for piece in self.chunks(name):
            digest.update(piece)
            crc = zlib.crc32(piece, crc)
        return digest.hexdigest(), crc


def check_readable(path: Path) -> None:
    """Refuse what is no regular file or no zip at all; raises Unreadable."""
    try:
        if path.is_dir():
            raise Unreadable("这是一个文件夹，不是记录文件")
        if not path.exists():
            raise Unreadable("没有这个文件")
        if not path.is_file():
            raise Unreadable("这不是普通文件")
        with path.open("rb") as stream:
            head = stream.read(4)
            stream.seek(max(0, path.stat().st_size - END.size))
            tail = stream.read(4)
    except (OSError, ValueError) as error:
        raise Unreadable(f"无法读取文件（{type(error).__name__}）") from None
    if head not in (LOCAL_MAGIC, END_MAGIC) and head[:2] != b"PK" and tail != END_MAGIC:
        raise Unreadable("这不是 zip 文件")


def open_container(stream: BinaryIO, limits: Limits, findings: Findings) -> OpenRecord:
    """Check every byte of the container; notes faults, raises Broken when the files cannot be located."""
    size = stream.seek(0, 2)
    if size > limits.total_bytes:
        findings.add("zip 文件", f"文件有 {size} 字节，超过上限 {limits.total_bytes} 字节")
        raise Broken
    entries = _read_directory(stream, size, findings)
    kind = _kind_of(entries, findings)
    record = OpenRecord(stream, kind, entries, limits)
    for entry in entries:
        stream.seek(entry.offset)
        actual = stream.read(entry.content_offset - entry.offset)
        _compare(actual, entry.local_header(), entry.offset, f"{entry.name} 的本地文件头", findings)
        record.local_crcs[entry.name] = int.from_bytes(actual[14:18], "little")
    return record


def _read_directory(stream: BinaryIO, size: int, findings: Findings) -> tuple[Entry, ...]:
    start = size - END.size
    stream.seek(max(0, start))
    tail = stream.read(END.size)
    if len(tail) < END.size or tail[:4] != END_MAGIC:
        findings.add(DIRECTORY_END, "文件被截断、末尾有多余字节，或结尾标志被改动", max(0, start))
        raise Broken
    count, directory_size, directory_offset = END.unpack(tail)[4:7]
    if directory_offset + directory_size != start or directory_size > 1 << 16:
        findings.add(DIRECTORY_END, "目录的位置或长度与文件长度不符（被截断、有间隙或被改动）", start + 12)
        raise Broken
    _compare(tail, end_record(count, directory_size, directory_offset), start, DIRECTORY_END, findings)
    stream.seek(directory_offset)
    entries = _split_directory(stream.read(directory_size), directory_offset, findings)
    if count != len(entries):
        findings.add(DIRECTORY_END, f"写明 {count} 个文件，目录中有 {len(entries)} 个", start + 8)
    if entries and entries[-1].end != directory_offset:
        findings.add(DIRECTORY, "最后一个文件与目录之间有间隙或重叠", directory_offset)
        raise Broken
    if findings:
        raise Broken
    return entries


def _split_directory(directory: bytes, start: int, findings: Findings) -> tuple[Entry, ...]:
    entries: list[Entry] = []
    position = expected = 0
    while position < len(directory):
        where = f"{DIRECTORY}第 {len(entries) + 1} 项"
        try:
            fields = CENTRAL.unpack_from(directory, position)
        except struct.error:
            findings.add(where, "目录项不完整", start + position)
            raise Broken from None
        if expected > start:
            findings.add(where, "各文件长度之和超过了目录的位置", start + position)
            raise Broken
        if fields[3] & 1 or fields[4]:
            fault = "文件被加密" if fields[3] & 1 else "文件经过压缩"
            findings.add(
                where, f"{fault}；记录只能是未加密、未压缩的原样，请勿重新打包", start + position + 8
            )
        end = position + CENTRAL.size + fields[10]
        name = directory[position + CENTRAL.size : end].decode("ascii", "replace").replace("\ufffd", "?")
        entry = Entry(name, expected, fields[9], fields[7])
        actual = directory[position:end]
        if not _compare(actual, entry.central_header(), start + position, f"{where}（{name}）", findings):
            raise Broken
        entries.append(entry)
        position, expected = end, entry.end
    return tuple(entries)


def _kind_of(entries: tuple[Entry, ...], findings: Findings) -> str:
    names = tuple(entry.name for entry in entries)
    for kind, expected in RECORD_FILES.items():
        if names == expected:
            return kind
    kind = "audit" if "leaves.jsonl" in names or "roll.csv" in names else "public"
    expected = RECORD_FILES[kind]
    for name in dict.fromkeys(names):
        if name not in expected:
            findings.add(DIRECTORY, f"多出文件 {name}")
        elif names.count(name) > 1:
            findings.add(DIRECTORY, f"文件 {name} 重复出现")
    for name in expected:
        if name not in names:
            findings.add(DIRECTORY, f"缺少文件 {name}")
    if not findings:
        findings.add(DIRECTORY, f"文件次序应为 {'、'.join(expected)}")
    raise Broken


def _compare(actual: bytes, expected: bytes, start: int, where: str, findings: Findings) -> bool:
    if actual == expected:
        return True
    at = next(
        (i for i, (left, right) in enumerate(zip(actual, expected, strict=False)) if left != right),
        min(len(actual), len(expected)),
    )
    tables = {LOCAL_MAGIC: _LOCAL_FIELDS, CENTRAL_MAGIC: _CENTRAL_FIELDS, END_MAGIC: _END_FIELDS}
    field = [label for position, label in tables[expected[:4]] if position <= at][-1]
    findings.add(where, f"{field} 与 zip 目录所列或规定的唯一写法不同", start + at)
    return False
