"""Count day's minutes: who counted stays inside, the signed sheet's hash is published, and no sum comes before its time."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text, update
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError
from sqlmodel import col, select

from backend.ballots.errors import IdempotencyMismatch, WrongState
from backend.ballots.printing.minutes import Table, compose, print_minutes
from backend.ballots.queries.minutes import signed_minutes
from backend.ballots.rules.minutes import Content, People
from backend.ballots.service import closing, minutes
from backend.ballots.service.corrections import correct_vote
from backend.ballots.service.minutes import ChangeMinutes, MinutesView, RecordMinutes
from backend.ballots.service.objections import ObjectToBallot, object_to_ballot
from backend.ballots.service.paper_audit import draw_recall
from backend.ballots.service.records import audit_ballot, check_ballot
from backend.ballots.tables import Ballot, CountMinutes, Motion, Vote
from backend.infra.context import Context
from backend.kernel.access import Role
from backend.kernel.errors import Conflict, Forbidden, NotFound, PreconditionFailed, Unprocessable
from backend.kernel.ids import new_id
from backend.ledger.tables import LedgerEvent
from backend.notices import queries as notices
from backend.notices.service import ReplyObjection, reply_objection
from tests.factories.people import acting_as, make_resident
from tests.factories.places import make_estate
from tests.services.ballots.desk import Office, confirm, enter, open_office, sealed_batch, staff
from tests.services.ballots.town import Town

DAY = timedelta(days=1)
NAMES = ("周五", "吴六", "郑七", "马八", "冯九")
SCAN = b"%PDF-1.7 signed"


@pytest.fixture
def office(ctx: Context) -> Office:
    """An election on paper, closed, with a batch of which one sheet was confirmed."""
    held = open_office(ctx, dwellings=4, kind="committee_election", max_choices=2)
    batch = sealed_batch(held, 2)
    confirm(held, enter(held, batch, 1, 0), 0)
    draw_recall(staff(ctx, held.estate, Role.AUDITOR), held.ballot.ballot_id, "2026-03-01", 5)
    renamed = update(Motion).where(col(Motion.id) == held.ballot.motion_ids[0]).values(title="候选人：赵一")
    ctx.session.connection().execute(renamed)
    shift(ctx, held, opens_at=ctx.clock.now() - 9 * DAY, closes_at=ctx.clock.now() - DAY)
    assert closing.close_ballot(ctx, held.ballot.ballot_id) is not None
    return held


def shift(ctx: Context, office: Office, **columns: object) -> None:
    chosen = update(Ballot).where(col(Ballot.id) == office.ballot.ballot_id)
    ctx.session.connection().execute(chosen.values(**columns))
    ctx.session.expire_all()


def seal(ctx: Context, office: Office) -> Ballot:
    shift(ctx, office, counting_until=ctx.clock.now() - timedelta(minutes=1))
    sealed = closing.seal_ballot(ctx, office.ballot.ballot_id)
    assert sealed is not None
    return sealed


def content(office: Office, **changes: object) -> Content:
    now = office.clerk.clock.now()
    people = People(NAMES[:2], NAMES[2:3], NAMES[3:4])
    made = Content(people, "居委会二楼", now - timedelta(hours=2), now - timedelta(hours=1), "冯九在场", 1, 0)
    return replace(made, **changes)  # type: ignore[arg-type] # passed through


def record(office: Office, reason: str | None = None, **changes: object) -> MinutesView:
    command = RecordMinutes(office.ballot.ballot_id, content(office, **changes), new_id(), reason)
    return minutes.record_minutes(office.clerk, command)


def sign(office: Office, view: MinutesView, scan: bytes = SCAN) -> MinutesView:
    document = office.clerk.storage.put(scan)
    return minutes.sign_minutes(office.clerk, view.row.id, view.row.version, document)


def said(office: Office, view: MinutesView) -> str:
    """Return everything on the sheet."""
    ballot = office.clerk.session.get_one(Ballot, office.ballot.ballot_id)
    blocks = compose(office.clerk, ballot, view)
    return "\n".join(
        "|".join("|".join(row) for row in block.rows) if isinstance(block, Table) else str(block)
        for block in blocks
    )


def test_an_election_is_published_on_signed_minutes_and_the_notices_name_their_hash_and_nobody(
    ctx: Context, office: Office
) -> None:
    ballot_id = office.ballot.ballot_id
    drafted = record(office)
    seal(ctx, office)
    with pytest.raises(Conflict, match="minutes_missing") as refused:
        closing.publish_preliminary(office.clerk, ballot_id)
    assert "请登记计票记录" in refused.value.message
    signed = sign(office, drafted)
    assert sign(office, drafted).row.version == signed.row.version  # sent again
    assert closing.publish_preliminary(office.clerk, ballot_id).state == "preliminary"
    shift(ctx, office, objections_until=ctx.clock.now() - DAY)
    closing.finalise(office.clerk, ballot_id)
    published = [row.body for row in notices.notices_about(ctx.session, "ballot", ballot_id)]
    told = f"由 2 名监票人监督计票，签字件已存档，业主可以向居民委员会查阅，其校验码（SHA-256）：{signed.row.document_sha256}"
    assert len(published) == 2
    assert all(told in body for body in published)
    audit = audit_ballot(staff(ctx, office.estate, Role.AUDITOR), ballot_id, None)
    assert [(row.edition, row.scrutineers) for row in audit.minutes] == [(1, 2)]
    events = ctx.session.exec(select(LedgerEvent).where(LedgerEvent.subject_id == ballot_id)).all()
    kinds = [row.type for row in events if row.type.startswith("minutes.")]
    assert sorted(kinds) == ["minutes.recorded", "minutes.signed"]
    row = ctx.session.exec(select(CountMinutes)).one()
    spread = [*published, *(str(event.payload) for event in events), str(row.model_dump())]
    assert not any(name in place for name in NAMES for place in spread)


def test_other_ballots_are_published_without_minutes_unless_they_asked_for_them(ctx: Context) -> None:
    plain, strict = (closed(ctx, kind="plan", parameters={"minutes_needed": value}) for value in (0, 1))
    for office in (plain, strict):
        seal(ctx, office)
    assert closing.publish_preliminary(plain.clerk, plain.ballot.ballot_id).state == "preliminary"
    with pytest.raises(Conflict, match="minutes_missing"):
        closing.publish_preliminary(strict.clerk, strict.ballot.ballot_id)


def test_the_sheet_holds_no_sum_of_choices_before_the_seal_and_all_of_the_count_after_it(
    ctx: Context, office: Office
) -> None:
    view = record(office)
    before = said(office, view)
    assert "批次|来源|封存张数|已录未核|已核对|已退回|封存|1|纸质|2|0|1|0|两人登记见证" in before
    assert "渠道|状态|张数|纸质|有效在案|1" in before
    assert "种子 2026-03-01，应抽 5 户，实抽 1 户。" in before
    assert "核实无误 1 户，有出入 0 户，没有核对上 0 户" in before
    assert all(f"（{name}）签字：" in before for name in NAMES[:4])
    assert "本表不含结果" in before
    assert "分子" not in before
    sealed = seal(ctx, office)
    after = said(office, view)
    rule = sealed.result[0]["rules"][0]
    assert (
        f"候选人：赵一（未通过）|{rule['title']}|参与专有部分面积（平方米） 80.00|名册全部 320.00|不低于 2/3|未达到"
        in after
    )
    assert "封存校验码（SHA-256）" in after
    made = print_minutes(office.clerk, view.row.id)
    assert made.startswith(b"%PDF-")
    printed = ctx.session.exec(select(LedgerEvent).where(LedgerEvent.type == "minutes.printed")).one()
    assert printed.payload["result"] is True


def test_minutes_are_recorded_after_the_close_and_signed_after_the_seal(ctx: Context, office: Office) -> None:
    early = open_office(ctx, kind="committee_election", max_choices=1)
    with pytest.raises(WrongState):
        record(early)
    drafted = record(office)
    with pytest.raises(WrongState):
        sign(office, drafted)
    with pytest.raises(Conflict, match="minutes_draft"):
        record(office)
    late = closed(ctx, kind="plan")
    seal(ctx, late)
    closing.publish_preliminary(late.clerk, late.ballot.ballot_id)
    with pytest.raises(WrongState):
        record(late)


def closed(ctx: Context, **ballot: object) -> Office:
    """Return an office whose ballot ended without a vote."""
    plain = open_office(ctx, dwellings=1, **ballot)
    shift(ctx, plain, opens_at=ctx.clock.now() - 9 * DAY, closes_at=ctx.clock.now() - DAY)
    assert closing.close_ballot(ctx, plain.ballot.ballot_id) is not None
    return plain


def test_a_draft_is_changed_by_who_read_it_last_and_signed_minutes_by_nobody(
    ctx: Context, office: Office
) -> None:
    drafted = record(office)
    seal(ctx, office)
    other = content(office, place="活动室")
    changed = minutes.change_minutes(office.second, ChangeMinutes(drafted.row.id, 2, other))
    assert (changed.content.place, changed.row.version) == ("活动室", 3)
    with pytest.raises(PreconditionFailed):
        minutes.change_minutes(office.clerk, ChangeMinutes(drafted.row.id, 2, other))
    with pytest.raises(PreconditionFailed):
        minutes.sign_minutes(office.clerk, drafted.row.id, 2, office.photo)
    with pytest.raises(Unprocessable):
        minutes.sign_minutes(office.clerk, drafted.row.id, 3, "0" * 64)
    sign(office, changed)
    with pytest.raises(Conflict, match="minutes_signed"):
        minutes.change_minutes(office.clerk, ChangeMinutes(drafted.row.id, 4, other))
    for statement in ("UPDATE count_minutes SET scrutineers = 9", "DELETE FROM count_minutes"):
        with pytest.raises(DBAPIError, match="signed minutes"), ctx.session.begin_nested():
            ctx.session.connection().execute(text(statement))


def test_a_correction_is_a_new_edition_with_a_reason_and_the_old_stays(ctx: Context, office: Office) -> None:
    with pytest.raises(Unprocessable):
        record(office, "先写理由")
    drafted = record(office)
    seal(ctx, office)
    first = sign(office, drafted)
    with pytest.raises(Unprocessable) as refused:
        record(office)
    assert [field.where for field in refused.value.fields] == ["reason"]
    second = record(office, "漏写一名监票人", people=People((*NAMES[:2], NAMES[4]), ("郑七",), ("马八",)))
    with pytest.raises(Conflict, match="minutes_missing"):  # the correction waits for its signatures
        closing.publish_preliminary(office.clerk, office.ballot.ballot_id)
    with pytest.raises(Unprocessable):
        sign(office, second)  # the sheet of the first edition
    sign(office, second, b"%PDF-1.7 signed again")
    assert second.reason == "漏写一名监票人"
    kept = signed_minutes(ctx.session, office.ballot.ballot_id)
    assert [(row.edition, row.scrutineers) for row in kept] == [(1, 2), (2, 3)]
    assert kept[0].document_sha256 == first.row.document_sha256
    assert minutes.read_signed_sheet(office.clerk, drafted.row.id).content == SCAN
    closing.publish_preliminary(office.clerk, office.ballot.ballot_id)
    [notice] = notices.notices_about(ctx.session, "ballot", office.ballot.ballot_id)
    assert "计票记录（第 2 版，以前各版一并保存）：由 3 名监票人" in notice.body


def test_no_sheet_printed_before_the_seal_or_before_a_correction_is_bound(
    ctx: Context, office: Office
) -> None:
    scan = office.clerk.storage.put(SCAN)
    drafted = record(office)
    printed = drafted.row.version
    seal(ctx, office)
    with pytest.raises(PreconditionFailed, match="stale_version"):
        minutes.sign_minutes(office.clerk, drafted.row.id, printed, scan)
    sign(office, minutes.show_minutes(office.clerk, drafted.row.id))
    closing.publish_preliminary(office.clerk, office.ballot.ballot_id)
    second = record(office, "漏写一名唱票人")
    printed = second.row.version
    home = office.estate.dwelling_ids[0]
    told = ObjectToBallot(office.ballot.ballot_id, "result", home, "这一票不是我家投的", new_id())
    raised = object_to_ballot(acting_as(ctx, make_resident(ctx, home)), told)
    reply_objection(office.third, ReplyObjection(raised.id, True, "异议成立"))
    receipt = ctx.session.exec(select(Vote.receipt).where(Vote.state == "standing")).one()
    correct_vote(office.second, office.ballot.ballot_id, receipt, "异议成立")
    with pytest.raises(PreconditionFailed, match="stale_version"):
        minutes.sign_minutes(
            office.clerk, second.row.id, printed, office.clerk.storage.put(b"%PDF-1.7 old sums")
        )


def test_the_audit_sees_a_signed_sheet_that_nobody_was_told_of(ctx: Context, office: Office) -> None:
    def faults() -> set[str]:
        ballot = ctx.session.get_one(Ballot, office.ballot.ballot_id)
        return {fault.what for fault in check_ballot(ctx.session, ballot)}

    drafted = record(office)
    seal(ctx, office)
    sign(office, drafted)
    before = faults()
    slipped_in = {"id": new_id(), "edition": 2, "document_sha256": "0" * 64, "idempotency_key": new_id()}
    signed = ctx.session.exec(select(CountMinutes)).one().model_dump()
    ctx.session.add(CountMinutes(**{**signed, "reason_sealed": "x", **slipped_in}))
    ctx.session.flush()
    assert faults() - before == {"signed minutes differ from the events of their signing"}


def test_a_repeated_record_is_the_same_minutes_and_another_under_its_key_is_refused(office: Office) -> None:
    command = RecordMinutes(office.ballot.ballot_id, content(office), new_id())
    first = minutes.record_minutes(office.clerk, command)
    assert minutes.record_minutes(office.clerk, command).row.id == first.row.id
    with pytest.raises(IdempotencyMismatch):
        minutes.record_minutes(office.clerk, replace(command, content=content(office, place="活动室")))


def test_a_candidate_counts_nothing_and_too_few_scrutineers_are_named(office: Office) -> None:
    with pytest.raises(Unprocessable) as refused:
        record(office, people=People(("赵 一",), ("郑七",), ("马八",)))
    assert [field.where for field in refused.value.fields] == ["scrutineers", "scrutineers.0"]


def test_the_signed_sheet_is_read_by_staff_of_the_place_once_the_result_is_published(
    ctx: Context, office: Office
) -> None:
    drafted = record(office)
    seal(ctx, office)
    owners = staff(ctx, office.estate, Role.OWNERS_COMMITTEE)
    with pytest.raises(Conflict, match="minutes_unsigned"):
        minutes.read_signed_sheet(office.clerk, drafted.row.id)
    signed = sign(office, drafted).row.document_sha256

    def hashes(who: Context) -> list[str | None]:
        return [row.document_sha256 for row in minutes.list_minutes(who, office.ballot.ballot_id, 0, 10)]

    with pytest.raises(Conflict, match="not_published"):
        minutes.read_signed_sheet(owners, drafted.row.id)
    assert (hashes(owners), hashes(office.clerk)) == ([None], [signed])
    assert minutes.read_signed_sheet(office.clerk, drafted.row.id).media_type == "application/pdf"
    closing.publish_preliminary(office.clerk, office.ballot.ballot_id)
    assert minutes.read_signed_sheet(owners, drafted.row.id).content == SCAN
    for action in (minutes.show_minutes, print_minutes):
        with pytest.raises(Forbidden):
            action(owners, drafted.row.id)
    assert hashes(owners) == [signed]
    stranger = staff(ctx, make_estate(ctx, dwellings=1), Role.RESIDENTS_COMMITTEE)
    for look in (minutes.show_minutes, minutes.read_signed_sheet, print_minutes):
        with pytest.raises(NotFound):
            look(stranger, drafted.row.id)


def test_of_two_who_record_or_sign_at_once_one_is_told_to_look_again(engine: Engine, tmp_path: Path) -> None:
    town = Town(engine, tmp_path / "files")
    office: Office = town.act(lambda ctx: closed(ctx, kind="plan"))
    people = (office.clerk.actor, office.second.actor)
    moment = town.act(lambda ctx: ctx.clock.now()) - timedelta(hours=1)
    wanted = Content(People(NAMES[:2]), "居委会", moment, moment)

    def record_it(ctx: Context) -> None:
        minutes.record_minutes(ctx, RecordMinutes(office.ballot.ballot_id, wanted, new_id()))

    recorded = town.at_once([(who, record_it) for who in people])
    assert sorted(recorded)[0] == "done"
    assert sorted(recorded)[1] in ("minutes_draft", "minutes_moved")
    town.act(lambda ctx: seal(ctx, office))
    row_id = town.act(lambda ctx: ctx.session.exec(select(CountMinutes.id)).one())
    scans = [town.ports.storage.put(scan) for scan in (SCAN, SCAN + b"2")]
    signed = town.at_once(
        [
            (who, lambda ctx, scan=scan: minutes.sign_minutes(ctx, row_id, 2, scan))
            for who, scan in zip(people, scans, strict=True)
        ]
    )
    assert sorted(signed)[0] == "done"
    assert sorted(signed)[1] in ("minutes_moved", "minutes_signed")
