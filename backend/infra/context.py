"""What one request or job carries: session, statements, clock, actor, ports."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from sqlalchemy.engine import Engine
from sqlmodel import Session

from backend.infra.crypto import Vault
from backend.infra.database import db_now
from backend.infra.settings import Settings
from backend.infra.storage import Storage
from backend.infra.wechat.build import WeChat
from backend.kernel.access import Actor


class WeChatPort(Protocol):
    """What identity needs of WeChat."""

    def person_of(self, code: str) -> tuple[str, str | None]:
        """Exchange a login code for the openid and, where WeChat gives one, the unionid."""

    def phone_of(self, code: str) -> str:
        """Exchange a phone code for the number."""


@dataclass(frozen=True, slots=True)
class Ports:
    """The outside world, built once per process by ``bootstrap``.

    ``gateways`` are all ways to WeChat's servers; None only where nothing is ever sent.
    """

    settings: Settings
    engine: Engine
    vault: Vault
    storage: Storage
    wechat: WeChatPort
    gateways: WeChat | None = None


class DatabaseClock:
    """The database's time, read once per transaction step that asks."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def now(self) -> datetime:
        """Return ``db_now()``."""
        return db_now(self._session)


@dataclass(slots=True)
class Context:
    """Handed to every service; rules never receive it. The edge commits, nothing below it does."""

    session: Session
    actor: Actor
    ports: Ports
    request_id: str
    clock: DatabaseClock = field(init=False)

    def __post_init__(self) -> None:
        """Bind the clock to this session."""
        self.clock = DatabaseClock(self.session)

    @property
    def vault(self) -> Vault:
        """Return the vault."""
        return self.ports.vault

    @property
    def storage(self) -> Storage:
        """Return the file store."""
        return self.ports.storage
