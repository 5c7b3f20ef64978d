"""``make bench``: measure votes and messages on PostgreSQL and SQLite, print a table, write ``var/bench.json``."""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import orjson

from bench.client import CONNECTIONS
from bench.messages import REMINDERS, measure_messages
from bench.place import LARGE, SMALL, build_place
from bench.rounds import VOTERS_PER_SECOND, Rounds, ratios, run_rounds
from tests.factories.postgres import find_binaries

REPORT = Path("var/bench.json")

# Name, unit, what it is; targets hold on PostgreSQL (issue: medians of per-round ratios).
_ROWS = (
    ("hello_rps", "/s", "bare Flask, hello"),
    ("bare_insert_rps", "/s", "bare Flask, one INSERT"),
    ("cast_rps", "/s", "vote: who, right, window, once, event, receipt"),
    ("tally_rps", "/s", f"tally read, {SMALL} votes"),
    ("tally_large_rps", "/s", f"tally read, {LARGE} votes"),
    ("cast_p50_ms", "ms", "vote, median"),
    ("cast_p99_ms", "ms", "vote, 99 %"),
    ("tally_uncached_ms", "ms", f"tally counted anew, {LARGE} votes, 2 motions"),
    ("pgbench_tps", "/s", "pgbench, the same row"),
    ("cast_to_insert", "", "vote / bare INSERT"),
    ("tally_to_hello", "", "tally / hello"),
    ("tally_large_to_small", "", f"tally at {LARGE} / at {SMALL} votes"),
)
_MESSAGE_ROWS = (
    ("reminders_enqueued_s", "s", "one reminder enqueued for each household"),
    ("delivery_rps", "/s", "messages sent by one bot process to the simulator"),
    ("delivery_cpu_ms", "ms", "the bot's processor time per message"),
    ("delivery_rss_mb_first", "MB", "the bot's memory after a tenth of them"),
    ("delivery_rss_mb_last", "MB", "the bot's memory at the end"),
    ("delivery_rss_growth", "", "end / after a tenth"),
)
_AT_LEAST = {
    "cast_to_insert": 0.70,
    "tally_to_hello": 0.60,
    "tally_large_to_small": 0.90,
    "delivery_rps": 300.0,
}
_AT_MOST = {"tally_uncached_ms": 50.0, "reminders_enqueued_s": 60.0, "delivery_rss_growth": 1.1}
PARTS = ("votes", "messages")


