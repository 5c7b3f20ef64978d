"""Pictures are written anew: nothing but pixels survives, and nothing hostile gets as far as pixels."""

from __future__ import annotations

import io
import subprocess
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from backend.infra.pictures import Picture, clean_picture
from backend.infra.uploads import accept
from backend.kernel.errors import DomainError, TooLarge, Unprocessable
from tests.factories import photos

ZIP = b"PK\x03\x04evil.html" + b"PK\x05\x06" + bytes(18)
HTML = b"<html><script>alert(1)</script></html>"


def shown(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


@pytest.mark.parametrize(
    "content", [photos.jpeg(), photos.png(), photos.png("RGBA"), photos.webp(), photos.HEIC], ids=range(5)
)
def test_no_place_maker_comment_or_profile_survives(content: bytes) -> None:
    for picture in clean_picture(content, 3000, 320):
        assert b"SECRET" not in picture.content
        read = shown(picture.content)
        assert not read.getexif()
        assert not {"exif", "icc_profile", "comment", "xmp"} & set(read.info)
        assert (read.width, read.height) == (picture.width, picture.height)


def test_the_samples_did_hold_a_place() -> None:
    """Else the test above would show nothing."""
    assert shown(photos.jpeg()).getexif().get_ifd(0x8825)[1] == "N"
    for content in (photos.jpeg(), photos.HEIC, photos.webp()):
        assert b"SECRET" in content


def test_the_picture_stands_upright() -> None:
    turned = clean_picture(photos.jpeg(60, 40, orientation=6), 3000)[0]
    assert (turned.width, turned.height) == (40, 60)
    left, right = (shown(turned.content).getpixel((x, 30)) for x in (5, 35))
    assert isinstance(left, tuple) and isinstance(right, tuple)
    assert left[2] > 200 and right[0] > 200  # what was below is now on the left
    heic = clean_picture(photos.HEIC, 3000)[0]
    assert (heic.width, heic.height) == (48, 64)


def test_transparent_pictures_stay_so_unless_they_must_be_flat() -> None:
    kept, thumb = clean_picture(photos.png("RGBA", (900, 600)), 600, 320)
    assert (kept.media_type, kept.width, thumb.width) == ("image/png", 600, 320)
    assert shown(thumb.content).has_transparency_data
    flat = clean_picture(photos.png("RGBA"), 3000, flat=True)[0]
    assert flat.media_type == "image/jpeg"
    red = shown(flat.content).getpixel((3, 3))
    assert isinstance(red, tuple) and red[1] > 100  # half red on white


def test_grey_of_sixteen_bits_keeps_its_shades() -> None:
    grey = shown(clean_picture(photos.png("I;16"), 3000)[0].content).getpixel((3, 3))
    assert isinstance(grey, tuple) and 150 <= grey[0] <= 160


def test_of_an_animation_the_first_frame_is_taken() -> None:
    first = shown(clean_picture(photos.webp(frames=3), 3000)[0].content)
    pixel = first.getpixel((3, 3))
    assert isinstance(pixel, tuple) and pixel[0] < 10


@pytest.mark.parametrize(
    "tail", [ZIP, HTML, photos.gif(), b"\x00" * 100], ids=["zip", "html", "gif", "zeros"]
)
@pytest.mark.parametrize("content", [photos.jpeg(), photos.png(), photos.webp()], ids=["jpeg", "png", "webp"])
def test_what_is_appended_does_not_survive(content: bytes, tail: bytes) -> None:
    cleaned = clean_picture(content + tail, 3000)[0].content
    assert b"PK\x03\x04" not in cleaned and b"<script" not in cleaned and b"GIF8" not in cleaned
    assert cleaned == clean_picture(content, 3000)[0].content


@pytest.mark.parametrize("content", [photos.png_bomb(), photos.png_bomb(9_000), photos.webp_bomb()])
def test_a_bomb_is_refused_before_it_is_decoded(content: bytes) -> None:
    started = time.process_time()
    with pytest.raises(TooLarge) as caught:
        clean_picture(content, 3000)
    assert "5000 万像素" in caught.value.message
    assert time.process_time() - started < 1


def test_a_photo_of_a_thousand_scans_is_refused_before_it_is_decoded() -> None:
    assert clean_picture(photos.jpeg_of_scans(1), 3000)
    with pytest.raises(Unprocessable) as caught:
        clean_picture(photos.jpeg_of_scans(1000), 3000)
    assert caught.value.code == "broken_picture"
    # A moving photo: the film behind it holds bytes that look like scans.
    assert clean_picture(photos.jpeg() + b"\xff\xda\x00\x02" * 1000, 3000)


@pytest.mark.parametrize(
    "content",
    [photos.jpeg()[:-40], photos.png()[:60], photos.HEIC[:-200], photos.webp()[:40], b"\xff\xd8\xff", ZIP],
    ids=range(6),
)
def test_a_truncated_picture_is_refused_with_what_to_do(content: bytes) -> None:
    with pytest.raises(Unprocessable) as caught:
        clean_picture(content, 3000)
    assert "重新" in caught.value.message


def cleaned_or_words(content: bytes) -> tuple[Picture, ...] | str:
    try:
        return clean_picture(content, 3000, 320)
    except DomainError as error:
        return error.message


@settings(max_examples=150)
@given(
    st.sampled_from([photos.jpeg(), photos.png(), photos.webp()]),
    st.integers(0, 2000),
    st.binary(min_size=1, max_size=12),
)
def test_any_bent_byte_gives_a_clean_picture_or_a_refusal(content: bytes, at: int, noise: bytes) -> None:
    at %= len(content)
    made = cleaned_or_words(content[:at] + noise + content[at + len(noise) :])
    assert made
    assert isinstance(made, str) or all(b"SECRET" not in picture.content for picture in made)


@settings(max_examples=8)
@given(st.integers(0, len(photos.HEIC) - 1), st.binary(min_size=1, max_size=12))
def test_any_bent_byte_of_a_heic_gives_a_clean_picture_or_a_refusal(at: int, noise: bytes) -> None:
    made = cleaned_or_words(photos.HEIC[:at] + noise + photos.HEIC[at + len(noise) :])
    assert made
    assert isinstance(made, str) or all(b"SECRET" not in picture.content for picture in made)


@pytest.mark.parametrize(("at", "noise"), [(174, b"\xb4\x92\x80"), (177, b"H\x9a\x82")])
def test_a_heic_that_crashes_its_decoder_is_refused(at: int, noise: bytes) -> None:
    """libheif 1.23.0 ends with a segmentation fault on these: in a process of its own."""
    bent = photos.HEIC[:at] + noise + photos.HEIC[at + len(noise) :]
    made = cleaned_or_words(bent)
    assert isinstance(made, str) and "重新" in made


def test_the_heic_decoder_is_given_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, str] = {}
    run = subprocess.run

    def noting(*given: Any, **options: Any) -> subprocess.CompletedProcess[bytes]:
        seen.update(options["env"])
        return run(*given, **options)

    monkeypatch.setenv("GONGJUE_INDEX_KEY", "secret")
    monkeypatch.setattr(subprocess, "run", noting)
    assert clean_picture(photos.HEIC, 3000)
    assert set(seen) <= {"PATH", "LD_LIBRARY_PATH"}


def test_paper_photos_go_the_same_way() -> None:
    for content in (photos.jpeg(), photos.png("RGBA"), photos.webp(), photos.HEIC):
        kept, media_type = accept(content + ZIP)
        assert media_type == "image/jpeg"
        assert b"SECRET" not in kept and b"PK\x03\x04" not in kept
