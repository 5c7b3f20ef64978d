"""wechatpy, kept from doing harm: another host, timeouts everywhere, never its own token or retries."""

from __future__ import annotations

import logging
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import NewConnectionError
from wechatpy.client import WeChatClient
from wechatpy.exceptions import WeChatClientException

from backend.infra.wechat.errors import (
    NO_CONNECTION,
    NOT_UNDERSTOOD,
    NOT_WRITABLE,
    TIMED_OUT,
    Configuration,
    Passing,
    Permanent,
    WeChatError,
    error_of,
)

API = "https://api.weixin.qq.com"
ROBOT_API = "https://qyapi.weixin.qq.com"
# An idle connection may be closed by WeChat in the moment we use it, and then nobody knows what arrived.
_IDLE_SECONDS = 10.0
# Refused before anything was done; other server errors leave that open.
_NOT_DONE_STATUS = frozenset({429, 503})
_LOOPBACK = ("127.0.0.1", "localhost", "::1")

# urllib3 writes whole request lines at DEBUG, and ours carry the app secret, tokens and codes.
logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)

Params = Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class WeChatSettings:
    """The app's account and where WeChat's servers are; timeouts in seconds (connect, read)."""

    app_id: str
    app_secret: str = field(repr=False)
    api_base: str = API
    timeout_seconds: tuple[float, float] = (3, 5)

    def __post_init__(self) -> None:
        """Refuse an address without TLS, except on this machine: it would show the app secret."""
        parts = urlsplit(self.api_base)
        if not parts.hostname or parts.path.strip("/") or parts.query:
            raise ValueError("api_base must be scheme://host[:port]")
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
            raise ValueError("api_base must be https, or http on a loopback address")


class RewriteAdapter(HTTPAdapter):
    """Sends what is meant for WeChat's host to another one; wechatpy has its host built in."""

    def __init__(self, api_base: str) -> None:
        self._target = urlsplit(api_base)
        super().__init__(pool_connections=1, pool_maxsize=1)

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """Swap scheme and host; go there directly, since proxies were chosen for the original host."""
        parts = urlsplit(str(request.url))
        request.url = urlunsplit(parts._replace(scheme=self._target.scheme, netloc=self._target.netloc))
        kwargs["proxies"] = {}
        return super().send(request, *args, **kwargs)


class SafeClient(WeChatClient):
    """One thread's wechatpy client of one host; ``token`` supplies the token to wechatpy's own methods."""

    def __init__(self, settings: WeChatSettings, token: Callable[[], str], host: str = API) -> None:
        super().__init__(  # type: ignore[no-untyped-call]  # wechatpy is untyped
            settings.app_id, settings.app_secret, timeout=settings.timeout_seconds, auto_retry=False
        )
        self._token = token
        self.host = host
        self._used_at = time.monotonic()
        if settings.api_base.rstrip("/") != host:
            self._http.mount(host, RewriteAdapter(settings.api_base))
            # Looking for proxies and netrc costs as much as the call; this host is reached directly.
            self._http.trust_env = False

    def refresh(self) -> None:
        """Drop a connection that has been idle for long."""
        now = time.monotonic()
        if now - self._used_at > _IDLE_SECONDS:
            self._http.close()
        self._used_at = now

    @property
    def access_token(self) -> str:
        """Return the shared stable token; wechatpy's own would invalidate that of other processes."""
        return self._token()


def call(
    client: SafeClient, path: str, params: Params, data: Mapping[str, Any] | None
) -> dict[str, Any] | WeChatError:
    """Call WeChat once: GET, or POST where ``data`` is given; ``params`` must name ``access_token``.

    Failures are returned, not raised: an exception raised here would drag along wechatpy's, which holds
    the request and with it the secret and the code.
    """
    result = call_raw(client, path, params, data)
    return (
        result if isinstance(result, dict | WeChatError) else _not_understood("WeChat's answer was not JSON")
    )


def call_raw(
    client: SafeClient, path: str, params: Params, data: Mapping[str, Any] | None
) -> dict[str, Any] | bytes | WeChatError:
    """Do what ``call`` does; an answer that is no JSON is returned as it came."""
    client.refresh()
    send: Callable[..., Any] = client.get if data is None else client.post
    body = {} if data is None else {"data": dict(data)}
    try:
        result = send(client.host + path, params=dict(params), **body)
    except WeChatClientException as error:
        return _refusal(error)
    except requests.RequestException as error:
        return _failure(error)
    except UnicodeEncodeError:
        return Permanent(NOT_WRITABLE, "a text holds half a character")  # nothing left
    except (TypeError, ValueError):
        return _not_understood("WeChat's answer was not understood")
    if isinstance(result, requests.Response):
        return result.content
    return result if isinstance(result, dict) else _not_understood("WeChat's answer was no object")


def _not_understood(message: str) -> Passing:
    return Passing(NOT_UNDERSTOOD, message, may_be_done=True)


def _failure(error: requests.RequestException) -> WeChatError:
    if isinstance(error, requests.ConnectTimeout):
        return Passing(TIMED_OUT, "WeChat could not be reached in time")
    if isinstance(error, requests.Timeout):
        return Passing(TIMED_OUT, "WeChat did not answer in time", may_be_done=True)
    reason = getattr(error.args[0], "reason", None) if error.args else None
    inner = reason.args[0] if isinstance(reason, Exception) and reason.args else None
    never_left = isinstance(reason, NewConnectionError) or isinstance(inner, ssl.SSLCertVerificationError)
    return Passing(NO_CONNECTION, "the connection to WeChat failed", may_be_done=not never_left)


def _refusal(error: WeChatClientException) -> WeChatError:
    if error.errcode is not None:
        return error_of(error.errcode, str(error.errmsg))
    status = error.response.status_code
    if status >= 500 or status == 429:
        may_be_done = status not in _NOT_DONE_STATUS
        return Passing(NO_CONNECTION, f"WeChat answered with HTTP status {status}", may_be_done=may_be_done)
    return Configuration(NO_CONNECTION, f"the address of WeChat answered with HTTP status {status}")
