"""``gongjue migrate``: create the database or bring it to this version."""

from __future__ import annotations

import argparse
from typing import Any


def add_parser(subparsers: Any) -> None:
    """Register ``migrate``."""
    parser = subparsers.add_parser("migrate", help="建立或升级数据库（可重复执行）")
    parser.set_defaults(run=run)


def run(_args: argparse.Namespace) -> int:
    """Upgrade to the newest revision and write the installation row; safe to repeat."""
    from backend.infra.database import build_engine
    from backend.infra.installation import initialise
    from backend.infra.settings import load_settings
    from migrations import runner

    settings = load_settings()
    engine = build_engine(settings)
    before = runner.current_revision(engine)
    runner.upgrade(engine)
    initialise(engine, settings.mode)
    after = runner.current_revision(engine)
    engine.dispose()
    words = f"数据库已是最新版本 {after}" if before == after else f"数据库已升级：{before or '空'} → {after}"
    print(f"{words}（用途：{settings.mode}）")
    return 0
