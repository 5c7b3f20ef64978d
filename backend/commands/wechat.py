"""``gongjue wechat menu``: publish the Official Account's menu, show it, or take it away."""

from __future__ import annotations

import argparse
import sys
from typing import Any

UNUSABLE = 2


def add_parser(subparsers: Any) -> None:
    """Register ``wechat``."""
    parser = subparsers.add_parser("wechat", help="公众号：发布、查看或删除菜单")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    menu = actions.add_parser("menu", help="发布公众号菜单（已有的菜单会被替换）")
    menu.add_argument("--show", action="store_true", help="只显示，不发布")
    menu.add_argument("--remove", action="store_true", help="删除菜单")
    menu.set_defaults(run=run_menu)


def run_menu(args: argparse.Namespace) -> int:
    """Publish the menu; 1 = WeChat refused, 2 = no Official Account is set up."""
    from backend.bootstrap import build_ports
    from backend.infra.settings import load_settings
    from backend.infra.wechat.errors import WeChatError
    from bot.menu import buttons, lines

    settings = load_settings()
    menu = buttons(settings)
    if args.show:
        print("\n".join(lines(menu)))
        return 0
    ports = build_ports(settings)
    official = ports.gateways.official if ports.gateways is not None else None
    if official is None:
        print("没有设置公众号：请填写 GONGJUE_WECHAT_OFFICIAL_APP_ID。", file=sys.stderr)
        return UNUSABLE
    try:
        if args.remove:
            official.delete_menu()
        else:
            official.set_menu(menu)
    except WeChatError as error:
        print(f"微信没有接受（{error.code}）：{error.message}", file=sys.stderr)
        return 1
    finally:
        ports.engine.dispose()
    print("菜单已删除。" if args.remove else "\n".join(["菜单已发布，手机上最迟一天内更新：", *lines(menu)]))
    return 0
