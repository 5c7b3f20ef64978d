"""``gongjue record``: take a ballot's record out, and check one without any database."""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from backend.commands._console import connected
from backend.ledger.rules.record_verify import VerificationReport, verify

OUTCOMES = {
    "passed": "通过",
    "failed": "未通过",
    "undecidable": "尚不能判定",
    "evidence_only": "不由计票决定",
}
PASSED = {
    "public": "核验通过：文件、检查点和计票判定都相符。公开记录不含选票，重新计票须用审计记录。",
    "audit": "核验通过：文件、名册、每片叶、每个检查点和计票结果都相符。",
}
UNREAL = {"rehearsal": "演练", "demo": "演示"}
RECORDS = {"public": "公开记录", "audit": "审计记录"}


def add_parser(subparsers: Any) -> None:
    """Register the group ``record`` with its subcommands ``verify`` and ``export``."""
    parser = subparsers.add_parser("record", help="表决记录：核验、导出")
    group = parser.add_subparsers(dest="record_command", required=True)
    _add_verify(group)
    _add_export(group)


def _add_verify(group: Any) -> None:
    parser = group.add_parser("verify", help="核验一份表决记录（不需要数据库）")
    parser.add_argument("path", type=Path, metavar="PATH", help="记录文件（.zip）")
    parser.add_argument("--root", type=_root, metavar="HEX", help="公示或群里公布的根（64 位十六进制）")
    parser.add_argument("--json", action="store_true", help="输出 JSON")
    parser.set_defaults(run=run_verify)


def _add_export(group: Any) -> None:
    parser = group.add_parser("export", help="从数据库导出一次表决的记录，写好即核验")
    parser.add_argument("ballot", metavar="BALLOT", help="表决编号")
    parser.add_argument("path", type=Path, metavar="OUT", help="写到哪个文件（.zip）；已有的文件不覆盖")
    kind = parser.add_mutually_exclusive_group(required=True)
    kind.add_argument("--public", action="store_true", help="公开记录（不含任何一户的选票）")
    kind.add_argument("--audit", action="store_true", help="审计记录（化名名册和选票）；须写明事由")
    parser.add_argument(
        "--as", dest="username", required=True, metavar="USERNAME", help="以哪位工作人员的名义"
    )
    parser.add_argument("--reason", default="", metavar="TEXT", help="调取审计记录的事由，写入记录")
    parser.add_argument("--keep-faulty", action="store_true", help="审计记录核验不通过也保留文件，作为证据")
    parser.set_defaults(run=run_export)


def run_export(args: argparse.Namespace) -> int:
    """Export as the named staff member; 0 = sound, 1 = refused or faulty, 2 = wrong use."""
    # The database side is loaded here only: ``record verify`` must run where there is none.
    from backend.commands._record_export import export

    with connected() as ports:
        return export(ports, args)


def run_verify(args: argparse.Namespace) -> int:
    """Print the report; 0 = sound, 1 = faults were found, 2 = there is no record to verify."""
    report = verify(args.path, args.root)
    if args.json:
        print(json.dumps(report.to_json(), ensure_ascii=False))
    else:
        print("\n".join(_lines(report, args.root is not None)))
    if not report.readable:
        return 2
    return 0 if report.ok else 1


def _root(text: str) -> str:
    if re.fullmatch(r"[0-9a-fA-F]{64}", text.strip()) is None:
        raise argparse.ArgumentTypeError("根应为 64 位十六进制数字")
    return text.strip().lower()


def _lines(report: VerificationReport, has_root: bool) -> list[str]:
    lines = _fact_lines(report.facts) if report.facts else []
    if report.ok:
        # The outcomes of a faulty record are not repeated: a reader might take them for confirmed.
        for motion in report.recount:
            lines += _motion_lines(motion)
        lines.append(PASSED[str(report.facts["record"])])
        lines.append(_witness_line(report, has_root))
        return lines
    heading = "核验不通过，发现下列问题：" if report.readable else "无法核验："
    lines.append(heading)
    for finding in report.findings:
        place = "" if finding.offset is None else f"（zip 文件第 {finding.offset} 字节起）"
        lines.append(f"  · {finding.where}{place}：{finding.what}")
    return lines


def _witness_line(report: VerificationReport, has_root: bool) -> str:
    if has_root:
        return f"您提供的根就是第 {report.witnessed} 个检查点的根。"
    return "提示：以上只说明记录自身前后一致。请用 --root 与结果公告或群里公布的根核对。"


def _fact_lines(facts: Mapping[str, Any]) -> list[str]:
    roll = facts["roll"]
    lines = [f"{RECORDS[facts['record']]}：{facts['estate']} · {facts['title']}（{facts['ballot']}）"]
    if facts["mode"] in UNREAL:
        lines.insert(0, f"★★★ {UNREAL[facts['mode']]}记录，不是真实表决 ★★★")
    lines.append(
        f"名册：{roll['entries']} 套房屋，{roll['heads']} 位业主，"
        f"{roll['households']} 户，{roll['area']} 平方米"
    )
    lines.append(f"叶数：{facts['leaves']}")
    lines.append(f"根：{facts['root']}")
    lines.append(f"记录指纹（manifest.json 的 SHA-256）：{facts['fingerprint']}")
    return lines


def _motion_lines(motion: Mapping[str, Any]) -> list[str]:
    results: Sequence[Mapping[str, Any]] = motion["results"]
    return [
        f"事项 {motion['motion']}：{result['rule']} → {OUTCOMES.get(result['outcome'], result['outcome'])}"
        for result in results
    ]
