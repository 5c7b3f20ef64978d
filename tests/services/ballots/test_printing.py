"""Printed ballots: complete pages, a code that reads back, large print, the steward's own building."""

from __future__ import annotations

from datetime import datetime

import pytest
import zxingcpp
from qrcode.main import QRCode

from backend.ballots.printing import (
    LARGE,
    NORMAL,
    Page,
    Print,
    PrintBallots,
    count_parts,
    draw_page,
    print_ballots,
    window_text,
)
from backend.ballots.service.codes import code_of, find_entry
from backend.ballots.tables import Ballot
from backend.infra.context import Context
from backend.infra.print import Sheet, printable
from backend.kernel.access import Role
from backend.kernel.clock import SHANGHAI
from backend.kernel.errors import Conflict, NotFound
from tests.services.ballots.desk import open_office, staff


def pages(pdf: bytes) -> int:
    return pdf.count(b"/Type /Page\n")


@pytest.mark.parametrize(("motions", "is_large", "per_entry"), [(2, False, 1), (12, False, 2), (7, True, 4)])
def test_every_entry_gets_its_complete_pages(
    ctx: Context, motions: int, is_large: bool, per_entry: int
) -> None:
    office = open_office(ctx, dwellings=3, motions=motions)
    command = PrintBallots(office.ballot.ballot_id, office.estate.building_ids[0], is_large=is_large)
    made = print_ballots(office.clerk, command)
    assert (made.entries, made.parts, pages(made.content)) == (3, 1, 3 * per_entry)


@pytest.mark.parametrize("layout", [NORMAL, LARGE])
def test_page_with_usual_titles_fits_on_one_sheet_of_paper(layout: Print) -> None:
    sheet = Sheet("票")
    page = Page(
        estate="朝阳家园（虚构）",
        title="改造方案表决：楼道、管网与小区环境改造",
        kind="改造方案表决",
        window="2026年3月1日 至 2026年3月10日（含当日，24时截止）",
        room="12栋2单元501",
        area="89.35",
        motions=[
            (number, "是否同意将小区内外墙保温、屋面防水和雨污分流纳入改造")
            for number in range(1, layout.motions_per_page + 1)
        ],
        number=1,
        pages=1,
        code="GJ1:" + "a" * 20 + ":" + "b" * 20 + ":0123456789ab",
        short_code="AB12-CD34",
        max_choices=None,
    )
    draw_page(sheet, page, layout)
    assert pages(sheet.output()) == 1


def test_printed_code_is_read_by_a_scanner_and_names_the_entry(ctx: Context) -> None:
    office = open_office(ctx)
    code = QRCode(border=4, box_size=6, mask_pattern=3)
    code.add_data(code_of(ctx, office.ballot.ballot_id, office.entry(1)))
    [found] = zxingcpp.read_barcodes(code.make_image().get_image().convert("L"))
    assert find_entry(office.clerk, office.ballot.ballot_id, code=found.text).id == office.entry(1)


def test_large_building_comes_in_parts(ctx: Context) -> None:
    office = open_office(ctx, dwellings=122, per_building=122, motions=1)
    command = PrintBallots(office.ballot.ballot_id, office.estate.building_ids[0], part=2)
    assert (print_ballots(office.clerk, command).parts, count_parts(120), count_parts(121)) == (2, 1, 2)
    with pytest.raises(NotFound):
        print_ballots(office.clerk, PrintBallots(command.ballot_id, command.building_id, part=3))


def test_last_day_is_named_and_midnight_is_24_hours(ctx: Context) -> None:
    office = open_office(ctx)
    ballot = ctx.session.get(Ballot, office.ballot.ballot_id)
    assert ballot is not None
    ballot.opens_at = datetime(2026, 3, 1, tzinfo=SHANGHAI)
    ballot.closes_at = datetime(2026, 3, 11, tzinfo=SHANGHAI)
    assert window_text(ballot) == "2026年3月1日 至 2026年3月10日（含当日，24时截止）"
    ballot.closes_at = datetime(2026, 3, 11, 17, 30, tzinfo=SHANGHAI)
    assert window_text(ballot).endswith("3月11日（含当日，17:30截止）")
    ctx.session.expunge(ballot)


def test_printing_is_scoped_and_only_before_the_close(ctx: Context) -> None:
    office = open_office(ctx, dwellings=4, per_building=2)
    first, second = office.estate.building_ids
    steward = staff(ctx, office.estate, Role.BUILDING_STEWARD, building_id=first)
    assert print_ballots(steward, PrintBallots(office.ballot.ballot_id, first)).entries == 2
    with pytest.raises(NotFound):
        print_ballots(steward, PrintBallots(office.ballot.ballot_id, second))
    counted = open_office(ctx, state="counting")
    with pytest.raises(Conflict, match="wrong_state"):
        print_ballots(counted.clerk, PrintBallots(counted.ballot.ballot_id, counted.estate.building_ids[0]))


def test_every_printed_sign_is_in_the_font() -> None:
    signs = "□同意　□反对　□弃权：（）。，；1—"
    assert printable(signs) == signs
