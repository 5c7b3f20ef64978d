"""Records out of the database: who gets which, that they verify, and that an altered database gives none."""

from __future__ import annotations

import base64
import json
import zipfile
from pathlib import Path

import pytest
from sqlalchemy.engine import Engine
from sqlmodel import select

from backend.ballots.errors import WrongState
from backend.ballots.queries.tally import count_ballot, result_json
from backend.ballots.repository import ballots as repository
from backend.ballots.service.corrections import correct_vote
from backend.ballots.service.records import (
    ExportAudit,
    as_bytes,
    export_audit,
    export_public,
    export_to_member,
)
from backend.ballots.service.sealing import seal_tree
from backend.ballots.tables import Vote
from backend.cli import main
from backend.infra.context import Context
from backend.kernel.access import Role
from backend.kernel.errors import Conflict, Forbidden, NotFound, Unprocessable
from backend.ledger.rules.record_verify import verify
from backend.ledger.rules.record_write import write_audit
from backend.ledger.tables import LedgerEvent
from tests.factories.ballots import make_ballot
from tests.factories.people import acting_as, make_resident, make_staff
from tests.factories.places import make_estate
from tests.rules.ledger.sample import make_sample
from tests.services.ballots.sealed import Held, hold, tamper
from tests.services.ballots.test_objections import uphold
from tests.services.ballots.town import Town


@pytest.fixture
def town(engine: Engine, tmp_path: Path) -> Town:
    return Town(engine, tmp_path / "files")


@pytest.fixture
def held(town: Town) -> Held:
    return hold(town)


def export(held: Held, path: Path, *, reason: str = "异议复核", keeps_faulty: bool = False) -> object:
    command = ExportAudit(held.ballot_id, path, reason, keeps_faulty)
    return held.town.act(lambda ctx: export_audit(acting_as(ctx, held.auditor), command))


def test_audit_record_verifies_against_every_witnessed_root(held: Held, tmp_path: Path) -> None:
    path = tmp_path / "audit.zip"
    export(held, path)
    for root in held.witnessed:
        report = verify(path, root)
        assert report.ok, report.findings
    assert [motion["motion"] for motion in report.recount] == held.office.ballot.motion_ids
    assert report.facts["mode"] == "rehearsal"
    assert report.facts["roll"] == {"entries": "8", "heads": "7", "households": "8", "area": "650.01"}


def test_recount_of_the_record_is_the_published_result(held: Held, tmp_path: Path) -> None:
    export(held, tmp_path / "audit.zip")
    recount = {motion["motion"]: motion["results"] for motion in verify(tmp_path / "audit.zip").recount}
    with zipfile.ZipFile(tmp_path / "audit.zip") as archive:
        votes = archive.read("votes.csv").decode().splitlines()
        changes = json.loads(archive.read("amendments.json"))
        everything = b"".join(archive.read(name) for name in archive.namelist()).decode()
    published = held.town.act(lambda ctx: repository.find_ballot(ctx.session, held.ballot_id)).result
    for motion in published:
        for stated, counted in zip(motion["rules"], recount[motion["motion"]], strict=True):
            assert (stated["outcome"], stated["tests"]) == (counted["outcome"], counted["tests"])
    # Homes 0 (re-vote), 1, 2, 4, 5 online and 6 on paper stand; 3 was removed, 7 never confirmed.
    assert len(votes) == 1 + 6 * 2
    assert [(row["before"] is None, row["after"] is None) for row in changes] == [
        (False, False),
        (False, True),
        (False, False),
    ]
    for secret in (*held.receipts, *held.office.estate.dwelling_ids, *held.office.ballot.entry_ids.values()):
        assert secret not in everything


def test_public_record_is_the_same_file_for_everybody(held: Held, tmp_path: Path) -> None:
    first, second = tmp_path / "staff.zip", tmp_path / "member.zip"
    held.town.act(lambda ctx: export_public(acting_as(ctx, held.auditor), held.ballot_id, first))
    held.town.act(lambda ctx: export_to_member(acting_as(ctx, held.resident), held.ballot_id, second))
    assert first.read_bytes() == second.read_bytes()
    report = verify(first, held.witnessed[-1])
    assert report.ok, report.findings
    with zipfile.ZipFile(first) as archive:
        assert archive.namelist() == ["sums.json", "checkpoints.json", "manifest.json"]


def test_an_export_is_logged_with_its_watermark_and_without_words(held: Held, tmp_path: Path) -> None:
    export(held, tmp_path / "audit.zip", reason="张三反映五号楼")

    def last(ctx: Context) -> LedgerEvent:
        return ctx.session.exec(select(LedgerEvent).where(LedgerEvent.type == "record.exported")).one()

    event = held.town.act(last)
    with zipfile.ZipFile(tmp_path / "audit.zip") as archive:
        note = json.loads(archive.read("export.json"))
    assert (event.actor_id, event.payload["watermark"]) == (held.auditor.account_id, note["watermark"])
    assert note["reason"] == "张三反映五号楼"
    assert "张三" not in str(event.payload)


