"""A second verifier, written from docs/record-format.md alone; imports nothing of the product.

``python stranger_verifier.py RECORD.zip`` prints the faults, one per line.
"""

from __future__ import annotations

import hashlib
import json
import re
import struct
import sys
import zipfile
import zlib
from fractions import Fraction
from itertools import pairwise

PUBLIC = ["sums.json", "checkpoints.json", "manifest.json"]
AUDIT = [
    "roll.csv",
    "amendments.json",
    "leaves.jsonl",
    "votes.csv",
    *PUBLIC[:2],
    "export.json",
    "manifest.json",
]
MOVES = {
    "pending": ("standing", "rejected"),
    "held": ("standing", "rejected"),
    "standing": ("replaced", "rejected"),
}
ID = r"[0-9A-Za-z][0-9A-Za-z_.-]{0,63}"
ARRIVAL = ["ballot", "cast_at", "channel", "choices", "documents", "entry", "kind", "photo", "state", "vote"]
DISPOSITION = ["at", "ballot", "kind", "reason", "to", "vote"]


class Fault(Exception):
    """The record is wrong; the text says where."""


def check(path) -> list[str]:
    """Return the first fault found, as a list; empty when the record is sound."""
    try:
        check_record(path)
    except Fault as fault:
        return [str(fault)]
    except (zipfile.BadZipFile, OSError, EOFError, RuntimeError, struct.error) as error:
        return [f"container: {error}"]
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError) as error:
        return [f"form: {error!r}"]
    return []


def need(truth, where):
    if not truth:
        raise Fault(where)


def sha(content) -> str:
    return hashlib.sha256(content).hexdigest()


def check_record(path):
    content = read_container(path)
    manifest = canonical(content["manifest.json"], "manifest.json")
    kind = "audit" if "roll.csv" in content else "public"
    head = (manifest["format"], manifest["version"], manifest["record"])
    need(head == ("gongjue-record", 1, kind), "manifest: format, version or record")
    need(manifest["mode"] in ("production", "demo", "rehearsal"), "manifest: mode")
    listed = [(file["name"], file["sha256"], file["size"]) for file in manifest["files"]]
    actual = [(name, sha(body), len(body)) for name, body in content.items() if name != "manifest.json"]
    need(listed == actual, "manifest: files")
    digests = sorted(document["sha256"] for document in manifest["documents"])
    need(sha("".join(d + "\n" for d in digests).encode()) == manifest["documents_sha256"], "documents_sha256")
    checkpoints = canonical(content["checkpoints.json"], "checkpoints.json")
    check_checkpoints(checkpoints, manifest["tree"])
    sums = canonical(content["sums.json"], "sums.json")
    need([m["motion"] for m in sums["motions"]] == [m["id"] for m in manifest["motions"]], "sums: motions")
    roll, papers = None, None
    if kind == "audit":
        roll = read_roll(content["roll.csv"], manifest["roll"])
        undo_amendments(canonical(content["amendments.json"], "amendments.json"), roll, manifest)
        papers = read_leaves(content["leaves.jsonl"], manifest, checkpoints)
        need(set(papers) <= set(roll), "roll: an entry with a paper is missing")
        need(content["votes.csv"] == votes_csv(roll, papers, manifest), "votes.csv")
        need(
            set(canonical(content["export.json"], "export.json")) == {"actor", "at", "reason", "watermark"},
            "export",
        )
    for motion, stated in zip(manifest["motions"], sums["motions"], strict=True):
        check_motion(motion, stated, manifest["roll"], roll, papers)


def read_container(path) -> dict:
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        need(names in (PUBLIC, AUDIT), "container: files")
        need(all(item.compress_type == 0 for item in archive.infolist()), "container: compressed")
        content = {name: archive.read(name) for name in names}
    local, directory = b"", b""
    for name, body in content.items():
        common = (0, 0, 0, 0x21, zlib.crc32(body), len(body), len(body), len(name), 0)
        directory += struct.pack("<4sHH4H3L2H", b"PK\x01\x02", 10, 10, *common)
        directory += struct.pack("<3H2L", 0, 0, 0, 0, len(local)) + name.encode()
        local += struct.pack("<4sH4H3L2H", b"PK\x03\x04", 10, *common) + name.encode() + body
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, len(names), len(names), len(directory), len(local), 0)
    with open(path, "rb") as stream:
        need(stream.read() == local + directory + end, "container: bytes")
    return content


