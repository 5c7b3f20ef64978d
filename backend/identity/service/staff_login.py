"""Staff login: password, optional one-time code, lockout, one answer for every failure."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from functools import lru_cache

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import update
from sqlmodel import col, select

from backend.identity import repository
from backend.identity.errors import TotpRequired, WrongLogin
from backend.identity.hooks import registered
from backend.identity.rules.passwords import MAX_LENGTH, check_password
from backend.identity.service.failures import (
    forget_failures,
    is_known_at,
    keys_of,
    note_known,
    own_tries,
    refuse_if_locked,
    tries_at,
)
from backend.identity.service.sessions import OpenedSession, open_for
from backend.identity.tables import Account
from backend.infra.context import Context
from backend.kernel.errors import Unauthenticated
from backend.kernel.events import Event
from backend.ledger import service as ledger

# RFC 9106's second recommended option, argon2-cffi's default: 64 MiB, three passes.
_hasher = PasswordHasher()
_STEP_SECONDS = 30


@dataclass(frozen=True, slots=True)
class StaffLogIn:
    """What the login form holds, and the address it came from."""

    username: str
    password: str = field(repr=False)
    address: str
    totp: str | None = None
    device: str = ""


@dataclass(frozen=True, slots=True)
class StaffMe:
    """One's own staff account."""

    account_id: str
    username: str
    name: str
    has_totp: bool


@lru_cache(maxsize=1)
def _nobodys_hash() -> str:
    return _hasher.hash("nobody has this password")


def hash_password(password: str, username: str) -> str:
    """Check the rules and return the argon2id hash; raises WeakPassword."""
    check_password(password, username)
    return _hasher.hash(password)


def log_in_staff(ctx: Context, command: StaffLogIn) -> OpenedSession:
    """Open a staff session; unknown user and wrong password take the same time and give the same answer.

    Raises WrongLogin (counted), TotpRequired, TooMany after too many failures in ten minutes.
    """
    username = normalise_username(command.username)
    limits = tries_at(ctx.vault, "staff", username, command.address)
    refuse_if_locked(ctx, limits, is_known=is_known_at(ctx, username, command.address))
    keys = keys_of(limits)
    account = ctx.session.exec(
        select(Account).where(Account.username == username, Account.kind == "staff")
    ).first()
    stored = account.password_hash if account is not None else None
    is_right = _verify(stored or _nobodys_hash(), command.password)
    if account is None or stored is None or not is_right or account.state != "active":
        raise WrongLogin(keys)
    if account.totp_sealed is not None:
        _check_totp(ctx, account, command.totp, keys)
    if _hasher.check_needs_rehash(stored):
        _set_hash(ctx, account.id, _hasher.hash(command.password))
    forget_failures(ctx, keys[0])
    note_known(ctx, username, command.address)
    ledger.append(ctx, Event("staff.logged_in", None, "account", account.id))
    return open_for(ctx, account.id, command.device, registered.parameters.staff_session)


def normalise_username(username: str) -> str:
    """Return the stored form: case and surrounding spaces do not matter."""
    return username.strip().lower()


def _verify(stored: str, password: str) -> bool:
    try:
        return _hasher.verify(stored, password[: MAX_LENGTH + 1])
    except (VerificationError, InvalidHashError):
        return False


def _check_totp(ctx: Context, account: Account, code: str | None, keys: tuple[str, ...]) -> None:
    if not code:
        raise TotpRequired
    assert account.totp_sealed is not None
    step = _matching_step(ctx, ctx.vault.open(account.totp_sealed, "account.totp"), code)
    if step is None or not _use_step(ctx, account.id, step):
        raise WrongLogin(keys)


def _use_step(ctx: Context, account_id: str, step: int) -> bool:
    # Conditional update: a code seen over somebody's shoulder is worth nothing once used.
    unused = (
        update(Account)
        .where(
            col(Account.id) == account_id,
            col(Account.totp_last_step).is_(None) | (col(Account.totp_last_step) < step),
        )
        .values(totp_last_step=step)
    )
    return bool(ctx.session.exec(unused).rowcount)


def _matching_step(ctx: Context, secret: str, code: str) -> int | None:
    """Return the time step the code belongs to: now or one to either side (a phone's clock drifts)."""
    totp = pyotp.TOTP(secret)
    now = int(ctx.clock.now().timestamp()) // _STEP_SECONDS
    given = "".join(code.split()).encode()
    steps = (now - 1, now, now + 1)
    found = [step for step in steps if hmac.compare_digest(totp.generate_otp(step).encode(), given)]
    return found[-1] if found else None


def change_password(ctx: Context, old: str, new: str) -> None:
    """Set one's own new password; all one's other sessions end. Raises WrongLogin or WeakPassword."""
    account = _own(ctx)
    limits = own_tries(ctx.vault, "password", account.id)
    refuse_if_locked(ctx, limits)
    if account.password_hash is None or not _verify(account.password_hash, old):
        raise WrongLogin(keys_of(limits))
    _set_hash(ctx, account.id, hash_password(new, account.username or ""))
    repository.end_sessions(ctx.session, account.id, ctx.clock.now(), keep=ctx.actor.session_hash)
    ledger.append(ctx, Event("staff.password_changed", None, "account", account.id))


def staff_me(ctx: Context) -> StaffMe:
    """Return one's own staff account."""
    account = _own(ctx)
    name = ctx.vault.open(account.name_sealed, "account.name") if account.name_sealed else ""
    return StaffMe(account.id, account.username or "", name, account.totp_sealed is not None)


def _own(ctx: Context) -> Account:
    if ctx.actor.kind != "staff" or ctx.actor.account_id is None:
        raise Unauthenticated
    return ctx.session.exec(select(Account).where(Account.id == ctx.actor.account_id)).one()


def _set_hash(ctx: Context, account_id: str, hashed: str) -> None:
    ctx.session.exec(update(Account).where(col(Account.id) == account_id).values(password_hash=hashed))


def reset_password(ctx: Context, username: str, new: str) -> None:
    """Set a staff member's password from the server's console; all their sessions end."""
    account = staff_by_username(ctx, username)
    _set_hash(ctx, account.id, hash_password(new, account.username or ""))
    forget_failures(ctx, tries_at(ctx.vault, "staff", account.username or "", "")[1].key)
    repository.end_sessions(ctx.session, account.id, ctx.clock.now())
    ledger.append(ctx, Event("staff.password_reset", None, "account", account.id))


def set_totp(ctx: Context, username: str, *, is_on: bool) -> str | None:
    """Give a staff member a new one-time-code secret (returned as an otpauth URI), or take it away."""
    account = staff_by_username(ctx, username)
    secret = pyotp.random_base32() if is_on else None
    sealed = ctx.vault.seal(secret, "account.totp") if secret else None
    changed = update(Account).where(col(Account.id) == account.id)
    ctx.session.exec(changed.values(totp_sealed=sealed, totp_last_step=None))
    ledger.append(ctx, Event("staff.totp_changed", None, "account", account.id, {"is_on": is_on}))
    return pyotp.TOTP(secret).provisioning_uri(name=account.username, issuer_name="共决") if secret else None


def staff_by_username(ctx: Context, username: str) -> Account:
    """Return an active staff account; raises LookupError, for the console only."""
    wanted = select(Account).where(
        Account.username == normalise_username(username), Account.kind == "staff", Account.state == "active"
    )
    account = ctx.session.exec(wanted).first()
    if account is None:
        raise LookupError(f"no active staff account {username!r}")
    return account
