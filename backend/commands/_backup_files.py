"""A backup on disk: the manifest, the digest of every file in it, and copying both ways."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

FORMAT = "gongjue-backup"
VERSION = 1
MANIFEST = "manifest.json"
SEAL = "manifest.json.sha256"
FILES = "files"
DUMPS = {"sqlite": "database.sqlite", "postgresql": "database.dump"}

_CHUNK = 1024 * 1024
# What storage.py writes; its unfinished files begin with a dot and belong to nobody yet.
_STORED = "??/" + "[0-9a-f]" * 64


class BadBackup(Exception):
    """The folder is no backup, or not as it was made; the text names every file concerned."""


@dataclass(frozen=True, slots=True)
class TreeHead:
    """The newest checkpoint of a tree when the backup was made."""

    tree: str
    number: int
    size: int
    root: str


@dataclass(frozen=True, slots=True)
class CopiedFile:
    """A file of the backup, its name relative to the folder; size in bytes."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What the database was when it was copied; ``at`` is its own clock, as ISO text."""

    at: str
    database: str
    mode: str
    revision: str
    trees: tuple[TreeHead, ...]


@dataclass(frozen=True, slots=True)
class Manifest:
    """Everything a restore must find again; ``key_ids`` are names of keys, never keys."""

    facts: Facts
    key_ids: tuple[str, ...]
    files: tuple[CopiedFile, ...]


def copy_file(source: Path, target: Path) -> CopiedFile:
    """Copy durably and return the copy's size and digest, named by the target's own name."""
    target.parent.mkdir(parents=True, exist_ok=True)
    digest, size = sha256(), 0
    with source.open("rb") as reading, target.open("xb") as writing:
        while chunk := reading.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
            writing.write(chunk)
        writing.flush()
        os.fsync(writing.fileno())
    return CopiedFile(target.name, size, digest.hexdigest())


def describe_file(folder: Path, name: str) -> CopiedFile:
    """Return the size and digest of a file in the backup, after making sure it is on the disk."""
    with (folder / name).open("rb") as file:
        os.fsync(file.fileno())
        return CopiedFile(name, os.fstat(file.fileno()).st_size, _digest(file))


def copy_stored(storage: Path, folder: Path) -> Iterator[CopiedFile]:
    """Copy every stored file, as it lies there encrypted, into the backup."""
    for path in sorted(storage.glob(_STORED)):
        name = f"{FILES}/{path.parent.name}/{path.name}"
        copied = copy_file(path, folder / name)
        yield CopiedFile(name, copied.size, copied.sha256)


def put_back_stored(folder: Path, manifest: Manifest, storage: Path) -> int:
    """Copy the stored files of a checked backup into ``storage`` and return how many there were."""
    names = [file.name for file in manifest.files if file.name.startswith(f"{FILES}/")]
    for name in names:
        copy_file(folder / name, storage / name.removeprefix(f"{FILES}/"))
    return len(names)


def write_manifest(folder: Path, manifest: Manifest) -> str:
    """Write the manifest and its digest, both last, and return the digest: the backup's fingerprint."""
    content = json.dumps({"format": FORMAT, "version": VERSION, **asdict(manifest)}, indent=1).encode()
    fingerprint = sha256(content).hexdigest()
    # The second file has the form of sha256sum, so that anybody can check it without us.
    for name, text in ((MANIFEST, content), (SEAL, f"{fingerprint}  {MANIFEST}\n".encode())):
        with (folder / name).open("xb") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    return fingerprint


def read_backup(folder: Path) -> Manifest:
    """Read the manifest and check every byte against it; raises BadBackup naming what differs."""
    manifest = _read_manifest(folder)
    expected = {file.name: file for file in manifest.files}
    found = {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()}
    faults = [f"多出文件 {name}" for name in sorted(found - set(expected) - {MANIFEST, SEAL})]
    for name, file in expected.items():
        if name not in found:
            faults.append(f"缺少文件 {name}")
        elif describe_file(folder, name) != file:
            faults.append(f"文件已被改动或损坏 {name}")
    if faults:
        raise BadBackup("；".join(faults[:20]) + (f"……共 {len(faults)} 处" if len(faults) > 20 else ""))
    return manifest


def _read_manifest(folder: Path) -> Manifest:
    if not (folder / MANIFEST).is_file() or not (folder / SEAL).is_file():
        raise BadBackup(f"{folder} 不是完整的备份：没有 {MANIFEST} 或 {SEAL}")
    content = (folder / MANIFEST).read_bytes()
    fingerprint = sha256(content).hexdigest()
    if (folder / SEAL).read_bytes() != f"{fingerprint}  {MANIFEST}\n".encode():
        raise BadBackup(f"文件已被改动或损坏 {MANIFEST}（或 {SEAL}）")
    try:
        return _parse(json.loads(content))
    except (ValueError, KeyError, TypeError) as error:
        raise BadBackup(f"{MANIFEST} 不是本版本认识的备份清单") from error


def _parse(stated: dict[str, object]) -> Manifest:
    if (stated["format"], stated["version"]) != (FORMAT, VERSION):
        raise ValueError("another format")
    facts = dict(stated["facts"])  # type: ignore[call-overload] # a TypeError is a bad manifest
    files = tuple(CopiedFile(**file) for file in stated["files"])  # type: ignore[attr-defined] # the same
    if not all(_is_ours(file.name) for file in files):
        raise ValueError("a name that leads elsewhere")
    trees = tuple(TreeHead(**tree) for tree in facts.pop("trees"))
    return Manifest(Facts(**facts, trees=trees), tuple(stated["key_ids"]), files)  # type: ignore[arg-type] # the same


def _is_ours(name: str) -> bool:
    return name in DUMPS.values() or re.fullmatch(rf"{FILES}/[0-9a-f]{{2}}/[0-9a-f]{{64}}", name) is not None


def _digest(file: BinaryIO) -> str:
    digest = sha256()
    while chunk := file.read(_CHUNK):
        digest.update(chunk)
    return digest.hexdigest()
