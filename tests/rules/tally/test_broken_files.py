"""Broken files: every bad row is named by file, line, field and value, and nothing is counted."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.tally.csv_file import MAX_FIELD, MAX_LINE
from tests.rules.tally.command import ROLL, ROLL_HEAD, VOTES, VOTES_HEAD, Command


@pytest.mark.parametrize(
    "area",
    [
        "0",
        "0.00",
        "-1",
        "+1",
        "1.234",
        "1e3",
        "",
        "８０",
        "80,5",
        "1_000",
        " 80",
        "80 ",
        ".5",
        "5.",
        "NaN",
        "٣",
        "9" * 5000,
    ],
)
def test_areas_are_plain_positive_decimals(command: Command, area: str) -> None:
    (fault,) = command.faults(roll=ROLL + f'b,o,"{area}",1\n')
    assert fault[:3] == ["roll", 5, "exclusive_area"]
    assert fault[3].startswith(area[:100])


def test_every_bad_row_of_the_roll_is_named(command: Command) -> None:
    bad = (
        ROLL
        + "a1,o,1,1\nb,,1,1\nc,o,1,2\n,o,1,1\nd,o,0,x\ne,o\nf,o,1,1,9\n王 ,o,1,1\ng, o,1,1\nh\x00,o,1,1\n"
    )
    assert command.faults(roll=bad) == [
        ["roll", 5, "entry", "a1"],
        ["roll", 6, "owner", ""],
        ["roll", 7, "household", "2"],
        ["roll", 8, "entry", ""],
        ["roll", 9, "exclusive_area", "0"],
        ["roll", 9, "household", "x"],
        ["roll", 10, "exclusive_area", ""],
        ["roll", 10, "household", ""],
        ["roll", 11, None, "9"],
        ["roll", 12, "entry", "王 "],
        ["roll", 13, "owner", " o"],
        ["roll", 14, "entry", "h\\u0000"],
    ]


def test_every_bad_row_of_the_votes_is_named_together_with_those_of_the_roll(command: Command) -> None:
    roll = ROLL + "b,o,0,1\nb,o,1,1\n"
    votes = (
        VOTES + "zz,m1,for\na1,m1,for\na1,m2,FOR\na1,m2,for\na2,,for\n,m1,for\na3,m3\nb,m1,for\nb,m1,yes\n"
    )
    assert command.faults(roll, votes) == [
        ["roll", 5, "exclusive_area", "0"],
        ["roll", 6, "entry", "b"],
        ["votes", 5, "entry", "zz"],
        ["votes", 6, "entry", "a1"],
        ["votes", 7, "choice", "FOR"],
        ["votes", 8, "entry", "a1"],
        ["votes", 9, "motion", ""],
        ["votes", 10, "entry", ""],
        ["votes", 11, "choice", ""],
        ["votes", 13, "choice", "yes"],
        ["votes", 13, "entry", "b"],
    ]


@pytest.mark.parametrize("content", ["", "\n\n", "\ufeff"])
def test_a_file_without_header_is_refused(command: Command, content: str) -> None:
    assert command.faults(content, content) == [["roll", 1, None, None], ["votes", 1, None, None]]


def test_missing_and_repeated_columns_are_named(command: Command) -> None:
    assert command.faults("entry,area,household\n", "entry,motion,choice,motion\n") == [
        ["roll", 1, "owner", None],
        ["roll", 1, "exclusive_area", None],
        ["votes", 1, "motion", None],
    ]


def test_unreadable_roll_does_not_blame_the_votes(command: Command) -> None:
    faults = command.faults("entry\n", VOTES + "a1,m1,for\nx,m1,?\n")
    assert [fault[:3] for fault in faults if fault[0] == "votes"] == [
        ["votes", 5, "entry"],
        ["votes", 6, "choice"],
    ]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (ROLL.encode("utf-16"), 1),
        (b"\xff\xfe\x00", 1),
        (b"PK\x03\x04\xff\xff", 1),
        (b"\xef\xbb\xbf\xff", 1),
        (ROLL.encode() + b"\x80", 5),
        ("entry,owner\n甲,乙\n丙,丁".encode("gb18030") + b"\x80\n", 3),
    ],
)
def test_other_encodings_are_refused_and_their_first_line_named(
    command: Command, content: bytes, line: int
) -> None:
    assert command.faults(roll=content) == [["roll", line, None, None]]


def test_wrong_quotes_are_named_and_reading_goes_on(command: Command) -> None:
    roll = ROLL + 'b,"o"x,1,1\nc,o,0,1\nd,"o,1,1\n'
    assert [fault[:3] for fault in command.faults(roll=roll)] == [
        ["roll", 5, None],
        ["roll", 6, "exclusive_area"],
        ["roll", 7, None],
    ]


def test_huge_fields_and_lines_are_refused_without_being_echoed(command: Command) -> None:
    field = "x" * (MAX_FIELD + 1)
    assert command.faults(roll=ROLL + f"{field},o,1,1\nb,o,0,1\n")[0][:2] == ["roll", 5]
    assert command.faults(roll=ROLL + "y" * MAX_LINE + "\n")[0][:2] == ["roll", 5]
    (fault,) = command.faults(roll=ROLL + "b,o," + "8" * 60_000 + ",1\n")
    assert len(fault[3]) < 300


def test_folders_absent_files_and_pipes_are_refused(command: Command, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    votes = command.write("votes.csv", VOTES)
    for path in (str(tmp_path), str(tmp_path / "absent.csv"), str(tmp_path / "pipe"), "a\x00b", votes + "/x"):
        assert command.start("gansu-2022/plan", path, votes, "--json")[0] == 2
        assert "没有计票" in command.errors


def test_errors_cannot_write_to_the_terminal(command: Command) -> None:
    command.faults(roll=ROLL + "b,o,\x1b[2J,1\n")
    assert "\x1b" not in command.errors
    assert "\\u001b[2J" in command.errors


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=60), st.binary(max_size=60), st.booleans())
def test_any_bytes_are_counted_or_refused_never_a_traceback(
    command: Command, tail: bytes, other: bytes, has_headers: bool
) -> None:
    heads = (ROLL_HEAD.encode(), VOTES_HEAD.encode()) if has_headers else (b"", b"")
    code, answer = command.json("gansu-2022/plan", heads[0] + tail, heads[1] + other)
    assert (code, next(iter(answer))) in ((0, "rule"), (2, "errors"))


@pytest.mark.slow
def test_a_million_rows_are_counted(command: Command) -> None:
    million = range(1_000_000)
    roll = ROLL_HEAD + "".join(f"r{i},o{i >> 1},80.{i % 100:02d},1\n" for i in million)
    votes = VOTES_HEAD + "".join(f"r{i},m1,{'for' if i % 4 else 'against'}\n" for i in million)
    files = command.write("roll.csv", roll), command.write("votes.csv", votes)
    started = time.process_time()
    code, out = command.start("cn-civil-code/special", *files)
    assert time.process_time() - started < 30  # some five seconds on an idle machine
    assert code == 0
    assert "同意/参与  250000       500000" in out  # every other owner is divided
    assert "同意/参与  60375000.00  80495000.00" in out


@pytest.mark.slow
def test_a_hundred_thousand_bad_rows_are_all_named(command: Command) -> None:
    votes = VOTES_HEAD + "".join(f"r{i},m1,for\n" for i in range(100_000))
    faults = command.faults(votes=votes)
    assert [fault[1] for fault in faults] == list(range(2, 100_002))