def canonical(text, where):
    value = json.loads(text)

    def plain(item, depth=0):
        need(depth <= 32, f"{where}: too deep")
        if isinstance(item, dict):
            need(all(key.isascii() for key in item), f"{where}: key")
        elif not isinstance(item, list):
            need(item is None or isinstance(item, bool | str | int), f"{where}: number")
            need(isinstance(item, str) or abs(item or 0) < 2**53, f"{where}: number")
            return
        for inner in item.values() if isinstance(item, dict) else item:
            plain(inner, depth + 1)

    plain(value)
    again = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    need(again.encode() == text, f"{where}: not canonical")
    return value


def node(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def tree_root(hashes):
    level = list(hashes)
    if not level:
        return hashlib.sha256(b"").digest()
    while len(level) > 1:
        pairs = [node(*level[i : i + 2]) for i in range(0, len(level) - 1, 2)]
        level = pairs + level[len(level) - len(level) % 2 :]
    return level[0]


def check_checkpoints(checkpoints, tree):
    need([c["number"] for c in checkpoints] == list(range(1, len(checkpoints) + 1)), "checkpoints: numbers")
    first, last = checkpoints[0], checkpoints[-1]
    need(first["consistency"] == [] and (first["size"] or first["root"] == sha(b"")), "checkpoints: first")
    need((last["size"], last["root"]) == (tree["leaves"], tree["root"]), "checkpoints: last")
    for old, new in pairwise(checkpoints):
        need(old["size"] < new["size"] and old["at"] <= new["at"], f"checkpoint {new['number']}: order")
        proof = [bytes.fromhex(digest) for digest in new["consistency"]]
        roots = bytes.fromhex(old["root"]), bytes.fromhex(new["root"])
        need(proves(old["size"], new["size"], proof, *roots), f"checkpoint {new['number']}: proof")


def proves(m, n, proof, old, new) -> bool:
    """Replay SUBPROOF from its last call back to its first: the proof's nodes are consumed in order."""
    if m == 0:
        return not proof
    sides, begin, size, whole = [], 0, n, True
    while m - begin != size:
        k = 1
        while k * 2 < size:
            k *= 2
        if m - begin <= k:
            sides.append("right")
            size = k
        else:
            sides.append("left")
            begin, size, whole = begin + k, size - k, False
    rest = list(proof)
    if len(rest) != len(sides) + (not whole):
        return False
    mine = theirs = old if whole else rest.pop(0)
    for side in reversed(sides):
        other = rest.pop(0)
        if side == "right":
            theirs = node(theirs, other)
        else:
            mine, theirs = node(other, mine), node(other, theirs)
    return (mine, theirs) == (old, new)


def read_roll(text, stated) -> dict:
    need(sha(text) == stated["sha256"], "roll: hash")
    header, *lines = text.decode("ascii").split("\n")
    need(header == "entry,owner,exclusive_area,household" and lines.pop() == "", "roll: lines")
    roll = {}
    for line in lines:
        match = re.fullmatch(rf"({ID}),({ID}),((?:0|[1-9]\d*)\.\d\d),([01])", line, re.ASCII)
        need(match and float(match[3]) > 0 and match[1] > max([*list(roll)[-1:], ""]), f"roll: {line}")
        roll[match[1]] = match.groups()
    area = sum(int(row[2].replace(".", "")) for row in roll.values())
    totals = [len(roll), len({row[1] for row in roll.values()}), sum(row[3] == "1" for row in roll.values())]
    need(
        [stated[name] for name in ("entries", "heads", "households")] == [str(t) for t in totals],
        "roll: totals",
    )
    need(stated["area"] == f"{area // 100}.{area % 100:02d}", "roll: area")
    return roll


def undo_amendments(amendments, roll, manifest):
    frozen = dict(roll)
    counts = {"added": 0, "corrected": 0, "removed": 0}
    need([a["number"] for a in amendments] == list(range(1, len(amendments) + 1)), "amendments: numbers")
    for amendment in reversed(amendments):
        before, after = (row_of(amendment[side]) for side in ("before", "after"))
        counts["added" if not before else "removed" if not after else "corrected"] += 1
        if after:
            need(frozen.pop(after[0], None) == after, "amendments: after")
        if before:
            need(before[0] not in frozen and (not after or after[0] == before[0]), "amendments: before")
            frozen[before[0]] = before
    need(counts == manifest["amendments"], "amendments: counts")
    lines = [
        "entry,owner,exclusive_area,household",
        *(",".join(frozen[entry]) for entry in sorted(frozen)),
        "",
    ]
    need(sha("\n".join(lines).encode()) == manifest["roll"]["frozen_sha256"], "amendments: frozen roll")


def row_of(form):
    return form and (form["entry"], form["owner"], form["exclusive_area"], form["household"])


def read_leaves(text, manifest, checkpoints) -> dict:
    lines = text.split(b"\n")
    need(lines.pop() == b"", "leaves: last line")
    hashes, papers, state, standing = [], {}, {}, {}
    for number, line in enumerate(lines):
        where = f"leaf {number}"
        row = canonical(line, where)
        leaf = row["leaf"]
        data = json.dumps(leaf, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
        digest = hashlib.sha256(b"\x00" + data + bytes.fromhex(row["nonce"])).digest()
        need(len(row["nonce"]) == 64 and row["number"] == number and row["hash"] == digest.hex(), where)
        need(sorted(leaf) == (ARRIVAL if leaf["kind"] == "arrival" else DISPOSITION), f"{where}: fields")
        need(leaf["ballot"] == manifest["ballot"]["id"], f"{where}: ballot")
        hashes.append(digest)
        vote = leaf["vote"]
        if leaf["kind"] == "arrival":
            need(vote not in papers and leaf["state"] in MOVES, f"{where}: arrival")
            check_arrival(leaf, manifest, where)
            papers[vote], to = leaf, leaf["state"]
        else:
            to = leaf["to"]
            need(to in MOVES.get(state[vote], ()), f"{where}: transition")
        entry = papers[vote]["entry"]
        if to == "standing":
            need(entry not in standing, f"{where}: second paper")
            standing[entry] = papers[vote]["choices"]
        elif state.get(vote) == "standing":
            del standing[entry]
        state[vote] = to
    need(len(hashes) == checkpoints[-1]["size"], "leaves: number")
    for checkpoint in checkpoints:
        need(
            tree_root(hashes[: checkpoint["size"]]).hex() == checkpoint["root"],
            f"root of {checkpoint['size']}",
        )
    return standing


def check_arrival(leaf, manifest, where):
    ballot = manifest["ballot"]
    need(set(leaf["choices"]) == {motion["id"] for motion in manifest["motions"]}, f"{where}: choices")
    need(leaf["channel"] in ("online", "paper", "proxy", "legacy"), f"{where}: channel")
    if leaf["channel"] == "online":
        need(ballot["opens_at"] <= leaf["cast_at"] < ballot["closes_at"], f"{where}: window")
    if leaf["channel"] != "legacy":
        need(leaf["documents"] == manifest["documents_sha256"], f"{where}: documents")


def votes_csv(roll, papers, manifest) -> bytes:
    lines = ["entry,motion,choice"]
    for entry in roll:
        for motion in manifest["motions"] if entry in papers else []:
            lines.append(f"{entry},{motion['id']},{papers[entry][motion['id']]}")
    return "\n".join([*lines, ""]).encode()


TAKES_PART = {"for", "against", "abstain"}
COVERED = {"very_satisfied", "satisfied", "basically", "dissatisfied", "very_dissatisfied"}
SATISFIED = {"very_satisfied", "satisfied"}


def count(roll, choices) -> dict:
    """The sums of one motion, from entry to choice."""

    def weigh(entries, heads):
        rows = [roll[entry] for entry in entries]
        area = sum(int(row[2].replace(".", "")) for row in rows)
        households = sum(row[3] == "1" for row in rows)
        return {"area": f"{area // 100}.{area % 100:02d}", "heads": str(heads), "households": str(households)}

    said: dict = {row[1]: [] for row in roll.values()}
    for entry, choice in choices.items():
        said[roll[entry][1]].append(choice)

    def part(wanted, whole):
        words = [[word for word in all_words if word in whole] for all_words in said.values()]
        heads = sum(bool(own) and all(word in wanted for word in own) for own in words)
        return weigh([entry for entry, choice in choices.items() if choice in wanted], heads)

    divided = sum(len({word for word in words if word in TAKES_PART}) > 1 for words in said.values())
    return {
        "roll": weigh(roll, len(said)),
        "participating": part(TAKES_PART, TAKES_PART),
        "approving": part({"for"}, TAKES_PART),
        "covered": part(COVERED, COVERED),
        "satisfied": part(SATISFIED, COVERED),
        "satisfied_wide": part(SATISFIED | {"basically"}, COVERED),
        "unvoted": weigh(
            [entry for entry in roll if entry not in choices], sum(not w for w in said.values())
        ),
        "divided_heads": str(divided),
    }


def check_motion(motion, stated, totals, roll, papers):
    where = f"motion {motion['id']}"
    need([r["rule"] for r in stated["results"]] == [r["rule"] for r in motion["rules"]], f"{where}: rules")
    for rule, result in zip(motion["rules"], stated["results"], strict=True):
        given, sums = rule["parameters"], result["sums"]
        need(sums["roll"] == {basis: totals[basis] for basis in sums["roll"]}, f"{where}: roll")
        if papers is not None:
            swaps = {
                "abstain": "invalid" if given.get("abstain") == "absent" else "abstain",
                "invalid": "abstain" if given.get("invalid") == "participates" else "invalid",
                "unknown": "dissatisfied" if given.get("unknown") == "covered" else "unknown",
            }
            said = {entry: choices[motion["id"]] for entry, choices in papers.items()}
            read = {entry: swaps.get(choice, choice) for entry, choice in said.items()}
            need(sums == count(roll, read), f"{where}: sums")
        for test in result["tests"]:
            check_test(test, sums, given, where)
        check_outcome(result, where)


def units(text) -> int:
    return int(text.replace(".", ""))


def check_test(test, sums, given, where):
    basis, kinds = test["basis"], {"for": "approving"}
    wide = given.get("satisfied_levels") == "first_three"
    kinds["satisfied"] = "satisfied_wide" if wide else "satisfied"
    numerator = units(sums[kinds.get(test["numerator_kind"], test["numerator_kind"])][basis])
    denominator = units(sums[test["denominator_kind"]][basis])
    if basis == "heads" and given.get("divided_owner") == "absent":
        numerator -= units(sums["divided_heads"]) if test["numerator_kind"] == "participating" else 0
        denominator -= units(sums["divided_heads"]) if test["denominator_kind"] == "participating" else 0
    need(
        (units(test["numerator"]), units(test["denominator"])) == (numerator, denominator),
        f"{where}: {basis}",
    )
    grows = test["denominator_kind"] == "participating"

    def passes(more):
        if test["threshold"] is None or denominator + more * grows == 0:
            return False
        share = Fraction(numerator + more, denominator + more * grows)
        bound = Fraction(test["threshold"])
        return share > bound if test["op"] == ">" else share >= bound

    short = None if test["shortfall"] is None else units(test["shortfall"])
    need(test["passed"] == passes(0), f"{where}: passed")
    need(short is None or (not passes(short - 1) and passes(short)), f"{where}: shortfall")
    left = units(sums["unvoted"][basis])
    need(
        test["reachable"] == (test["passed"] or (short is not None and short <= left)), f"{where}: reachable"
    )


def check_outcome(result, where):
    tests, outcome = result["tests"], result["outcome"]
    if not tests:
        return need(outcome == "evidence_only", f"{where}: outcome")
    if any(units(test["denominator"]) == 0 or test["threshold"] is None for test in tests):
        return need(outcome == "undecidable", f"{where}: outcome")
    if all(test["passed"] for test in tests):
        return need(outcome == "passed", f"{where}: outcome")
    # A reading is open when one quantity is held against two denominators.
    measured = [(test["basis"], test["numerator_kind"]) for test in tests]
    open_reading = len(set(measured)) < len(measured)
    return need(outcome == "failed" or (outcome == "undecidable" and open_reading), f"{where}: outcome")


if __name__ == "__main__":
    faults = check(sys.argv[1])
    print("\n".join(faults) or "sound")
    sys.exit(bool(faults))
