"""The audit of a ballot in the database: every row against its leaf, its history and what was announced."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sqlmodel import Session

from backend.ballots.queries.minutes import signed_minutes
from backend.ballots.queries.tally import count_ballot, result_json
from backend.ballots.repository import ballots as repository
from backend.ballots.repository import records as stored
from backend.ballots.repository.sealing import Arrived, Moved, numbered
from backend.ballots.service.loading import frozen_rules
from backend.ballots.service.records.contents import document_facts, published_results, read_roll
from backend.ballots.service.sealing import arrival_leaf, disposition_leaf, tree_of
from backend.ballots.tables import Ballot
from backend.kernel.errors import FieldError
from backend.ledger import queries as ledger
from backend.ledger.queries import TreeFault
from backend.ledger.rules.fold import Fold, IllegalHistory
from backend.ledger.rules.leaf import document_set_hash, leaf_hash
from backend.ledger.rules.record_roll import BadRoll, roll_hash, undo

NEVER_SEALED = "never sealed"
NUMBER_TWICE = "leaf number used twice"
STATE_DIFFERS = "state differs from its history"
HISTORY_ILLEGAL = "history contradicts itself"
ROLL_DIFFERS = "roll differs from the announced hash"
ROLL_EVENT_DIFFERS = "announced roll hash differs from the event of opening"
CORRECTION_DIFFERS = "roll differs from the event of its last correction"
OWNERS_DIFFER = "owners are counted otherwise than the roll names them"
NUMBERS_DIFFER = "local numbers differ from the event of opening"
RULES_DIFFER = "who votes and how differs from the event of opening"
DOCUMENTS_DIFFER = "motions or documents differ from the announced hash"
RESULT_DIFFERS = "published result differs from the votes"
MINUTES_DIFFER = "signed minutes differ from the events of their signing"
ROOT_GONE = "the root stated in an event is no checkpoint's"

# The first four are said by ``ledger.queries.check_leaves``.
MESSAGES: Mapping[str, str] = {
    "row altered": "数据行与封存的叶不符，已被改动",
    "row missing": "已封存的数据行不见了",
    "leaf missing": "封存的叶不见了",
    "root differs": "由数据行重算的根与检查点不符",
    NEVER_SEALED: "封存之后才出现的数据行，不在封存的树里",
    NUMBER_TWICE: "叶编号重复",
    STATE_DIFFERS: "选票现在的状态与封存的处置经过不符",
    HISTORY_ILLEGAL: "处置经过前后矛盾",
    ROLL_DIFFERS: "名册与冻结时公布的校验码不符",
    ROLL_EVENT_DIFFERS: "名册校验码与开始投票时的事件记录不符",
    CORRECTION_DIFFERS: "更正后的名册与事件记录不符",
    OWNERS_DIFFER: "计票所用的业主编号与名册上的业主不符",
    NUMBERS_DIFFER: "计票所用的当地参数与开始投票时的事件记录不符",
    RULES_DIFFER: "投票人和投票规则与开始投票时的事件记录不符",
    DOCUMENTS_DIFFER: "事项或文件与公告的校验码不符",
    RESULT_DIFFERS: "公布的结果与选票不符",
    MINUTES_DIFFER: "签字的计票记录与登记签字时的事件记录不符",
    ROOT_GONE: "事件记录中的封存根已不在检查点中",
}
_NOUNS = {
    "leaf": "叶",
    "vote": "选票",
    "disposition": "处置",
    "event": "事件",
    "checkpoint": "检查点",
    "size": "叶数",
    "ballot": "表决",
}

_ENOUGH = 100


def describe_fault(fault: TreeFault) -> FieldError:
    """Return a fault in the reader's words."""
    where = re.sub("|".join(_NOUNS), lambda noun: _NOUNS[noun[0]], fault.where, count=2)
    return FieldError(where, MESSAGES[fault.what])


def check_ballot(session: Session, ballot: Ballot) -> list[TreeFault]:
    """Recompute everything that was sealed or announced from the rows; an empty list when nothing was altered.

    Reads must come from one snapshot (or the ballot be sealed), else a vote cast meanwhile looks like a fault.
    """
    tree = tree_of(ballot.id)
    rows = _read_rows(session, ballot, tree)
    faults = ledger.check_leaves(session, tree, rows.hashes)
    faults += [TreeFault(tree, where, what) for where, what in rows.faults]
    faults += [TreeFault(tree, f"vote {receipt}", STATE_DIFFERS) for receipt in rows.strayed()]
    faults += [TreeFault(tree, where, what) for where, what in _announced_faults(session, ballot)]
    return faults


@dataclass(slots=True)
class _Rows:
    """What the rows say: leaf hashes by number, the faults met, and each vote's state by history and by row."""

    fold: Fold
    hashes: dict[int, bytes] = field(default_factory=dict)
    faults: list[tuple[str, str]] = field(default_factory=list)
    states: dict[str, tuple[str, str]] = field(default_factory=dict)

    def move(self, receipt: str, to_state: str) -> None:
        """Take in a change of state."""
        if receipt in self.states:
            self.states[receipt] = (to_state, self.states[receipt][1])

    def strayed(self) -> list[str]:
        """Return votes whose stored state is not where their history leads."""
        return [receipt for receipt, (history, row) in self.states.items() if history != row]


