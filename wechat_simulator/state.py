"""What WeChat knows: users, one-time codes, tokens, the clock, and the parts that keep their own state."""

from __future__ import annotations

import base64
import hashlib
import random
import string
import threading
import time
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, replace

from wechat_simulator.answers import Refused
from wechat_simulator.catalogue import Catalogue
from wechat_simulator.consents import Consents
from wechat_simulator.faults import Fault, FaultBox
from wechat_simulator.followers import Followers
from wechat_simulator.mail import Mail
from wechat_simulator.pushes import Pusher
from wechat_simulator.rooms import Rooms
from wechat_simulator.shelf import Shelf
from wechat_simulator.tokens import TokenOffice

CODE_SECONDS = 300
LOGINS_PER_MINUTE = 100
_FORGET_CODE_SECONDS = 2 * CODE_SECONDS
# Content checks are for users who were here lately.
_VISIT_SECONDS = 7200
_LETTERS = string.ascii_letters + string.digits


@dataclass(frozen=True, slots=True)
class AppCredentials:
    """The one mini-program and the one Official Account that this simulator knows."""

    app_id: str
    app_secret: str
    official_id: str = "wxdemoofficial01"
    official_secret: str = "demo-official-secret-00000000000"  # noqa: S105 - public, for the demo only

    def name_of(self, app_id: object) -> str | None:
        """Return "mini" or "official"."""
        return {self.app_id: "mini", self.official_id: "official"}.get(str(app_id))

    def secret_of(self, name: str) -> str:
        """Return an app's secret."""
        return self.app_secret if name == "mini" else self.official_secret


@dataclass(frozen=True, slots=True)
class User:
    """A person with a phone."""

    openid: str
    phone: str | None = None
    country_code: str = "86"
    unionid: str | None = None
    name: str = ""
    blocked: bool = False
    official_openid: str = ""  # as the Official Account knows the same person


@dataclass(slots=True)
class Code:
    """A one-time code: what for, whose, since when."""

    purpose: str  # "login" | "phone" | "oauth"
    openid: str
    issued_at: float
    used: bool = False


