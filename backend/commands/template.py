"""``gongjue template``: which of WeChat's and the text message provider's templates serve which purpose."""

from __future__ import annotations

import argparse
import sys
from typing import Any

CHANNELS = ("subscribe", "official_account", "sms")
PURPOSES = {"reminder": "投票提醒", "record": "登记告知", "result": "结果公示", "follow_up": "办结回访"}


def add_parser(subparsers: Any) -> None:
    """Register ``template list`` and ``template set``."""
    parser = subparsers.add_parser("template", help="消息模板：查看、设置")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    actions.add_parser("list", help="列出已设置的模板").set_defaults(run=run_list)
    setting = actions.add_parser("set", help="设置或更换一个模板")
    setting.add_argument("channel", choices=CHANNELS, help="订阅消息、公众号、短信")
    setting.add_argument(
        "purpose", choices=tuple(PURPOSES), help="用途：投票提醒、登记告知、结果公示、办结回访（仅短信）"
    )
    setting.add_argument("template_id", metavar="ID", help="微信或短信服务商给的模板编号")
    setting.add_argument(
        *("--field", "-f"),
        action="append",
        default=[],
        type=_field,
        metavar="NAME=KEY",
        help="模板字段：title（事项）、time（时间）、note（说明）各对应哪个关键词，例 title=thing1；短信不用",
    )
    setting.set_defaults(run=run_set)


def _field(text: str) -> tuple[str, str]:
    name, equals, key = text.partition("=")
    if not equals or not name or not key:
        raise argparse.ArgumentTypeError("应写成 title=thing1 的样子")
    return name, key


def run_list(_args: argparse.Namespace) -> int:
    """Print a line per template."""
    from backend.commands._console import commit
    from backend.notifications.service import desk

    for (channel, purpose), template in sorted(commit(desk.list_templates).items()):
        fields = " ".join(f"{name}={key}" for name, key in sorted(template.fields.items()))
        print(f"{channel:<18}{purpose:<10}{template.template_id}  {fields}".rstrip())
    return 0


def run_set(args: argparse.Namespace) -> int:
    """Write one template down; what it replaces stands in the ledger."""
    from backend.commands._console import commit
    from backend.kernel.errors import Unprocessable
    from backend.notifications.rules.templates import Template
    from backend.notifications.service import desk

    template = Template(args.template_id, dict(args.field))
    try:
        commit(lambda ctx: desk.set_template(ctx, args.channel, args.purpose, template))
    except Unprocessable as error:
        # The fields' names are the API's; here the sentences are enough.
        print("".join([error.message, *(field.message for field in error.fields)]), file=sys.stderr)
        return 1
    print(f"已设置：{args.channel} {PURPOSES[args.purpose]} {args.template_id}")
    return 0
