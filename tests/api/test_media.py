"""Uploads over HTTP: what passes is safe to show, what does not is refused with what to do, nothing is a 5xx."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from typing import Any

import pytest
from PIL import Image

from backend.kernel.access import Role
from backend.media.rules.limits import MAX_PHOTO_BYTES, MAX_VIDEO_BYTES
from tests.api.conftest import World
from tests.factories import photos
from tests.factories.films import FilmPlan, film
from tests.factories.people import make_resident, make_staff
from tests.factories.places import make_estate

ZIP = b"PK\x03\x04evil.html" + b"PK\x05\x06" + bytes(18)


@dataclass
class Street:
    """Somebody at home, somebody of the committee, and the app."""

    world: World
    resident: dict[str, str]
    committee: dict[str, str]
    estate_id: str

    def post(self, content: bytes, key: str = "upload-key-1", **options: Any) -> Any:
        headers = {**self.resident, "Idempotency-Key": key}
        return self.world.app.test_client().post("/api/v1/media", data=content, headers=headers, **options)

    def get(self, address: str, **headers: str) -> Any:
        return self.world.app.test_client().get(address, headers=headers)


@pytest.fixture
def street(world: World) -> Street:
    with world.arrange() as ctx:
        place = make_estate(ctx)
        home = make_resident(ctx, place.dwelling_ids[0])
        staff = make_staff(ctx, Role.RESIDENTS_COMMITTEE, place.community.id)
        tokens = [{"Authorization": f"Bearer {who.token}"} for who in (home, staff)]
        return Street(world, tokens[0], tokens[1], place.estate.id)


def test_a_photo_goes_up_and_comes_back_clean_with_its_headers(street: Street) -> None:
    answer = street.post(photos.jpeg(800, 600, orientation=6), content_type="image/png")
    assert answer.status_code == 201
    shown = answer.get_json()
    assert (shown["kind"], shown["state_title"], shown["content_type"]) == ("photo", "检查中", "image/jpeg")
    assert (shown["width"], shown["height"]) == (600, 800)
    for variant, longest in (("full", 800), ("thumb", 320)):
        served = street.get(shown[variant])
        assert served.status_code == 200
        assert max(Image.open(io.BytesIO(served.data)).size) == longest
        assert b"SECRET" not in served.data
        assert served.headers["Content-Type"] == "image/jpeg"
        assert served.headers["X-Content-Type-Options"] == "nosniff"
        assert served.headers["Content-Disposition"] == f'inline; filename="{shown["id"]}.jpeg"'
        assert "default-src 'none'; sandbox" in served.headers.getlist("Content-Security-Policy")
        assert served.headers["Cache-Control"].startswith("private")
    assert street.get(f"/api/v1/media/{shown['id']}", **street.resident).get_json()["full"] == shown["full"]


def test_a_phones_form_is_taken_like_a_raw_body(street: Street) -> None:
    form = {"file": (io.BytesIO(photos.HEIC), "../../etc/passwd.exe")}
    headers = {**street.resident, "Idempotency-Key": "upload-key-1"}
    client = street.world.app.test_client()
    answer = client.post("/api/v1/media", data=form, headers=headers)
    assert answer.status_code == 201 and answer.get_json()["content_type"] == "image/jpeg"
    assert street.post(photos.HEIC).get_json()["id"] == answer.get_json()["id"]
    empty = client.post(
        "/api/v1/media", data={"other": "1"}, headers=headers, content_type="multipart/form-data"
    )
    assert (empty.status_code, empty.get_json()["code"]) == (422, "no_file")


def test_wrong_files_are_refused_with_what_to_do(street: Street) -> None:
    """Names and stated types are not asked: a PDF called photo.jpg is a PDF."""
    plain = FilmPlan()
    cases = [
        (b"", 422, "empty_file", "重新选择"),
        (b"%PDF-1.7 rest", 422, "file_kind", "PDF"),
        (ZIP, 422, "file_kind", "压缩包"),
        (photos.gif(), 422, "file_kind", "GIF"),
        (b"<html><script>alert(1)</script>", 422, "file_kind", "网页"),
        (b"\x00\x01\x02\x03" * 10, 422, "file_kind", "MP4"),
        (photos.png_bomb(), 413, "picture_size", "5000 万像素"),
        (photos.webp_bomb(), 413, "picture_size", "5000 万像素"),
        (photos.jpeg()[:-40], 422, "broken_picture", "重新"),
        (photos.jpeg() + bytes(MAX_PHOTO_BYTES), 413, "photo_size", "20 MB"),
        (film()[:-10], 422, "broken_video", "重新"),
        (film() + ZIP, 422, "broken_video", "重新"),
        (film(replace(plain, seconds=61)), 422, "video_length", "剪短"),
        (film(replace(plain, brand=b"qt  ")), 422, "quicktime", "MP4"),
        (film(replace(plain, video_codec=b"av01")), 422, "video_codec", "H.264"),
        (bytes(MAX_VIDEO_BYTES + 100_000), 413, "file_size", "50 MB"),
    ]
    for content, status, code, words in cases:
        answer = street.post(content, content_type="image/jpeg")
        assert (answer.status_code, answer.get_json()["code"]) == (status, code)
        assert words in answer.get_json()["message"]


def test_a_photo_with_an_archive_behind_it_comes_back_without(street: Street) -> None:
    shown = street.post(photos.jpeg() + ZIP).get_json()
    assert b"PK" not in street.get(shown["full"]).data


def test_a_video_is_served_in_the_stretches_a_player_asks_for(street: Street) -> None:
    shown = street.post(film()).get_json()
    assert (shown["kind"], shown["state"], shown["thumb"]) == ("video", "review", None)
    whole = street.get(shown["full"])
    assert whole.headers["Accept-Ranges"] == "bytes" and b"SECRET" not in whole.data
    part = street.get(shown["full"], Range="bytes=10-19")
    assert (part.status_code, part.data) == (206, whole.data[10:20])
    assert part.headers["Content-Range"] == f"bytes 10-19/{len(whole.data)}"
    tail = street.get(shown["full"], Range="bytes=-5")
    assert tail.data == whole.data[-5:]
    assert street.get(shown["full"], Range="bytes=999999-").status_code == 416
    etag = whole.headers["ETag"]
    assert street.get(shown["full"], Range="bytes=0-3", **{"If-Range": etag}).status_code == 206
    assert street.get(shown["full"], Range="bytes=0-3", **{"If-Range": '"old"'}).status_code == 200
    for odd in ("bytes=0-1,3-4", "apples=1", "bytes=x"):
        assert street.get(shown["full"], Range=odd).status_code == 200


def test_addresses_cannot_be_made_up(street: Street) -> None:
    shown = street.post(photos.jpeg()).get_json()
    path, _, query = shown["full"].partition("?")
    sig = query.partition("sig=")[2]
    wrong = [
        f"{path}?{query[:-32]}{'0' * 32}",
        shown["full"].replace("/full", "/thumb"),
        f"{path}?expires=9999999999&sig={sig}",
        f"/media/{'0' * 20}/full?{query}",
    ]
    for address in wrong:
        answer = street.get(address)
        assert (answer.status_code, answer.get_json()["code"]) == (404, "not_found"), address
    for address in (path, f"{path}?expires=-1&sig={sig}", f"{path}?expires=1&sig=zz"):
        assert street.get(address).status_code == 400


def test_the_committee_looks_and_decides(street: Street) -> None:
    shown = street.post(film()).get_json()
    client = street.world.app.test_client()
    report = {"estate": street.estate_id, "category": "quality", "words": "漏水", "disclosure": "named"}
    told = client.post(
        "/api/v1/complaints",
        json={**report, "media": [shown["id"]]},
        headers={**street.resident, "Idempotency-Key": "report-key-1"},
    )
    assert told.status_code == 201, told.text
    listed = client.get(f"/api/v1/staff/media?estate={street.estate_id}", headers=street.committee).get_json()
    assert [item["id"] for item in listed["items"]] == [shown["id"]]
    assert street.get(listed["items"][0]["full"]).status_code == 200
    address = f"/api/v1/staff/media/{shown['id']}/decision"
    unsaid = client.post(address, json={"passed": False}, headers=street.committee)
    assert unsaid.status_code == 400 and "原因" in unsaid.get_json()["fields"][0]["message"]
    refused = client.post(address, json={"passed": False, "reason": "privacy"}, headers=street.committee)
    assert refused.get_json()["state_title"] == "未通过"
    mine = street.get(f"/api/v1/media/{shown['id']}", **street.resident).get_json()
    assert mine["reason"] == "拍到他人隐私或证件"


def test_staff_upload_evidence_that_is_shown_at_once(street: Street) -> None:
    headers = {**street.committee, "Idempotency-Key": "upload-key-1"}
    client = street.world.app.test_client()
    answer = client.post(
        f"/api/v1/staff/media?estate={street.estate_id}", data=photos.jpeg(), headers=headers
    )
    assert answer.status_code == 201 and answer.get_json()["state"] == "passed"
    assert client.post("/api/v1/staff/media", data=photos.jpeg(), headers=headers).status_code == 400
