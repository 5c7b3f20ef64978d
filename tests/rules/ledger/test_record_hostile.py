"""Files that somebody made to deceive or to exhaust the verifier: a clear finding each, never a traceback."""

from __future__ import annotations

import io
import json
import os
import struct
import zipfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.ledger.rules.canonical import encode
from backend.ledger.rules.record_open import Limits
from backend.ledger.rules.record_verify import verify
from backend.ledger.rules.record_write import write_audit, write_public
from backend.ledger.rules.record_zip import AUDIT_FILES, PUBLIC_FILES, create_zip
from tests.rules.ledger.sample import Sample, make_sample
from tests.rules.ledger.stranger_verifier import check as stranger_check

JSON_FILES = ("amendments.json", "sums.json", "checkpoints.json", "export.json", "manifest.json")


@pytest.fixture(scope="module")
def sample() -> Sample:
    return make_sample(6, sizes=(3,))


@pytest.fixture(scope="module")
def files(sample: Sample, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    path = write_audit(tmp_path_factory.mktemp("record") / "a.zip", sample.contents, sample.audit).path
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def pack(path: Path, files: dict[str, bytes]) -> Path:
    """Write a canonical container around any contents, with a manifest that lists them truthfully."""
    with create_zip(path) as archive:
        for name, content in files.items():
            with archive.file(name) as file:
                file.write(content)
    return path


def zipped(path: Path, files: list[tuple[str, bytes]], method: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in files:
            archive.writestr(zipfile.ZipInfo(name), content, method)
    return path


def found(path: Path, limits: Limits | None = None) -> str:
    report = verify(path, limits=limits)
    assert not report.ok
    assert report.readable
    assert report.findings
    return "\n".join(f"{finding.where}：{finding.what}" for finding in report.findings)


def test_what_is_no_zip_is_unreadable(tmp_path: Path) -> None:
    (tmp_path / "text.zip").write_text("这不是压缩包" * 50, encoding="utf-8")
    (tmp_path / "empty.zip").touch()
    os.mkfifo(tmp_path / "pipe.zip")
    for name in ("text.zip", "empty.zip", "pipe.zip", "absent.zip", ".", "nul\0.zip", "x" * 5000):
        report = verify(tmp_path / name)
        assert (report.ok, report.readable, len(report.findings)) == (False, False, 1)


def test_compressed_and_repacked_records_are_refused(tmp_path: Path, files: dict[str, bytes]) -> None:
    assert "文件经过压缩" in found(zipped(tmp_path / "a.zip", list(files.items()), zipfile.ZIP_DEFLATED))
    assert "zip 目录" in found(zipped(tmp_path / "b.zip", list(files.items())))


def test_a_bomb_is_never_unpacked(tmp_path: Path, files: dict[str, bytes]) -> None:
    bomb = {**files, "leaves.jsonl": bytes(50_000_000)}
    path = zipped(tmp_path / "a.zip", list(bomb.items()), zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 200_000
    assert "文件经过压缩" in found(path)


def test_an_encrypted_record_is_refused(tmp_path: Path, files: dict[str, bytes]) -> None:
    path = pack(tmp_path / "a.zip", files)
    content = bytearray(path.read_bytes())
    content[struct.unpack("<L", content[-6:-2])[0] + 8] |= 1
    path.write_bytes(content)
    assert "文件被加密" in found(path)


@pytest.mark.parametrize("name", ["../../etc/passwd", "/abs", "a\\b", "文件", "\x1b[31mred", "x" * 60_000])
def test_strange_names_are_refused_and_shown_harmlessly(
    tmp_path: Path, files: dict[str, bytes], name: str
) -> None:
    text = found(zipped(tmp_path / "a.zip", [*files.items(), (name, b"x")]))
    assert "zip 目录" in text
    assert "\x1b" not in text


def test_missing_extra_double_and_misplaced_files_are_named(tmp_path: Path, files: dict[str, bytes]) -> None:
    names = list(files)
    assert "缺少文件 votes.csv" in found(
        pack(tmp_path / "a.zip", {n: files[n] for n in names if n != "votes.csv"})
    )
    assert "多出文件 note.txt" in found(pack(tmp_path / "b.zip", {**files, "note.txt": b"hello"}))
    assert "文件次序应为" in found(pack(tmp_path / "c.zip", {n: files[n] for n in reversed(names)}))
    with create_zip(tmp_path / "d.zip") as archive:
        for name in [*names, "votes.csv"]:
            with archive.file(name) as file:
                file.write(files[name])
    assert "文件 votes.csv 重复出现" in found(tmp_path / "d.zip")
    assert "缺少文件" in found(pack(tmp_path / "e.zip", {}))
    inner = pack(tmp_path / "f.zip", files).read_bytes()
    assert "多出文件 inner.zip" in found(pack(tmp_path / "g.zip", {**files, "inner.zip": inner}))


def test_gaps_comments_and_leading_bytes_are_found(tmp_path: Path, files: dict[str, bytes]) -> None:
    path = pack(tmp_path / "a.zip", files)
    content = path.read_bytes()
    for bent in (b"#!/bin/sh\n" + content, content[:-2] + b"\x02\x00hi", content + b"\n"):
        path.write_bytes(bent)
        assert "zip 目录" in found(path)


def test_sizes_that_lie_are_found(tmp_path: Path, files: dict[str, bytes]) -> None:
    path = pack(tmp_path / "a.zip", files)
    content = bytearray(path.read_bytes())
    start = struct.unpack("<L", content[-6:-2])[0]
    for item in (start, start + 46 + len("roll.csv")):
        content[item + 20 : item + 28] = b"\xff" * 8
    path.write_bytes(content)
    assert "zip 目录" in found(path)


BAD_JSON: list[bytes] = [
    b"",
    b"null",
    b"[]",
    b"{}",
    b"3",
    b'"text"',
    b"NaN",
    b"[" * 200_000,
    b"9" * 100_000,
    b"1e999",
    b"\xff\xfe",
    b'{"motions":null}',
    b'{"motions":[null]}',
    b'{"motions":[{"motion":"m1"},{"motion":"m2"}]}',
    b'[{"number":1}]',
    b"[null]",
    b'{"files":[],"files":[]}',
]


@pytest.mark.parametrize("name", JSON_FILES)
@pytest.mark.parametrize("content", BAD_JSON, ids=range(len(BAD_JSON)))
def test_wrong_json_is_a_finding(tmp_path: Path, files: dict[str, bytes], name: str, content: bytes) -> None:
    path = pack(tmp_path / "a.zip", {**files, name: content})
    assert name in found(path)
    assert stranger_check(path)


def scalar_places(value: object, way: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    """Return the way to every node below ``value``."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    ways = [way] if way else []
    for key, item in items:
        ways += scalar_places(item, (*way, key))
    return ways


def relist(files: dict[str, bytes]) -> dict[str, bytes]:
    """Give the manifest the true hashes of the other files, so that only their content can be at fault."""
    manifest = json.loads(files["manifest.json"])
    manifest["files"] = [
        {"name": name, "sha256": sha256(content).hexdigest(), "size": len(content)}
        for name, content in files.items()
        if name != "manifest.json"
    ]
    return {**files, "manifest.json": encode(manifest)}


@pytest.mark.parametrize("name", ["manifest.json", "checkpoints.json", "sums.json", "amendments.json"])
@pytest.mark.parametrize("value", [None, True, -1, 2**53 - 1, "", "x", [], {}, ["x"], {"a": 1}], ids=str)
def test_a_wrong_type_anywhere_never_breaks_the_verifier(
    tmp_path: Path, files: dict[str, bytes], name: str, value: object
) -> None:
    text = files[name]
    for way in scalar_places(json.loads(text)):
        document = json.loads(text)
        node = document
        for step in way[:-1]:
            node = node[step]
        if node[way[-1]] == value:
            continue
        node[way[-1]] = value
        report = verify(pack(tmp_path / "a.zip", relist({**files, name: encode(document)})))
        # Descriptive text may say anything; whatever carries a number, hash or choice may not.
        free = {"title", "text", "kind", "electorate", "organisation", "estate", "state", "reason", "clause"}
        assert report.readable
        if (
            not free & set(way)
            and way[0] not in ("files", "generated_at", "documents")
            and value not in ("", "x", [], {})
        ):
            assert not report.ok, way


@pytest.mark.parametrize("name", ["roll.csv", "votes.csv", "leaves.jsonl"])
@pytest.mark.parametrize(
    "bend",
    [
        lambda text: b"",
        lambda text: text[:-1],
        lambda text: text + b"\n",
        lambda text: text.replace(b"\n", b"\r\n"),
        lambda text: b"\xef\xbb\xbf" + text,
        lambda text: text.replace(b"e", b"\x00"),
        lambda text: text + b"x" * 200_000,
        lambda text: text + text,
        lambda text: b"\n".join(reversed(text.split(b"\n"))),
        lambda text: text.replace(b"e000001", "户".encode()),
    ],
    ids=range(10),
)
def test_bent_lines_are_findings(
    tmp_path: Path, files: dict[str, bytes], name: str, bend: Callable[[bytes], bytes]
) -> None:
    path = pack(tmp_path / "a.zip", relist({**files, name: bend(files[name])}))
    assert name in found(path)
    assert stranger_check(path)


def test_limits_are_kept(tmp_path: Path, files: dict[str, bytes]) -> None:
    path = pack(tmp_path / "a.zip", files)
    assert "超过上限" in found(path, Limits(total_bytes=1000))
    assert "超过上限 10 字节" in found(path, Limits(json_bytes=10))
    assert "过长" in found(path, Limits(line_bytes=100))
    assert "叶数超过上限 2" in found(path, Limits(rows=2))
    assert "行数超过上限 2" in found(path, Limits(rows=2))


def test_a_thousand_faults_are_counted_not_listed(tmp_path: Path, files: dict[str, bytes]) -> None:
    path = pack(tmp_path / "a.zip", relist({**files, "leaves.jsonl": b"{}\n" * 1000}))
    report = verify(path)
    assert len(report.findings) == 101
    assert "另有" in report.findings[-1].what


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_random_damage_is_found_by_both_verifiers(
    tmp_path: Path, sample: Sample, data: st.DataObject
) -> None:
    path = write_public(tmp_path / "a.zip", sample.contents).path
    content = path.read_bytes()
    start = data.draw(st.integers(0, len(content) - 1))
    length = data.draw(st.integers(0, 40))
    bent = content[:start] + data.draw(st.binary(max_size=40)) + content[start + length :]
    path.write_bytes(bent)
    assert verify(path).ok == (stranger_check(path) == []) == (bent == content)


@given(st.binary(max_size=300))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_noise_behind_a_zip_signature_is_refused(tmp_path: Path, noise: bytes) -> None:
    path = tmp_path / "noise.zip"
    for content in (b"PK\x03\x04" + noise, noise + b"PK\x05\x06" + bytes(18)):
        path.write_bytes(content)
        assert not verify(path).ok


def test_the_file_lists_are_what_zip_readers_see(files: dict[str, bytes]) -> None:
    assert tuple(files) == AUDIT_FILES
    assert set(PUBLIC_FILES) < set(AUDIT_FILES)
    with zipfile.ZipFile(io.BytesIO(b"PK\x05\x06" + bytes(18))) as archive:
        assert archive.namelist() == []