def test_records_need_their_state_their_right_and_a_reason(town: Town, tmp_path: Path) -> None:
    held = hold(town, is_published=False)
    path = tmp_path / "out.zip"
    committee = town.act(
        lambda ctx: make_staff(ctx, Role.RESIDENTS_COMMITTEE, held.office.estate.community.id)
    )
    foreign = town.act(lambda ctx: make_staff(ctx, Role.AUDITOR, make_estate(ctx).community.id))
    stranger = town.act(lambda ctx: make_resident(ctx, make_estate(ctx).dwelling_ids[0]))
    command = ExportAudit(held.ballot_id, path, "复核")
    refusals = [
        (Forbidden, lambda ctx: export_audit(acting_as(ctx, committee), command)),
        (NotFound, lambda ctx: export_audit(acting_as(ctx, foreign), command)),
        (NotFound, lambda ctx: export_public(acting_as(ctx, foreign), held.ballot_id, path)),
        (NotFound, lambda ctx: export_to_member(acting_as(ctx, stranger), held.ballot_id, path)),
        (WrongState, lambda ctx: export_public(acting_as(ctx, committee), held.ballot_id, path)),
        (WrongState, lambda ctx: export_to_member(acting_as(ctx, held.resident), held.ballot_id, path)),
        (
            Unprocessable,
            lambda ctx: export_audit(acting_as(ctx, held.auditor), ExportAudit(held.ballot_id, path, " ")),
        ),
    ]
    for refusal, action in refusals:
        with pytest.raises(refusal):
            town.act(action)
        assert not path.exists()
    export(held, path)
    assert verify(path, held.witnessed[0]).ok


def test_no_audit_record_before_the_seal(town: Town, tmp_path: Path) -> None:
    held = hold(town)
    with town.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE ballot SET sealed_at = NULL, state = 'counting'")
    with pytest.raises(Conflict) as refused:
        export(held, tmp_path / "audit.zip")
    assert refused.value.code == "not_sealed"


def test_an_empty_ballot_has_a_record_too(town: Town, tmp_path: Path) -> None:
    held = hold(town)

    def hold_empty(ctx: Context) -> str:
        made = make_ballot(ctx, held.office.estate, state="preliminary")
        point = seal_tree(ctx.session, made.ballot_id, allow_empty=True)
        assert point is not None and (point.number, point.size) == (1, 0)
        ballot = repository.find_ballot(ctx.session, made.ballot_id)
        assert ballot is not None
        ballot.result = result_json(count_ballot(ctx.session, ballot))
        ctx.session.add(ballot)
        return made.ballot_id

    ballot_id = town.act(hold_empty)
    command = ExportAudit(ballot_id, tmp_path / "empty.zip", "复核")
    town.act(lambda ctx: export_audit(acting_as(ctx, held.auditor), command))
    assert verify(tmp_path / "empty.zip").ok


def test_record_follows_a_correction(held: Held, tmp_path: Path) -> None:
    export(held, tmp_path / "before.zip")
    held.town.act(
        lambda ctx: uphold(ctx, held.office.estate, held.resident, held.ballot_id, held.receipts[4])
    )
    held.town.act(lambda ctx: correct_vote(ctx, held.ballot_id, held.receipts[4], "异议成立"))
    export(held, tmp_path / "after.zip")
    before, after = verify(tmp_path / "before.zip"), verify(tmp_path / "after.zip", held.witnessed[-1])
    assert after.ok, after.findings
    assert int(str(after.facts["leaves"])) == int(str(before.facts["leaves"])) + 1


def test_an_altered_database_gives_no_record_and_names_the_row(held: Held, tmp_path: Path) -> None:
    path = tmp_path / "audit.zip"
    receipt = held.receipts[2]
    tamper(held.town.engine, "UPDATE vote SET choices = 'aa' WHERE receipt = :receipt", receipt=receipt)
    with pytest.raises(Conflict) as refused:
        export(held, path)
    assert refused.value.code == "record_not_sound"
    assert any(receipt in field.where for field in refused.value.fields)
    assert not path.exists()
    export(held, path, keeps_faulty=True)
    assert not verify(path).ok
    assert not verify(path, held.witnessed[0]).ok


def test_unreadable_papers_give_no_record_at_all(held: Held, tmp_path: Path) -> None:
    tamper(
        held.town.engine, "UPDATE vote SET choices = 'x' WHERE receipt = :receipt", receipt=held.receipts[2]
    )
    with pytest.raises(Conflict) as refused:
        export(held, tmp_path / "audit.zip", keeps_faulty=True)
    assert refused.value.code == "record_unwritable"
    assert list(tmp_path.glob("*.zip")) == []


