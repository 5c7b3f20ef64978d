"""Settings from the environment (``GONGJUE_…``), checked once at start."""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

# Public on purpose: demo mode must start with no configuration, and a production start refuses it.
_DEMO_KEY = base64.urlsafe_b64encode(b"gongjue-demo-key-not-for-real-us").decode()


class SettingsError(Exception):
    """A setting is missing or unsafe; the text says which and how to mend it."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a process needs to know; secrets are never logged (``repr`` hides them)."""

    mode: str
    database_url: str
    storage_path: Path
    field_keys: tuple[tuple[str, bytes], ...]
    index_key: bytes
    wechat_app_id: str
    wechat_app_secret: str
    wechat_api_base: str
    trusted_proxies: int
    public_base_url: str
    rate_limit_storage: str
    pool_size: int

    def __repr__(self) -> str:
        """Show the mode only."""
        return f"Settings(mode={self.mode!r})"

    @property
    def is_sqlite(self) -> bool:
        """Tell whether the database is the embedded one."""
        return self.database_url.startswith("sqlite")


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings; raise SettingsError naming the variable and the remedy."""
    env = os.environ if environ is None else environ
    mode = env.get("GONGJUE_MODE", "production")
    if mode not in ("production", "demo", "rehearsal"):
        raise SettingsError("GONGJUE_MODE must be production, demo or rehearsal")
    return Settings(
        mode=mode,
        database_url=_database_url(env),
        storage_path=Path(env.get("GONGJUE_STORAGE", "var/files")),
        field_keys=_field_keys(env, mode),
        index_key=_key(env, "GONGJUE_INDEX_KEY", mode),
        wechat_app_id=env.get("GONGJUE_WECHAT_APP_ID", "wxdemo0000000001" if mode != "production" else ""),
        wechat_app_secret=_secret(env, "GONGJUE_WECHAT_APP_SECRET", mode),
        wechat_api_base=env.get("GONGJUE_WECHAT_API_BASE", "https://api.weixin.qq.com"),
        trusted_proxies=_integer(env, "GONGJUE_TRUSTED_PROXIES", 0),
        public_base_url=env.get("GONGJUE_PUBLIC_BASE_URL", "http://127.0.0.1:8000").rstrip("/"),
        rate_limit_storage=env.get("GONGJUE_RATE_LIMIT_STORAGE", "memory://"),
        pool_size=_integer(env, "GONGJUE_POOL_SIZE", 4),
    )


def _database_url(env: Mapping[str, str]) -> str:
    url = env.get("GONGJUE_DATABASE_URL", "sqlite:///var/gongjue.db")
    for prefix in ("postgresql://", "postgres://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    if not url.startswith(("sqlite:///", "postgresql+psycopg://")):
        raise SettingsError("GONGJUE_DATABASE_URL must be sqlite:///path or postgresql://…")
    return url


def _integer(env: Mapping[str, str], name: str, default: int) -> int:
    text = env.get(name, str(default))
    if not text.isascii() or not text.isdigit():
        raise SettingsError(f"{name} must be a whole number, not {text!r}")
    return int(text)


def _secret(env: Mapping[str, str], name: str, mode: str) -> str:
    value = env.get(name, "")
    if mode != "production":
        return value or "demo-secret-0000000000000000000"
    if len(value) < 16:
        raise SettingsError(f"{name} is missing or shorter than 16 characters")
    return value


def _decode_key(name: str, text: str, mode: str) -> bytes:
    try:
        key = base64.urlsafe_b64decode(text)
    except (binascii.Error, ValueError) as error:
        raise SettingsError(f"{name} is not base64; make one with: gongjue keys new") from error
    if len(key) != 32:
        raise SettingsError(f"{name} must be 32 bytes of base64; make one with: gongjue keys new")
    if mode == "production" and (text == _DEMO_KEY or len(set(key)) < 12):
        raise SettingsError(f"{name} is weak or the public demo key; make one with: gongjue keys new")
    return key


def _key(env: Mapping[str, str], name: str, mode: str) -> bytes:
    text = env.get(name, _DEMO_KEY if mode != "production" else "")
    return _decode_key(name, text, mode)


def _field_keys(env: Mapping[str, str], mode: str) -> tuple[tuple[str, bytes], ...]:
    """Read ``id:base64,id:base64``; the first encrypts, all decrypt."""
    name = "GONGJUE_FIELD_KEYS"
    text = env.get(name, f"demo:{_DEMO_KEY}" if mode != "production" else "")
    keys: list[tuple[str, bytes]] = []
    for part in filter(None, text.split(",")):
        key_id, colon, encoded = part.partition(":")
        if not colon or not key_id.isalnum() or len(key_id) > 16:
            raise SettingsError(f"{name} must look like id:base64,id:base64")
        keys.append((key_id, _decode_key(name, encoded, mode)))
    if not keys or len({key_id for key_id, _ in keys}) != len(keys):
        raise SettingsError(f"{name} needs at least one key, each with its own id: gongjue keys new")
    return tuple(keys)
