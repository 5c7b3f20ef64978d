"""``gongjue privacy``: the retention job, for timers and by hand."""

from __future__ import annotations

import argparse
from collections import Counter
from typing import Any

from backend.commands._console import connected


def add_parser(subparsers: Any) -> None:
    """Register ``privacy retention``."""
    parser = subparsers.add_parser("privacy", help="个人信息：到期清理")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    retention = actions.add_parser(
        "retention", help="删去已到期的登录记录、输错记录、未用过的邀请码、绑定证明文件和照片（可重复执行）"
    )
    retention.set_defaults(run=run_retention)


def run_retention(_args: argparse.Namespace) -> int:
    """Delete batch after batch, each in a short transaction, until nothing is due."""
    with connected() as ports:
        deleted = delete_due(ports)
    names = {
        "sessions": "登录记录",
        "failed_tries": "输错记录",
        "known_addresses": "登录地址",
        "unused_invites": "未用邀请码",
        "evidence_files": "绑定证明文件",
        "proof_photos": "有证明照片的绑定",
    }
    print("已清理：" + "，".join(f"{names.get(kind, kind)} {count}" for kind, count in deleted.items()))
    return 0


def delete_due(ports: Any) -> Counter[str]:
    """Run the job to its end and return how many of each kind went."""
    from backend.identity.service import run_retention as one_batch
    from backend.infra.context import Context
    from backend.infra.database import open_session
    from backend.kernel.access import SYSTEM

    deleted: Counter[str] = Counter()
    while True:
        with open_session(ports.engine) as session:
            done = one_batch(Context(session=session, actor=SYSTEM, ports=ports, request_id="retention"))
            session.commit()
        deleted.update(done)
        if not any(done.values()):
            return deleted
