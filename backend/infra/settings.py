"""Settings from the environment (``GONGJUE_…``), checked once at start."""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

# Public on purpose: demo mode must start with no configuration, and a production start refuses it.
_DEMO_KEY = base64.urlsafe_b64encode(b"gongjue-demo-key-not-for-real-us").decode()
_DEMO_SECRETS = {
    "GONGJUE_WECHAT_APP_SECRET": "demo-secret-0000000000000000000",
    "GONGJUE_WECHAT_OFFICIAL_SECRET": "demo-official-secret-00000000000",
    "GONGJUE_WECHAT_MINI_CALLBACK_TOKEN": "demoMiniCallback00000000000000",
    "GONGJUE_WECHAT_MINI_CALLBACK_AES_KEY": "demoMiniCallbackAesKeyNotForRealUse01234567",
    "GONGJUE_WECHAT_OFFICIAL_CALLBACK_TOKEN": "demoOfficialCallback0000000000",
    "GONGJUE_WECHAT_OFFICIAL_CALLBACK_AES_KEY": "demoOfficialCallbackAesKeyNotForReal0123456",
}
WECHAT_API = "https://api.weixin.qq.com"
_ROBOT = "https://qyapi.weixin.qq.com"
_OPEN = "https://open.weixin.qq.com"
_STATES = ("formal", "trial", "developer")
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
# A key that a person typed by leaning on the keyboard has fewer.
_LEAST_CHARACTERS = 6


class SettingsError(Exception):
    """A setting is missing or unsafe; the text says which and how to mend it."""


@dataclass(frozen=True, slots=True)
class SmsSettings:
    """Text messages: ``transport`` is none, file (demo and rehearsal) or tencent, with its account."""

    transport: str
    file: Path
    secret_id: str = ""
    secret_key: str = field(default="", repr=False)
    app_id: str = ""
    sign: str = ""
    region: str = "ap-guangzhou"


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a process needs to know; secrets are never logged (``repr`` hides them)."""

    mode: str
    database_url: str
    storage_path: Path
    field_keys: tuple[tuple[str, bytes], ...]
    index_keys: tuple[tuple[str, bytes], ...]
    wechat_app_id: str
    wechat_app_secret: str
    wechat_api_base: str
    wechat_official_app_id: str
    wechat_official_secret: str
    wechat_robot_base: str
    wechat_open_base: str
    wechat_state: str
    callback_token_mini: str
    callback_aes_key_mini: str
    callback_token_official: str
    callback_aes_key_official: str
    callback_window_seconds: int
    sms: SmsSettings
    trusted_proxies: int
    public_base_url: str
    rate_limit_storage: str
    pool_size: int
    # Whether outsiders may list and file complaints by the Open311 standard.
    open311: bool

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
        raise SettingsError("GONGJUE_MODE 应为 production、demo 或 rehearsal")
    mini_callback, official_callback = _callback(env, "MINI", mode), _callback(env, "OFFICIAL", mode)
    official = _official(env, mode)
    api_base = _base(env, "GONGJUE_WECHAT_API_BASE", WECHAT_API)
    is_real = api_base == WECHAT_API
    return Settings(
        mode=mode,
        database_url=_database_url(env, mode),
        storage_path=_storage(env),
        field_keys=_field_keys(env, mode),
        index_keys=_index_keys(env, mode),
        wechat_app_id=env.get("GONGJUE_WECHAT_APP_ID", "wxdemo0000000001" if mode != "production" else ""),
        wechat_app_secret=_secret(env, "GONGJUE_WECHAT_APP_SECRET", mode),
        wechat_api_base=api_base,
        wechat_official_app_id=official[0],
        wechat_official_secret=official[1],
        # Whoever points the product at a simulator means all of WeChat.
        wechat_robot_base=_base(env, "GONGJUE_WECHAT_ROBOT_BASE", _ROBOT if is_real else api_base),
        wechat_open_base=_base(env, "GONGJUE_WECHAT_OPEN_BASE", _OPEN if is_real else api_base),
        wechat_state=_one_of(env, "GONGJUE_WECHAT_STATE", _STATES, "formal"),
        callback_token_mini=mini_callback[0],
        callback_aes_key_mini=mini_callback[1],
        callback_token_official=official_callback[0],
        callback_aes_key_official=official_callback[1],
        callback_window_seconds=_window(env),
        sms=_sms(env, mode),
        trusted_proxies=_integer(env, "GONGJUE_TRUSTED_PROXIES", 0),
        public_base_url=env.get("GONGJUE_PUBLIC_BASE_URL", "http://127.0.0.1:8000").rstrip("/"),
        rate_limit_storage=env.get("GONGJUE_RATE_LIMIT_STORAGE", "memory://"),
        pool_size=_integer(env, "GONGJUE_POOL_SIZE", 4),
        open311=_one_of(env, "GONGJUE_OPEN311", ("on", "off"), "on") == "on",
    )


def _storage(env: Mapping[str, str]) -> Path:
    return Path(env.get("GONGJUE_STORAGE", "var/files"))


def _database_url(env: Mapping[str, str], mode: str) -> str:
    url = env.get("GONGJUE_DATABASE_URL", "sqlite:///var/gongjue.db" if mode != "production" else "")
    if not url:
        # A file read by a shell without quotes loses what stands behind an ampersand, the whole value too.
        raise SettingsError("没有设置 GONGJUE_DATABASE_URL；地址里有 & 等符号时，设置文件中要用单引号括起来")
    for prefix in ("postgresql://", "postgres://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    if not url.startswith(("sqlite:///", "postgresql+psycopg://")):
        raise SettingsError("GONGJUE_DATABASE_URL 应写成 postgresql://… 或 sqlite:///路径")
    return url


def _integer(env: Mapping[str, str], name: str, default: int) -> int:
    text = env.get(name, str(default))
    if not text.isascii() or not text.isdigit():
        raise SettingsError(f"{name} 应为非负整数，不是 {text!r}")
    return int(text)


def _one_of(env: Mapping[str, str], name: str, known: tuple[str, ...], default: str) -> str:
    value = env.get(name, default)
    if value not in known:
        raise SettingsError(f"{name} 应为 {'、'.join(known)} 之一")
    return value


def _base(env: Mapping[str, str], name: str, default: str) -> str:
    """Read a server's address: TLS, except on this machine, for secrets go there."""
    text = env.get(name, default).rstrip("/")
    parts = urlsplit(text)
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    if not is_safe or not parts.hostname or parts.path or parts.query:
        raise SettingsError(f"{name} 应为 https://主机[:端口]，只有本机地址可用 http")
    return text


