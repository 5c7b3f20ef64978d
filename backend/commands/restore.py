"""``gongjue restore``: a checked backup into an empty database and folder, and every seal verified again."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from backend.commands._backup_files import Manifest
    from backend.infra.context import Ports

REFUSED = 1


class Refused(Exception):
    """Nothing was written; the text says why."""


def add_parser(subparsers: Any) -> None:
    """Register ``restore``."""
    parser = subparsers.add_parser("restore", help="把备份恢复到空的数据库和目录，并重新核验所有封存")
    parser.add_argument("folder", type=Path, metavar="DIR", help="gongjue backup 写的目录")
    parser.add_argument("--into", metavar="URL", help="恢复到哪个数据库，默认 GONGJUE_DATABASE_URL")
    parser.add_argument("--files", metavar="DIR", help="文件恢复到哪个目录，默认 GONGJUE_STORAGE")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Check, restore, migrate to this version, verify; 0 = sound, 1 = refused or faults."""
    from backend.bootstrap import build_ports
    from backend.commands._backup_database import ToolFailed
    from backend.commands._backup_files import BadBackup, read_backup
    from backend.infra.settings import load_settings

    given = {"GONGJUE_DATABASE_URL": args.into, "GONGJUE_STORAGE": args.files}
    settings = load_settings({**os.environ, **{name: value for name, value in given.items() if value}})
    ports = build_ports(settings)
    try:
        manifest = read_backup(args.folder)
        _require_fit(ports, manifest)
        faults = restore(ports, args.folder, manifest)
    except (BadBackup, Refused, ToolFailed) as error:
        print(f"没有恢复：{error}", file=sys.stderr)
        return REFUSED
    finally:
        ports.engine.dispose()
    for fault in faults:
        print(f"  · {fault}", file=sys.stderr)
    print("已恢复，但核验有问题，请不要投入使用。" if faults else "已恢复，全部核验通过。")
    return REFUSED if faults else 0


def _require_fit(ports: Ports, manifest: Manifest) -> None:
    """Refuse another kind of database, another mode, a newer version, and anything that is not empty."""
    from backend.commands._backup_database import is_empty
    from migrations import runner

    settings, facts = ports.settings, manifest.facts
    if facts.database != ports.engine.dialect.name:
        raise Refused(f"备份来自 {facts.database}，不能恢复到 {ports.engine.dialect.name}")
    if facts.mode != settings.mode:
        raise Refused(f"备份的用途是 {facts.mode}，GONGJUE_MODE 是 {settings.mode}")
    if facts.revision > (runner.head_revision() or ""):
        raise Refused(f"备份的数据库版本 {facts.revision} 比本程序新，请先升级程序")
    if not is_empty(settings, ports.engine):
        raise Refused("目标数据库不是空的；请新建一个空数据库")
    if settings.storage_path.exists() and any(settings.storage_path.iterdir()):
        raise Refused(f"目标目录 {settings.storage_path} 不是空的")


def restore(ports: Ports, folder: Path, manifest: Manifest) -> list[str]:
    """Write everything and return what does not verify (empty = sound)."""
    from backend.commands._backup_database import load
    from backend.commands._backup_files import put_back_stored
    from backend.commands._backup_verify import verify_restored
    from migrations import runner

    ports.engine.dispose()
    load(ports.settings, folder)
    count = put_back_stored(folder, manifest, ports.settings.storage_path)
    runner.upgrade(ports.engine)
    print(f"已写入备份时刻 {manifest.facts.at} 的数据库和 {count} 个文件，开始核验。")
    return list(verify_restored(ports, manifest.facts))
