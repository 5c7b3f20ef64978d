"""``make accept``: one line with its figure per acceptance item of the vote's foundation.

Each item is a command that anybody can run by hand; the line shows what it measured, or where it failed. The
items that take minutes stay out of ``make test`` (marker ``heavy``).
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
PYTHON = sys.executable


@dataclass(frozen=True)
class Item:
    """An acceptance item: its number, what it promises, and the check that returns (holds, figure)."""

    number: str
    promise: str
    check: Callable[[], tuple[bool, str]]


def pytest_item(*selection: str, heavy: bool = False, workers: int = 2) -> Callable[[], tuple[bool, str]]:
    """Check by running tests; the figure is the runner's closing line. ``workers``: 0 where tests measure time."""

    def run() -> tuple[bool, str]:
        mark = "heavy or not heavy" if heavy else "not heavy"
        command = [PYTHON, "-m", "pytest", "-q", "-n", str(workers), "-m", mark, *selection]
        return _closing(command, {"REQUIRE_PG": "1", "REQUIRE_BROWSER": "1"})

    return run


def _closing(command: Sequence[str], extra: dict[str, str]) -> tuple[bool, str]:
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | extra, capture_output=True, text=True, check=False, timeout=1800
    )
    lines = [line for line in done.stdout.splitlines() if line.strip()]
    return done.returncode == 0, lines[-1].strip("= ") if lines else done.stderr[-200:]


def load_item(name: str) -> Callable[[], tuple[bool, str]]:
    """Check by loading and reading pages; the figure is the worst page's (``var/<name>.json``)."""

    def run() -> tuple[bool, str]:
        report = ROOT / "var" / f"{name}.json"
        report.unlink(missing_ok=True)
        command = [PYTHON, "-m", "pytest", "-q", "-m", "heavy", f"tests/load/test_{name}.py"]
        holds, closing = _closing(command, {"REQUIRE_PG": "1"})
        if not report.exists():
            return False, closing
        found = json.loads(report.read_text())
        worst = max(found, key=lambda page: found[page]["p95"])
        return holds, f"{len(found)} pages, worst p95 {found[worst]['p95']} ms (≤ 200, {worst}); {closing}"

    return run


def fresh_clone() -> tuple[bool, str]:
    """Clone into an empty folder with an empty HOME, start the demo twice, stop it cleanly."""
    with tempfile.TemporaryDirectory(prefix="gongjue-accept-") as folder:
        clone, home = Path(folder, "clone"), Path(folder, "home")
        home.mkdir()
        subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True)
        env = {**os.environ, "HOME": str(home)}
        first = _start_demo(clone, env, limit=180)
        second = _start_demo(clone, env, limit=60)
    return first <= 180 and second <= 10, f"first start {first:.0f} s (≤ 180), second {second:.1f} s (≤ 10)"


