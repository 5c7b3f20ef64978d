"""The manifest and the checkpoint list: how they are written and which forms are accepted back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from backend.kernel.clock import iso
from backend.ledger.rules.leaf import document_set_hash, is_digest, is_id, is_instant, require_form
from backend.ledger.rules.record_contents import (
    FORMAT,
    MODES,
    PROFILE_STATUSES,
    VERSION,
    Checkpoint,
    MotionFacts,
    RecordContents,
)
from backend.ledger.rules.record_roll import format_area

Check = Callable[[object], bool]


class BadManifest(ValueError):
    """Part of the manifest or of another JSON file has the wrong form; the message is Chinese."""


@dataclass(frozen=True, slots=True)
class FileFacts:
    """Name, SHA-256 and length of one file of the record."""

    name: str
    sha256: str
    size: int


def manifest_object(kind: str, contents: RecordContents, files: Sequence[FileFacts]) -> dict[str, object]:
    """Return the manifest of a record of ``kind`` (public or audit) over these files."""
    last = contents.checkpoints[-1]
    return {
        "format": FORMAT,
        "version": VERSION,
        "record": kind,
        "mode": contents.mode,
        "generated_at": iso(contents.generated_at),
        "ballot": _ballot_object(contents),
        "roll": {
            "sha256": contents.roll.sha256,
            "frozen_sha256": contents.roll.frozen_sha256,
            "entries": str(contents.roll.entries),
            "heads": str(contents.roll.heads),
            "households": str(contents.roll.households),
            "area": format_area(contents.roll.area),
        },
        "amendments": {
            "added": contents.amendments.added,
            "corrected": contents.amendments.corrected,
            "removed": contents.amendments.removed,
        },
        "motions": [_motion_object(motion) for motion in contents.motions],
        "documents": [{"name": d.name, "sha256": d.sha256, "size": d.size} for d in contents.documents],
        "documents_sha256": document_set_hash(d.sha256 for d in contents.documents),
        "tree": {"leaves": last.size, "root": last.root},
        "files": [{"name": f.name, "sha256": f.sha256, "size": f.size} for f in files],
    }


def _ballot_object(contents: RecordContents) -> dict[str, object]:
    ballot = contents.ballot
    return {
        "id": ballot.id,
        "title": ballot.title,
        "kind": ballot.kind,
        "electorate": ballot.electorate,
        "organisation": ballot.organisation,
        "estate": ballot.estate,
        "state": ballot.state,
        "opens_at": iso(ballot.opens_at),
        "closes_at": iso(ballot.closes_at),
        "times": {state: iso(at) for state, at in ballot.times.items()},
    }


def _motion_object(motion: MotionFacts) -> dict[str, object]:
    return {
        "id": motion.id,
        "title": motion.title,
        "text": motion.text,
        "rules": [
            {
                "rule": use.rule,
                "profile": {"title": use.title, "clause": use.clause, "status": use.status},
                "parameters": dict(use.parameters),
            }
            for use in motion.rules
        ],
    }


def checkpoint_object(checkpoint: Checkpoint) -> dict[str, object]:
    """Return the JSON object of one checkpoint."""
    return {
        "number": checkpoint.number,
        "size": checkpoint.size,
        "root": checkpoint.root,
        "at": iso(checkpoint.at),
        "consistency": list(checkpoint.consistency),
    }


def parse_checkpoint(value: object) -> Checkpoint:
    """Return one checkpoint of ``checkpoints.json``; raises BadManifest."""
    form: Mapping[str, Any] = require_form(value, _CHECKPOINT, BadManifest)
    at = _instant(form["at"])
    return Checkpoint(form["number"], form["size"], form["root"], at, form["consistency"])


def parse_manifest(value: object, kind: str) -> dict[str, Any]:
    """Return a manifest whose every field has the right form; raises BadManifest naming the field."""
    form: Mapping[str, Any] = require_form(value, _MANIFEST, BadManifest)
    if form["record"] != kind:
        raise BadManifest(f"字段 record 写的是 {form['record']}，文件清单却是 {kind}")
    for name, checks in _PARTS.items():
        parts = form[name] if isinstance(form[name], list) else [form[name]]
        for number, part in enumerate(parts, 1):
            _require_part(part, checks, f"{name} 第 {number} 项" if parts is form[name] else name)
    for motion in form["motions"]:
        for use in motion["rules"]:
            _require_part(use, _RULE_USE, f"motions 中 {motion['id']} 的 rules")
            _require_part(use["profile"], _PROFILE, f"motions 中 {motion['id']} 的 profile")
    ids = [motion["id"] for motion in form["motions"]]
    if len(set(ids)) != len(ids):
        raise BadManifest("motions 中有重复的事项编号")
    _instant(form["generated_at"])
    return dict(form)


def _require_part(part: object, checks: Mapping[str, Check], where: str) -> None:
    try:
        require_form(part, checks, BadManifest)
    except BadManifest as error:
        raise BadManifest(f"{where}：{error}") from None


def _instant(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f%z")
    except ValueError:
        raise BadManifest(f"没有这个时刻：{text}") from None


def is_text(value: object) -> bool:
    """Tell whether this is a string of at most 20,000 characters."""
    return isinstance(value, str) and len(value) <= 20_000


def is_count(value: object) -> bool:
    """Tell whether this is an integer from 0 on (no boolean)."""
    return type(value) is int and value >= 0


def is_digits(value: object) -> bool:
    """Tell whether this is a plain decimal string of at most 15 digits."""
    return isinstance(value, str) and value.isascii() and value.isdigit() and str(int(value[:15])) == value


def is_area(value: object) -> bool:
    """Tell whether this is an area in m² with exactly two decimals."""
    return isinstance(value, str) and len(value) > 3 and value[-3] == "." and _is_area_parts(value)


def _is_area_parts(value: str) -> bool:
    return is_digits(value[:-3]) and value[-2:].isascii() and value[-2:].isdigit()


def _is_list(value: object) -> bool:
    return isinstance(value, list) and len(value) <= 10_000


def _is_object(value: object) -> bool:
    return isinstance(value, dict)


def _is_map(item: Check) -> Check:
    return lambda value: isinstance(value, dict) and len(value) <= 100 and all(map(item, value.values()))


def _one_of(*values: object) -> Check:
    return lambda value: any(type(value) is type(item) and value == item for item in values)


_MANIFEST: Mapping[str, Check] = {
    "format": _one_of(FORMAT),
    "version": _one_of(VERSION),
    "record": _one_of("public", "audit"),
    "mode": _one_of(*MODES),
    "generated_at": is_instant,
    "ballot": _is_object,
    "roll": _is_object,
    "amendments": _is_object,
    "motions": lambda value: isinstance(value, list) and 0 < len(value) <= 1_000,
    "documents": _is_list,
    "documents_sha256": is_digest,
    "tree": _is_object,
    "files": _is_list,
}
_PARTS: Mapping[str, Mapping[str, Check]] = {
    "ballot": {
        "id": is_id,
        **dict.fromkeys(("title", "kind", "electorate", "organisation", "estate", "state"), is_text),
        **dict.fromkeys(("opens_at", "closes_at"), is_instant),
        "times": _is_map(is_instant),
    },
    "roll": {
        **dict.fromkeys(("sha256", "frozen_sha256"), is_digest),
        **dict.fromkeys(("entries", "heads", "households"), is_digits),
        "area": is_area,
    },
    "amendments": dict.fromkeys(("added", "corrected", "removed"), is_count),
    "motions": {"id": is_id, "title": is_text, "text": is_text, "rules": _is_list},
    "documents": {"name": is_text, "sha256": is_digest, "size": is_count},
    "tree": {"leaves": is_count, "root": is_digest},
    "files": {"name": is_text, "sha256": is_digest, "size": is_count},
}
_PROFILE: Mapping[str, Check] = {"title": is_text, "clause": is_text, "status": _one_of(*PROFILE_STATUSES)}
_RULE_USE: Mapping[str, Check] = {"rule": is_text, "profile": _is_object, "parameters": _is_map(is_text)}
_CHECKPOINT: Mapping[str, Check] = {
    "number": is_count,
    "size": is_count,
    "root": is_digest,
    "at": is_instant,
    "consistency": lambda value: isinstance(value, list) and len(value) <= 128 and all(map(is_digest, value)),
}
