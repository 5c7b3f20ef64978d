"""Receipt codes: what people type, and what the check digit catches."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.ledger.rules.receipt import check_digit, format_receipt, new_receipt, parse_receipt

BODIES = st.integers(0, 10**11 - 1).map(lambda number: f"{number:011d}")


def test_check_digit_of_the_published_example() -> None:
    # Damm's own example: 572 has check digit 4.
    assert check_digit("572") == "4"
    assert check_digit("5724") == "0"


def test_new_codes_are_valid_and_differ() -> None:
    codes = {new_receipt() for _ in range(200)}
    assert len(codes) == 200
    assert all(parse_receipt(code) == code for code in codes)


@pytest.mark.parametrize(
    "text",
    ["572000000002", "5720-0000-0002", " 5720 0000 0002 ", "５７２０—００００　０００２", "5720–0000–0002"],
)
def test_a_code_is_read_however_it_is_written(text: str) -> None:
    assert parse_receipt(text) == "572000000002"


@pytest.mark.parametrize("text", ["", "abc", "1234", "1" * 13, "①23456789012", "٠" * 12, "1" * 100_000])
def test_other_text_is_no_code(text: str) -> None:
    assert parse_receipt(text) is None


@given(BODIES, st.integers(0, 11), st.integers(1, 9))
def test_one_wrong_digit_is_always_noticed(body: str, place: int, shift: int) -> None:
    code = body + check_digit(body)
    wrong = str((int(code[place]) + shift) % 10)
    assert parse_receipt(code[:place] + wrong + code[place + 1 :]) is None


@given(BODIES, st.integers(0, 10))
def test_two_swapped_neighbours_are_always_noticed(body: str, place: int) -> None:
    code = body + check_digit(body)
    swapped = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
    assert (parse_receipt(swapped) is None) == (swapped != code)


def test_codes_are_shown_in_three_groups() -> None:
    assert format_receipt("123456789012") == "1234-5678-9012"
