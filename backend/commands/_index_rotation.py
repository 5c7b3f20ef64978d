"""Blind indexes made anew under the first key of GONGJUE_INDEX_KEY, from the sealed values beside them.

Where nothing sealed stands beside an index, the value is known to its holder only: such rows stay under their old
key, are found under both, and lapse. ``still_old`` says how many of them would be lost with the old key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
    from sqlmodel import Session

    from backend.infra.context import Ports


@dataclass(frozen=True, slots=True)
class DerivedIndex:
    """An index column, the sealed column it is made from, its purpose, and with which columns it is unique."""

    table: str
    column: str
    sealed: str
    purpose: str
    unique_with: tuple[str, ...] | None = None

    @property
    def field(self) -> str:
        """Return the field name that the sealed value is bound to."""
        return f"{self.table}.{self.sealed.removesuffix('_sealed')}"


DERIVED = (
    DerivedIndex("account", "openid_index", "openid_sealed", "openid", ()),
    DerivedIndex("account", "phone_index", "phone_sealed", "phone"),
    DerivedIndex("owner_member", "phone_index", "phone_sealed", "phone"),
    DerivedIndex("tenant", "phone_index", "phone_sealed", "phone"),
    DerivedIndex("complaint_reporter", "phone_index", "phone_sealed", "phone"),
    DerivedIndex("complaint_follow_up", "token_index", "token_sealed", "complaint.follow_up", ()),
    DerivedIndex("follower", "openid_index", "openid_sealed", "follower", ("side",)),
    DerivedIndex("room", "key_index", "key_sealed", "room", ("organisation_id",)),
)

# What lapses by itself, or is learned again from its holder: (table, column).
LAPSING = frozenset(
    {
        ("invite_code", "code_index"),
        ("api_key", "key_index"),
        ("chat_code", "code_index"),
        ("account_union", "unionid_index"),
        ("failed_try", "key_index"),
        ("known_address", "key_index"),
        ("complaint", "idempotency_index"),
        ("complaint_relay", "body_index"),
        ("complaint_reporter", "code_index"),
        ("complaint_anonymous_day", "day_index"),
    }
)


@dataclass(slots=True)
class Done:
    """What a run did: rows changed, and rows left because another row has their index (``table.column key``)."""

    changed: int
    left: list[str]


def rotate_indexes(ports: Ports, batch: int, progress: Callable[[str, int], None]) -> Done:
    """Bring every index that can be derived to the current key; may be killed and repeated."""
    done = Done(0, [])
    for place in DERIVED:
        count = 0
        for changed, left in _rotate_column(ports, place, batch):
            count += changed
            done.left.extend(f"{place.table}.{place.column} {key}" for key in left)
            progress(f"{place.table}.{place.column}", count)
        done.changed += count
    return done


def under_other_key(column: ColumnElement[Any], key_id: str) -> ColumnElement[bool]:
    """Return the condition for an index that was not made with this key; a key without an id leaves no prefix."""
    return column.like("%.%") if key_id == "" else column.not_like(f"{key_id}.%")


def _rotate_column(ports: Ports, place: DerivedIndex, batch: int) -> Iterator[tuple[int, list[str]]]:
    """Walk the rows by key, one short transaction per batch."""
    from sqlalchemy import select

    from backend.infra.database import open_session
    from backend.schema import metadata

    table = metadata.tables[place.table]
    (key,) = table.primary_key.columns
    index, sealed = table.c[place.column], table.c[place.sealed]
    last: Any = None
    while True:
        older = under_other_key(index, ports.vault.index_key_id) & sealed.is_not(None)
        wanted = select(key, index, sealed).where(older if last is None else older & (key > last))
        with open_session(ports.engine) as session:
            rows = session.connection().execute(wanted.order_by(key).limit(batch)).all()
            results = [_rotate_row(ports, session, place, row) for row in rows]
            session.commit()
        if not rows:
            return
        last = rows[-1][0]
        yield sum(results), [row[0] for row, is_done in zip(rows, results, strict=True) if not is_done]


def _rotate_row(ports: Ports, session: Session, place: DerivedIndex, row: Any) -> bool:
    """Change one row unless a request has meanwhile; False when another row already has the new index."""
    from sqlalchemy import select, true

    from backend.schema import metadata

    table = metadata.tables[place.table]
    (key,) = table.primary_key.columns
    index, sealed = table.c[place.column], table.c[place.sealed]
    new = ports.vault.index(ports.vault.open(row[2], place.field), place.purpose)
    mine = (key == row[0]) & (index == row[1]) & (sealed == row[2])
    is_free: ColumnElement[bool] = true()
    if place.unique_with is not None:
        other = table.alias("other")
        same = [other.c[name] == table.c[name] for name in place.unique_with]
        is_free = ~select(other.c[key.name]).where(other.c[index.name] == new, *same).exists()
    connection = session.connection()
    if connection.execute(table.update().where(mine, is_free).values({index: new})).rowcount:
        return True
    return connection.execute(select(key).where(mine)).first() is None


def still_old(ports: Ports) -> dict[str, int]:
    """Count what only its holder can bring and another index key still opens: letters, keys, codes."""
    from sqlalchemy import func, select

    from backend.infra.database import db_now, open_session
    from backend.schema import metadata

    tables = metadata.tables
    letter, key = tables["invite_code"], tables["api_key"]
    reporter, case = tables["complaint_reporter"], tables["complaint"]
    with open_session(ports.engine, read_only=True) as session:
        now = db_now(session)
        open_case = select(case.c.id).where(case.c.id == reporter.c.complaint_id, case.c.closed_at.is_(None))
        wanted = {
            "未用的邀请信": (
                letter.c.code_index,
                letter.c.used_at.is_(None) & letter.c.revoked_at.is_(None) & (letter.c.expires_at > now),
            ),
            "接入密钥": (key.c.key_index, key.c.revoked_at.is_(None) & (key.c.expires_at > now)),
            "未办结匿名反映的查询码": (reporter.c.code_index, open_case.exists()),
        }
        counts = {}
        for name, (column, is_live) in wanted.items():
            old = under_other_key(column, ports.vault.index_key_id)
            chosen = select(func.count()).select_from(column.table).where(column.is_not(None), old, is_live)
            counts[name] = int(session.connection().execute(chosen).scalar_one())
        return counts