def _secret(env: Mapping[str, str], name: str, mode: str) -> str:
    """Read a secret; production takes none that is short, uniform or the demo's."""
    value = env.get(name, "")
    if mode != "production":
        return value or _DEMO_SECRETS.get(name, "")
    if len(value) < 16:
        raise SettingsError(f"{name} 没有设置，或者不足 16 个字符")
    if value == _DEMO_SECRETS.get(name) or len(set(value)) < _LEAST_CHARACTERS:
        raise SettingsError(f"{name} 太简单，或者是公开的演示值")
    return value


def _official(env: Mapping[str, str], mode: str) -> tuple[str, str]:
    """Read the Official Account's id and secret; both empty: there is none."""
    id_name, secret_name = "GONGJUE_WECHAT_OFFICIAL_APP_ID", "GONGJUE_WECHAT_OFFICIAL_SECRET"
    app_id = env.get(id_name, "wxdemoofficial01" if mode != "production" else "")
    if not app_id:
        if env.get(secret_name):
            raise SettingsError(f"设置了 {secret_name}，却没有设置 {id_name}")
        return "", ""
    return app_id, _secret(env, secret_name, mode)


def _callback(env: Mapping[str, str], account: str, mode: str) -> tuple[str, str]:
    """Read token and key of an account's callbacks; both empty: WeChat does not call us."""
    names = (f"GONGJUE_WECHAT_{account}_CALLBACK_TOKEN", f"GONGJUE_WECHAT_{account}_CALLBACK_AES_KEY")
    if mode == "production" and not any(env.get(name) for name in names):
        return "", ""
    token, key = (_secret(env, name, mode) for name in names)
    # WeChat's own forms: 3 to 32 and 43 letters and digits.
    for name, value, length in ((names[0], token, range(3, 33)), (names[1], key, range(43, 44))):
        if not (value.isascii() and value.isalnum() and len(value) in length):
            span = f"{length[0]}" if len(length) == 1 else f"{length[0]} 到 {length[-1]}"
            raise SettingsError(f"{name} 应为 {span} 位字母和数字")
    return token, key


