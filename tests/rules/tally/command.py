"""Runs ``gongjue tally`` in this process on files written for one test."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import pytest

from backend.commands.tally import add_parser

ROLL_HEAD, VOTES_HEAD = "entry,owner,exclusive_area,household\n", "entry,motion,choice\n"
ROLL = ROLL_HEAD + "a1,张三,80.00,1\na2,张三,60.5,1\na3,李四,59.50,0\n"
VOTES = VOTES_HEAD + "a1,m1,for\na2,m1,for\na3,m1,against\n"


class Command:
    """Writes the two files (text as UTF-8, or bytes), runs the command, keeps exit code and output."""

    def __init__(self, folder: Path, capture: pytest.CaptureFixture[str]) -> None:
        self._folder = folder
        self._capture = capture
        self.errors = ""

    def write(self, name: str, content: str | bytes) -> str:
        path = self._folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    def start(self, rule: str, roll: str, votes: str, *more: str) -> tuple[int, str]:
        parser = argparse.ArgumentParser()
        add_parser(parser.add_subparsers(required=True))
        args = parser.parse_args(["tally", "--rule", rule, "--roll", roll, "--votes", votes, *more])
        code = args.run(args)
        out, self.errors = self._capture.readouterr()
        return code, out

    def text(
        self, rule: str, roll: str | bytes = ROLL, votes: str | bytes = VOTES, *more: str
    ) -> tuple[int, str]:
        return self.start(rule, self.write("roll.csv", roll), self.write("votes.csv", votes), *more)

    def json(
        self, rule: str, roll: str | bytes = ROLL, votes: str | bytes = VOTES, *more: str
    ) -> tuple[int, Any]:
        code, out = self.text(rule, roll, votes, "--json", *more)
        return code, json.loads(out)

    def faults(
        self, roll: str | bytes = ROLL, votes: str | bytes = VOTES, rule: str = "gansu-2022/plan"
    ) -> list[Any]:
        """The faults as [file, line, field, value]; asserts that nothing was counted."""
        code, answer = self.json(rule, roll, votes)
        assert code == 2
        assert list(answer) == ["errors"]
        assert all(error["reason"] for error in answer["errors"])
        assert len(self.errors.splitlines()) == len(answer["errors"]) + 1
        return [
            [Path(error["file"] or "").stem, error["line"], error["field"], error["value"]]
            for error in answer["errors"]
        ]
