"""The command, the page that describes the format, and the size records may have."""

from __future__ import annotations

import argparse
import json
import re
import time
import tracemalloc
import zipfile
from hashlib import sha256
from pathlib import Path

import pytest

from backend.commands.record import add_parser
from backend.commands.tally import add_parser as add_tally_parser
from backend.ledger.rules.leaf import document_set_hash, leaf_hash, parse_ballot_leaf
from backend.ledger.rules.merkle import root
from backend.ledger.rules.record_roll import parse_roll_line, roll_hash
from backend.ledger.rules.record_verify import verify
from backend.ledger.rules.record_write import write_audit, write_public
from tests.rules.ledger.sample import make_sample

PAGE = Path(__file__).parents[3] / "docs" / "record-format.md"


def run(*words: str) -> int:
    parser = argparse.ArgumentParser()
    add_parser(parser.add_subparsers(required=True))
    args = parser.parse_args(["record", "verify", *words])
    code: int = args.run(args)
    return code


def test_a_sound_record_exits_0(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sample = make_sample()
    path = write_audit(tmp_path / "a.zip", sample.contents, sample.audit).path
    last = sample.contents.checkpoints[-1].root
    assert run(str(path), "--root", last) == 0
    text = capsys.readouterr().out
    assert "核验通过" in text
    assert "朝阳家园" in text
    assert "您提供的根就是第 3 个检查点的根" in text
    assert "事项 m1：cn-civil-code/general → 通过" in text
    assert "演练" not in text
    assert run(str(path), "--json") == 0
    assert json.loads(capsys.readouterr().out)["facts"]["root"] == last


def test_the_tally_command_recounts_an_audit_record(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sample = make_sample(30)
    path = write_audit(tmp_path / "a.zip", sample.contents, sample.audit).path
    with zipfile.ZipFile(path) as archive:
        archive.extractall(tmp_path)
        stated = json.loads(archive.read("sums.json"))["motions"]
    parser = argparse.ArgumentParser()
    add_tally_parser(parser.add_subparsers(required=True))
    files = ["--roll", str(tmp_path / "roll.csv"), "--votes", str(tmp_path / "votes.csv"), "--json"]
    for number, result in (
        (0, stated[0]["results"][0]),
        (1, stated[1]["results"][0]),
        (1, stated[1]["results"][1]),
    ):
        args = parser.parse_args(["tally", "--rule", result["rule"], *files])
        assert args.run(args) == 0
        counted = json.loads(capsys.readouterr().out)["motions"][number]
        assert (counted["outcome"], counted["tests"]) == (result["outcome"], result["tests"])


def test_faults_exit_1_and_say_where(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sample = make_sample(mode="rehearsal")
    path = write_public(tmp_path / "a.zip", sample.contents).path
    assert run(str(path)) == 0
    text = capsys.readouterr().out
    assert text.startswith("★★★ 演练记录")
    assert "--root" in text
    assert run(str(path), "--root", "00" * 32) == 1
    path.write_bytes(path.read_bytes().replace(b"rehearsal", b"production"))
    assert run(str(path)) == 1
    assert "核验不通过" in capsys.readouterr().out


def test_no_record_exits_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for path in (tmp_path, tmp_path / "absent.zip", PAGE):
        assert run(str(path)) == 2
        assert "无法核验" in capsys.readouterr().out
        assert run(str(path), "--json") == 2
        assert json.loads(capsys.readouterr().out)["readable"] is False
    with pytest.raises(SystemExit) as caught:
        run(str(PAGE), "--root", "abc")
    assert caught.value.code == 2


def test_the_examples_of_the_page_are_true() -> None:
    page = PAGE.read_text(encoding="utf-8")
    leaves = [
        parse_ballot_leaf(json.loads(line)) for line in re.findall(r"^\{\"(?:ballot|at)\".*\}$", page, re.M)
    ]
    hashes = [leaf_hash(leaf, bytes([number]) * 32) for number, leaf in enumerate(leaves)]
    assert re.findall(r"^leaf \d +([0-9a-f]{64})$", page, re.M) == [digest.hex() for digest in hashes]
    stated = dict(re.findall(r"^root of (\d) +([0-9a-f]{64})$", page, re.M))
    assert stated == {str(size): root(hashes[:size]).hex() for size in (0, 2, 3)}
    assert document_set_hash([sha256(b"plan").hexdigest()]) in page
    rows = [parse_roll_line(line.encode()) for line in re.findall(r"^e\d,o\d,.*$", page, re.M)]
    assert len(rows) == 2
    assert roll_hash(rows) in page


@pytest.mark.slow
def test_a_hundred_thousand_entries_take_seconds(tmp_path: Path) -> None:
    sample = make_sample(100_000, sizes=(10_000, 50_000))
    start = time.process_time()
    path = write_audit(tmp_path / "a.zip", sample.contents, sample.audit).path
    written = time.process_time()
    assert verify(path).ok
    assert written - start < 30
    assert time.process_time() - written < 60


def test_memory_grows_by_the_papers_not_by_the_file(tmp_path: Path) -> None:
    sample = make_sample(5_000, sizes=(10,))
    path = write_audit(tmp_path / "a.zip", sample.contents, sample.audit).path
    tracemalloc.start()
    assert verify(path).ok
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5_000 * 1_200 < 3 * path.stat().st_size