def _read_rows(session: Session, ballot: Ballot, tree: str) -> _Rows:
    motion_ids = [motion.id for motion in repository.motions_of(session, ballot.id)]
    rows = _Rows(Fold(ballot.id))
    for number, row in numbered(session, ballot.id):
        _take(rows, number, row, motion_ids)
    moves = stored.unsealed_moves(session, ballot.id)
    for _, receipt, to_state in moves:
        rows.move(receipt, to_state)
    if ballot.sealed_at is not None:
        rows.faults += [(f"disposition {key}", NEVER_SEALED) for key, _, _ in moves]
        waiting = stored.unsealed_votes(session, ballot.id, _ENOUGH)
        rows.faults += [(f"vote {receipt}", NEVER_SEALED) for receipt in waiting]
    return rows


def _take(rows: _Rows, number: int, row: Arrived | Moved, motion_ids: list[str]) -> None:
    kind, key = ("vote", row.vote.receipt) if isinstance(row, Arrived) else ("disposition", row.row.id)
    where = f"leaf {number} ({kind} {key})"
    if isinstance(row, Arrived):
        rows.states[key] = (row.vote.arrived_as, row.vote.state)
    else:
        rows.move(row.row.receipt, row.row.to_state)
    if number in rows.hashes:
        rows.faults.append((where, NUMBER_TWICE))
        return
    try:
        item = row.as_leaf(motion_ids, arrival_leaf, disposition_leaf)
        rows.hashes[number] = leaf_hash(item.leaf, item.nonce)
        rows.fold.add(item.leaf)
    except IllegalHistory:
        rows.faults.append((where, HISTORY_ILLEGAL))
    except (KeyError, ValueError):
        # No leaf can be made of such a row (unknown letters, a nonce of another length): it equals none.
        rows.hashes[number] = b""


def _announced_faults(session: Session, ballot: Ballot) -> Iterator[tuple[str, str]]:
    where = f"ballot {ballot.id}"
    roll = read_roll(session, ballot.id)
    changes = [(change.before, change.after) for change in roll.amendments]
    try:
        frozen, _ = undo({row.entry: row for row in roll.rows}, changes)
        agrees = roll_hash(frozen.values()) == ballot.roll_hash
    except BadRoll:
        agrees = False
    if not agrees:
        yield where, ROLL_DIFFERS
    if stored.owners_differ(session, ballot.id):
        yield where, OWNERS_DIFFER
    motions = repository.motions_of(session, ballot.id)
    documents = document_facts(session, ballot.id, motions)
    if document_set_hash(document.sha256 for document in documents) != ballot.documents_hash:
        yield where, DOCUMENTS_DIFFER
    if ballot.sealed_at is not None and not _result_agrees(session, ballot):
        yield where, RESULT_DIFFERS
    fixed = {motion.id: motion.parameters for motion in motions}
    yield from _opening_faults(session, ballot, fixed)
    if not _is_as_corrected(session, ballot, roll_hash(roll.rows)):
        yield where, CORRECTION_DIFFERS
    if not _are_as_signed(session, ballot):
        yield where, MINUTES_DIFFER
    yield from _root_faults(session, ballot)


def _result_agrees(session: Session, ballot: Ballot) -> bool:
    """Compare outcomes and tests; titles and clauses may read differently in a later version of the profiles."""
    try:
        counted = published_results(result_json(count_ballot(session, ballot)))
        return counted == published_results(ballot.result)
    except (KeyError, IndexError, TypeError, ValueError):
        return False


# The ballot's row, roll and tree against its events, which are sealed in a tree of their own. Asked for by type: a
# ballot with much paper has thousands of events, and the oldest of them count most.


def _opening_faults(
    session: Session, ballot: Ballot, fixed: Mapping[str, object]
) -> Iterator[tuple[str, str]]:
    where, rules = f"ballot {ballot.id}", frozen_rules(ballot)
    for event in ledger.events_of_type(session, "ballot", ballot.id, "ballot.open"):
        if event.payload.get("roll") != ballot.roll_hash:
            yield where, ROLL_EVENT_DIFFERS
        if event.payload.get("parameters", fixed) != fixed:
            yield where, NUMBERS_DIFFER
        if event.payload.get("rules", rules) != rules:
            yield where, RULES_DIFFER


def _is_as_corrected(session: Session, ballot: Ballot, now: str) -> bool:
    """Tell whether the roll is what its last correction left, or the announced one where none was made."""
    events = ledger.events_of_type(session, "ballot", ballot.id, "roll.amended")
    last = {event.payload.get("amended_roll") for event in events if event.at == events[-1].at}
    return now in (last or {ballot.roll_hash})


def _are_as_signed(session: Session, ballot: Ballot) -> bool:
    """Compare the signed editions, which the notices name by hash, with what was told when each was bound."""
    kept = {row.edition: (row.document_sha256, row.scrutineers) for row in signed_minutes(session, ballot.id)}
    events = ledger.events_of_type(session, "ballot", ballot.id, "minutes.signed")
    told = {
        event.payload["edition"]: (event.payload["document_sha256"], event.payload["scrutineers"])
        for event in events
    }
    return kept == told


def _root_faults(session: Session, ballot: Ballot) -> Iterator[tuple[str, str]]:
    roots = {point.root for point in ledger.checkpoints_of(session, tree_of(ballot.id))}
    for step in ("ballot.seal", "ballot.corrected"):
        for event in ledger.events_of_type(session, "ballot", ballot.id, step):
            stated = event.payload.get("root")
            if stated is not None and stated not in roots:
                yield f"event {event.id}", ROOT_GONE
