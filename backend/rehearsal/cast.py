"""Who acts: staff at their desks, residents with their phones, and what the play knows of each estate."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from backend.rehearsal.phones import SimulatedPhones
from backend.rehearsal.web import Caller, Refused, Web
from backend.rehearsal.world import EstateWorld, Owner

_API = "/api/v1"
_TRIES = 3
_SHIFT = timedelta(hours=11)
BUREAU, ADMINISTRATOR = "zhujian", "guanli"


class Unexpected(Exception):
    """The product did something else than the script foresees."""


@dataclass(slots=True)
class EstatePlay:
    """An estate as it goes through the play: ids that the product gave, and letters on their way."""

    world: EstateWorld
    id: str
    community_id: str = ""
    row_id: str = ""
    dwelling_ids: tuple[str, ...] = ()
    letters: dict[tuple[str, str], str] = field(default_factory=dict, repr=False)
    ballots: dict[str, Ballot] = field(default_factory=dict)
    gates: dict[str, Gate] = field(default_factory=dict)
    receipts: dict[str, str] = field(default_factory=dict, repr=False)
    refusal: tuple[str, ...] = ()

    def clerk(self, number: int) -> str:
        """Return the username of the first, second or third person of its residents' committee."""
        return clerk_name(self.world.script.community, number)


@dataclass(frozen=True, slots=True)
class Ballot:
    """A ballot that was announced."""

    id: str
    motions: tuple[str, str]
    documents_hash: str


@dataclass(frozen=True, slots=True)
class Gate:
    """What became of a gate: passed, failed or undecidable, the page shown, and why no decision was taken."""

    outcome: str
    page: Mapping[str, object]
    reasons: tuple[str, ...] = ()


def clerk_name(community: int, number: int) -> str:
    """Return a username."""
    return f"shequ{community + 1}-{number}"


class Staff:
    """Staff accounts with their passwords; logged in when first needed in a shift (sessions last 12 hours)."""

    def __init__(self, web: Web) -> None:
        self._web = web
        self._passwords: dict[str, str] = {}
        self._callers: dict[str, Caller] = {}
        self._locks: dict[str, threading.Lock] = {}
        self._since: datetime | None = None

    def hire(self, username: str) -> str:
        """Return the password for a new account."""
        self._passwords[username] = secrets.token_urlsafe(15)
        self._locks[username] = threading.Lock()
        return self._passwords[username]

    def go_on(self, at: datetime) -> None:
        """Go on to an instant: after a shift everybody has gone home and logs in again when needed."""
        if self._since is None or at - self._since >= _SHIFT:
            self._callers.clear()
            self._since = at

    def desk(self, username: str) -> Caller:
        """Return the logged-in staff member."""
        with self._locks[username]:
            caller = self._callers.get(username)
            if caller is None:
                caller = self._log_in(username)
                self._callers[username] = caller
            return caller

    def _log_in(self, username: str) -> Caller:
        position = list(self._passwords).index(username)
        address = f"10.1.0.{position + 1}"
        body = {"username": username, "password": self._passwords[username], "device": "演练"}
        answer = self._web.post(Caller(address), f"{_API}/staff/session", body)
        return Caller(address, answer["token"])


@dataclass(frozen=True, slots=True)
class Person:
    """A resident: an owner (or the co-owners' representative) of an estate, or a family member of one."""

    estate: int
    owner: int
    is_family: bool = False

    @property
    def openid(self) -> str:
        """Return the openid under which the simulator plays the phone."""
        return f"rehearsal-{self.estate:02d}-{self.owner:03d}{'-f' if self.is_family else ''}"

    @property
    def address(self) -> str:
        """Return the phone's own network address."""
        block = (150 if self.is_family else 100) + self.estate
        return f"10.{block}.{self.owner // 250}.{self.owner % 250 + 1}"


class Residents:
    """Residents' phones: logging in by WeChat, binding by letter or by phone number."""

    def __init__(self, web: Web, phones: SimulatedPhones) -> None:
        self.web = web
        self._phones = phones
        self._notice = ""
        self._callers: dict[Person, Caller] = {}
        self._accounts: dict[Person, str] = {}

    def read_notice(self) -> None:
        """Read the privacy notice that everybody accepts at the first login."""
        self._notice = self.web.get(Caller("10.2.0.1"), f"{_API}/privacy-notice")["version"]

    def forget_sessions(self) -> None:
        """Let everybody's sessions be over (they last 30 days)."""
        self._callers.clear()

    def account_of(self, person: Person) -> str | None:
        """Return the account's id, None for somebody who never logged in."""
        return self._accounts.get(person)

    def log_in(self, person: Person) -> Caller:
        """Return the person's running session, opened by a fresh WeChat code when there is none."""
        caller = self._callers.get(person)
        if caller is None:
            body = {"device": "演练", "privacy_notice": self._notice}
            answer = self._with_code(self._phones.login_code, person, (f"{_API}/session", body))
            caller = Caller(person.address, answer["token"])
            self._callers[person] = caller
            self._accounts[person] = answer["account_id"]
        return caller

    def bind_by_letter(self, person: Person, codes: list[str]) -> None:
        """Bind every home by the code of its letter."""
        caller = self.log_in(person)
        for code in codes:
            self.web.post(caller, f"{_API}/bindings/invite", {"code": code})

    def bind_by_phone(self, person: Person) -> None:
        """Bind the homes whose roll names the phone's number."""
        caller = self.log_in(person)
        consent = {"purpose": "phone", "notice_version": self._notice, "given": True}
        self.web.post(caller, f"{_API}/me/consents", consent)
        self._with_code(self._phones.phone_code, person, (f"{_API}/me/phone", {}))
        self.web.post(caller, f"{_API}/bindings/phone")

    def _with_code(
        self, new_code: Callable[[str], str], person: Person, what: tuple[str, Mapping[str, object]]
    ) -> Any:
        """Send a fresh WeChat code; where WeChat is slow to answer, try again as the mini-program does."""
        path, body = what
        caller = self._callers.get(person, Caller(person.address))
        attempt = 0
        while True:
            attempt += 1
            try:
                return self.web.post(caller, path, {**body, "code": new_code(person.openid)})
            except Refused as refusal:
                if refusal.code != "wechat_unavailable" or attempt == _TRIES:
                    raise
                time.sleep(attempt)


def phone_number(position: int) -> str:
    """Return the synthetic number of the position-th owner of the whole town."""
    return f"1380001{position:04d}"


def letters_for(estate: EstatePlay, owner: Owner, relation: str) -> list[str]:
    """Return the codes of the letters that came to an owner's homes."""
    return [estate.letters[estate.dwelling_ids[at], relation] for at in owner.homes]
