"""Accounts, sessions, bindings, invite codes, grants, consents."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, LargeBinary, String, text
from sqlmodel import Field, SQLModel

from backend.infra.columns import UtcDateTime


def _where(clause: str) -> dict[str, Any]:
    return {"postgresql_where": text(clause), "sqlite_where": text(clause)}


class Account(SQLModel, table=True):
    """A person: a resident known by WeChat openid, or a staff member known by username."""

    __tablename__ = "account"
    __table_args__ = (
        CheckConstraint("kind IN ('resident', 'staff')", name="account_kind"),
        CheckConstraint("state IN ('active', 'disabled', 'erased')", name="account_state"),
        CheckConstraint(
            "state <> 'erased' OR (openid_index IS NULL AND openid_sealed IS NULL AND name_sealed IS NULL"
            " AND phone_sealed IS NULL AND phone_index IS NULL)",
            name="account_erased",
        ),
        Index("account_openid", "openid_index", unique=True, **_where("openid_index IS NOT NULL")),
        Index("account_username", "username", unique=True, **_where("username IS NOT NULL")),
        Index("account_phone", "phone_index"),
    )

    id: str = Field(primary_key=True)
    kind: str
    state: str = "active"
    openid_index: str | None = None
    openid_sealed: str | None = None
    username: str | None = None
    name_sealed: str | None = None
    phone_sealed: str | None = None
    phone_index: str | None = None
    password_hash: str | None = None
    totp_sealed: str | None = None
    totp_last_step: int | None = None
    created_at: datetime = Field(sa_type=UtcDateTime)


class LoginSession(SQLModel, table=True):
    """One login; only the SHA-256 of its bearer token is stored, and ending it takes effect at once."""

    __tablename__ = "login_session"
    __table_args__ = (Index("login_session_account", "account_id"),)

    token_hash: bytes = Field(primary_key=True, sa_type=LargeBinary)
    account_id: str = Field(foreign_key="account.id")
    public_id: str = Field(unique=True)
    device: str
    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Binding(SQLModel, table=True):
    """An account bound to a dwelling by a relation, in force from ``effective_at``."""

    __tablename__ = "binding"
    __table_args__ = (
        CheckConstraint(
            "relation IN ('owner', 'co_owner', 'representative', 'family', 'tenant', 'public_tenant', 'proxy')",
            name="binding_relation",
        ),
        CheckConstraint("state IN ('pending', 'active', 'refused', 'ended')", name="binding_state"),
        CheckConstraint("via IN ('invite', 'phone', 'staff')", name="binding_via"),
        Index(
            "binding_one",
            "account_id",
            "dwelling_id",
            unique=True,
            **_where("state IN ('pending', 'active')"),
        ),
        Index("binding_account", "account_id"),
        Index("binding_dwelling", "dwelling_id"),
        Index("binding_estate", "estate_id", "state"),
    )

    id: str = Field(primary_key=True)
    account_id: str = Field(foreign_key="account.id")
    dwelling_id: str = Field(foreign_key="dwelling.id")
    estate_id: str = Field(foreign_key="estate.id")
    building_id: str = Field(foreign_key="building.id")
    relation: str
    state: str
    via: str
    requested_at: datetime = Field(sa_type=UtcDateTime)
    effective_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    # How many photos of a proof are kept for it.
    photos: int = 0
    decided_by: str | None = None
    reason: str | None = None


class InviteCode(SQLModel, table=True):
    """A single-use code for one dwelling and relation; stored as a blind index, shown once on a printed letter."""

    __tablename__ = "invite_code"
    __table_args__ = (
        CheckConstraint("used_at IS NULL OR revoked_at IS NULL", name="invite_code_end"),
        # Re-issuing a letter deactivates the former one.
        Index(
            "invite_code_one",
            "dwelling_id",
            "relation",
            unique=True,
            **_where("used_at IS NULL AND revoked_at IS NULL"),
        ),
        Index("invite_code_estate", "estate_id", "batch"),
    )

    id: str = Field(primary_key=True)
    code_index: str = Field(unique=True)
    dwelling_id: str = Field(foreign_key="dwelling.id")
    estate_id: str = Field(foreign_key="estate.id")
    building_id: str = Field(foreign_key="building.id")
    relation: str
    batch: str
    issued_by: str
    issued_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    used_by: str | None = None
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class RoleGrant(SQLModel, table=True):
    """A staff role over an organisation's subtree, narrowed to an estate, building or entrance, with dates."""

    __tablename__ = "role_grant"
    __table_args__ = (
        CheckConstraint("granted_by <> account_id", name="role_grant_not_self"),
        CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name="role_grant_dates"),
        Index("role_grant_account", "account_id"),
        Index("role_grant_path", "organisation_path"),
    )

    id: str = Field(primary_key=True)
    account_id: str = Field(foreign_key="account.id")
    role: str
    organisation_id: str = Field(foreign_key="organisation.id")
    # Copied so that authentication reads no other capability's table; follows the original by itself.
    organisation_path: str = Field(
        sa_column=Column(String, ForeignKey("organisation.path", onupdate="CASCADE"), nullable=False)
    )
    estate_id: str | None = Field(default=None, foreign_key="estate.id")
    building_id: str | None = Field(default=None, foreign_key="building.id")
    entrance_id: str | None = Field(default=None, foreign_key="entrance.id")
    starts_on: date
    ends_on: date | None = None
    granted_by: str
    granted_at: datetime = Field(sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ApiKey(SQLModel, table=True):
    """A key with which an outside system files reports for one organisation; stored as a blind index, shown once.

    ``hint`` is its last four characters, so that people can tell which one they are looking at.
    """

    __tablename__ = "api_key"
    __table_args__ = (
        CheckConstraint("expires_at > created_at", name="api_key_expires"),
        CheckConstraint("daily_limit > 0", name="api_key_daily"),
        CheckConstraint("(revoked_at IS NULL) = (revoked_by IS NULL)", name="api_key_revoked"),
        Index("api_key_path", "organisation_path"),
    )

    id: str = Field(primary_key=True)
    key_index: str = Field(unique=True)
    hint: str
    organisation_id: str = Field(foreign_key="organisation.id")
    organisation_path: str = Field(
        sa_column=Column(String, ForeignKey("organisation.path", onupdate="CASCADE"), nullable=False)
    )
    name: str
    daily_limit: int
    created_by: str
    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    last_used_on: date | None = None
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    revoked_by: str | None = None


class FailedTry(SQLModel, table=True):
    """A wrong code or password, for lockouts that hold across processes; ``key_index`` is a blind index."""

    __tablename__ = "failed_try"
    __table_args__ = (Index("failed_try_key", "key_index", "at"),)

    id: str = Field(primary_key=True)
    key_index: str
    at: datetime = Field(sa_type=UtcDateTime)


class KnownAddress(SQLModel, table=True):
    """That somebody logged in from an address lately; ``key_index`` is the blind index of both together."""

    __tablename__ = "known_address"
    __table_args__ = (Index("known_address_last", "last_at"),)

    key_index: str = Field(primary_key=True)
    last_at: datetime = Field(sa_type=UtcDateTime)


class ConsentRecord(SQLModel, table=True):
    """A privacy notice shown or a separate consent given or withdrawn (个保法 14, 23)."""

    __tablename__ = "consent_record"
    __table_args__ = (Index("consent_record_account", "account_id", "at"),)

    id: str = Field(primary_key=True)
    account_id: str = Field(foreign_key="account.id")
    purpose: str
    notice_version: str
    is_given: bool
    at: datetime = Field(sa_type=UtcDateTime)


class ChatCode(SQLModel, table=True):
    """A short code that its owner types in the Official Account's chat: whoever types it is this account.

    One per account, for some minutes, used once; the one who used it may repeat it (WeChat repeats its calls).
    """

    __tablename__ = "chat_code"

    account_id: str = Field(primary_key=True, foreign_key="account.id")
    code_index: str = Field(unique=True)
    issued_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    used_by: str | None = None


class AccountUnion(SQLModel, table=True):
    """The person's blind id across the operator's WeChat apps, where WeChat gives one."""

    __tablename__ = "account_union"

    account_id: str = Field(primary_key=True, foreign_key="account.id")
    unionid_index: str = Field(unique=True)