def _start_demo(clone: Path, env: dict[str, str], limit: float) -> float:
    started = time.monotonic()
    running = subprocess.Popen(
        ["make", "run"], cwd=clone, env=env, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert running.stdout is not None
    try:
        for line in running.stdout:
            if "demo is running" in line:
                return time.monotonic() - started
            if time.monotonic() - started > limit:
                break
        return float("inf")
    finally:
        os.killpg(running.pid, signal.SIGINT)
        running.communicate(timeout=60)


@cache
def _rehearsed() -> tuple[list[str], float]:
    """Play the whole county twice over with one seed; returns the answers and the seconds each took."""
    command = [str(Path(PYTHON).with_name("gongjue")), "rehearse", "litong-2026", "--seed", "7", "--json"]
    started = time.monotonic()
    answers = [
        subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout
        for _ in range(2)
    ]
    return answers, (time.monotonic() - started) / 2


def rehearsal() -> tuple[bool, str]:
    """The whole county: same answer twice, within five minutes, phones and bot included."""
    answers, each = _rehearsed()
    if not answers[0]:
        return False, "no answer"
    totals = json.loads(answers[0])["totals"]
    expected = {"estates": 25, "buildings": 82, "households": 3247, "exclusive_area": "276100.00"}
    holds = (
        answers[0] == answers[1]
        and each <= 300
        and all(totals[name] == value for name, value in expected.items())
    )
    return holds, f"{each:.0f} s (≤ 300), same table twice: {answers[0] == answers[1]}, totals {totals}"


def messages() -> tuple[bool, str]:
    """Every message of the rehearsal: reminders on the right days, rows and inboxes one by one."""
    answers, _ = _rehearsed()
    if not answers[0]:
        return False, "no answer"
    found = json.loads(answers[0])["messages"]
    sums = {name: f"{row['sent']} of {row['due']}" for name, row in found["reminders"].items()}
    return len(found["checks"]) == 11, f"{len(found['checks'])} assertions held, reminded households {sums}"


def after_start() -> tuple[bool, str]:
    """The works, the hotline and the survey of the rehearsal: every figure the script's own, gates at the borders."""
    answers, _ = _rehearsed()
    if not answers[0]:
        return False, "no answer"
    found = json.loads(answers[0])["after_start"]
    gates = json.loads(answers[0])["totals"]["gates"]["evaluation"]
    reports = sum(row["hotline"]["registered"] for row in found["estates"])
    overdue = sum(row["hotline"]["overdue"] for row in found["estates"])
    open_items = sum(row["register"]["unfinished"] for row in found["estates"])
    holds = len(found["checks"]) == 9 and gates == {"passed": 4, "failed": 3, "undecidable": 1}
    words = f"{reports} reports, {overdue} overdue, {open_items} register entries open, evaluation {gates}"
    return holds, f"{len(found['checks'])} assertions held, {words}"


def bench() -> tuple[bool, str]:
    """Measure the vote path; the ratios of the issue, on PostgreSQL."""
    subprocess.run([PYTHON, "-m", "bench", "--only", "votes"], cwd=ROOT, check=True, capture_output=True)
    found = json.loads((ROOT / "var/bench.json").read_text())["postgresql"]
    figures = {
        name: found[name]
        for name in ("cast_to_insert", "tally_to_hello", "tally_large_to_small", "tally_uncached_ms")
    }
    text = re.sub(r"[{}']", "", str(figures))
    holds = (
        figures["cast_to_insert"] >= 0.70
        and figures["tally_to_hello"] >= 0.60
        and figures["tally_large_to_small"] >= 0.90
        and figures["tally_uncached_ms"] <= 50
    )
    return holds, text


def bench_messages() -> tuple[bool, str]:
    """Remind 46,000 households on each database by one bot process: enqueued in a minute, 300 a second, flat memory."""
    subprocess.run([PYTHON, "-m", "bench", "--only", "messages"], cwd=ROOT, check=True, capture_output=True)
    report = json.loads((ROOT / "var/bench.json").read_text())
    names = ("reminders_enqueued_s", "delivery_rps", "delivery_rss_mb_first", "delivery_rss_mb_last")
    figures = {kind: {name: report[kind][name] for name in names} for kind in ("postgresql", "sqlite")}
    holds = all(
        found["reminders_enqueued_s"] <= 60
        and found["delivery_rps"] >= 300
        and found["delivery_rss_mb_last"] <= 1.1 * found["delivery_rss_mb_first"]
        for found in figures.values()
    )
    return holds, re.sub(r"[{}']", "", str(figures))


# These say how long pages take, which nothing may run beside.
_MEASURED_ALONE = tuple(
    f"--ignore=tests/load/test_{name}.py" for name in ("callbacks", "complaints", "surveys")
)
ITEMS = (
    Item("1a", "fresh clone, empty HOME: make run", fresh_clone),
    Item("1b", "every test on SQLite and PostgreSQL", pytest_item()),
    Item("2", "eight vectors, second counter, every threshold", pytest_item("tests/rules/tally")),
    Item(
        "3-5",
        "races, kills, the deadline",
        pytest_item("tests/load", "tests/api/test_votes.py", *_MEASURED_ALONE, heavy=True),
    ),
    Item(
        "3b",
        "300 callbacks a second for half a minute",
        pytest_item("tests/load/test_callbacks.py", heavy=True, workers=0),
    ),
    Item(
        "6",
        "scope matrix and disclosure replay",
        pytest_item("tests/api/matrix"),
    ),
    Item(
        "7",
        "schemathesis, broken files",
        pytest_item("tests/api", "tests/rules/registry", "tests/rules/ledger", heavy=True),
    ),
    Item(
        "8",
        "tampered records and rows are found",
        pytest_item("tests/rules/ledger", "tests/services/ballots/test_records.py"),
    ),
    Item("9a", "make bench ratios", bench),
    Item("9b", "46,000 reminders enqueued and sent", bench_messages),
    Item(
        "10a",
        "100,000 dwellings imported",
        pytest_item("tests/services/registry/test_heavy_import.py", heavy=True, workers=0),
    ),
    Item("10b", "rehearsal litong-2026", rehearsal),
    Item("11", "every message of the rehearsal", messages),
    Item("12", "rehearsal after the start: complaints, register, survey", after_start),
    Item("13a", "100,000 complaints: lists, search, worklists, statistics", load_item("complaints")),
    Item("13b", "460,000 responses: lists, results, worklists", load_item("surveys")),
)


def main() -> int:
    """Run the items named on the command line, or all; 0 when each holds."""
    wanted = set(sys.argv[1:])
    failed = 0
    for item in ITEMS:
        if wanted and item.number not in wanted:
            continue
        holds, figure = item.check()
        failed += not holds
        print(f"{'ok   ' if holds else 'SHORT'} {item.number:>4}  {item.promise}: {figure}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    assert shutil.which("git")
    sys.exit(main())
