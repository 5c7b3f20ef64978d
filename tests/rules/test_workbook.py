"""A sheet ends where it must, and says so."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

from backend.infra.workbook import Cell, first_rows


def rows(number: int) -> list[tuple[Cell, ...]]:
    return [(line, "text") for line in range(number)]


def test_what_fits_is_written_without_a_note() -> None:
    assert list(first_rows(rows(0), 3)) == []
    assert list(first_rows(rows(3), 3)) == rows(3)


def test_a_note_stands_instead_of_what_does_not_fit() -> None:
    assert list(first_rows(rows(4), 3)) == [*rows(3), ("这里只列出前 3 行，其余请在网页上按小区查看。",)]


def test_no_more_is_computed_than_one_row_beyond_the_limit() -> None:
    asked = count()

    def endless() -> Iterator[tuple[Cell, ...]]:
        while True:
            yield (next(asked),)

    assert len(list(first_rows(endless(), 5))) == 6
    assert next(asked) == 6
