"""One WeChat account (mini-program or Official Account): its token, its connections, its retries."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from typing import Any

from backend.infra.wechat.client import Params, SafeClient, WeChatSettings, call, call_raw
from backend.infra.wechat.errors import (
    BUSY,
    NO_CONNECTION,
    NOT_UNDERSTOOD,
    TOKEN_REJECTED,
    Configuration,
    InvalidCode,
    Passing,
    Permanent,
    Unknown,
    UserRefused,
    WeChatError,
)
from backend.infra.wechat.tokens import Token, TokenKeeper, TokenStore

_STABLE_TOKEN = "/cgi-bin/stable_token"  # noqa: S105 - a path
_PAUSE_SECONDS = 0.1
_AGAIN = (BUSY, NO_CONNECTION)


class WeChatAccount:
    """One per process and account; any number of threads.

    Every method raises a ``WeChatError`` subclass, and makes at most four calls of any one endpoint.
    """

    def __init__(self, settings: WeChatSettings, token_store: TokenStore) -> None:
        self._settings = settings
        self._tokens = TokenKeeper(settings.app_id, token_store, self._fetch_token, time.time)
        self._local = threading.local()

    @property
    def app_id(self) -> str:
        """Return the account's app id."""
        return self._settings.app_id

    @property
    def timeout_seconds(self) -> tuple[float, float]:
        """Return how long a call may take (connect, read)."""
        return self._settings.timeout_seconds

    def credentials(self, grant_type: str) -> dict[str, str | None]:
        """Return what calls without an access token carry."""
        settings = self._settings
        return {"appid": settings.app_id, "secret": settings.app_secret, "grant_type": grant_type}

    def ask(self, path: str, params: Params, data: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Call without an access token (GET unless ``data``), once more after a passing failure."""
        return _only_json(self._call_again(path, {**params, "access_token": None}, data))

    def ask_with_token(
        self, path: str, data: Mapping[str, Any] | None = None, params: Params | None = None
    ) -> dict[str, Any]:
        """Call with the access token, once more after a passing failure or with a new token."""
        return _only_json(self._with_token(path, data, params))

    def fetch(self, path: str, data: Mapping[str, Any]) -> bytes:
        """Call as ``ask_with_token`` does, for an answer that is a file."""
        result = self._with_token(path, data, None)
        if not isinstance(result, bytes):
            raise Passing(NOT_UNDERSTOOD, "WeChat's answer was not a file")
        return result

    def send(self, path: str, data: Mapping[str, Any]) -> dict[str, Any]:
        """Send a message: never again once the request may have left, except with a new token after WeChat
        refused the old one and so did nothing.

        Raises Unknown when the request had left without an answer; all other errors mean not sent.
        """
        token = self._token_to_send()
        first = send_once(self._client(), path, {"access_token": token}, data)
        if isinstance(first, WeChatError) and first.code in TOKEN_REJECTED:
            renewed = {"access_token": self._token_to_send(token)}
            first = send_once(self._client(), path, renewed, data)
        if isinstance(first, WeChatError):
            raise first
        return first

    def _token_to_send(self, rejected: str | None = None) -> str:
        """Return a token for a message: however the question for it ended, the message has not left, nor is it to blame."""
        try:
            return self._tokens.current() if rejected is None else self._tokens.renew(rejected)
        except Passing as error:
            raise Passing(error.code, error.message) from None
        except (Permanent, UserRefused) as error:
            raise Configuration(error.code, error.message) from None

    def _with_token(
        self, path: str, data: Mapping[str, Any] | None, params: Params | None
    ) -> dict[str, Any] | bytes:
        token = self._tokens.current()
        more = params or {}
        try:
            return self._call_again(path, {**more, "access_token": token}, data)
        except WeChatError as error:
            if error.code not in TOKEN_REJECTED:
                raise
        result = call_raw(self._client(), path, {**more, "access_token": self._tokens.renew(token)}, data)
        if isinstance(result, WeChatError):
            raise result
        return result

    def _call_again(
        self, path: str, params: Params, data: Mapping[str, Any] | None
    ) -> dict[str, Any] | bytes:
        first = call_raw(self._client(), path, params, data)
        if not isinstance(first, WeChatError):
            return first
        if not isinstance(first, Passing) or first.code not in _AGAIN:
            raise first
        time.sleep(_PAUSE_SECONDS)
        second = call_raw(self._client(), path, params, data)
        if not isinstance(second, WeChatError):
            return second
        # Our own first try may have used up the code before its answer was lost.
        raise first if isinstance(second, InvalidCode) else second

    def _fetch_token(self) -> Token:
        asked_at = int(time.time())
        answer = self.ask(_STABLE_TOKEN, {}, self.credentials("client_credential"))
        seconds = answer.get("expires_in")
        if not isinstance(seconds, int):
            raise Passing(NOT_UNDERSTOOD, "WeChat's answer lacks expires_in")
        return Token(text_of(answer, "access_token"), asked_at + seconds)

    def _client(self) -> SafeClient:
        # requests sessions are not thread-safe; a thread keeps its own, with its open connection.
        client: SafeClient | None = getattr(self._local, "client", None)
        if client is None:
            client = self._local.client = SafeClient(self._settings, self._tokens.current)
        return client


def send_once(
    client: SafeClient, path: str, params: Params, data: Mapping[str, Any]
) -> dict[str, Any] | WeChatError:
    """Call once; where the request had left and the outcome is open, return Unknown."""
    answer = call(client, path, params, data)
    if isinstance(answer, Passing) and answer.may_be_done:
        return Unknown(answer.code, answer.message)
    return answer


def text_of(answer: Mapping[str, Any], name: str) -> str:
    """Return a text of an answer; raises Passing when it is not there."""
    value = answer.get(name)
    if not isinstance(value, str) or not value:
        raise Passing(NOT_UNDERSTOOD, f"WeChat's answer lacks {name}")
    return value


def _only_json(result: dict[str, Any] | bytes) -> dict[str, Any]:
    if isinstance(result, bytes):
        raise Passing(NOT_UNDERSTOOD, "WeChat's answer was not JSON", may_be_done=True)
    return result
