"""A small ballot, told as leaves and record contents, for the tests of this folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from backend.kernel.clock import iso
from backend.ledger.rules.leaf import Arrival, BallotLeaf, Disposition, document_set_hash, leaf_hash
from backend.ledger.rules.merkle import Frontier
from backend.ledger.rules.record_contents import (
    Amendment,
    AmendmentCounts,
    AuditContents,
    BallotFacts,
    Checkpoint,
    DocumentFacts,
    ExportNote,
    MotionCount,
    MotionFacts,
    RecordContents,
    RollFacts,
    RuleUse,
    SealedLeaf,
)
from backend.ledger.rules.record_counts import count_papers
from backend.ledger.rules.record_roll import roll_hash
from backend.tally.weight import Roll, RollEntry

OPENS = datetime(2026, 11, 1, 0, 0, tzinfo=UTC)
CLOSES = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)
DOCUMENT = sha256(b"plan").hexdigest()
DOCUMENTS = document_set_hash([DOCUMENT])
PROFILE = ("中华人民共和国民法典", "第二百七十八条", "law")
MOTIONS = (
    MotionFacts("m1", "改造方案", "同意改造方案。", (RuleUse("cn-civil-code/general", *PROFILE),)),
    MotionFacts(
        "m2",
        "使用维修资金",
        "同意使用维修资金。",
        (
            RuleUse("cn-civil-code/special", *PROFILE),
            RuleUse("gansu-2022/plan", "甘建城〔2022〕15号", "二", "policy"),
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Sample:
    """A record's contents, both halves."""

    contents: RecordContents
    audit: AuditContents


def sample_roll(size: int) -> list[RollEntry]:
    """Return a roll in which every fifth owner owns two entries and the last entry is a shop."""
    return [
        RollEntry(f"e{n:06d}", f"o{n - (n % 5 == 1):06d}", 8000 + n, is_household=n != size - 1)
        for n in range(size)
    ]


def sample_leaves(roll: Sequence[RollEntry], motions: int = 2) -> list[BallotLeaf]:
    """Return arrivals of most entries, one re-vote, one paper rejected and one confirmed."""
    leaves: list[BallotLeaf] = []
    choices = ("for", "for", "for", "against", "for", "abstain", "for", "for", "invalid", "for")
    for n, row in enumerate(roll):
        if n % 7 == 6:
            continue
        paper = n % 4 == 3
        leaves.append(
            Arrival(
                ballot="b1",
                vote=f"v{n:06d}",
                entry=row.entry,
                choices=dict([("m1", choices[n % 10]), ("m2", choices[n % 9])][:motions]),
                channel="paper" if paper else "online",
                state="pending" if paper else "standing",
                cast_at=iso(OPENS + timedelta(seconds=n)),
                documents=DOCUMENTS,
                photo=sha256(b"photo%d" % n).hexdigest() if paper else None,
            )
        )
        if paper:
            to = "rejected" if n == 3 else "standing"
            leaves.append(Disposition("b1", f"v{n:06d}", to, "second_person", iso(CLOSES)))
    first = leaves[0]
    assert isinstance(first, Arrival)
    late = iso(OPENS + timedelta(days=1))
    leaves.append(Disposition("b1", first.vote, "replaced", "revote", late))
    again = dict([("m1", "against"), ("m2", "for")][:motions])
    leaves.append(
        Arrival("b1", "v-again".replace("-", ""), first.entry, again, "online", "standing", late, DOCUMENTS)
    )
    return leaves


def sealed(leaves: Sequence[BallotLeaf]) -> list[SealedLeaf]:
    """Return the leaves with nonces that are the same on every run."""
    nonces = [sha256(b"nonce%d" % number).digest() for number in range(len(leaves))]
    return [
        SealedLeaf(leaf, nonce, leaf_hash(leaf, nonce)) for leaf, nonce in zip(leaves, nonces, strict=True)
    ]


def checkpoints_of(hashes: Sequence[bytes], sizes: Sequence[int]) -> tuple[Checkpoint, ...]:
    """Return checkpoints at these sizes, each proven from the one before."""
    frontier, found = Frontier(), []
    for number, size in enumerate(sizes, 1):
        new = hashes[frontier.size : size]
        proof = frontier.consistency_to(new)
        frontier.extend(new)
        at = OPENS + timedelta(hours=number)
        found.append(Checkpoint(number, size, frontier.root().hex(), at, [node.hex() for node in proof]))
    return tuple(found)


def counts_of(
    roll: Sequence[RollEntry], leaves: Sequence[BallotLeaf], motions: tuple[MotionFacts, ...] = MOTIONS
) -> tuple[MotionCount, ...]:
    """Count the papers that stand, in the plainest way."""
    state: dict[str, str] = {}
    papers: dict[str, Arrival] = {}
    for leaf in leaves:
        if isinstance(leaf, Arrival):
            papers[leaf.vote] = leaf
            state[leaf.vote] = leaf.state
        else:
            state[leaf.vote] = leaf.to
    standing = [papers[vote] for vote, now in state.items() if now == "standing"]
    counted = Roll(roll)
    return tuple(
        count_papers(
            counted, {paper.entry: paper.choices[motion.id] for paper in standing}, motion.id, motion.rules
        )
        for motion in motions
    )


def make_sample(
    size: int = 12, *, mode: str = "production", sizes: Sequence[int] = (5, 8), motions: int = 2
) -> Sample:
    """Return a ballot over ``size`` entries with one correction of the roll after freezing."""
    roll = sample_roll(size)
    leaves = sealed(sample_leaves(roll, motions))
    wrong = RollEntry(roll[2].entry, roll[2].owner, 7000, is_household=True)
    amendment = Amendment(1, OPENS, "不动产登记面积更正", wrong, roll[2])
    frozen = [wrong if row.entry == wrong.entry else row for row in roll]
    totals = Roll(roll).totals
    contents = RecordContents(
        mode=mode,
        generated_at=CLOSES + timedelta(days=2),
        ballot=BallotFacts(
            id="b1",
            title="朝阳家园改造方案表决",
            kind="plan",
            electorate="owners",
            organisation="金星镇某社区（示例）",
            estate="朝阳家园",
            state="preliminary",
            opens_at=OPENS,
            closes_at=CLOSES,
            times={"open": OPENS, "counting": CLOSES, "sealed": CLOSES + timedelta(days=1)},
        ),
        roll=RollFacts(
            roll_hash(roll), roll_hash(frozen), len(roll), totals.heads, totals.households, totals.area
        ),
        amendments=AmendmentCounts(corrected=1),
        motions=MOTIONS[:motions],
        documents=(DocumentFacts("改造方案.pdf", DOCUMENT, 4),),
        counts=counts_of(roll, [item.leaf for item in leaves], MOTIONS[:motions]),
        checkpoints=checkpoints_of([item.hash for item in leaves], (*sizes, len(leaves))),
    )
    export = ExportNote("a7f3", "异议复核", CLOSES + timedelta(days=2), "w1")
    return Sample(contents, AuditContents(roll, (amendment,), leaves, export))
