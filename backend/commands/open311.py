"""``gongjue open311``: keys with which outside systems file complaints by the Open311 standard."""

from __future__ import annotations

import argparse
import sys
from datetime import date, timedelta
from typing import Any

from backend.identity.rules.api_keys import USUAL_A_DAY, USUAL_DAYS

MOST_SHOWN = 200


def add_parser(subparsers: Any) -> None:
    """Register ``open311 key create``, ``key list`` and ``key revoke``."""
    parser = subparsers.add_parser("open311", help="Open311 开放接口：接入密钥")
    things = parser.add_subparsers(dest="thing", required=True, metavar="THING")
    key = things.add_parser("key", help="接入密钥：发放、列出、停用")
    actions = key.add_subparsers(dest="action", required=True, metavar="ACTION")
    create = actions.add_parser("create", help="发放一把密钥（只显示一次）")
    create.add_argument("--organisation", required=True, metavar="CODE_OR_ID", help="密钥适用的机构及其下级")
    create.add_argument("--name", required=True, help="接入方的名称")
    create.add_argument("--days", type=int, default=USUAL_DAYS, metavar="N", help="多少天后到期")
    create.add_argument(
        "--daily-limit", type=int, default=USUAL_A_DAY, metavar="N", help="24 小时内最多提交多少件"
    )
    create.set_defaults(run=run_create)
    listing = actions.add_parser("list", help="列出密钥（不显示密钥本身）")
    listing.add_argument("--organisation", metavar="CODE_OR_ID", help="只列这个机构及其下级的")
    listing.set_defaults(run=run_list)
    revoke = actions.add_parser("revoke", help="立即停用一把密钥")
    revoke.add_argument("key_id", metavar="ID")
    revoke.set_defaults(run=run_revoke)


def run_create(args: argparse.Namespace) -> int:
    """Make a key and print it once."""
    from backend.commands._console import commit
    from backend.identity import service
    from backend.kernel.clock import local_date

    def action(ctx: Any) -> Any:
        organisation_id = _organisation(ctx, args.organisation)
        if organisation_id is None:
            return None
        expires_on = _in_days(local_date(ctx.clock.now()), args.days)
        command = service.CreateApiKey(organisation_id, args.name, expires_on, args.daily_limit)
        return service.create_api_key(ctx, command)

    made = commit(action)
    if made is None:
        return 2
    print(f"密钥（只显示一次，请交给接入方保管）：{made.secret}")
    print(f"ID {made.view.id}，到期 {_day(made.view.expires_at)}")
    return 0


def run_list(args: argparse.Namespace) -> int:
    """Print a line per key."""
    from backend.commands._console import commit
    from backend.identity import service

    def action(ctx: Any) -> Any:
        organisation_id = None
        if args.organisation is not None:
            organisation_id = _organisation(ctx, args.organisation)
            if organisation_id is None:
                return None
        return service.list_api_keys(ctx, organisation_id, MOST_SHOWN)

    found = commit(action)
    if found is None:
        return 2
    for key in found:
        state = "已停用" if key.revoked_at else f"到期 {_day(key.expires_at)}"
        used = key.last_used_on.isoformat() if key.last_used_on else "未用过"
        print(f"{key.id}  …{key.hint}  {state}  上次使用 {used}  {key.name}")
    return 0


def run_revoke(args: argparse.Namespace) -> int:
    """End a key at once."""
    from backend.commands._console import commit
    from backend.identity import service

    commit(lambda ctx: service.revoke_api_key(ctx, args.key_id))
    print(f"已停用 {args.key_id}")
    return 0


def _organisation(ctx: Any, code_or_id: str) -> str | None:
    from backend.registry.service import find_organisation

    found = find_organisation(ctx, code_or_id)
    if len(found) == 1:
        return str(found[0].id)
    choices = "；".join(f"{node.id} {node.name}" for node in found) or "没有匹配的机构"
    print(f"请用 --organisation 指明一个机构：{choices}", file=sys.stderr)
    return None


def _in_days(today: date, days: int) -> date:
    # Beyond any calendar the service's own limit answers.
    return today + timedelta(days=min(max(days, 0), 10_000))


def _day(instant: Any) -> str:
    """Return the last day of a key, which ends with it."""
    from backend.kernel.clock import local_date

    return local_date(instant - timedelta(seconds=1)).isoformat()
