"""Failed tries as rows: a lockout that holds across processes and restarts."""

from __future__ import annotations

from sqlalchemy import delete
from sqlmodel import col

from backend.identity import repository
from backend.identity.hooks import registered
from backend.identity.tables import FailedTry
from backend.infra.context import Context, Ports
from backend.infra.crypto import Vault
from backend.infra.database import db_now, open_session
from backend.kernel.errors import TooMany
from backend.kernel.ids import new_id


def try_keys(vault: Vault, purpose: str, who: str, address: str) -> tuple[str, str]:
    """Return the keys under which a try is counted: the account (or username) and the address."""
    return (
        vault.index(f"{purpose}\0who\0{who}", "failed_try"),
        vault.index(f"{purpose}\0address\0{address}", "failed_try"),
    )


def refuse_if_locked(ctx: Context, keys: tuple[str, ...]) -> None:
    """Raise TooMany when any key has used up its tries (default five in ten minutes)."""
    parameters = registered.parameters
    since = ctx.clock.now() - parameters.tries_window
    if repository.most_failures(ctx.session, keys, since) >= parameters.tries:
        minutes = int(parameters.tries_window.total_seconds() // 60)
        raise TooMany("locked_out", f"输错次数太多，请 {minutes} 分钟后再试。")


def record_failure(ports: Ports, keys: tuple[str, ...]) -> None:
    """Write the failed tries of a refused request in a transaction of their own; called by the edge."""
    if not keys:
        return
    with open_session(ports.engine) as session:
        now = db_now(session)
        session.add_all([FailedTry(id=new_id(), key_index=key, at=now) for key in keys])
        session.commit()


def forget_failures(ctx: Context, key: str) -> None:
    """Start counting anew for somebody who got it right."""
    ctx.session.exec(delete(FailedTry).where(col(FailedTry.key_index) == key))
