"""What a database is (for the manifest), and whether a restored one is that again."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy.engine import Engine
from sqlmodel import Session

from backend.ballots.service.records import ExportAudit, announced_ballots, export_audit
from backend.ballots.service.sealing import tree_of
from backend.commands import _stored_values as stored
from backend.commands._backup_files import Facts, TreeHead
from backend.commands.audit import check
from backend.infra.context import Context, Ports
from backend.infra.database import db_now, open_session
from backend.infra.installation import installation_mode
from backend.kernel.access import SYSTEM
from backend.kernel.clock import iso
from backend.kernel.errors import DomainError
from backend.ledger import queries as ledger
from backend.ledger.rules.record_verify import verify
from backend.ledger.service import EVENT_TREE
from migrations import runner

REASON = "恢复备份后核验，不交出"


def read_facts(session: Session, engine: Engine) -> Facts:
    """Read mode, revision and the newest checkpoint of every tree."""
    heads = (_head(session, tree) for tree in _trees(session))
    return Facts(
        at=iso(db_now(session)),
        database=engine.dialect.name,
        mode=installation_mode(engine),
        revision=runner.current_revision(engine) or "",
        trees=tuple(head for head in heads if head is not None),
    )


def _trees(session: Session) -> Iterator[str]:
    yield EVENT_TREE
    for ballot_id in announced_ballots(session):
        yield tree_of(ballot_id)


def _head(session: Session, tree: str) -> TreeHead | None:
    point = ledger.last_checkpoint(session, tree)
    return None if point is None else TreeHead(tree, point.number, point.size, point.root)


def verify_restored(ports: Ports, facts: Facts) -> Iterator[str]:
    """Yield everything that is not as the manifest says or does not verify; the audit prints its own lines."""
    if runner.current_revision(ports.engine) != runner.head_revision():
        yield "数据库版本与程序不一致"
    with open_session(ports.engine, read_only=True) as session:
        for head in facts.trees:
            if _head(session, head.tree) != head:
                yield f"{head.tree} 的最新检查点与备份清单不符"
    if check(ports, as_json=False):
        yield "gongjue audit check 发现不符（见上）"
    yield from _verify_sealed(ports, {head.tree: head.root for head in facts.trees})
    yield from stored.unreadable_values(ports)
    yield from stored.unreadable_files(ports)


def _verify_sealed(ports: Ports, roots: dict[str, str]) -> Iterator[str]:
    """Export each sealed ballot's audit record to a temporary file and verify it against the manifest's root."""
    with open_session(ports.engine, read_only=True) as session:
        sealed = announced_ballots(session, is_sealed=True)
    with tempfile.TemporaryDirectory(prefix="gongjue-verify-") as folder:
        for ballot_id in sealed:
            root = roots.get(tree_of(ballot_id))
            fault = (
                "备份清单没有它的根" if root is None else _verify_one(ports, ballot_id, root, Path(folder))
            )
            if fault:
                yield f"表决 {ballot_id}：{fault}"
    print(f"已重新导出并核验 {len(sealed)} 次已封存的表决。")


def _verify_one(ports: Ports, ballot_id: str, root: str, folder: Path) -> str:
    path = folder / "record.zip"
    # Never committed: nothing is handed out, so no export is to stand in the ledger.
    with open_session(ports.engine) as session:
        try:
            ctx = Context(session=session, actor=SYSTEM, ports=ports, request_id="restore")
            export_audit(ctx, ExportAudit(ballot_id, path, REASON))
        except DomainError as error:
            return "；".join([error.message, *(f"{field.where}：{field.message}" for field in error.fields)])
        finally:
            session.rollback()
    report = verify(path, root)
    path.unlink()
    return "；".join(f"{finding.where}：{finding.what}" for finding in report.findings)
