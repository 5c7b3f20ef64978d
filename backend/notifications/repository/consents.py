"""One-message consents: grants as they are told, and what is left."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, select, tuple_, update
from sqlmodel import Session, col

from backend.kernel.ids import new_id
from backend.notifications.repository.sql import insert_once
from backend.notifications.tables import ConsentBalance, ConsentGrant

MOST_CONSENTS = 100
_QUIET = {"synchronize_session": False}


_KEY = (col(ConsentBalance.account_id), col(ConsentBalance.purpose))
_ANY_LEFT = (
    select(*_KEY)
    .where(
        # By account as well: SQLite uses no index for pairs.
        col(ConsentBalance.account_id).in_(bindparam("accounts", expanding=True)),
        tuple_(*_KEY).in_(bindparam("wanted", expanding=True)),
        col(ConsentBalance.remaining) > 0,
    )
    # In order, so that two senders never wait for each other.
    .order_by(*_KEY)
    .with_for_update()
)
_TAKE = (
    update(ConsentBalance)
    .where(tuple_(*_KEY).in_(_ANY_LEFT))
    .values(remaining=col(ConsentBalance.remaining) - 1)
    .returning(*_KEY)
)


def take_consents(session: Session, wanted: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
    """Use up one consent of each (account, purpose) that has any; returns those that had."""
    if not wanted:
        return set()
    accounts = sorted({account_id for account_id, _ in wanted})
    rows = session.connection().execute(_TAKE, {"accounts": accounts, "wanted": list(wanted)})
    return {(account_id, purpose) for account_id, purpose in rows}


def add_consent(session: Session, account_id: str, purpose: str) -> None:
    """Add one consent, up to the most we keep."""
    insert = insert_once(session, ConsentBalance).values(account_id=account_id, purpose=purpose, remaining=1)
    more = {"remaining": col(ConsentBalance.remaining) + 1}
    session.execute(
        insert.on_conflict_do_update(
            index_elements=["account_id", "purpose"],
            set_=more,
            where=col(ConsentBalance.remaining) < MOST_CONSENTS,
        )
    )


def drop_consents(session: Session, account_id: str, purpose: str) -> None:
    """WeChat says that nothing is left, or the person took it back."""
    statement = (
        update(ConsentBalance)
        .where(col(ConsentBalance.account_id) == account_id, col(ConsentBalance.purpose) == purpose)
        .values(remaining=0)
    )
    session.execute(statement.execution_options(**_QUIET))


def balances(session: Session, account_id: str) -> dict[str, int]:
    """Return what is left per purpose."""
    chosen = select(col(ConsentBalance.purpose), col(ConsentBalance.remaining))
    rows = session.execute(chosen.where(col(ConsentBalance.account_id) == account_id))
    return dict(rows.all())


def write_grant(
    session: Session,
    account_id: str,
    purpose: str,
    key: str,
    *,
    by_client: bool,
    at: datetime,
    window: timedelta,
) -> bool:
    """Write down one accept; returns whether it is a new one.

    The phone and WeChat's callback tell of the same tap without a common number. So a telling from one side
    completes a row near in time that so far only the other side told of; only what is left over counts anew.
    Counting one too few costs a message, one too many an error at WeChat: where in doubt, it is the same tap.
    """
    mine, other = (
        (ConsentGrant.client_key, ConsentGrant.callback_key)
        if by_client
        else (ConsentGrant.callback_key, ConsentGrant.client_key)
    )
    if session.execute(select(col(ConsentGrant.id)).where(col(mine) == key)).first() is not None:
        return False
    half = (
        select(col(ConsentGrant.id))
        .where(
            col(ConsentGrant.account_id) == account_id,
            col(ConsentGrant.purpose) == purpose,
            col(mine).is_(None),
            col(other).is_not(None),
            col(ConsentGrant.at).between(at - window, at + window),
        )
        .order_by(col(ConsentGrant.at), col(ConsentGrant.id))
        .limit(1)
    )
    name = "client_key" if by_client else "callback_key"
    joined = (
        update(ConsentGrant)
        .where(col(ConsentGrant.id).in_(half.with_for_update(skip_locked=True)), col(mine).is_(None))
        .values({name: key})
    )
    done: Any = session.execute(joined.execution_options(**_QUIET))
    if done.rowcount:
        return False
    values = {"id": new_id(), "account_id": account_id, "purpose": purpose, name: key, "at": at}
    added = insert_once(session, ConsentGrant).values(**values).on_conflict_do_nothing()
    return session.execute(added.returning(col(ConsentGrant.id))).first() is not None


def lock_consents(session: Session, account_id: str) -> None:
    """Let the phone's and the callback's telling of one account come one after the other."""
    for purpose in ("record", "reminder", "result"):
        insert = insert_once(session, ConsentBalance)
        session.execute(
            insert.values(account_id=account_id, purpose=purpose, remaining=0).on_conflict_do_nothing()
        )
    chosen = select(col(ConsentBalance.purpose)).where(col(ConsentBalance.account_id) == account_id)
    session.execute(chosen.order_by(col(ConsentBalance.purpose)).with_for_update()).all()
