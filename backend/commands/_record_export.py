"""The database side of ``gongjue record export``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from backend.ballots.service.records import ExportAudit, export_audit, export_public
from backend.identity.service import GrantView, show_staff
from backend.identity.service.staff_login import staff_by_username
from backend.infra.context import Context, Ports
from backend.infra.database import open_session
from backend.kernel.access import SYSTEM, Actor, Grant, Role, Scope
from backend.kernel.clock import local_date
from backend.kernel.errors import FieldError
from backend.kernel.ids import new_id
from backend.registry import queries as registry

WRONG_USE = 2


def export(ports: Ports, args: argparse.Namespace) -> int:
    """Write, verify, commit the event, and only then let the file appear under its name."""
    if args.path.exists():
        print(f"文件 {args.path} 已存在，没有覆盖。", file=sys.stderr)
        return WRONG_USE
    draft = args.path.with_name(f".{args.path.name}.{new_id()}")
    try:
        with open_session(ports.engine) as session:
            ctx = Context(session=session, actor=SYSTEM, ports=ports, request_id="cli")
            actor = find_actor(ctx, args.username)
            if actor is None:
                print(f"没有在职的工作人员 {args.username}。", file=sys.stderr)
                return WRONG_USE
            faults, lines = _write(Context(session, actor, ports, "cli"), args, draft)
            session.commit()
        draft.replace(args.path)
    finally:
        draft.unlink(missing_ok=True)
    print("\n".join([f"已写入 {args.path}", *lines]))
    for fault in faults:
        print(f"  · {fault.where}：{fault.message}", file=sys.stderr)
    return 1 if faults else 0


def _write(ctx: Context, args: argparse.Namespace, draft: Path) -> tuple[tuple[FieldError, ...], list[str]]:
    if args.public:
        record = export_public(ctx, args.ballot, draft)
        return (), [f"公开记录，核验通过。记录指纹：{record.fingerprint}"]
    done = export_audit(ctx, ExportAudit(args.ballot, draft, args.reason, args.keep_faulty))
    verdict = "核验不通过，仅作证据保留：" if done.faults else "核验通过。"
    return done.faults, [
        f"审计记录，{verdict}",
        f"记录指纹：{done.record.fingerprint}",
        f"水印：{done.watermark}（已记入事件记录）",
    ]


def find_actor(ctx: Context, username: str) -> Actor | None:
    """Return the staff member with the roles in force today, None when there is no such active account."""
    try:
        account = staff_by_username(ctx, username)
    except LookupError:
        return None
    today = local_date(ctx.clock.now())
    grants = tuple(
        Grant(Role(row.role), _scope(ctx, row))
        for row in show_staff(ctx, account.id).grants
        if row.revoked_at is None and row.starts_on <= today and (row.ends_on is None or today <= row.ends_on)
    )
    return Actor("staff", account.id, grants=grants)


def _scope(ctx: Context, row: GrantView) -> Scope:
    path = registry.path_of_organisation(ctx.session, row.organisation_id)
    return Scope(path, row.estate_id, row.building_id, row.entrance_id)
