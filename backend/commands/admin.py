"""``gongjue admin``: staff accounts from the server's console."""

from __future__ import annotations

import argparse
import secrets
import sys
from typing import Any

from backend.commands._console import commit
from backend.kernel.access import Role

ROOT_KINDS = ("province", "city", "county", "town", "community")


class Unclear(Exception):
    """The command does not say enough; the text says what is missing."""


def add_parser(subparsers: Any) -> None:
    """Register ``admin create``, ``admin reset-password`` and ``admin totp``."""
    parser = subparsers.add_parser("admin", help="工作人员账号：新建、重设密码、动态码")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    _add_create(actions.add_parser("create", help="新建工作人员账号，并授予一个角色"))
    reset = actions.add_parser("reset-password", help="重设密码，并让此人在所有设备上退出")
    reset.add_argument("username")
    _add_password_option(reset)
    reset.set_defaults(run=reset_password)
    totp = actions.add_parser("totp", help="启用（或用 --off 关闭）登录动态码")
    totp.add_argument("username")
    totp.add_argument("--off", action="store_true", help="关闭动态码")
    totp.set_defaults(run=set_totp)


def _add_create(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("username")
    parser.add_argument("--name", required=True, help="姓名")
    parser.add_argument("--role", choices=[role.value for role in Role], default=Role.ADMINISTRATOR.value)
    parser.add_argument(
        "--organisation", metavar="CODE_OR_ID", help="管辖的组织（编号或 ID）；只有一个顶级组织时可省略"
    )
    parser.add_argument("--estate", metavar="ID", help="只管这个小区")
    parser.add_argument(
        "--create-root",
        nargs=3,
        metavar=("KIND", "CODE", "NAME"),
        help=f"先新建顶级组织，KIND 为 {'、'.join(ROOT_KINDS)} 之一",
    )
    _add_password_option(parser)
    parser.set_defaults(run=create)


def _add_password_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--password-stdin", action="store_true", help="从标准输入读密码（一行）；不给则生成一个并显示一次"
    )


def create(args: argparse.Namespace) -> int:
    """Create the account; prints a generated password once."""
    from backend.identity import service

    password = _password(args)

    def action(ctx: Any) -> str:
        organisation_id = _organisation(ctx, args)
        grant = service.GrantRole(Role(args.role), organisation_id, args.estate)
        return service.create_staff(ctx, service.CreateStaff(args.username, args.name, password, grant)).id

    try:
        created = commit(action)
    except Unclear as error:
        _complain(str(error))
        return 2
    print(f"已新建账号 {args.username}（{args.role}），ID {created}")
    _show_password(args, password)
    return 0


def _organisation(ctx: Any, args: argparse.Namespace) -> str:
    from backend.registry.service import (
        CreateOrganisation,
        create_organisation,
        find_organisation,
        list_organisations,
    )

    if args.create_root is not None:
        kind, code, name = args.create_root
        if kind not in ROOT_KINDS:
            raise Unclear(f"组织级别 {kind!r} 不对，应为 {'、'.join(ROOT_KINDS)} 之一")
        return str(create_organisation(ctx, CreateOrganisation(None, kind, code, name)).id)
    found = find_organisation(ctx, args.organisation) if args.organisation else list_organisations(ctx, None)
    if len(found) == 1:
        return str(found[0].id)
    if args.organisation is None and not found:
        raise Unclear(
            "还没有任何组织。请加 --create-root KIND CODE NAME，例如 --create-root city 640300 吴忠市"
        )
    choices = "；".join(f"{node.id} {node.name}" for node in found[:20]) or "没有匹配的组织"
    raise Unclear(f"请用 --organisation 指明一个组织：{choices}")


def reset_password(args: argparse.Namespace) -> int:
    """Set a new password and end all sessions of the account."""
    from backend.identity import service

    password = _password(args)
    try:
        commit(lambda ctx: service.reset_password(ctx, args.username, password))
    except LookupError:
        _complain(f"没有在用的工作人员账号 {args.username!r}")
        return 2
    print(f"{args.username} 的密码已重设，所有设备已退出")
    _show_password(args, password)
    return 0


def set_totp(args: argparse.Namespace) -> int:
    """Turn the one-time code on (printing the secret's URI once) or off."""
    from backend.identity import service

    try:
        uri = commit(lambda ctx: service.set_totp(ctx, args.username, is_on=not args.off))
    except LookupError:
        _complain(f"没有在用的工作人员账号 {args.username!r}")
        return 2
    print("动态码已关闭" if uri is None else f"请本人用验证器应用添加（只显示一次）：\n{uri}")
    return 0


def _password(args: argparse.Namespace) -> str:
    if args.password_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    return secrets.token_urlsafe(12)


def _show_password(args: argparse.Namespace, password: str) -> None:
    if not args.password_stdin:
        print(f"密码（只显示一次，请登录后立即修改）：{password}")


def _complain(text: str) -> None:
    print(text, file=sys.stderr)