def main() -> int:
    """Run; 0 when every figure was measured, whether or not a target was reached."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=2.0, help="length of one burst")
    parser.add_argument("--database", action="append", choices=("postgresql", "sqlite"))
    parser.add_argument("--only", choices=PARTS, help="measure this part only")
    parser.add_argument("--reminders", type=int, default=REMINDERS, help="how many households are reminded")
    arguments = parser.parse_args()
    report: dict[str, Any] = {"machine": _machine(), "method": _method(arguments)}
    # A run of one part renews its own figures and leaves the other's.
    kept = orjson.loads(REPORT.read_bytes()) if arguments.only and REPORT.exists() else {}
    for kind in arguments.database or ("postgresql", "sqlite"):
        found = _measure(kind, arguments)
        _print_table(kind, found)
        report[kind] = kept.get(kind, {}) | found
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_bytes(orjson.dumps(kept | report, option=orjson.OPT_INDENT_2) + b"\n")
    print(f"\nwritten: {REPORT}")
    return 0


def _measure(kind: str, arguments: argparse.Namespace) -> dict[str, Any]:
    if kind == "postgresql" and find_binaries() is None:
        return {"not_measured": "no PostgreSQL binaries found"}
    started = time.monotonic()
    result: dict[str, Any] = {}
    if arguments.only != "messages":
        result |= _measure_votes(kind, arguments.rounds, arguments.seconds)
    if arguments.only != "votes":
        _say(f"{kind}: preparing {arguments.reminders} households …")
        with tempfile.TemporaryDirectory(prefix="gongjue-bench-") as folder:
            result |= measure_messages(kind, Path(folder), arguments.reminders, _say)
    return result | {"seconds": round(time.monotonic() - started, 1)}


def _measure_votes(kind: str, rounds: int, seconds: float) -> dict[str, Any]:
    _say(f"{kind}: preparing …")
    with tempfile.TemporaryDirectory(prefix="gongjue-bench-") as folder:
        voters = int(VOTERS_PER_SECOND * seconds * (rounds + 1))
        with build_place(kind, Path(folder), voters) as place:
            load_before = os.getloadavg()[0]
            found = run_rounds(place, rounds, seconds, _say)
            version, has_pgbench = place.server_version, place.pgbench is not None
    result = _summarise(found)
    if not has_pgbench:
        result["pgbench_tps"] = None
        result["pgbench_reason"] = "no pgbench beside it" if kind == "postgresql" else "PostgreSQL only"
    return result | {
        "server_version": version,
        "votes_found_in_table": found.votes,
        "load_before": round(load_before, 2),
    }


def _summarise(found: Rounds) -> dict[str, Any]:
    """Return medians under their names, and every round with its spread."""
    everything = {**found.figures, **ratios(found.figures)}
    result: dict[str, Any] = {name: _short(median(values)) for name, values in everything.items()}
    result["spread"] = {
        name: [_short(min(values)), _short(max(values))] for name, values in everything.items()
    }
    result["rounds"] = {name: [_short(value) for value in values] for name, values in everything.items()}
    return result


def _short(value: float) -> float:
    return round(value, 3 if value < 10 else 1)


def _print_table(kind: str, result: dict[str, Any]) -> None:
    if "not_measured" in result:
        print(f"\n{kind}: not measured: {result['not_measured']}")
        return
    if "votes_found_in_table" in result:
        _print_votes(kind, result)
    if "reminders" in result:
        _print_messages(kind, result)


def _print_votes(kind: str, result: dict[str, Any]) -> None:
    print(f"\n{kind} {result['server_version']}, {result['votes_found_in_table']} votes found in the table")
    print(f"{'':22}{'median':>11}    {'min – max':<22}{'target':<10}")
    for name, unit, meaning in _ROWS:
        value = result.get(name)
        if value is None:
            print(f"{name:22}{'-':>11}    {result.get('pgbench_reason', '')}")
            continue
        low, high = result["spread"][name]
        verdict = _verdict(name, value) if kind == "postgresql" else ""
        print(f"{name:22}{value:>9} {unit:<2}   {f'{low} – {high}':<20}{verdict:<14}  {meaning}")


def _print_messages(kind: str, result: dict[str, Any]) -> None:
    load = f"{result['delivery_load_before']} – {result['delivery_load_after']}"
    print(f"\n{kind}, {result['reminders']} reminders, each found once on its phone; load average {load}")
    for name, unit, meaning in _MESSAGE_ROWS:
        value = result[name]
        print(f"{name:22}{value:>9} {unit:<2}   {'':<20}{_verdict(name, value):<14}  {meaning}")


def _verdict(name: str, value: float) -> str:
    if name in _AT_LEAST:
        return f"≥ {_AT_LEAST[name]:.2f} {'ok' if value >= _AT_LEAST[name] else 'short'}"
    if name in _AT_MOST:
        return f"≤ {_AT_MOST[name]:g} {'ok' if value <= _AT_MOST[name] else 'short'}"
    return ""


def _machine() -> dict[str, Any]:
    return {"cores": os.cpu_count(), "python": platform.python_version(), "system": platform.platform()}


def _method(arguments: argparse.Namespace) -> dict[str, Any]:
    return {
        "rounds": arguments.rounds,
        "burst_seconds": arguments.seconds,
        "connections": CONNECTIONS,
        "server": "gunicorn gthread, 2 workers x 4 threads, --reuse-port --no-control-socket",
        "access_log": "on, to a file",
        "durability": "PostgreSQL defaults (fsync, synchronous_commit on); SQLite WAL with synchronous=FULL",
    }


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
