"""Invite codes find every slip of the pen."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from backend.identity.rules.codes import (
    ALPHABET,
    CODE_LENGTH,
    check_character,
    for_print,
    new_code,
    normalise,
)

bodies = st.text(alphabet=ALPHABET, min_size=CODE_LENGTH - 1, max_size=CODE_LENGTH - 1)


def test_new_codes_are_valid_and_differ() -> None:
    codes = {new_code() for _ in range(200)}
    assert len(codes) == 200
    assert all(normalise(code) == code for code in codes)


def test_print_form_full_width_lower_case_and_lookalikes_are_read() -> None:
    body = "A0B1C2D3E4"
    code = body + check_character(body)
    assert normalise(for_print(code)) == code
    assert normalise(code.lower()) == code
    assert normalise(" " + code.replace("0", "o").replace("1", "l") + " ") == code
    wide = "".join(chr(ord(character) + 0xFEE0) for character in code)
    assert normalise(wide) == code


@given(bodies, st.integers(0, CODE_LENGTH - 1), st.sampled_from(ALPHABET))
def test_every_single_slip_is_found(body: str, at: int, other: str) -> None:
    code = body + check_character(body)
    slipped = code[:at] + other + code[at + 1 :]
    assert (normalise(slipped) == slipped) == (slipped == code)


@given(bodies, st.integers(0, CODE_LENGTH - 2))
def test_every_swap_of_neighbours_is_found(body: str, at: int) -> None:
    code = body + check_character(body)
    swapped = code[:at] + code[at + 1] + code[at] + code[at + 2 :]
    assert (normalise(swapped) == swapped) == (swapped == code)


@given(st.text(max_size=40))
def test_any_text_is_read_without_error(text: str) -> None:
    code = normalise(text)
    assert code is None or len(code) == CODE_LENGTH