def test_public_record_refuses_an_outcome_that_the_sums_do_not_give(held: Held, tmp_path: Path) -> None:
    tamper(held.town.engine, """UPDATE ballot SET result = replace(result, '"failed"', '"passed"')""")
    with pytest.raises(Conflict) as refused:
        held.town.act(
            lambda ctx: export_to_member(acting_as(ctx, held.resident), held.ballot_id, tmp_path / "p.zip")
        )
    assert refused.value.code == "record_not_sound"


def test_answered_record_leaves_no_file_behind(held: Held) -> None:
    paths: list[Path] = []

    def write(ctx: Context, path: Path) -> None:
        paths.append(path)
        export_to_member(acting_as(ctx, held.resident), held.ballot_id, path)

    content = held.town.act(lambda ctx: as_bytes(lambda path: write(ctx, path)))
    assert content.startswith(b"PK\x03\x04")
    assert not paths[0].parent.exists()


@pytest.fixture
def command_line(held: Held, monkeypatch: pytest.MonkeyPatch) -> Held:
    """Point the command line at the test's database."""
    key = base64.urlsafe_b64encode(bytes(range(32))).decode()  # as tests.factories.databases makes them
    for name, value in {
        "MODE": "rehearsal",
        "DATABASE_URL": held.town.engine.url.render_as_string(hide_password=False),
        "STORAGE": str(held.town.ports.settings.storage_path),
        "FIELD_KEYS": f"t1:{key}",
        "INDEX_KEY": key,
    }.items():
        monkeypatch.setenv(f"GONGJUE_{name}", value)
    return held


def username_of(held: Held) -> str:
    query = f"SELECT username FROM account WHERE id = '{held.auditor.account_id}'"
    with held.town.engine.connect() as connection:
        return str(connection.exec_driver_sql(query).scalar_one())


def test_command_exports_and_verifies(
    command_line: Held, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    held = command_line

    username = username_of(held)
    out, public = tmp_path / "a.zip", tmp_path / "p.zip"
    words = ["record", "export", held.ballot_id, str(out), "--audit", "--reason", "复核", "--as", username]
    assert main(words) == 0
    assert main([*words[:3], str(public), "--public", "--as", username]) == 0
    assert "水印" in capsys.readouterr().out
    for path in (out, public):
        assert main(["record", "verify", str(path), "--root", held.witnessed[-1]]) == 0
    assert "演练" in capsys.readouterr().out
    assert main(words) == 2  # never over an existing file
    assert main([*words[:3], str(tmp_path / "b.zip"), "--audit", "--as", username]) == 1
    assert main([*words[:3], str(tmp_path / "b.zip"), "--public", "--as", "nobody"]) == 2
    assert sorted(path.name for path in tmp_path.glob("*.zip")) == ["a.zip", "p.zip"]
    assert list(tmp_path.glob(".*.zip*")) == []


def test_command_keeps_a_faulty_record_only_when_told(
    command_line: Held, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    held = command_line
    username = username_of(held)
    tamper(
        held.town.engine, "UPDATE vote SET choices = 'aa' WHERE receipt = :receipt", receipt=held.receipts[2]
    )
    out = tmp_path / "a.zip"
    words = ["record", "export", held.ballot_id, str(out), "--audit", "--reason", "复核", "--as", username]
    assert main(words) == 1
    assert not out.exists()
    assert held.receipts[2] in capsys.readouterr().err
    assert main([*words, "--keep-faulty"]) == 1
    assert not verify(out, held.witnessed[0]).ok
    assert main(["audit", "check"]) == 1
    assert f"(选票 {held.receipts[2]})：数据行与封存的叶不符" in capsys.readouterr().out


def test_a_demonstration_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sample = make_sample(mode="demo")
    write_audit(tmp_path / "demo.zip", sample.contents, sample.audit)
    assert main(["record", "verify", str(tmp_path / "demo.zip")]) == 0
    assert "★★★ 演示记录，不是真实表决 ★★★" in capsys.readouterr().out


def test_rows_are_stored_as_they_count(held: Held) -> None:
    """The held ballot is what the other tests take it for."""

    def states(ctx: Context) -> list[str]:
        rows = ctx.session.exec(select(Vote).where(Vote.ballot_id == held.ballot_id)).all()
        assert all(vote.leaf_no is not None for vote in rows)
        return sorted(f"{vote.channel} {vote.state}" for vote in rows)

    assert held.town.act(states) == [
        "online rejected",
        "online rejected",
        "online replaced",
        *["online standing"] * 5,
        "paper rejected",
        "paper rejected",
        "paper standing",
    ]
