"""The one zip layout a record may have: stored files in fixed order, no byte left to choice.

Every header byte follows from the files' names, sizes and CRC-32, so a verifier can demand all of them.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

LOCAL = struct.Struct("<4s5H3L2H")
CENTRAL = struct.Struct("<4s6H3L5H2L")
END = struct.Struct("<4s4H2LH")
LOCAL_MAGIC, CENTRAL_MAGIC, END_MAGIC = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
VERSION = 10
DATE_1980 = 0x21  # 1 January 1980: the earliest the format can say
MAX_ZIP_BYTES = 2**32 - 2  # beyond it zip needs the 64-bit extension, which records do not use

PUBLIC_FILES = ("sums.json", "checkpoints.json", "manifest.json")
AUDIT_FILES = (
    "roll.csv",
    "amendments.json",
    "leaves.jsonl",
    "votes.csv",
    "sums.json",
    "checkpoints.json",
    "export.json",
    "manifest.json",
)
RECORD_FILES = {"public": PUBLIC_FILES, "audit": AUDIT_FILES}


class RecordTooLarge(ValueError):
    """The record would not fit a plain zip (4 GiB)."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One stored file: where its local header starts, how long its content is, its CRC-32."""

    name: str
    offset: int
    size: int
    crc: int

    @property
    def content_offset(self) -> int:
        """Return the offset of the first content byte."""
        return self.offset + LOCAL.size + len(self.name)

    @property
    def end(self) -> int:
        """Return the offset just past the content."""
        return self.content_offset + self.size

    def local_header(self) -> bytes:
        """Return the only local header this entry may have."""
        name = self.name.encode("ascii")
        fields = (LOCAL_MAGIC, VERSION, 0, 0, 0, DATE_1980, self.crc, self.size, self.size, len(name), 0)
        return LOCAL.pack(*fields) + name

    def central_header(self) -> bytes:
        """Return the only directory entry this entry may have."""
        name = self.name.encode("ascii")
        times = (CENTRAL_MAGIC, VERSION, VERSION, 0, 0, 0, DATE_1980)
        sizes = (self.crc, self.size, self.size, len(name), 0, 0, 0, 0, 0, self.offset)
        return CENTRAL.pack(*times, *sizes) + name


def end_record(count: int, directory_size: int, directory_offset: int) -> bytes:
    """Return the only end-of-directory record a record may have."""
    return END.pack(END_MAGIC, 0, 0, count, count, directory_size, directory_offset, 0)


class FileWriter:
    """Writes one file of a record, keeping its length, CRC-32 and SHA-256."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._digest = sha256()
        self.size = 0
        self.crc = 0

    def write(self, content: bytes) -> None:
        """Append bytes to the file."""
        self._stream.write(content)
        self._digest.update(content)
        self.crc = zlib.crc32(content, self.crc)
        self.size += len(content)

    def sha256(self) -> str:
        """Return the hash of what was written so far."""
        return self._digest.hexdigest()


class ZipWriter:
    """Writes a canonical zip file by file; memory does not grow with the files."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._entries: list[Entry] = []

    @contextmanager
    def file(self, name: str) -> Iterator[FileWriter]:
        """Open the next file; its header is filled in when the block ends."""
        offset = self._stream.tell()
        self._stream.write(bytes(LOCAL.size + len(name)))
        writer = FileWriter(self._stream)
        yield writer
        if self._stream.tell() > MAX_ZIP_BYTES:
            raise RecordTooLarge("record exceeds 4 GiB")
        entry = Entry(name, offset, writer.size, writer.crc)
        self._stream.seek(offset)
        self._stream.write(entry.local_header())
        self._stream.seek(entry.end)
        self._entries.append(entry)

    def close(self) -> None:
        """Write the directory."""
        offset = self._stream.tell()
        directory = b"".join(entry.central_header() for entry in self._entries)
        self._stream.write(directory + end_record(len(self._entries), len(directory), offset))


@contextmanager
def create_zip(path: Path) -> Iterator[ZipWriter]:
    """Write a canonical zip to ``path``: it appears whole when the block ends, or not at all."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with draft.open("xb") as stream:
            writer = ZipWriter(stream)
            yield writer
            writer.close()
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
