"""Records written and verified: what is sound passes, every flipped byte is found and placed."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from backend.ledger.rules.leaf import Arrival, leaf_hash
from backend.ledger.rules.record_contents import Checkpoint, RecordContents
from backend.ledger.rules.record_verify import VerificationReport, verify
from backend.ledger.rules.record_write import write_audit, write_public
from backend.ledger.rules.record_zip import AUDIT_FILES, PUBLIC_FILES
from backend.tally.rule import get_rule
from tests.rules.ledger.sample import CLOSES, MOTIONS, Sample, checkpoints_of, counts_of, make_sample, sealed
from tests.rules.ledger.stranger_verifier import check as stranger_check


@pytest.fixture(scope="module")
def sample() -> Sample:
    return make_sample()


@pytest.fixture
def audit(tmp_path: Path, sample: Sample) -> Path:
    return write_audit(tmp_path / "audit.zip", sample.contents, sample.audit).path


@pytest.fixture
def public(tmp_path: Path, sample: Sample) -> Path:
    return write_public(tmp_path / "public.zip", sample.contents).path


def places(report: VerificationReport) -> str:
    return "\n".join(f"{finding.where}: {finding.what}" for finding in report.findings)


def rejected(path: Path, where: str, what: str) -> None:
    """Both verifiers must refuse; ours must say where and what."""
    report = verify(path)
    assert not report.ok
    assert any(where in finding.where and what in finding.what for finding in report.findings), places(report)
    assert stranger_check(path)


def test_a_sound_audit_record_passes(audit: Path, sample: Sample) -> None:
    report = verify(audit, sample.contents.checkpoints[0].root.upper())
    assert (places(report), report.ok, report.witnessed) == ("", True, 1)
    assert [motion["motion"] for motion in report.recount] == ["m1", "m2"]
    assert (
        report.facts["fingerprint"]
        == write_audit(audit.with_name("again.zip"), sample.contents, sample.audit).fingerprint
    )
    assert audit.read_bytes() == audit.with_name("again.zip").read_bytes()
    assert stranger_check(audit) == []


def test_a_sound_public_record_passes_and_holds_no_entry(public: Path, sample: Sample) -> None:
    report = verify(public)
    assert (places(report), report.ok, report.witnessed) == ("", True, None)
    assert stranger_check(public) == []
    content = public.read_bytes()
    assert not any(
        row.entry.encode() in content or row.owner.encode() in content for row in sample.audit.roll
    )
    with zipfile.ZipFile(public) as archive:
        assert tuple(archive.namelist()) == PUBLIC_FILES


def test_the_derived_papers_are_those_of_the_tally_command(audit: Path) -> None:
    with zipfile.ZipFile(audit) as archive:
        assert tuple(archive.namelist()) == AUDIT_FILES
        rows = list(csv.DictReader(io.StringIO(archive.read("votes.csv").decode())))
        roll = list(csv.DictReader(io.StringIO(archive.read("roll.csv").decode())))
    assert list(rows[0]) == ["entry", "motion", "choice"]
    assert list(roll[0]) == ["entry", "owner", "exclusive_area", "household"]
    assert {"entry": "e000000", "motion": "m1", "choice": "against"} in rows
    assert not any(row["entry"] == "e000003" for row in rows)  # its paper was rejected


def test_every_flipped_byte_of_an_audit_record_is_found_and_placed(tmp_path: Path) -> None:
    small = make_sample(4, sizes=(2,), motions=1)
    path = write_audit(tmp_path / "small.zip", small.contents, small.audit).path
    assert verify(path).ok
    regions = regions_of(path)
    for offset in range(path.stat().st_size):
        flip(path, offset)
        report = verify(path)
        assert offset % 5 or stranger_check(path)
        flip(path, offset)
        where = next(name for start, name in reversed(regions) if offset >= start)
        assert not report.ok, offset
        assert any(where in finding.where for finding in report.findings), (offset, where, places(report))


def flip(path: Path, offset: int) -> None:
    with path.open("r+b") as stream:
        stream.seek(offset)
        byte = stream.read(1)[0]
        stream.seek(offset)
        stream.write(bytes([byte ^ 1 << offset % 8]))


def regions_of(path: Path) -> list[tuple[int, str]]:
    """Return (first offset, name of what begins there) as an ordinary zip reader sees the file."""
    regions = []
    with zipfile.ZipFile(path) as archive:
        for item in archive.infolist():
            regions += [(item.header_offset, f"{item.filename} 的本地文件头")]
            regions += [(item.header_offset + 30 + len(item.filename), item.filename)]
        return [*regions, (archive.start_dir, "zip 目录")]


def test_every_truncation_is_found(audit: Path, tmp_path: Path) -> None:
    content = audit.read_bytes()
    for length in range(0, len(content), 37):
        (tmp_path / "cut.zip").write_bytes(content[:length])
        assert not verify(tmp_path / "cut.zip").ok
    for extra in (b"\0", b"PK\x05\x06" + bytes(18), content):
        (tmp_path / "long.zip").write_bytes(content + extra)
        assert not verify(tmp_path / "long.zip").ok


def test_a_root_from_outside_must_be_in_the_record(audit: Path, public: Path) -> None:
    for path in (audit, public):
        report = verify(path, "ab" * 32)
        assert not report.ok
        assert "不是任何一个检查点的根" in places(report)


def forge(tmp_path: Path, sample: Sample, contents: RecordContents) -> Path:
    return write_audit(tmp_path / "forged.zip", contents, sample.audit).path


def test_a_vote_edited_in_the_database_is_named(tmp_path: Path, sample: Sample) -> None:
    leaves = list(sample.audit.leaves)
    victim = leaves[2].leaf
    assert isinstance(victim, Arrival)
    leaves[2] = replace(leaves[2], leaf=replace(victim, choices={"m1": "for", "m2": "against"}))
    path = write_audit(tmp_path / "a.zip", sample.contents, replace(sample.audit, leaves=leaves)).path
    rejected(path, "（2 号叶）", "哈希不符")
    rejected(path, "（0–4 号叶之间）", "第 1 个检查点不符")
    # With the stored hash forged as well, the first checkpoint that covers the leaf still tells.
    leaves[2] = replace(leaves[2], hash=leaf_hash(leaves[2].leaf, leaves[2].nonce))
    path = write_audit(tmp_path / "b.zip", sample.contents, replace(sample.audit, leaves=leaves)).path
    rejected(path, "（0–4 号叶之间）", "第 1 个检查点不符")


def test_a_deleted_vote_is_found(tmp_path: Path, sample: Sample) -> None:
    leaves = list(sample.audit.leaves)
    del leaves[6]
    path = write_audit(tmp_path / "a.zip", sample.contents, replace(sample.audit, leaves=leaves)).path
    rejected(path, "（5–7 号叶之间）", "第 2 个检查点不符")
    rejected(path, "leaves.jsonl", "manifest.json 写明")


def test_a_rewritten_tree_contradicts_the_root_seen_outside(tmp_path: Path, sample: Sample) -> None:
    plain = [item.leaf for item in sample.audit.leaves]
    assert isinstance(plain[0], Arrival)
    plain[0] = replace(plain[0], choices={"m1": "abstain", "m2": "abstain"})
    leaves = sealed(plain)
    checkpoints = checkpoints_of([item.hash for item in leaves], (5, 8, len(leaves)))
    counts = counts_of(list(sample.audit.roll), plain)
    contents = replace(sample.contents, checkpoints=checkpoints, counts=counts)
    path = write_audit(tmp_path / "a.zip", contents, replace(sample.audit, leaves=leaves)).path
    assert verify(path).ok
    assert not verify(path, sample.contents.checkpoints[-1].root).ok
    # Keeping the first checkpoint, which the group room has seen, breaks the proof to the next.
    kept = (sample.contents.checkpoints[0], *checkpoints[1:])
    mixed = write_public(tmp_path / "b.zip", replace(contents, checkpoints=kept)).path
    rejected(mixed, "checkpoints.json 第 2 项", "一致性证明不成立")


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"number": 5}, "编号应为 2"),
        ({"size": 5}, "没有比前一个检查点增加"),
        ({"at": CLOSES.replace(year=2025)}, "早于前一个"),
        ({"consistency": []}, "一致性证明不成立"),
    ],
)
def test_a_wrong_checkpoint_is_named(
    tmp_path: Path, sample: Sample, change: dict[str, object], what: str
) -> None:
    first, second, third = sample.contents.checkpoints
    bent: Checkpoint = replace(second, **change)
    contents = replace(sample.contents, checkpoints=(first, bent, third))
    rejected(write_public(tmp_path / "a.zip", contents).path, "checkpoints.json 第 2 项", what)


def test_a_padded_roll_is_found(tmp_path: Path, sample: Sample) -> None:
    rows = list(sample.audit.roll)
    padded = replace(sample.audit, roll=[*rows, replace(rows[0], entry="e999999")])
    path = write_audit(tmp_path / "a.zip", sample.contents, padded).path
    rejected(path, "roll.csv", "名册的 SHA-256")
    trimmed = replace(sample.audit, roll=rows[1:])
    path = write_audit(tmp_path / "b.zip", sample.contents, trimmed).path
    rejected(path, "roll.csv", "不在名册中")


def test_amendments_must_lead_back_to_the_frozen_roll(tmp_path: Path, sample: Sample) -> None:
    none = replace(sample.audit, amendments=())
    path = write_audit(tmp_path / "a.zip", sample.contents, none).path
    rejected(path, "amendments.json", "更正的次数")
    rejected(path, "amendments.json", "冻结的名册")
    item = sample.audit.amendments[0]
    assert item.before is not None
    other = replace(sample.audit, amendments=(replace(item, before=replace(item.before, area=1)),))
    path = write_audit(tmp_path / "b.zip", sample.contents, other).path
    rejected(path, "amendments.json", "冻结的名册")


@pytest.mark.parametrize("kind", ["public", "audit"])
def test_a_changed_sum_or_outcome_is_found(tmp_path: Path, sample: Sample, kind: str) -> None:
    for path_in, value in (("outcome", "failed"), ("sums.approving.heads", "9"), ("tests.0.passed", False)):
        counts = json.loads(json.dumps([list(count.results) for count in sample.contents.counts]))
        target, *rest = path_in.split(".")
        node = counts[1][0]
        for step in rest:
            node, target = node[int(target) if isinstance(node, list) else target], step
        assert node[target] != value
        node[target] = value
        changed = tuple(
            replace(count, results=tuple(new))
            for count, new in zip(sample.contents.counts, counts, strict=True)
        )
        contents = replace(sample.contents, counts=changed)
        path = tmp_path / f"{path_in}.zip"
        if kind == "public":
            rejected(write_public(path, contents).path, "sums.json 的事项 m2", "")
        else:
            rejected(write_audit(path, contents, sample.audit).path, "sums.json 的事项 m2", target)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"cast_at": "2026-11-20T16:00:00.000000Z"}, "不在投票期内"),
        ({"cast_at": "2026-10-31T23:59:59.999999Z"}, "不在投票期内"),
        ({"documents": "00" * 32}, "文件不同"),
        ({"choices": {"m1": "for"}}, "每个事项"),
        ({"ballot": "b2"}, "另一次表决"),
        ({"entry": "e000001"}, "同一户"),
    ],
)
def test_a_vote_that_should_not_count_is_named(
    tmp_path: Path, sample: Sample, change: dict[str, object], what: str
) -> None:
    plain = [item.leaf for item in sample.audit.leaves]
    assert isinstance(plain[2], Arrival)
    plain[2] = replace(plain[2], **change)
    leaves = sealed(plain)
    checkpoints = checkpoints_of([item.hash for item in leaves], (len(leaves),))
    contents = replace(sample.contents, checkpoints=checkpoints)
    path = write_audit(tmp_path / "a.zip", contents, replace(sample.audit, leaves=leaves)).path
    rejected(path, "（2 号叶）", what)


def test_a_ballot_without_votes_has_a_record(tmp_path: Path, sample: Sample) -> None:
    roll = list(sample.audit.roll)
    contents = replace(sample.contents, checkpoints=checkpoints_of([], (0,)), counts=counts_of(roll, []))
    path = write_audit(tmp_path / "a.zip", contents, replace(sample.audit, leaves=[])).path
    report = verify(path)
    assert (places(report), stranger_check(path)) == ("", [])
    assert report.recount[0]["results"][0]["outcome"] == "undecidable"  # type: ignore[index]  # JSON


def test_rules_that_cannot_be_counted_are_named(tmp_path: Path, sample: Sample) -> None:
    use = MOTIONS[0].rules[0]
    assert get_rule(use.rule)
    for change, what in (
        ({"rule": "nowhere/none"}, "没有规则"),
        ({"parameters": {"colour": "red"}}, "参数 colour"),
    ):
        motions = (replace(MOTIONS[0], rules=(replace(use, **change),)), MOTIONS[1])
        report = verify(forge(tmp_path, sample, replace(sample.contents, motions=motions)))
        assert what in places(report)


def test_a_rehearsal_says_so(tmp_path: Path) -> None:
    rehearsal = make_sample(mode="rehearsal")
    report = verify(write_public(tmp_path / "a.zip", rehearsal.contents).path)
    assert report.ok
    assert report.facts["mode"] == "rehearsal"


def test_nothing_is_written_when_writing_fails(tmp_path: Path, sample: Sample) -> None:
    with pytest.raises(ValueError, match="checkpoint"):
        write_public(tmp_path / "a.zip", replace(sample.contents, checkpoints=()))
    bad = replace(sample.contents, ballot=replace(sample.contents.ballot, title="\ud800"))
    with pytest.raises(ValueError, match="代理"):
        write_public(tmp_path / "a.zip", bad)
    assert list(tmp_path.iterdir()) == []
