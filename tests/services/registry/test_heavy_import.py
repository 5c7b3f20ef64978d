"""A hundred thousand dwellings through the command line: time, memory, progress bar; then the same file again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from sqlalchemy.engine import Engine

from backend.registry.rules.columns import SHEET
from tests.factories.databases import make_settings
from tests.rules.registry.roll_files import HEADINGS, row
from tests.services.registry.imports import make_place

DWELLINGS = 100_000
SECONDS = 60
MEGABYTES = 400
# Linux counts a child's peak from its parent's: beside the tables of this test that would be the test's own.
_WATCH = """
import pathlib, resource, subprocess, sys
ended = subprocess.call(sys.argv[2:])
pathlib.Path(sys.argv[1]).write_text(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
sys.exit(ended)
"""


def write_large(path: Path, count: int) -> None:
    """Write a roll as a large town would: one owner in ten has two homes, some co-owners, some tenants."""
    book = xlsxwriter.Workbook(str(path), {"constant_memory": False})
    sheet = book.add_worksheet(SHEET)
    sheet.write_row(0, 0, HEADINGS)
    for number in range(count):
        building, rest = divmod(number, 120)
        entrance, door = divmod(rest, 30)
        values = row(
            building=str(building + 1),
            entrance=str(entrance + 1),
            door=f"{door // 2 + 1}{door % 2 + 1:02d}",
            area=45 + number % 9000 / 100,
            owner_key=f"Y{number // 2}" if number % 20 < 2 else "",
            owner_name=f"业主{number // 2 if number % 20 < 2 else number}",
            owner_phone="" if number % 20 < 2 else str(13_000_000_000 + number),
            owner_kind="共有" if number % 7 == 3 and number % 20 >= 2 else "个人",
            co_owners=f"共有人{number} 139{number:08d}" if number % 7 == 3 and number % 20 >= 2 else "",
            tenants=f"租户{number} 150{number:08d}" if number % 11 == 0 else "",
        )
        for column, value in enumerate(values):
            if value != "":
                sheet.write(number + 1, column, value)
    book.close()


@dataclass(frozen=True)
class Finished:
    """What one run of the command cost."""

    report: dict[str, Any]
    progress: str
    seconds: float
    megabytes: float


def run_command(engine: Engine, folder: Path, arguments: list[str]) -> Finished:
    """Run ``gongjue registry import`` in a process of its own."""
    url = engine.url.render_as_string(hide_password=False)
    keys = make_settings(url, folder / "files")
    environment = os.environ | {
        "GONGJUE_MODE": keys.mode,
        "GONGJUE_DATABASE_URL": url.replace("postgresql+psycopg://", "postgresql://"),
        "GONGJUE_STORAGE": str(folder / "files"),
    }
    started = time.monotonic()
    with (folder / "out").open("wb") as out, (folder / "err").open("wb") as err:
        wanted = [sys.executable, "-m", "backend.cli", "registry", "import", *arguments, "--json"]
        ended = subprocess.call(
            [sys.executable, "-c", _WATCH, str(folder / "peak"), *wanted],
            cwd=Path(__file__).parents[3],
            env=environment,
            stdout=out,
            stderr=err,
        )
    progress = (folder / "err").read_text()
    assert ended == 0, progress + (folder / "out").read_text()[:2000]
    report = json.loads((folder / "out").read_text())
    megabytes = int((folder / "peak").read_text()) / 1024
    return Finished(report, progress, time.monotonic() - started, megabytes)


@pytest.mark.heavy
def test_hundred_thousand_dwellings_within_a_minute_and_400_megabytes(
    engine: Engine, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    place = make_place(engine, tmp_path)
    write_large(tmp_path / "large.xlsx", DWELLINGS)
    arguments = [
        str(tmp_path / "large.xlsx"),
        "--community",
        place.organisation_id,
        "--estate",
        place.estate_code,
    ]
    for name, key in (("first", "added"), ("again", "unchanged")):
        done = run_command(engine, tmp_path, arguments)
        record_property(f"{name}_seconds", round(done.seconds, 1))
        record_property(f"{name}_megabytes", round(done.megabytes))
        print(f"{engine.dialect.name} {name}: {done.seconds:.1f} s, {done.megabytes:.0f} MB")
        assert done.report["difference"][key] == DWELLINGS
        assert "写入" in done.progress
        assert done.seconds <= SECONDS
        assert done.megabytes <= MEGABYTES
