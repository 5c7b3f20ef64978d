"""One's own data as a reporter, and a calendar entered by the operator."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from sqlmodel import select

from backend.commands.calendar import run_list, run_load
from backend.complaints import service
from backend.complaints.rules.vocabulary import Disclosure
from backend.complaints.service import personal
from backend.complaints.tables import ComplaintReporter
from backend.infra.context import Context
from backend.kernel.errors import Forbidden, NotFound, Unprocessable
from backend.media.service import Upload, upload_media
from backend.media.tables import MediaFile
from backend.policies.queries import calendars
from backend.policies.service import LoadCalendar, load_calendar
from tests.api.matrix.place import picture
from tests.services.complaints.hotline import WORDS, Hotline, open_hotline

YEAR = LoadCalendar(2027, "通知", (date(2027, 1, 1), date(2027, 1, 2)), (date(2027, 1, 9),))


@pytest.fixture
def hotline(ctx: Context) -> Hotline:
    return open_hotline(ctx)


def test_reporters_get_their_own_words_and_are_forgotten_when_they_leave(
    ctx: Context, hotline: Hotline
) -> None:
    row = hotline.register(disclosure=Disclosure.CONFIDENTIAL)
    hotline.register(disclosure=Disclosure.ANONYMOUS)
    account = hotline.resident_account.account_id
    exported = personal.export_account(ctx, account)
    assert isinstance(exported, list) and [item["words"] for item in exported] == [WORDS]
    personal.forget_account(ctx, account)
    personal.forget_account(ctx, account)
    assert personal.export_account(ctx, account) == []
    kept = ctx.session.exec(select(ComplaintReporter).where(ComplaintReporter.complaint_id == row.id)).one()
    ctx.session.refresh(kept)
    assert kept.account_id is None
    with pytest.raises(NotFound):
        service.my_complaint(hotline.resident, row.id)
    assert service.show_complaint(hotline.hotline, row.id)[0].line.state == "registered"


def test_photos_hang_on_a_complaint_and_an_anonymous_ones_forget_their_uploader(
    ctx: Context, hotline: Hotline
) -> None:
    def upload(key: str) -> str:
        sent = Upload(picture(), f"photo-key-{key}", hotline.place.estate.id)
        return upload_media(hotline.resident, sent).id

    named = hotline.register(media_ids=(upload("1"), upload("2")))
    _, pictures = service.my_complaint(hotline.resident, named.id)
    assert [view.is_mine for view in pictures[named.id]] == [True, True]
    hidden = hotline.register(media_ids=(upload("3"),), disclosure=Disclosure.ANONYMOUS)
    kept = ctx.session.exec(select(MediaFile).where(MediaFile.subject_id == hidden.id)).one()
    ctx.session.refresh(kept)
    assert kept.account_id != hotline.resident_account.account_id
    assert len(service.show_complaint(hotline.hotline, hidden.id)[1][hidden.id]) == 1


def test_a_year_is_entered_by_the_operator_only_and_must_be_possible(ctx: Context, hotline: Hotline) -> None:
    with pytest.raises(Forbidden):
        load_calendar(hotline.bureau, YEAR)
    for wrong in (
        LoadCalendar(2027, "通知", (date(2026, 1, 1),), ()),
        LoadCalendar(2027, "通知", (), ()),
        LoadCalendar(2027, "通知", (date(2027, 1, 2),), (date(2027, 1, 2),)),
        LoadCalendar(2027, "通知", (date(2027, 1, 1),), (date(2027, 1, 4),)),
    ):
        with pytest.raises(Unprocessable):
            load_calendar(ctx, wrong)
    load_calendar(ctx, YEAR)
    load_calendar(ctx, YEAR)
    assert calendars(ctx.session)[2027].workdays == {date(2027, 1, 9)}


def test_the_calendar_command_reads_a_file(
    migrated_sqlite: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import argparse

    from tests.bot.environment import process_environment
    from tests.factories.databases import sqlite_copy

    url = sqlite_copy(migrated_sqlite, tmp_path / "calendar.db")
    for name, value in process_environment(url, tmp_path / "files").items():
        monkeypatch.setenv(name, value)
    file = tmp_path / "2027.toml"
    file.write_text(
        'year = 2027\nsource = "通知"\nholidays = [2027-01-01]\nworkdays = []\n', encoding="utf-8"
    )
    assert run_load(argparse.Namespace(file=file)) == 0
    assert run_list(argparse.Namespace()) == 0
    assert "2027  通知" in capsys.readouterr().out
    file.write_text("year = 2027", encoding="utf-8")
    assert run_load(argparse.Namespace(file=file)) == 2
