"""``gongjue run-demo``: everything on this machine with one command (``make run``)."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any


def add_parser(subparsers: Any) -> None:
    """Register ``run-demo``."""
    parser = subparsers.add_parser("run-demo", help="一条命令启动演示：网页、后台任务和微信模拟器")
    parser.add_argument("--data", type=Path, default=Path("var"), metavar="DIR", help="数据目录，默认 var")
    parser.add_argument(
        "--port", type=int, default=8000, metavar="N", help="网页端口，默认 8000；被占用则顺延"
    )
    parser.add_argument("--wechat-port", type=int, default=8900, metavar="N", help="模拟器端口，默认 8900")
    parser.add_argument("--fresh", action="store_true", help="删去原有演示数据，重新开始")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Prepare the data, start all processes, print where they are, and stop them together."""
    from backend.demo.launch import launch
    from backend.demo.place import DemoPlace

    return launch(DemoPlace(args.data.resolve()), (args.port, args.wechat_port), is_fresh=args.fresh)
