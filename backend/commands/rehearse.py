"""``gongjue rehearse``: play a whole programme with synthetic residents over the real doors, and show the result."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from typing import Any

DEFAULT_SEED = 2026


def add_parser(subparsers: Any) -> None:
    """Register ``rehearse``."""
    parser = subparsers.add_parser(
        "rehearse",
        help="演练：用虚构的住户把整个流程走一遍（征询、纳入、方案表决、开工、投诉和整改、满意度）",
    )
    parser.add_argument("scenario", metavar="SCENARIO", help="演练的内容：litong-2026")
    parser.add_argument(
        "--seed",
        type=int,
        default=DEFAULT_SEED,
        metavar="N",
        help=f"随机种子，同一种子结果相同，默认 {DEFAULT_SEED}",
    )
    parser.add_argument(
        "--phones",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="住户在模拟微信上订阅、收提醒，逐条核对消息（默认）；--no-phones 只计票",
    )
    parser.add_argument("--json", action="store_true", help="输出一个 JSON 对象")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Play; 0 = everything counted as scripted, 1 = the product did something else, 2 = no such scenario."""
    from backend.rehearsal.cast import Unexpected
    from backend.rehearsal.litong import SCENARIOS
    from backend.rehearsal.play import play
    from backend.rehearsal.processes import NotStarted
    from backend.rehearsal.report import totals_of
    from backend.rehearsal.second_act.table import after_lines
    from backend.rehearsal.table import table_lines, totals_lines
    from backend.rehearsal.told_table import told_lines
    from backend.rehearsal.web import Refused

    scenario = SCENARIOS.get(args.scenario)
    if scenario is None:
        print(f"没有这个演练：{args.scenario}。可选：{'、'.join(SCENARIOS)}", file=sys.stderr)
        return 2
    # Whoever stops us (a service manager, a closed terminal) gets the same clean end as Ctrl-C.
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup
            signal.signal(number, signal.default_int_handler)
    try:
        played = play(scenario, args.seed, sys.stderr, with_phones=args.phones)
    except (Unexpected, Refused, NotStarted) as error:
        print(f"演练中断：{error}", file=sys.stderr)
        return 1
    totals = totals_of(played.rows, played.votes, played.arrivals)
    if args.json:
        estates = [row.to_json() for row in played.rows]
        answer = {"scenario": scenario.id, "seed": args.seed, "notes": list(scenario.notes)}
        rest = {"after_start": played.after.to_json()}
        if played.told is not None:
            rest["messages"] = played.told.to_json()
        print(json.dumps({**answer, "totals": totals, "estates": estates, **rest}, ensure_ascii=False))
        return 0
    lines = [scenario.title, *scenario.notes, "", *table_lines(played.rows), "", *totals_lines(totals)]
    lines += ["", *after_lines(played.after)]
    if played.told is not None:
        lines += ["", *told_lines(played.told), ""]
    print("\n".join([*lines, f"随机种子 {args.seed}。一份公开记录已导出并核验通过。"]))
    return 0
