"""``gongjue audit check``: whatever is altered in the database is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import Engine
from sqlmodel import col, select

from backend.ballots.queries.tally import count_ballot, result_json
from backend.ballots.repository import ballots as repository
from backend.ballots.repository.sealing import numbered
from backend.ballots.service.loading import tell
from backend.ballots.service.records import ExportAudit, export_audit
from backend.ballots.service.sealing import arrival_leaf, disposition_leaf
from backend.ballots.tables import Ballot, Vote, VoteDisposition
from backend.commands.audit import check
from backend.infra.context import Context
from backend.ledger import service as ledger_service
from backend.ledger.rules.leaf import leaf_hash
from backend.ledger.rules.record_verify import verify
from backend.ledger.tables import LedgerEvent, LedgerLeaf
from tests.factories.ballots import make_ballot
from tests.factories.people import acting_as
from tests.services.ballots.desk import open_office
from tests.services.ballots.sealed import Held, hold, tamper, zero_hash
from tests.services.ballots.town import Town


@pytest.fixture
def held(engine: Engine, tmp_path: Path) -> Held:
    return hold(Town(engine, tmp_path / "files"))


@pytest.fixture
def faults(held: Held, capsys: pytest.CaptureFixture[str]) -> Any:
    """Run the check and return its faults as ``(tree, where, what)``."""

    def run() -> set[tuple[str, str, str]]:
        code = check(held.town.ports, as_json=True)
        answer = json.loads(capsys.readouterr().out)
        assert answer["ok"] == (code == 0)
        return {(fault["tree"], fault["where"], fault["what"]) for fault in answer["faults"]}

    return run


def row(held: Held, table: Any, **conditions: Any) -> Any:
    wanted = [getattr(table, name) == value for name, value in conditions.items()]
    return held.town.act(
        lambda ctx: ctx.session.exec(select(table).where(*wanted).order_by(col(table.leaf_no))).first()
    )


def leaf_of(held: Held, receipt: str) -> tuple[str, str]:
    number = row(held, Vote, receipt=receipt).leaf_no
    return held.tree, f"leaf {number} (vote {receipt})"


def test_an_untouched_database_has_no_fault(
    held: Held, faults: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert faults() == set()
    assert check(held.town.ports, as_json=False) == 0
    assert "每一行都与封存时相符" in capsys.readouterr().out


def test_an_open_ballot_with_votes_not_yet_numbered_has_no_fault(held: Held, faults: Any) -> None:
    office = held.town.act(lambda ctx: open_office(ctx, dwellings=2))
    tamper(
        held.town.engine,
        """INSERT INTO vote (receipt, ballot_id, roll_entry_id, request_hash, channel, arrived_as, state, choices,
           documents_hash, nonce, cast_at)
           SELECT '000000000000', :ballot, :entry, request_hash, channel, 'standing', 'standing', choices,
           documents_hash, nonce, cast_at FROM vote WHERE receipt = :receipt""",
        ballot=office.ballot.ballot_id,
        entry=office.entry(0),
        receipt=held.receipts[2],
    )
    for state in ("notice", "suspended", "draft"):
        held.town.act(lambda ctx, state=state: make_ballot(ctx, office.estate, state=state))
    assert faults() == set()


def test_an_edited_choice_is_named(held: Held, faults: Any) -> None:
    receipt = held.receipts[2]
    tamper(held.town.engine, "UPDATE vote SET choices = 'af' WHERE receipt = :receipt", receipt=receipt)
    found = faults()
    assert (*leaf_of(held, receipt), "row altered") in found
    assert {where for _, where, what in found if what == "row altered"} == {leaf_of(held, receipt)[1]}
    assert {what for _, _, what in found} == {
        "row altered",
        "root differs",
        "published result differs from the votes",
    }


def test_letters_that_no_paper_has_are_named_too(held: Held, faults: Any) -> None:
    for receipt, letters in zip(held.receipts[1:5], ("xx", "f", "fff", ""), strict=True):
        tamper(
            held.town.engine,
            "UPDATE vote SET choices = :letters WHERE receipt = :receipt",
            letters=letters,
            receipt=receipt,
        )
    found = faults()
    assert {(*leaf_of(held, receipt), "row altered") for receipt in held.receipts[1:5]} <= found


def test_two_rows_swapped_are_both_named(held: Held, faults: Any) -> None:
    first, second = held.receipts[2], held.receipts[4]
    expected = {(*leaf_of(held, receipt), "row altered") for receipt in (first, second)}
    tamper(
        held.town.engine,
        """UPDATE vote SET leaf_no = CASE receipt WHEN :first THEN :b ELSE :a END
           WHERE receipt IN (:first, :second)""",
        first=first,
        second=second,
        a=row(held, Vote, receipt=first).leaf_no,
        b=row(held, Vote, receipt=second).leaf_no,
    )
    assert expected <= faults()


def test_a_deleted_vote_is_named(held: Held, faults: Any) -> None:
    receipt = held.receipts[2]
    place = leaf_of(held, receipt)
    tamper(held.town.engine, "DELETE FROM vote WHERE receipt = :receipt", receipt=receipt)
    found = faults()
    assert (*place, "row missing") in found
    assert any(what == "root differs" for _, _, what in found)


def test_an_edited_disposition_is_named(held: Held, faults: Any) -> None:
    moved = row(held, VoteDisposition, receipt=held.receipts[0])
    tamper(
        held.town.engine,
        "UPDATE vote_disposition SET to_state = 'rejected' WHERE id = :id",
        id=moved.id,
    )
    found = faults()
    assert (held.tree, f"leaf {moved.leaf_no} (disposition {moved.id})", "row altered") in found
    assert (held.tree, f"vote {held.receipts[0]}", "state differs from its history") in found


def test_a_state_moved_without_its_leaf_is_named(held: Held, faults: Any) -> None:
    receipt = held.receipts[4]
    tamper(held.town.engine, "UPDATE vote SET state = 'rejected' WHERE receipt = :receipt", receipt=receipt)
    assert (held.tree, f"vote {receipt}", "state differs from its history") in faults()


def test_a_vote_slipped_in_after_the_seal_is_named(held: Held, faults: Any) -> None:
    tamper(
        held.town.engine,
        """INSERT INTO vote (receipt, ballot_id, roll_entry_id, request_hash, channel, arrived_as, state, choices,
           documents_hash, nonce, cast_at)
           SELECT '000000000000', ballot_id, :entry, request_hash, channel, 'standing', 'standing', choices,
           documents_hash, nonce, cast_at FROM vote WHERE receipt = :receipt""",
        entry=held.office.entry(8),
        receipt=held.receipts[2],
    )
    assert (held.tree, "vote 000000000000", "never sealed") in faults()


def test_an_edited_leaf_is_named(held: Held, faults: Any) -> None:
    zero = zero_hash(held.town.engine)
    tamper(
        held.town.engine,
        f"UPDATE ledger_leaf SET hash = {zero} WHERE tree = :tree AND leaf_no = 0",
        tree=held.tree,
    )
    assert [where for _, where, what in faults() if what == "row altered"] == [
        leaf_of(held, row(held, Vote, ballot_id=held.ballot_id, leaf_no=0).receipt)[1]
    ]


def test_an_edited_event_is_named(held: Held, faults: Any) -> None:
    event = row(held, LedgerEvent, type="vote.recorded")
    tamper(held.town.engine, "UPDATE ledger_event SET payload = '{}' WHERE id = :id", id=event.id)
    assert ("events", f"leaf {event.leaf_no} (event {event.id})", "row altered") in faults()


def test_an_event_taken_out_is_named(held: Held, faults: Any) -> None:
    event = row(held, LedgerEvent, type="paper.entered")
    tamper(held.town.engine, "DELETE FROM ledger_event WHERE id = :id", id=event.id)
    assert ("events", f"leaf {event.leaf_no} (event {event.id})", "row missing") in faults()


TURNED = "substr({0}, 2) || substr({0}, 1, 1)"
ANNOUNCED = {
    "roll differs from the announced hash": "roll_entry SET area_centi = area_centi + 1 WHERE ballot_id = :ballot",
    "motions or documents differ from the announced hash": "motion SET body = body || '。' WHERE ballot_id = :ballot",
    "published result differs from the votes": (
        """ballot SET result = replace(result, '"failed"', '"passed"') WHERE id = :ballot"""
    ),
    "announced roll hash differs from the event of opening": (
        f"ballot SET roll_hash = {TURNED.format('roll_hash')} WHERE id = :ballot"
    ),
    "root differs": f"ledger_checkpoint SET root = {TURNED.format('root')} WHERE tree = 'ballot:' || :ballot",
}


def test_what_was_announced_cannot_be_edited_unseen(held: Held, faults: Any) -> None:
    seen: set[str] = set()
    for what, change in ANNOUNCED.items():
        tamper(held.town.engine, f"UPDATE {change}", ballot=held.ballot_id)
        now = {fault[2] for fault in faults()}
        assert what in now - seen
        seen = now


RECOUNTED = {
    "roll differs from the event of its last correction": (
        "UPDATE roll_entry SET area_centi = 9002 WHERE id = :entry",
        "UPDATE roll_amendment SET after = replace(after, '9001', '9002') WHERE ballot_id = :ballot",
    ),
    "owners are counted otherwise than the roll names them": (
        "UPDATE roll_entry SET head_no = 1 WHERE ballot_id = :ballot",
    ),
    "who votes and how differs from the event of opening": (
        "UPDATE ballot SET electorate = 'households' WHERE id = :ballot",
    ),
    "local numbers differ from the event of opening": (
        """UPDATE motion SET parameters = '{"elsewhere/rule": {"share": "1/2"}}' WHERE ballot_id = :ballot""",
    ),
}


@pytest.mark.parametrize("what", RECOUNTED)
def test_what_a_count_rests_on_cannot_be_edited_together_with_its_result(
    held: Held, faults: Any, what: str
) -> None:
    tamper(held.town.engine, *RECOUNTED[what], ballot=held.ballot_id, entry=held.office.entry(4))
    held.town.act(lambda ctx: recount(ctx, held))
    assert {fault[2] for fault in faults()} == {what}


def test_the_opening_is_compared_however_much_happened_since(held: Held, faults: Any) -> None:
    def much_paper(ctx: Context) -> None:
        ballot = ctx.session.get_one(Ballot, held.ballot_id)
        for _ in range(1001):
            tell(ctx, ballot, "paper.photo_shown", {})
        ledger_service.number_events(ctx.session)

    held.town.act(much_paper)
    what = "announced roll hash differs from the event of opening"
    tamper(held.town.engine, f"UPDATE {ANNOUNCED[what]}", ballot=held.ballot_id)
    assert what in {fault[2] for fault in faults()}


def recount(ctx: Context, held: Held) -> None:
    """Make the stored result fit the altered rows."""
    ballot = ctx.session.get_one(Ballot, held.ballot_id)
    ballot.result = result_json(count_ballot(ctx.session, ballot))
    ctx.session.add(ballot)


def rewrite(ctx: Context, held: Held) -> None:
    """Do what the cleverest insider would: leaves, checkpoints and result made anew to fit the altered rows."""
    motion_ids = [motion.id for motion in repository.motions_of(ctx.session, held.ballot_id)]
    for number, stored in numbered(ctx.session, held.ballot_id):
        item = stored.as_leaf(motion_ids, arrival_leaf, disposition_leaf)
        leaf = ctx.session.get(LedgerLeaf, (held.tree, number))
        assert leaf is not None
        leaf.hash = leaf_hash(item.leaf, item.nonce)
        ctx.session.add(leaf)
    ctx.session.flush()
    assert ledger_service.make_checkpoint(ctx.session, held.tree) is not None
    recount(ctx, held)


def test_a_tree_rewritten_whole_contradicts_its_events_and_every_witness(
    held: Held, faults: Any, tmp_path: Path
) -> None:
    tamper(
        held.town.engine,
        "UPDATE vote SET choices = 'aa' WHERE receipt = :receipt",
        "DELETE FROM ledger_checkpoint WHERE tree = :tree",
        receipt=held.receipts[2],
        tree=held.tree,
    )
    held.town.act(lambda ctx: rewrite(ctx, held))
    assert {what for _, _, what in faults()} == {"the root stated in an event is no checkpoint's"}
    command = ExportAudit(held.ballot_id, tmp_path / "audit.zip", "复核", keeps_faulty=True)
    held.town.act(lambda ctx: export_audit(acting_as(ctx, held.auditor), command))
    assert verify(tmp_path / "audit.zip").ok  # consistent with itself: only a root kept outside tells
    for root in held.witnessed:
        assert not verify(tmp_path / "audit.zip", root).ok


def test_checkpoints_count_from_one_and_nothing_new_makes_none(held: Held) -> None:
    def again(ctx: Context) -> tuple[int, int]:
        before = ledger_service.make_checkpoint(ctx.session, held.tree)
        after = ledger_service.make_checkpoint(ctx.session, held.tree)
        assert before is not None and after is not None
        return before.number, after.number

    assert held.town.act(again) == (3, 3)

    def empty(ctx: Context) -> None:
        assert ledger_service.make_checkpoint(ctx.session, "ballot:nobody") is None
        point = ledger_service.make_checkpoint(ctx.session, "ballot:nobody", allow_empty=True)
        assert point is not None and (point.number, point.size) == (1, 0)

    held.town.act(empty)