class World:
    """The whole state; methods that read or change it take the lock themselves."""

    def __init__(self, app: AppCredentials, seed: int | None = None, shelf: Shelf | None = None) -> None:
        self.app = app
        self._shelf = shelf or Shelf()
        self._seed = seed
        self._lock = threading.Lock()
        self._clear()

    def _clear(self) -> None:
        previous: Pusher | None = getattr(self, "pusher", None)
        if previous is not None:
            previous.close()
        self._random = random.Random(self._seed)  # noqa: S311 - a simulator: repeatable, nothing to guess
        self._offset = 0.0
        self._users: dict[str, User] = {}
        self._codes: dict[str, Code] = {}
        self._logins: dict[str, deque[float]] = {}
        self._calls: Counter[str] = Counter()
        self._by_official: dict[str, str] = {}
        self._visited: dict[str, float] = {}
        self._tokens = {
            name: TokenOffice(self.now, lambda: f"90_{self._text(130)}")
            for name in ("mini", "official", "ticket")
        }
        self._faults = FaultBox()
        self.catalogue = Catalogue()
        self.consents = Consents(self.now)
        self.followers = Followers(self.now, self._shelf)
        self.mail = Mail(self.now, self._shelf)
        self.rooms = Rooms(self.now, self._shelf)
        self.pusher = Pusher(self.now)

    def reset(self) -> None:
        """Forget everything and start from the seed again."""
        with self._lock:
            self._shelf.clear()
            self._clear()

    def now(self) -> float:
        """Return WeChat's epoch seconds."""
        return time.time() + self._offset

    def advance(self, seconds: float) -> float:
        """Move the clock forward; return the new time."""
        with self._lock:
            self._offset += seconds
            return self.now()

    def set_clock(self, at: float) -> float:
        """Make it ``at`` (epoch seconds), for a rehearsal that keeps its own time; return the new time."""
        with self._lock:
            self._offset = at - time.time()
            return self.now()

    def arm(self, fault: Fault) -> None:
        """Let the next calls fail."""
        with self._lock:
            self._faults.arm(fault)

    def disarm(self) -> None:
        """Let no call fail any more."""
        with self._lock:
            self._faults.clear()

    # --- what the phone does -----------------------------------------------------------------

    def add_users(self, wanted: list[Mapping[str, object]]) -> list[User]:
        """Create users, or replace those whose openid exists; missing openids are made up."""
        with self._lock:
            users = [User(**{"openid": f"o{self._text(27)}", **fields}) for fields in wanted]  # type: ignore[arg-type]  # checked by the endpoint
            users = [replace(user, official_openid=_official_openid(user)) for user in users]
            self._users.update((user.openid, user) for user in users)
            self._by_official.update((user.official_openid, user.openid) for user in users)
            return users

    def follower(self, official_openid: str) -> User | None:
        """Return the user whom the Official Account knows by this openid."""
        with self._lock:
            return self._users.get(self._by_official.get(official_openid, ""))

    def find_users(self, words: str, limit: int) -> list[User]:
        """Return users whose name, phone or openid holds ``words``, for the list of phones."""
        with self._lock:
            found = (
                user for user in self._users.values() if words in f"{user.name} {user.phone} {user.openid}"
            )
            return [user for _, user in zip(range(limit), found, strict=False)]

    def users(self, offset: int, limit: int) -> tuple[int, list[User]]:
        """Return how many users there are, and one page of them in order of creation."""
        with self._lock:
            return len(self._users), list(self._users.values())[offset : offset + limit]

    def user(self, openid: str) -> User | None:
        """Return a user."""
        with self._lock:
            return self._users.get(openid)

    def new_code(self, purpose: str, openid: str) -> str:
        """Return a fresh code for one exchange within five minutes."""
        with self._lock:
            self._forget_old_codes()
            code = self._text(32 if purpose == "login" else 64)
            self._codes[code] = Code(purpose, openid, self.now())
            self._visited[openid] = self.now()
            return code

    def visit(self, openid: str) -> None:
        """Note that this user has the mini-program open."""
        with self._lock:
            self._visited[openid] = self.now()

    # --- what WeChat's servers do ------------------------------------------------------------

    def meet(self, path: str) -> Fault | None:
        """Count a call of a WeChat path; return the fault it meets, if any."""
        with self._lock:
            self._calls[path] += 1
            return self._faults.take(path)

    def calls(self) -> dict[str, int]:
        """Return the calls so far, by path."""
        with self._lock:
            return dict(self._calls)

    def login(self, text: str) -> tuple[User, str]:
        """Use up a login code; return its user and a session key.

        Refuses 40029 unknown or expired, 40163 used, 40226 blocked user, 45011 over 100 a minute per user.
        """
        with self._lock:
            code = self._find_code(text, "login")
            user = self._users[code.openid]
            self._count_login(user.openid)
            self._use(code)
            if user.blocked:
                raise Refused(40226)
            key = self._random.randbytes(16)
            return user, base64.b64encode(key).decode()

    def was_here(self, openid: str) -> bool:
        """Tell whether a user had the mini-program open within two hours."""
        with self._lock:
            return self.now() - self._visited.get(openid, 0) <= _VISIT_SECONDS

    def authorize(self, text: str) -> User:
        """Use up an OAuth code; refuses as ``login`` does."""
        with self._lock:
            code = self._find_code(text, "oauth")
            self._use(code)
            return self._users[code.openid]

    def check_token(self, name: str, token: str) -> None:
        """Refuse an access token that is not the valid one of this app."""
        with self._lock:
            self._tokens[name].check(token)

    def phone(self, token: str, text: str) -> tuple[User, int]:
        """Use up a phone code; return its user and WeChat's time."""
        with self._lock:
            self._tokens["mini"].check(token)
            code = self._find_code(text, "phone")
            self._use(code)
            return self._users[code.openid], int(self.now())

    def issue_token(self, name: str, *, force: bool) -> tuple[str, int]:
        """Return an app's access token and its seconds left."""
        with self._lock:
            return self._tokens[name].issue(force=force)

    def spoil_tokens(self, errcode: int) -> None:
        """Make all tokens fail with 42001 (expired) or 40001 (replaced elsewhere)."""
        with self._lock:
            for office in self._tokens.values():
                if errcode == 42001:
                    office.expire()
                else:
                    office.revoke()

    def _find_code(self, text: str, purpose: str) -> Code:
        code = self._codes.get(text)
        if code is None or code.purpose != purpose or self.now() - code.issued_at > CODE_SECONDS:
            raise Refused(40029)
        return code

    def _use(self, code: Code) -> None:
        if code.used:
            raise Refused(40163)
        code.used = True

    def _count_login(self, openid: str) -> None:
        now = self.now()
        recent = self._logins.setdefault(openid, deque())
        while recent and recent[0] <= now - 60:
            recent.popleft()
        if len(recent) >= LOGINS_PER_MINUTE:
            raise Refused(45011)
        recent.append(now)

    def _forget_old_codes(self) -> None:
        oldest_kept = self.now() - _FORGET_CODE_SECONDS
        while self._codes:
            text = next(iter(self._codes))
            if self._codes[text].issued_at >= oldest_kept:
                return
            del self._codes[text]

    def _text(self, length: int) -> str:
        return "".join(self._random.choices(_LETTERS, k=length))


def _official_openid(user: User) -> str:
    return user.official_openid or "f" + hashlib.sha256(user.openid.encode()).hexdigest()[:27]
