"""Paper rules: windows, printed codes, the recall sample, the batch table."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from backend.ballots.rules.paper import (
    Window,
    draw_sample,
    parse_code,
    printed_code,
    takes_batches,
    takes_sheets,
)
from backend.ballots.rules.paper_file import read_rows
from backend.kernel.errors import Unprocessable

OPENS = datetime(2026, 3, 1, tzinfo=UTC)
CLOSES = datetime(2026, 3, 11, tzinfo=UTC)
STEP = timedelta(microseconds=1)


def window(state: str, *, counting_until: datetime | None = None) -> Window:
    return Window(state, OPENS, CLOSES, counting_until, counting_days=3)


@pytest.mark.parametrize(
    ("now", "expected"),
    [(OPENS - STEP, False), (OPENS, True), (CLOSES - STEP, True), (CLOSES, False)],
)
def test_batches_are_sealed_only_inside_the_window(now: datetime, expected: bool) -> None:
    assert takes_batches(window("open"), now) is expected
    assert not takes_batches(window("counting"), now)


@pytest.mark.parametrize(
    ("state", "now", "expected"),
    [
        ("open", OPENS - STEP, False),
        ("open", OPENS, True),
        ("open", CLOSES + timedelta(days=3) - STEP, True),
        ("open", CLOSES + timedelta(days=3), False),
        ("counting", CLOSES, True),
        ("counting", CLOSES + timedelta(days=3), False),
        ("sealed", CLOSES, False),
        ("suspended", OPENS, False),
        ("voided", OPENS, False),
    ],
)
def test_sheets_are_worked_on_until_the_count_closes(state: str, now: datetime, expected: bool) -> None:
    assert takes_sheets(window(state), now) is expected


def test_the_stored_end_of_counting_prevails() -> None:
    early = window("counting", counting_until=CLOSES + timedelta(hours=1))
    assert takes_sheets(early, CLOSES + timedelta(minutes=59))
    assert not takes_sheets(early, CLOSES + timedelta(hours=1))


def test_printed_code_round_trips_and_foreign_codes_are_not_ours() -> None:
    code = printed_code("b" * 20, "e" * 20, "0123456789abcdef")
    assert parse_code(f" {code}\n") == ("b" * 20, "e" * 20, "0123456789ab")
    for broken in (code[:-1], code + "0", code.replace("GJ1", "GJ2"), "https://example.org", ""):
        assert parse_code(broken) is None


def test_recall_sample_can_be_drawn_again_by_anybody() -> None:
    receipts = [f"{number:012d}" for number in range(100)]
    drawn = draw_sample(receipts, "seed", 10)
    assert draw_sample(reversed(receipts), "seed", 10) == drawn
    assert len(set(drawn)) == 10
    assert draw_sample(receipts, "other", 10) != drawn
    assert draw_sample(receipts, "seed", 11)[:10] == drawn
    assert draw_sample([], "seed", 3) == []


MOTIONS = ["m1", "m2"]
HEADING = "序号,房屋,事项1,事项2\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_batch_table_is_read_in_every_usual_encoding(encoding: str) -> None:
    text = HEADING + "1,1-1-101,同意,反对\n\n2, 1-1-102 ,弃权,无效\n"
    rows = read_rows(text.encode(encoding), MOTIONS)
    assert [(row.line, row.sheet_no, row.door) for row in rows] == [(2, 1, "1-1-101"), (4, 2, "1-1-102")]
    assert rows[1].marks == {"m1": "abstain", "m2": "invalid"}


@pytest.mark.parametrize(
    ("content", "where"),
    [
        (b"", "1"),
        (HEADING.encode(), "2"),
        (("房屋,序号,事项1,事项2\n").encode(), "1"),
        ((HEADING + "0,1-1-101,同意,同意\n").encode(), "2.序号"),
        ((HEADING + "x,1-1-101,同意,同意\n").encode(), "2.序号"),
        ((HEADING + "1,,同意,同意\n").encode(), "2.房屋"),
        ((HEADING + "1,1-1-101,同意,好\n").encode(), "2.事项2"),
        ((HEADING + "1,1-1-101,同意\n").encode(), "2"),
        ((HEADING + "1,1-1-101,同意,同意\n1,1-1-102,同意,同意\n").encode(), "3.序号"),
        ((HEADING + '1,"1-1-101,同意,同意\n').encode(), "2"),
        (b"\xff\xfe\x00\x81", "file"),
    ],
)
def test_every_broken_table_is_refused_naming_the_cell(content: bytes, where: str) -> None:
    with pytest.raises(Unprocessable) as refused:
        read_rows(content, MOTIONS)
    assert where in [problem.where for problem in refused.value.fields]


def test_all_wrong_rows_are_named_at_once() -> None:
    rows = "".join(f"{number},,同意,同意\n" for number in range(1, 301))
    with pytest.raises(Unprocessable) as refused:
        read_rows((HEADING + rows).encode(), MOTIONS)
    assert len(refused.value.fields) == 200
    assert "300" in refused.value.message
