"""A resident's account: login by WeChat, name, phone, consents."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path

from sqlalchemy import update
from sqlmodel import col, select

from backend.identity import repository
from backend.identity.errors import ConsentRequired, NoticeNotAccepted
from backend.identity.hooks import registered
from backend.identity.rules.consents import NOTICE_VERSION, Purpose
from backend.identity.rules.names import clean_name
from backend.identity.service.chat_codes import keep_unionid
from backend.identity.service.sessions import OpenedSession, open_for
from backend.identity.tables import Account, ConsentRecord
from backend.infra.context import Context
from backend.infra.database import hold
from backend.kernel.access import require_resident
from backend.kernel.errors import Forbidden, Invalid, Unprocessable
from backend.kernel.ids import new_id
from backend.kernel.phone import normalise_phone

_NOBODY = "0" * 20


@dataclass(frozen=True, slots=True)
class LogIn:
    """A phone that WeChat vouched for; ``accepted_notice`` is the version shown and accepted, if any."""

    openid: str
    device: str = ""
    accepted_notice: str | None = None
    unionid: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Me:
    """One's own account, in clear, for oneself."""

    account_id: str
    name: str | None
    phone: str | None
    created_at: datetime
    has_accepted_notice: bool
    notice_version: str


@dataclass(frozen=True, slots=True)
class Consent:
    """Where one stands on a purpose: the latest record, or never asked."""

    purpose: str
    is_given: bool
    notice_version: str | None
    at: datetime | None


def log_in(ctx: Context, command: LogIn) -> OpenedSession:
    """Find or create the account of an openid and open a session; two first logins make one account."""
    account = _account_of(ctx, command.openid)
    if account.state != "active":
        raise Forbidden("account_disabled", "这个账号已停用，请联系社区。")
    if command.unionid is not None:
        keep_unionid(ctx, account.id, command.unionid)
    if command.accepted_notice is not None:
        _record(ctx, account.id, Purpose.PRIVACY_NOTICE, command.accepted_notice, is_given=True)
    return open_for(ctx, account.id, command.device, registered.parameters.resident_session)


def _account_of(ctx: Context, openid: str) -> Account:
    wanted = select(Account).where(col(Account.openid_index).in_(ctx.vault.indexes(openid, "openid")))
    found = ctx.session.exec(wanted).first()
    if found is not None:
        return found
    shared = ctx.vault.shared_index(openid, "openid")
    if shared is not None:  # two keys are in use: the unique index alone does not see that two are one
        hold(ctx.session, shared)
        found = ctx.session.exec(wanted).first()
        if found is not None:
            return found
    values = {
        "id": new_id(),
        "kind": "resident",
        "state": "active",
        "openid_index": ctx.vault.index(openid, "openid"),
        "openid_sealed": ctx.vault.seal(openid, "account.openid"),
        "created_at": ctx.clock.now(),
    }
    repository.insert_or_ignore(ctx.session, Account, values)
    return ctx.session.exec(wanted).one()


def me(ctx: Context) -> Me:
    """Return one's own account."""
    account = own_account(ctx)
    consents = {consent.purpose: consent for consent in list_consents(ctx)}
    notice = consents[Purpose.PRIVACY_NOTICE]
    return Me(
        account.id,
        _opened(ctx, account.name_sealed, "account.name"),
        _opened(ctx, account.phone_sealed, "account.phone"),
        account.created_at,
        notice.is_given and notice.notice_version == NOTICE_VERSION,
        NOTICE_VERSION,
    )


def account_of_nobody(ctx: Context) -> str:
    """Return the account to which belongs what anonymous people sent: an erased one, with nobody behind it."""
    values = {"id": _NOBODY, "kind": "resident", "state": "erased", "created_at": ctx.clock.now()}
    repository.insert_or_ignore(ctx.session, Account, values)
    return _NOBODY


def own_account(ctx: Context) -> Account:
    """Return the row of the logged-in resident."""
    account_id = require_resident(ctx.actor)
    return ctx.session.exec(select(Account).where(Account.id == account_id)).one()


def _opened(ctx: Context, sealed: str | None, field: str) -> str | None:
    return None if sealed is None else ctx.vault.open(sealed, field)


def rename(ctx: Context, name: str) -> None:
    """Set one's own name, as family members and the community will see it (masked)."""
    account_id = require_resident(ctx.actor)
    require_notice(ctx, account_id)
    cleaned = clean_name(name)
    if cleaned is None:
        raise Invalid("name", "请填写真实姓名。")
    _change(ctx, account_id, {"name_sealed": ctx.vault.seal(cleaned, "account.name")})


