"""Failed tries as rows: a lockout that holds across processes and restarts."""

from __future__ import annotations

from sqlalchemy import delete, update
from sqlmodel import col, select

from backend.identity import repository
from backend.identity.hooks import registered
from backend.identity.rules.lockouts import Limit, is_locked, network_of
from backend.identity.tables import FailedTry, KnownAddress
from backend.infra.context import Context, Ports
from backend.infra.crypto import Vault
from backend.infra.database import db_now, open_session
from backend.kernel.errors import TooMany
from backend.kernel.ids import new_id

PURPOSE = "failed_try"
_KNOWN = "known_address"


def tries_at(vault: Vault, purpose: str, who: str, address: str) -> tuple[Limit, ...]:
    """Return the limits of a login: ``who`` at this address, ``who`` from anywhere, anybody at this address.

    Anybody can fail under a username, and everybody on one wifi has one address. So the last two are high, and
    hold for nobody at an address where they logged in lately.
    """
    parameters, network = registered.parameters, network_of(address)
    return (
        Limit(vault.index(f"{purpose}\0pair\0{who}\0{network}", PURPOSE), parameters.tries),
        Limit(vault.index(f"{purpose}\0who\0{who}", PURPOSE), parameters.tries_account, is_shared=True),
        Limit(
            vault.index(f"{purpose}\0address\0{network}", PURPOSE), parameters.tries_address, is_shared=True
        ),
    )


def own_tries(vault: Vault, purpose: str, who: str, address: str | None = None) -> tuple[Limit, ...]:
    """Return the limits where ``who`` is known already, so that nobody fails in their name."""
    parameters = registered.parameters
    own = Limit(vault.index(f"{purpose}\0who\0{who}", PURPOSE), parameters.tries)
    if address is None:
        return (own,)
    at = vault.index(f"{purpose}\0address\0{network_of(address)}", PURPOSE)
    return (own, Limit(at, parameters.tries_address, is_shared=True))


def keys_of(limits: tuple[Limit, ...]) -> tuple[str, ...]:
    """Return the keys under which a failure is written down."""
    return tuple(limit.key for limit in limits)


def refuse_if_locked(ctx: Context, limits: tuple[Limit, ...], *, is_known: bool = False) -> None:
    """Raise TooMany when a limit that holds here is used up (parameters, within ten minutes)."""
    parameters = registered.parameters
    since = ctx.clock.now() - parameters.tries_window
    failures = repository.failures_of(ctx.session, keys_of(limits), since)
    if is_locked(failures, limits, is_known=is_known):
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


def is_known_at(ctx: Context, who: str, address: str) -> bool:
    """Tell whether ``who`` logged in at this address lately; the same work for a name that nobody has."""
    keys = ctx.vault.indexes(f"{who}\0{network_of(address)}", _KNOWN)
    since = ctx.clock.now() - registered.parameters.known_address
    known = select(KnownAddress.key_index).where(
        col(KnownAddress.key_index).in_(keys), col(KnownAddress.last_at) > since
    )
    return ctx.session.exec(known).first() is not None


def note_known(ctx: Context, who: str, address: str) -> None:
    """Remember that ``who`` logged in at this address, as a blind index only."""
    key, now = ctx.vault.index(f"{who}\0{network_of(address)}", _KNOWN), ctx.clock.now()
    repository.insert_or_ignore(ctx.session, KnownAddress, {"key_index": key, "last_at": now})
    ctx.session.exec(update(KnownAddress).where(col(KnownAddress.key_index) == key).values(last_at=now))
