"""``gongjue tally``: counts a roll and votes from two CSV files, for auditors and for anybody."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator
from typing import TextIO

from backend.kernel.files import reason_of
from backend.tally.count import MotionResult, NotCounted, count_rows, evaluate, reading
from backend.tally.csv_file import Fault
from backend.tally.input_files import Papers, read_roll, read_votes
from backend.tally.report import head_json, motion_json
from backend.tally.rule import ParameterError, Rule, RuleKind, get_rule, list_rules, profile_of, resolve
from backend.tally.table import head_lines, motion_lines, visible
from backend.tally.weight import Roll

MAX_VALUE = 200


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register ``tally``; ``run(args)`` returns 0 when counted and 2 when nothing was."""
    parser = subparsers.add_parser(
        "tally",
        help="按规则计票：名册和选票各一个 CSV 文件",
        description="按规则计票，格式和定义见 docs/counting.md",
    )
    parser.add_argument("--rule", required=True, metavar="ID", help="规则编号，如 cn-civil-code/special")
    parser.add_argument(
        "--roll", required=True, metavar="FILE", help="名册：entry,owner,exclusive_area,household"
    )
    parser.add_argument("--votes", required=True, metavar="FILE", help="选票：entry,motion,choice")
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="当地确定的口径或比例，可重复"
    )
    parser.add_argument("--json", action="store_true", help="输出 JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Count and print; every bad row is named on standard error and then nothing is counted."""
    log = _FaultLog(as_json=args.json)
    try:
        code = _count(args, log)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader (head, less) has seen enough
        _discard_output()
        return 2 if log.count else 0
    except OSError as error:
        _discard_output()
        sys.stderr.write(f"无法写出结果：{reason_of(error)}\n")
        return 2
    return code


def _discard_output() -> None:
    # What is still buffered must not fail a second time when the interpreter ends.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _count(args: argparse.Namespace, log: _FaultLog) -> int:
    rule = _find_rule(args.rule, log)
    parameters = _read_parameters(args.set, rule, log)
    if rule is None or log.count:
        return log.close()
    builder = read_roll(args.roll, log.report)
    papers = read_votes(args.votes, rule.scale, builder, log.report)
    if builder is None or log.count:
        return log.close()
    roll = builder.build()
    results = _results(rule, roll, papers, parameters)
    if args.json:
        _print_json(rule, roll, parameters, results)
    else:
        _print_text(rule, roll, parameters, results)
    return 0


def _find_rule(rule_id: str, log: _FaultLog) -> Rule | None:
    try:
        rule = get_rule(rule_id)
    except KeyError:
        known = "、".join(rule.id for rule in list_rules())
        log.report(Fault("", None, "--rule", rule_id, f"没有这条规则，可用：{known}"))
        return None
    if rule.kind is RuleKind.EVIDENCE_ONLY:
        log.report(
            Fault(
                "",
                None,
                "--rule",
                rule_id,
                f"不由计票决定（{NotCounted(rule)}），须附材料：" + "；".join(rule.evidence),
            )
        )
        return None
    return rule


def _read_parameters(pairs: list[str], rule: Rule | None, log: _FaultLog) -> dict[str, str]:
    given: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            log.report(Fault("", None, "--set", pair, "应写成 NAME=VALUE"))
        elif name in given:
            log.report(Fault("", None, f"--set {name}", value, "同一参数设了两次"))
        else:
            given[name] = value
            _check_parameter(rule, name, value, log)
    return given


def _check_parameter(rule: Rule | None, name: str, value: str, log: _FaultLog) -> None:
    try:
        if rule is not None:
            resolve(rule.parameters, {name: value})
    except ParameterError as error:
        log.report(Fault("", None, f"--set {name}", value, error.reason))


def _results(
    rule: Rule, roll: Roll, papers: Papers, parameters: dict[str, str]
) -> Iterator[tuple[str, MotionResult]]:
    read_as = reading(rule, parameters)
    for motion in sorted(papers):
        sums = count_rows(roll, papers[motion].items(), read_as)
        yield motion, evaluate(rule, sums, parameters)


def _print_json(
    rule: Rule, roll: Roll, parameters: dict[str, str], results: Iterator[tuple[str, MotionResult]]
) -> None:
    """Print one object, motion by motion: a file may hold as many motions as rows."""
    head = json.dumps(head_json(profile_of(rule.id), rule, parameters, roll.totals), ensure_ascii=False)
    _write(sys.stdout, head[:-1] + ', "motions": [')
    separator = "\n  "
    for motion, result in results:
        _write(sys.stdout, separator + json.dumps(motion_json(motion, result), ensure_ascii=False))
        separator = ",\n  "
    _write(sys.stdout, "]}\n")


def _print_text(
    rule: Rule, roll: Roll, parameters: dict[str, str], results: Iterator[tuple[str, MotionResult]]
) -> None:
    for line in head_lines(profile_of(rule.id), rule, parameters, roll.totals):
        _write(sys.stdout, line + "\n")
    is_empty = True
    for motion, result in results:
        is_empty = False
        for line in motion_lines(rule, motion, result):
            _write(sys.stdout, line + "\n")
    if is_empty:
        _write(sys.stdout, "选票文件中没有任何事项。\n")


def _write(stream: TextIO, text: str) -> None:
    encoding = stream.encoding or "utf-8"  # a terminal that cannot show Chinese gets escapes, not a traceback
    if encoding.lower() not in ("utf-8", "utf8"):
        text = text.encode(encoding, "backslashreplace").decode(encoding)
    stream.write(text)


class _FaultLog:
    """Writes every fault as it is found (there may be a million) and remembers how many there were."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self.count = 0

    def report(self, fault: Fault) -> None:
        """Write one fault: Chinese on standard error, and an array element on standard output with ``--json``."""
        self.count += 1
        fault = fault._replace(file=visible(fault.file), value=_shown(fault.value))
        place = [fault.file] if fault.file else []
        if fault.line is not None:
            place.append(f"第 {fault.line} 行")
        if fault.field is not None:
            place.append(visible(fault.field))
        value = "" if fault.value is None else f"“{fault.value}”"
        _write(sys.stderr, " ".join(place) + f"：{value}{'：' if value else ''}{visible(fault.reason)}\n")
        if self._as_json:
            item = fault._asdict() | {"file": fault.file or None}
            start = '{"errors": [\n  ' if self.count == 1 else ",\n  "
            _write(sys.stdout, start + json.dumps(item, ensure_ascii=False))

    def close(self) -> int:
        """End the report and return the exit code."""
        if self._as_json:
            _write(sys.stdout, "]}\n")
        _write(sys.stderr, f"共 {self.count} 处错误，没有计票。\n")
        return 2


def _shown(value: str | None) -> str | None:
    if value is None:
        return None
    return visible(value if len(value) <= MAX_VALUE else value[:MAX_VALUE] + "…")
