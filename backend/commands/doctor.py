"""``gongjue doctor``: one line per thing that must be right for voting to be safe; exit 1 when one is not."""

from __future__ import annotations

import argparse
from typing import Any

WRONG = 1


def add_parser(subparsers: Any) -> None:
    """Register ``doctor``."""
    parser = subparsers.add_parser("doctor", help="体检：设置、密钥、数据库、后台任务、检查点、磁盘")
    parser.set_defaults(run=run)


def run(_args: argparse.Namespace) -> int:
    """Print every finding; 0 = nothing wrong, 1 = something is."""
    from backend.commands._checks import examine

    is_wrong = False
    for finding in examine():
        print(f"{finding.state.value}  {finding.name}：{finding.text}")
        is_wrong |= finding.is_wrong
    return WRONG if is_wrong else 0
