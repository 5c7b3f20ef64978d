"""``gongjue keys``: make keys, re-encrypt what an older key has sealed, make anew the indexes of an older key."""

from __future__ import annotations

import argparse
import base64
import os
import secrets
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from backend.commands._console import connected
from backend.commands._index_rotation import Done, rotate_indexes, still_old

if TYPE_CHECKING:
    from pathlib import Path

    from backend.infra.context import Ports

BATCH = 500
_SUFFIX = "_sealed"
# Sealed columns that do not follow the naming ``<field>_sealed``; the value is the field bound to them.
_OTHERS = {("wechat_token", "token_ciphertext"): "wechat_token.token_ciphertext"}

Progress = Callable[[str, int], None]


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """Where sealed values are kept, and the field name their encryption is bound to."""

    table: str
    key: str
    column: str
    field: str


def add_parser(subparsers: Any) -> None:
    """Register ``keys new`` and ``keys rotate``."""
    parser = subparsers.add_parser("keys", help="加密密钥：生成、轮换")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    new = actions.add_parser("new", help="生成一组新密钥（只显示，不保存）")
    new.set_defaults(run=make_keys)
    rotation = actions.add_parser("rotate", help="用两项设置的第一把密钥重新加密旧内容、重算旧索引")
    rotation.add_argument("--batch", type=int, default=BATCH, metavar="N", help="每次事务处理的行数")
    rotation.set_defaults(run=run_rotation)


def make_keys(_args: argparse.Namespace) -> int:
    """Print a new field key with an id and a new index key."""
    field_id = "k" + secrets.token_hex(3)
    print(f"GONGJUE_FIELD_KEYS={field_id}:{_new_key()}")
    print(f"GONGJUE_INDEX_KEY=i{secrets.token_hex(3)}:{_new_key()}")
    print(
        "轮换时：把新的 ID:密钥 放在该项设置最前面，旧的用逗号接在后面，重启所有进程，"
        "再执行 gongjue keys rotate，全部完成后才可去掉旧密钥。两把旧密钥都请与旧备份一起保管。",
        file=sys.stderr,
    )
    return 0


def _new_key() -> str:
    while True:
        key = secrets.token_bytes(32)
        if len(set(key)) >= 12:  # what settings.py asks of a production key
            return base64.urlsafe_b64encode(key).decode()


def run_rotation(args: argparse.Namespace) -> int:
    """Re-encrypt and index anew; may be interrupted and repeated. Exit 1 when something is left that cannot be."""
    from backend.infra.crypto import UnknownKey

    if args.batch < 1:
        print("--batch 应为正整数", file=sys.stderr)
        return 2
    try:
        with connected() as ports:
            done = rotate(ports, args.batch, _print_progress)
            indexes = rotate_indexes(ports, args.batch, _print_progress)
            old = still_old(ports)
    except UnknownKey as error:
        print(f"\n有内容用现有密钥打不开，已停止（之前完成的都已保存）：{error}", file=sys.stderr)
        return 1
    print(f"\n已重新加密 {done} 项；当前密钥 {ports.vault.current_key_id}")
    return _tell_indexes(indexes, old, ports.vault.index_key_id)


def _tell_indexes(done: Done, old: dict[str, int], key_id: str) -> int:
    print(f"已重算索引 {done.changed} 项；当前索引密钥 {key_id or '（无编号）'}")
    waiting = "、".join(f"{name} {count} 项" for name, count in old.items() if count)
    if waiting:
        print(f"只认旧索引密钥、去掉它就失效的：{waiting}。")
    for place in done.left:
        print(f"与另一行重复，未改：{place}", file=sys.stderr)
    return 1 if done.left else 0


def _print_progress(place: str, count: int) -> None:
    print(f"\r正在处理 {place}：{count} 项    ", end="", file=sys.stderr, flush=True)


def rotate(ports: Ports, batch: int, progress: Progress) -> int:
    """Bring every sealed value and file to the current key and return how many changed."""
    total = 0
    for column in sealed_columns():
        count = 0
        for changed in _rotate_column(ports, column, batch):
            count += changed
            progress(f"{column.table}.{column.column}", count)
        total += count
    files = _rotate_files(ports)
    progress("文件", files)
    return total + files


def sealed_columns() -> list[SealedColumn]:
    """Return every sealed column of every capability, read from the tables themselves."""
    from backend.schema import metadata

    found = []
    for table in metadata.sorted_tables:
        (key,) = table.primary_key.columns if len(table.primary_key.columns) == 1 else (None,)
        for column in table.columns:
            other = _OTHERS.get((table.name, column.name))
            if other is None and not column.name.endswith(_SUFFIX):
                continue
            if key is None:
                raise TypeError(f"{table.name} has a sealed column and no single key")
            field = other or f"{table.name}.{column.name.removesuffix(_SUFFIX)}"
            found.append(SealedColumn(table.name, key.name, column.name, field))
    return found


def _rotate_column(ports: Ports, place: SealedColumn, batch: int) -> Iterator[int]:
    """Walk the rows by key, one short transaction per batch, so that nobody waits and nothing is done twice."""
    from sqlalchemy import select

    from backend.infra.database import open_session
    from backend.schema import metadata

    table = metadata.tables[place.table]
    key, column = table.c[place.key], table.c[place.column]
    last: Any = None
    while True:
        older = column.is_not(None) & column.not_like(f"{ports.vault.current_key_id}.%")
        wanted = select(key, column).where(older if last is None else older & (key > last))
        with open_session(ports.engine) as session:
            rows = session.connection().execute(wanted.order_by(key).limit(batch)).all()
            for identifier, sealed in rows:
                again = ports.vault.seal(ports.vault.open(sealed, place.field), place.field)
                # Conditional: what a request changed meanwhile is newer than what was read here.
                change = table.update().where(key == identifier, column == sealed)
                session.connection().execute(change.values({place.column: again}))
            session.commit()
        if not rows:
            return
        last = rows[-1][0]
        yield len(rows)


def _rotate_files(ports: Ports) -> int:
    current = ports.vault.current_key_id.encode() + b"\n"
    count = 0
    for path in sorted(ports.settings.storage_path.glob("??/" + "[0-9a-f]" * 64)):
        try:
            sealed = path.read_bytes()
        except FileNotFoundError:  # its time had come meanwhile
            continue
        if not sealed.startswith(current):
            _replace(
                path, ports.vault.seal_blob(ports.vault.open_blob(sealed, "storage.blob"), "storage.blob")
            )
            count += 1
    return count


def _replace(path: Path, content: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with temporary.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    if path.exists():  # what was deleted meanwhile does not come back
        temporary.replace(path)
    else:
        temporary.unlink()
