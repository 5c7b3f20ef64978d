"""How many files, in which places, in which state a file begins, and who sees it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.kernel.errors import TooMany, Unprocessable
from backend.media.rules import addresses
from backend.media.rules.kinds import looks_like_video, name_of
from backend.media.rules.limits import Held, MediaKind, check_day, positions
from backend.media.rules.states import MediaState, Viewer, after_verdict, audience_of, first_state, may_decide

PHOTO, VIDEO = MediaKind.PHOTO, MediaKind.VIDEO


@pytest.mark.parametrize(
    ("held", "taken", "wanted", "limit", "expected"),
    [
        ([], [], [PHOTO], 9, [0]),
        ([], [], [PHOTO] * 9, 9, list(range(9))),
        ([PHOTO] * 8, range(8), [PHOTO], 9, [8]),
        ([PHOTO] * 2, [0, 5], [PHOTO] * 5, 9, [1, 2, 3, 4, 6]),
        ([PHOTO], [8], [PHOTO] * 8, 9, list(range(8))),
        ([], [], [VIDEO], 9, [0]),
        ([], [], [PHOTO] * 3, 3, [0, 1, 2]),
    ],
)
def test_files_take_the_free_places(
    held: list[MediaKind], taken: Iterable[int], wanted: list[MediaKind], limit: int, expected: list[int]
) -> None:
    assert positions(Held(tuple(held), frozenset(taken)), wanted, limit) == expected


@pytest.mark.parametrize(
    ("held", "taken", "wanted", "limit"),
    [
        ([], [], [PHOTO] * 10, 9),
        ([], [], [PHOTO] * 10, 99),
        ([PHOTO] * 9, range(9), [PHOTO], 9),
        ([PHOTO], [8], [PHOTO] * 9, 9),
        ([], [], [VIDEO, VIDEO], 9),
        ([], [], [PHOTO, VIDEO], 9),
        ([PHOTO], [0], [VIDEO], 9),
        ([VIDEO], [0], [PHOTO], 9),
        ([PHOTO], [1], [VIDEO], 9),
        ([], [], [PHOTO] * 4, 3),
        ([], [], [VIDEO], 0),
    ],
)
def test_more_than_nine_photos_or_one_video_is_refused(
    held: list[MediaKind], taken: Iterable[int], wanted: list[MediaKind], limit: int
) -> None:
    with pytest.raises(Unprocessable) as caught:
        positions(Held(tuple(held), frozenset(taken)), wanted, limit)
    assert caught.value.code == "too_many_attached"


def test_the_day_ends_at_its_limit() -> None:
    check_day("resident", PHOTO, 29)
    check_day("resident", VIDEO, 2)
    check_day("staff", PHOTO, 30)
    for uploader, kind, uploaded in (("resident", PHOTO, 30), ("resident", VIDEO, 3), ("staff", PHOTO, 300)):
        with pytest.raises(TooMany, match="too_many_files"):
            check_day(uploader, kind, uploaded)


def test_only_a_clear_word_passes_a_photo() -> None:
    assert after_verdict("pass") is MediaState.PASSED
    assert after_verdict("risky") is MediaState.RISKY
    for unclear in ("review", "", "PASS", "whatever"):
        assert after_verdict(unclear) is MediaState.REVIEW
    assert first_state("resident", PHOTO, can_ask=True) is MediaState.CHECKING
    assert first_state("resident", PHOTO, can_ask=False) is MediaState.REVIEW
    assert first_state("resident", VIDEO, can_ask=True) is MediaState.REVIEW
    assert first_state("staff", PHOTO, can_ask=True) is MediaState.PASSED
    assert {state for state in MediaState if may_decide(state)} == {MediaState.REVIEW, MediaState.RISKY}


@pytest.mark.parametrize("state", list(MediaState))
def test_before_it_passed_only_its_uploader_and_staff_see_a_file(state: MediaState) -> None:
    passed = state is MediaState.PASSED
    assert (audience_of(state, Viewer(is_mine=False, is_staff=False)) is not None) == passed
    assert audience_of(state, Viewer(is_mine=True, is_staff=False)) is not None
    seen = audience_of(state, Viewer(is_mine=False, is_staff=True))
    assert (seen is None) == (state is MediaState.RISKY)
    if not passed:
        assert audience_of(state, Viewer(is_mine=True, is_staff=False)) == "held"


@given(st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)))
def test_an_address_holds_between_a_quarter_and_half_an_hour(now: datetime) -> None:
    expires = addresses.expiry(now)
    assert timedelta(minutes=15) <= datetime.fromtimestamp(expires, UTC) - now + timedelta(seconds=1)
    assert datetime.fromtimestamp(expires, UTC) - now <= timedelta(minutes=30)
    assert not addresses.is_expired(expires, now)
    assert addresses.is_expired(expires, datetime.fromtimestamp(expires, UTC))
    assert not addresses.is_expired(expires, datetime.fromtimestamp(expires, UTC) - timedelta(microseconds=1))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"%PDF-1.7", "PDF"),
        (b"PK\x03\x04rest", "压缩包"),
        (b"GIF89a", "GIF"),
        (b"<!DOCTYPE html>", "网页"),
        (b"\xef\xbb\xbf  <svg", "网页"),
        (b"RIFF\x00\x00\x00\x00AVI LIST", "AVI"),
        (b"\x1aE\xdf\xa3", "WebM"),
        (b"MZ\x90", "程序"),
        (b"\x00\x00\x00\x1cftypavif", "AVIF"),
        (b"\x00\x00\x00\x1cftypM4A ", "录音"),
    ],
)
def test_a_wrong_file_is_named(content: bytes, words: str) -> None:
    assert words in str(name_of(content))
    assert not looks_like_video(content)


def test_an_unknown_file_has_no_name() -> None:
    assert name_of(b"\x00\x01\x02") is None
    assert name_of(b"") is None
