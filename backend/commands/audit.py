"""``gongjue audit``: hold every row of the database against what was sealed."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from typing import Any

from sqlmodel import Session

from backend.ballots.service.records import announced_ballots, check_ballot, describe_fault
from backend.ballots.tables import Ballot
from backend.commands._console import connected
from backend.infra.context import Ports
from backend.infra.database import open_session
from backend.ledger.queries import TreeFault, check_events
from backend.ledger.service import EVENT_TREE

FAULTY = 1


def add_parser(subparsers: Any) -> None:
    """Register the group ``audit`` with its subcommand ``check``."""
    parser = subparsers.add_parser("audit", help="核对数据库是否被改动")
    group = parser.add_subparsers(dest="audit_command", required=True)
    check = group.add_parser("check", help="由每一行数据重算叶和根，与封存的比较")
    check.add_argument("--json", action="store_true", help="输出 JSON")
    check.set_defaults(run=run_check)


def run_check(args: argparse.Namespace) -> int:
    """Check everything and print what was altered; 0 = nothing, 1 = faults."""
    with connected() as ports:
        return check(ports, as_json=args.json)


def check(ports: Ports, *, as_json: bool) -> int:
    """Check the event tree and every ballot from one snapshot of the database."""
    engine = ports.engine
    if engine.dialect.name == "postgresql":
        # Votes go on being cast and numbered meanwhile: rows and leaves must be of one instant.
        engine = engine.execution_options(isolation_level="REPEATABLE READ")
    faults: list[TreeFault] = []
    checked = 0
    with open_session(engine, read_only=True) as session:
        for found in _trees(session):
            checked += 1
            faults += found
    if as_json:
        rows = [{"tree": fault.tree, "where": fault.where, "what": fault.what} for fault in faults]
        print(json.dumps({"ok": not faults, "trees": checked, "faults": rows}, ensure_ascii=False))
    else:
        print("\n".join(_lines(checked, faults)))
    return FAULTY if faults else 0


def _trees(session: Session) -> Iterator[list[TreeFault]]:
    yield check_events(session)
    for ballot_id in announced_ballots(session):
        yield check_ballot(session, session.get_one(Ballot, ballot_id))


def _lines(checked: int, faults: list[TreeFault]) -> Iterator[str]:
    if not faults:
        yield f"核对完毕：事件记录和 {checked - 1} 次表决的每一行都与封存时相符。"
        yield "提示：能改数据库的人也能重写整棵树，请再把检查点的根与群里和公告上公布的比对。"
        return
    yield f"发现 {len(faults)} 处与封存时不符："
    for fault in faults:
        tree = "事件记录" if fault.tree == EVENT_TREE else f"表决 {fault.tree.partition(':')[2]}"
        said = describe_fault(fault)
        yield f"  · {tree}，{said.where}：{said.message}"
