"""``gongjue backup``: the database and the files into a folder, with a manifest that a restore checks."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from backend.commands._console import connected

REFUSED = 1
WRONG_USE = 2


def add_parser(subparsers: Any) -> None:
    """Register ``backup``."""
    parser = subparsers.add_parser("backup", help="备份数据库和文件（不停机；不含密钥）")
    parser.add_argument("folder", type=Path, metavar="DIR", help="写到哪个目录；必须还不存在")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Write the backup under another name first: a folder named DIR is always a whole one."""
    from backend.commands._backup_database import ToolFailed

    folder: Path = args.folder
    if folder.exists():
        print(f"{folder} 已存在，没有覆盖。", file=sys.stderr)
        return WRONG_USE
    folder.parent.mkdir(parents=True, exist_ok=True)
    # Readable by its owner only: inside lie choices and addresses.
    draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        with connected() as ports:
            fingerprint, count = write_backup(ports, draft)
        draft.rename(folder)
    except ToolFailed as error:
        print(f"备份没有完成：{error}", file=sys.stderr)
        return REFUSED
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    print(f"已备份到 {folder}：数据库和 {count} 个文件。\n清单指纹：{fingerprint}")
    print("备份里没有密钥：请另处保管 GONGJUE_FIELD_KEYS 和 GONGJUE_INDEX_KEY。", file=sys.stderr)
    return 0


def write_backup(ports: Any, folder: Path) -> tuple[str, int]:
    """Fill an empty folder; returns the manifest's fingerprint and how many stored files were copied."""
    from backend.commands import _backup_files as files
    from backend.commands._backup_database import dump
    from backend.commands._backup_verify import read_facts

    facts = dump(ports.settings, ports.engine, folder, read_facts)
    # After the database: a file is there before any row that names it is committed.
    copied = tuple(files.copy_stored(ports.settings.storage_path, folder))
    described = files.describe_file(folder, files.DUMPS[facts.database])
    key_ids = tuple(key_id for key_id, _ in ports.settings.field_keys)
    manifest = files.Manifest(facts, key_ids, (described, *copied))
    return files.write_manifest(folder, manifest), len(copied)