def add_phone(ctx: Context, number: str) -> None:
    """Keep the number that WeChat vouched for; needs its own consent."""
    account_id = require_resident(ctx.actor)
    require_notice(ctx, account_id)
    require_consent(ctx, account_id, Purpose.PHONE)
    phone = normalise_phone(number)
    if phone is None:
        raise Unprocessable("phone", "这个号码无法识别，请改用邀请码或请社区核实。")
    sealed, index = ctx.vault.seal(phone, "account.phone"), ctx.vault.index(phone, "phone")
    _change(ctx, account_id, {"phone_sealed": sealed, "phone_index": index})


def _change(ctx: Context, account_id: str, values: dict[str, str | None]) -> None:
    # Conditional: an account erased meanwhile on another phone stays erased.
    mine = update(Account).where(col(Account.id) == account_id, col(Account.state) == "active")
    ctx.session.exec(mine.values(**values))


def list_consents(ctx: Context) -> list[Consent]:
    """Return where one stands on every purpose."""
    account_id = require_resident(ctx.actor)
    latest: dict[str, ConsentRecord] = {}
    for purpose in Purpose:
        row = _latest(ctx, account_id, purpose)
        if row is not None:
            latest[purpose] = row
    return [
        Consent(
            purpose,
            purpose in latest and latest[purpose].is_given,
            latest[purpose].notice_version if purpose in latest else None,
            latest[purpose].at if purpose in latest else None,
        )
        for purpose in Purpose
    ]


def record_consent(ctx: Context, purpose: Purpose, notice_version: str, *, is_given: bool) -> None:
    """Give or take back a consent; taking back the phone's forgets the number at once."""
    account_id = require_resident(ctx.actor)
    if is_given and purpose != Purpose.PRIVACY_NOTICE:
        require_notice(ctx, account_id)
    _record(ctx, account_id, purpose, notice_version, is_given=is_given)
    if purpose == Purpose.PHONE and not is_given:
        _change(ctx, account_id, {"phone_sealed": None, "phone_index": None})


def _record(ctx: Context, account_id: str, purpose: Purpose, version: str, *, is_given: bool) -> None:
    if version != NOTICE_VERSION:
        raise Invalid("notice_version", "隐私告知已更新，请重新阅读最新版本。")
    latest = _latest(ctx, account_id, purpose)
    if latest is not None and (latest.is_given, latest.notice_version) == (is_given, version):
        return  # a retry
    row = ConsentRecord(
        id=new_id(),
        account_id=account_id,
        purpose=purpose,
        notice_version=version,
        is_given=is_given,
        at=_after(latest, ctx.clock.now()),
    )
    ctx.session.add(row)
    ctx.session.flush()


def _after(latest: ConsentRecord | None, now: datetime) -> datetime:
    """Keep the order of two changes within one tick of the database's clock."""
    return now if latest is None else max(now, latest.at + timedelta(microseconds=1))


def _latest(ctx: Context, account_id: str, purpose: Purpose) -> ConsentRecord | None:
    newest = (
        select(ConsentRecord)
        .where(ConsentRecord.account_id == account_id, ConsentRecord.purpose == purpose)
        .order_by(col(ConsentRecord.at).desc())
        .limit(1)
    )
    return ctx.session.exec(newest).first()


def require_notice(ctx: Context, account_id: str) -> None:
    """Raise NoticeNotAccepted unless the current privacy notice was accepted."""
    latest = _latest(ctx, account_id, Purpose.PRIVACY_NOTICE)
    if latest is None or not latest.is_given or latest.notice_version != NOTICE_VERSION:
        raise NoticeNotAccepted


def require_consent(ctx: Context, account_id: str, purpose: Purpose) -> None:
    """Raise ConsentRequired unless the person agreed to this purpose and has not taken it back."""
    latest = _latest(ctx, account_id, purpose)
    if latest is None or not latest.is_given:
        raise ConsentRequired


@lru_cache(maxsize=4)
def privacy_notice(version: str = NOTICE_VERSION) -> str:
    """Return the text of the privacy notice (Markdown)."""
    texts = Path(__file__).parents[1] / "texts"
    return (texts / f"privacy-notice-{version}.md").read_text(encoding="utf-8")
