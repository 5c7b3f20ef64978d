"""The checks of ``gongjue doctor``: each reads only, says one thing, and never a stored value."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from backend.bootstrap import build_ports
from backend.commands import _stored_values as stored
from backend.commands._checks_messages import examine_messages
from backend.commands._finding import Finding, State
from backend.infra.columns import to_micros
from backend.infra.context import Ports
from backend.infra.database import db_now, open_session
from backend.infra.heartbeat import bot_age, is_silent
from backend.infra.installation import installation_mode
from backend.infra.settings import Settings, SettingsError, load_settings
from backend.kernel.clock import local_date
from backend.kernel.files import reason_of
from backend.policies.queries import calendars
from backend.policies.rules.periods import look_up
from migrations import runner

CHECKPOINT_AGE = timedelta(hours=2)
CLOCKS_APART = timedelta(seconds=2)
LEAST_FREE = 1024**3
SAMPLED_FILES = 20
CALENDAR_AHEAD = timedelta(days=60)

# Votes and events that are two hours old and under no checkpoint: somebody could still change them unseen.
_UNCOVERED = """
SELECT (SELECT count(*) FROM vote JOIN ballot ON ballot.id = vote.ballot_id
        WHERE ballot.state IN ('open', 'counting', 'preliminary', 'suspended') AND vote.cast_at < :before
          AND (vote.leaf_no IS NULL OR vote.leaf_no >= COALESCE((SELECT max(size) FROM ledger_checkpoint
               WHERE tree = 'ballot:' || ballot.id), 0)))
     + (SELECT count(*) FROM ledger_event WHERE at < :before
          AND (leaf_no IS NULL OR leaf_no >= COALESCE((SELECT max(size) FROM ledger_checkpoint
               WHERE tree = 'events'), 0)))
"""


def examine() -> Iterator[Finding]:
    """Yield the findings in the order in which they should be mended; what cannot be asked is left out."""
    try:
        settings = load_settings()
    except SettingsError as error:
        yield Finding(State.WRONG, "设置", str(error))
        return
    yield from _settings(settings)
    yield _storage(settings)
    yield from _disks(settings)
    ports = build_ports(settings)
    try:
        database = _database(ports)
        yield database
        if not database.is_wrong:
            yield from _inside(ports)
    finally:
        ports.engine.dispose()


def _inside(ports: Ports) -> Iterator[Finding]:
    for check in (_mode, _clock, _keys, _heartbeat, _checkpoints, _calendar):
        yield check(ports)
    yield from examine_messages(ports)


def _verdict(name: str, faults: list[str], good: str) -> Finding:
    return Finding(State.WRONG, name, "；".join(faults)) if faults else Finding(State.RIGHT, name, good)


def _settings(settings: Settings) -> Iterator[Finding]:
    is_real = settings.mode == "production"
    faults = []
    if is_real and not settings.public_base_url.startswith("https://"):
        faults.append("GONGJUE_PUBLIC_BASE_URL 应为居民能打开的 https 网址（印在信件的二维码里）")
    if is_real and not settings.wechat_app_id:
        faults.append("没有设置 GONGJUE_WECHAT_APP_ID")
    yield _verdict("设置", faults, f"用途 {settings.mode}")
    if is_real and settings.is_sqlite:
        yield Finding(State.NOTE, "设置", "正式运行建议使用 PostgreSQL")
    if is_real and not settings.trusted_proxies:
        yield Finding(
            State.NOTE, "设置", "GONGJUE_TRUSTED_PROXIES 为 0：若前面有代理，限流会把所有人当成一个"
        )


def _storage(settings: Settings) -> Finding:
    root = settings.storage_path
    try:
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=root) as probe:
            probe.write(b"gongjue")
            probe.flush()
            os.fsync(probe.fileno())
    except OSError as error:
        return Finding(State.WRONG, "文件目录", f"{root} 不能写入：{reason_of(error)}")
    return Finding(State.RIGHT, "文件目录", f"{root} 可以写入")


def _disks(settings: Settings) -> Iterator[Finding]:
    places = [settings.storage_path]
    if settings.is_sqlite:
        places.append(Path(settings.database_url.removeprefix("sqlite:///")).parent)
    for place in dict.fromkeys(path for path in places if path.is_dir()):
        free = shutil.disk_usage(place).free
        faults = [f"{place} 只剩 {free // 1024**2} MiB"] if free < LEAST_FREE else []
        yield _verdict("磁盘", faults, f"{place} 剩 {free // 1024**3} GiB")


def _database(ports: Ports) -> Finding:
    try:
        current = runner.current_revision(ports.engine)
    except SQLAlchemyError:
        return Finding(State.WRONG, "数据库", "连接不上，请检查 GONGJUE_DATABASE_URL 与数据库服务")
    head = runner.head_revision()
    faults = [f"版本是 {current or '空'}，程序要 {head}：请执行 gongjue migrate"] if current != head else []
    return _verdict("数据库", faults, f"可以连接，版本 {head}")


def _mode(ports: Ports) -> Finding:
    found, said = installation_mode(ports.engine), ports.settings.mode
    faults = [f"数据库是 {found}，GONGJUE_MODE 是 {said}"] if found != said else []
    return _verdict("用途", faults, found)


def _clock(ports: Ports) -> Finding:
    with open_session(ports.engine, read_only=True) as session:
        apart = datetime.now(UTC) - db_now(session)
    words = f"本机与数据库相差 {abs(apart.total_seconds()):.1f} 秒"
    if abs(apart) > CLOCKS_APART:
        words += "；截止以数据库时钟为准，请检查数据库主机的校时"
    return Finding(State.NOTE, "时钟", words)


def _keys(ports: Ports) -> Finding:
    faults = [*stored.unreadable_values(ports), *stored.unreadable_files(ports, SAMPLED_FILES)]
    return _verdict("密钥", faults, f"能打开已存的内容，当前密钥 {ports.vault.current_key_id}")


def _heartbeat(ports: Ports) -> Finding:
    age = bot_age(ports.engine)
    if age is None:
        return Finding(State.WRONG, "后台任务", "从未有过心跳，请启动 gongjue bot")
    words = f"心跳在 {age.total_seconds():.0f} 秒前"
    return _verdict("后台任务", [words] if is_silent(age) else [], words)


def _checkpoints(ports: Ports) -> Finding:
    with open_session(ports.engine, read_only=True) as session:
        before = db_now(session) - CHECKPOINT_AGE
        bound: Any = before if ports.engine.dialect.name == "postgresql" else to_micros(before)
        count = session.connection().execute(text(_UNCOVERED), {"before": bound}).scalar_one()
    faults = [f"有 {count} 条两小时前的选票或事件还没有检查点，请检查 gongjue bot"] if count else []
    return _verdict("检查点", faults, "两小时前的选票和事件都在检查点之内")


def _calendar(ports: Ports) -> Finding:
    """Warn while there is time: beyond the known holidays every deadline is provisional."""
    with open_session(ports.engine, read_only=True) as session:
        day = local_date(db_now(session)) + CALENDAR_AHEAD
        found = look_up(day, calendars(session))
    if found.is_provisional:
        text = f"{day.year} 年的节假日安排还没有录入，跨年期限都是暂定的；国务院通知后请执行：gongjue calendar load 文件"
        return Finding(State.NOTE, "节假日", text)
    return Finding(State.RIGHT, "节假日", f"已知到 {day.year} 年")
