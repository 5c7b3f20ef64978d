"""MP4: a plain film passes with nothing beside it; everything else is refused in words that help."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.kernel.errors import DomainError
from backend.media.rules.mp4 import Film, clean_film
from tests.factories.films import PLACE, FilmPlan, box, film, full, numbers

PLAIN = FilmPlan()
ZIP = b"PK\x03\x04" + b"evil.html" + b"PK\x05\x06" + bytes(18)


def refusal(content: bytes) -> DomainError:
    with pytest.raises(DomainError) as caught:
        clean_film(content)
    return caught.value


@pytest.mark.parametrize(
    "plan",
    [
        PLAIN,
        replace(PLAIN, video_codec=b"hvc1"),
        replace(PLAIN, audio_codec=None),
        replace(PLAIN, large_mdat=True),
        replace(PLAIN, seconds=60),
        replace(PLAIN, brand=b"mp42", has_place_track=False),
    ],
)
def test_a_plain_film_keeps_what_plays_and_nothing_else(plan: FilmPlan) -> None:
    content = film(plan)
    cleaned = clean_film(content)
    assert (cleaned.duration_ms, cleaned.width, cleaned.height) == (plan.seconds * 1000, 320, 240)
    assert len(cleaned.content) == len(content)
    for sample in (*plan.samples, *(plan.sounds if plan.audio_codec else ())):
        assert cleaned.content.index(sample) == content.index(sample)
    for secret in (b"SECRET", b"HIDDEN", PLACE, b"HIDE", b"\xa9xyz", b"loci", numbers(0xD1234567)):
        assert secret in content
        assert secret not in cleaned.content, secret


def test_cleaning_twice_changes_nothing_more() -> None:
    once = clean_film(film())
    assert clean_film(once.content) == once


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        (film(replace(PLAIN, seconds=61)), "video_length", "剪短"),
        (film(replace(PLAIN, seconds=0)), "broken_video", "重新录制"),
        (film(replace(PLAIN, brand=b"qt  ")), "quicktime", "兼容性最佳"),
        (film(replace(PLAIN, brand=b"evil")), "foreign_part", "重新录制"),
        (film(replace(PLAIN, video_codec=b"av01")), "video_codec", "av01"),
        (film(replace(PLAIN, video_codec=b"mp4v")), "video_codec", "H.264"),
        (film(replace(PLAIN, audio_codec=b"samr")), "video_codec", "samr"),
        (film(replace(PLAIN, width=5000)), "video_side", "1080P"),
        (film(replace(PLAIN, samples=())), "broken_video", "重新"),
        (film(replace(PLAIN, tail=ZIP)), "broken_video", "重新"),
        (film(replace(PLAIN, tail=b"<html><script>alert(1)</script>")), "broken_video", "重新"),
        (film(replace(PLAIN, tail=box(b"evil", ZIP))), "foreign_part", "重新录制"),
        (film(replace(PLAIN, tail=box(b"moof"))), "fragmented_video", "导出"),
        (film(replace(PLAIN, in_moov=box(b"mvex"))), "fragmented_video", "导出"),
        (film(replace(PLAIN, source=box(b"url ", bytes(4), b"http://e.x/\x00"))), "foreign_part", "重新"),
        (film(replace(PLAIN, source=box(b"url ", bytes(4)))), "foreign_part", "重新"),
        (film(replace(PLAIN, tail=film())), "broken_video", "重新"),
        (film()[:-1], "broken_video", "重新"),
        (film()[:200], "broken_video", "重新"),
        (film() + b"\x00", "broken_video", "重新"),
        (box(b"ftyp", b"isom", numbers(0)), "broken_video", "重新"),
        (b"\x00\x00\x00\x00ftypisom", "broken_video", "重新"),
    ],
)
def test_what_is_no_plain_film_is_refused_with_what_to_do(content: bytes, code: str, words: str) -> None:
    error = refusal(content)
    assert error.code == code
    assert words in error.message


def test_an_archive_in_an_empty_or_named_box_is_wiped() -> None:
    for kind in (b"free", b"skip", b"uuid", b"udta", b"meta"):
        cleaned = clean_film(film(replace(PLAIN, tail=box(kind, ZIP), in_moov=box(kind, ZIP))))
        assert b"PK" not in cleaned.content, kind


def test_a_track_may_not_point_outside_the_film() -> None:
    content = film(replace(PLAIN, hidden=b""))
    at = content.index(b"stco") + 12
    for offset in (0, 20, len(content) - 4, 2**32 - 1):
        bent = content[:at] + numbers(offset) + content[at + 4 :]
        assert refusal(bent).code == "broken_video"


def test_a_table_with_room_to_spare_is_refused() -> None:
    """The spare room could hold anything."""
    content = film()
    good = full(b"stts", numbers(1, 2, 1000))
    bent = content.replace(good, full(b"stts", numbers(0, 2, 1000)), 1)
    assert refusal(bent).code == "broken_video"


def test_counts_beyond_reason_are_refused_at_once() -> None:
    content = film()
    good = numbers(0, 2) + numbers(16, 14)
    assert good in content
    assert refusal(content.replace(good, numbers(1, 2**32 - 1, 16, 14), 1)).code == "broken_video"
    many = film(replace(PLAIN, tail=box(b"free") * 600))
    assert refusal(many).code == "broken_video"


def cleaned_or_words(content: bytes) -> Film | str:
    try:
        return clean_film(content)
    except DomainError as error:
        return error.message


@given(st.integers(0, len(film()) - 1), st.binary(min_size=1, max_size=8))
def test_any_bent_byte_gives_a_clean_film_or_a_refusal(at: int, bytes_: bytes) -> None:
    content = film()
    bent = content[:at] + bytes_ + content[at + len(bytes_) :]
    cleaned = cleaned_or_words(bent)
    if isinstance(cleaned, str):
        assert cleaned
    else:
        assert clean_film(cleaned.content) == cleaned and cleaned.duration_ms <= 60_000
        assert b"SECRET-STREET" not in cleaned.content


@given(st.integers(0, len(film()) - 1), st.binary(max_size=60))
def test_a_cut_film_and_random_bytes_are_refused(at: int, noise: bytes) -> None:
    assert refusal(film()[:at]).message
    assert refusal(b"\x00\x00\x00\x18ftyp" + noise).message
    assert refusal(noise).message
