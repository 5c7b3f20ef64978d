"""The command ``gongjue rehearse``: a clean end whatever stops it, and (heavy) the whole of it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil
import pytest

from backend.rehearsal.message_checks import CHECKS
from backend.rehearsal.second_act.checks import CHECKS as ACT_CHECKS

ROOT = Path(__file__).parents[2]


def start_command(*words: str) -> subprocess.Popen[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GONGJUE_")}
    return subprocess.Popen(
        [sys.executable, "-m", "backend.cli", "rehearse", *words],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Whoever runs these tests in the background of a shell has Ctrl-C ignored, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def folders() -> set[str]:
    return {name for name in os.listdir(tempfile.gettempdir()) if name.startswith("gongjue-rehearsal-")}


def is_open_in(folder: str, processes: list[psutil.Process]) -> bool:
    """Other rehearsals may run on this machine: ours is where our servers write their logs."""
    return any(f"/{folder}/" in found.path for process in processes for found in process.open_files())


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopping_leaves_neither_process_nor_file(number: signal.Signals) -> None:
    before = folders()
    process = start_command("litong-2026", "--no-phones")
    assert process.stderr is not None and process.stdout is not None
    while not process.stderr.readline().startswith("[ 1/45]"):
        assert process.poll() is None
    time.sleep(1)  # well into the second step
    children = psutil.Process(process.pid).children(recursive=True)
    assert len(children) >= 3  # the simulator, gunicorn, its workers
    [folder] = [name for name in folders() - before if is_open_in(name, children)]
    process.send_signal(number)
    drain = threading.Thread(target=process.stderr.read)
    drain.start()
    assert process.wait(timeout=60) == 130
    drain.join()
    assert process.stdout.read() == ""
    process.stdout.close()
    process.stderr.close()
    _, alive = psutil.wait_procs(children, timeout=5)
    assert alive == []
    assert folder not in folders()


def test_an_unknown_scenario_is_refused() -> None:
    process = start_command("atlantis")
    out, errors = process.communicate(timeout=30)
    assert (process.returncode, out) == (2, "")
    assert "litong-2026" in errors


@pytest.mark.heavy
def test_the_whole_rehearsal_within_five_minutes_and_the_same_twice() -> None:
    answers = []
    for _ in range(2):
        began = time.monotonic()
        process = start_command("litong-2026", "--json", "--seed", "11")
        out, errors = process.communicate(timeout=600)
        assert process.returncode == 0, errors
        assert time.monotonic() - began <= 300
        answers.append(out)
    assert answers[0] == answers[1]
    messages = json.loads(answers[0])["messages"]
    assert len(messages["checks"]) == len(CHECKS)
    assert len(messages["ballots"]) == 22 + 17
    totals = json.loads(answers[0])["totals"]
    facts = {name: totals[name] for name in ("estates", "buildings", "households", "exclusive_area")}
    assert facts == {"estates": 25, "buildings": 82, "households": 3_247, "exclusive_area": "276100.00"}
    assert totals["gates"]["inclusion"] == {"passed": 17, "failed": 4, "undecidable": 4}
    assert totals["gates"]["start"] == {"passed": 13, "failed": 3, "undecidable": 1}
    assert totals["gates"]["acceptance"] == {"passed": 8, "failed": 0, "undecidable": 0}
    assert totals["gates"]["evaluation"] == {"passed": 4, "failed": 3, "undecidable": 1}
    after = json.loads(answers[0])["after_start"]
    assert (len(after["estates"]), len(after["checks"])) == (13, len(ACT_CHECKS))