def _window(env: Mapping[str, str]) -> int:
    """Read how old (or how far ahead) a callback's signature may be, in seconds."""
    name = "GONGJUE_WECHAT_CALLBACK_WINDOW"
    seconds = _integer(env, name, 300)
    if not 30 <= seconds <= 3600:
        raise SettingsError(f"{name} 应在 30 到 3600 秒之间")
    return seconds


def _sms(env: Mapping[str, str], mode: str) -> SmsSettings:
    is_real = mode == "production"
    name = "GONGJUE_SMS_TRANSPORT"
    transport = _one_of(env, name, ("none", "file", "tencent"), "none" if is_real else "file")
    file = Path(env.get("GONGJUE_SMS_FILE") or _storage(env).with_name("sms.jsonl"))
    if transport == "file" and is_real:
        raise SettingsError(f"{name}=file 不会真的发送，只能用于演示和演练")
    if transport != "tencent":
        return SmsSettings(transport, file)
    names = ("GONGJUE_SMS_SECRET_ID", "GONGJUE_SMS_SECRET_KEY", "GONGJUE_SMS_APP_ID", "GONGJUE_SMS_SIGN")
    for missing in (name for name in names if not env.get(name)):
        raise SettingsError(f"GONGJUE_SMS_TRANSPORT 为 tencent，却没有设置 {missing}")
    secret_id, secret_key, app_id, sign = (env[name] for name in names)
    region = env.get("GONGJUE_SMS_REGION", "ap-guangzhou")
    return SmsSettings(transport, file, secret_id, secret_key, app_id, sign, region)


def _decode_key(name: str, text: str, mode: str) -> bytes:
    try:
        key = base64.urlsafe_b64decode(text)
    except (binascii.Error, ValueError) as error:
        raise SettingsError(f"{name} 不是 base64；用 gongjue keys new 生成") from error
    if len(key) != 32:
        raise SettingsError(f"{name} 应为 32 字节的 base64；用 gongjue keys new 生成")
    if mode == "production" and (text == _DEMO_KEY or len(set(key)) < 12):
        raise SettingsError(f"{name} 太简单，或者是公开的演示密钥；用 gongjue keys new 生成")
    return key


def _index_keys(env: Mapping[str, str], mode: str) -> tuple[tuple[str, bytes], ...]:
    """Read ``id:base64,id:base64`` or one key without an id; the first indexes, all are looked under."""
    name = "GONGJUE_INDEX_KEY"
    text = env.get(name, _DEMO_KEY if mode != "production" else "")
    named, _, last = text.rpartition(",")
    if ":" in last:
        return _named_keys(name, text, mode)
    # The key of before there were ids; what it has indexed carries none.
    return (*(_named_keys(name, named, mode) if named else ()), ("", _decode_key(name, last, mode)))


def _field_keys(env: Mapping[str, str], mode: str) -> tuple[tuple[str, bytes], ...]:
    """Read ``id:base64,id:base64``; the first encrypts, all decrypt."""
    name = "GONGJUE_FIELD_KEYS"
    return _named_keys(name, env.get(name, f"demo:{_DEMO_KEY}" if mode != "production" else ""), mode)


def _named_keys(name: str, text: str, mode: str) -> tuple[tuple[str, bytes], ...]:
    keys: list[tuple[str, bytes]] = []
    for part in filter(None, text.split(",")):
        key_id, colon, encoded = part.partition(":")
        if not colon or not key_id.isalnum() or len(key_id) > 16:
            raise SettingsError(f"{name} 应写成 编号:base64,编号:base64")
        keys.append((key_id, _decode_key(name, encoded, mode)))
    if not keys or len({key_id for key_id, _ in keys}) != len(keys):
        raise SettingsError(f"{name} 至少要有一把密钥，编号各不相同；用 gongjue keys new 生成")
    return tuple(keys)
