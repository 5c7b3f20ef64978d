"""Whether the keys of the settings open what is stored: names, phones, photos, and the blind indexes."""

from __future__ import annotations

import binascii
from collections.abc import Iterator
from hashlib import sha256
from itertools import islice
from typing import Any

from sqlalchemy import Column, not_, or_, select
from sqlmodel import Session

from backend.commands._index_rotation import DERIVED, DerivedIndex, under_other_key
from backend.commands.keys import SealedColumn, sealed_columns
from backend.infra.context import Ports
from backend.infra.crypto import UnknownKey
from backend.infra.database import open_session
from backend.schema import metadata


def unreadable_values(ports: Ports) -> Iterator[str]:
    """Yield columns with values of a key that is missing or wrong; opens one value of each key and column."""
    with open_session(ports.engine, read_only=True) as session:
        for place in sealed_columns():
            yield from _column(ports, session, place)
        yield from _indexes(ports, session)


def _column(ports: Ports, session: Session, place: SealedColumn) -> Iterator[str]:
    column: Column[str] = metadata.tables[place.table].c[place.column]
    begins = [column.like(f"{key_id}.%") for key_id, _ in ports.settings.field_keys]
    wanted = select(column).where(column.is_not(None))
    where = f"{place.table}.{place.column}"
    connection = session.connection()
    if connection.execute(wanted.where(not_(or_(*begins))).limit(1)).first() is not None:
        yield f"{where} 有内容的密钥不在 GONGJUE_FIELD_KEYS 里"
    for begin in begins:
        for (sealed,) in connection.execute(wanted.where(begin).limit(1)):
            try:
                ports.vault.open(sealed, place.field)
            except (UnknownKey, binascii.Error):
                yield f"{where} 的内容用 {sealed.partition('.')[0]} 这把密钥打不开"


def _indexes(ports: Ports, session: Session) -> Iterator[str]:
    for place in DERIVED:
        table = metadata.tables[place.table]
        sealed, index = table.c[place.sealed], table.c[place.column]
        wanted = select(sealed, index).where(sealed.is_not(None), index.is_not(None))
        # One of today's key and one of any other: those that the rotation has not come to yet must be found too.
        other = under_other_key(index, ports.vault.index_key_id)
        chosen = [session.connection().execute(wanted.where(part).limit(1)) for part in (other, not_(other))]
        if any(not _is_found(ports, place, row) for rows in chosen for row in rows):
            yield f"{place.table}.{place.column} 不是用现在的 GONGJUE_INDEX_KEY 算出来的"


def _is_found(ports: Ports, place: DerivedIndex, row: Any) -> bool:
    try:
        plain = ports.vault.open(row[0], place.field)
    except (UnknownKey, binascii.Error):
        return True  # said above
    return row[1] in ports.vault.indexes(plain, place.purpose)


def unreadable_files(ports: Ports, most: int | None = None) -> Iterator[str]:
    """Yield stored files (all, or the first ``most``) that no key opens or whose content is not its name's."""
    paths = ports.settings.storage_path.glob("??/" + "[0-9a-f]" * 64)
    for path in islice(paths, most):
        try:
            plain = ports.vault.open_blob(path.read_bytes(), "storage.blob")
        except UnknownKey:
            yield f"文件 {path.name} 用现有密钥打不开"
            continue
        if sha256(plain).hexdigest() != path.name:
            yield f"文件 {path.name} 的内容与名称不符"
