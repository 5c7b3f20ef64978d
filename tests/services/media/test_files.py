"""Uploading once, attaching all or nothing, showing to the right people, forgetting what was given up."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from backend.infra.context import Context
from backend.kernel.errors import Conflict, DomainError, Forbidden, NotFound, TooMany, Unprocessable
from backend.ledger.tables import LedgerEvent
from backend.media import service
from backend.media.rules.limits import UNATTACHED_LIFE
from backend.media.service import DecideMedia, MediaView, Upload
from backend.media.tables import MediaFile
from tests.factories import photos
from tests.factories.films import film
from tests.factories.people import acting_as, make_resident
from tests.factories.places import make_estate
from tests.services.media.conftest import Court

THING = ("complaint", "c" * 20)


def put(ctx: Context, key: str = "upload-key-1", content: bytes | None = None) -> MediaView:
    return service.upload_media(ctx, Upload(content or photos.jpeg(), key))


def put_as_staff(ctx: Context, court: Court, key: str = "upload-key-1") -> MediaView:
    return service.upload_media(ctx, Upload(photos.jpeg(), key, court.place.estate.id))


def fetch(ctx: Context, address: str | None) -> bytes:
    parts = urlsplit(str(address))
    _, _, file_id, variant = parts.path.split("/")
    query = parse_qs(parts.query)
    found = service.open_address(ctx, file_id, variant, int(query["expires"][0]), query["sig"][0])
    return b"".join(found.stretch(0, found.size))


def stored(ctx: Context, file_id: str) -> MediaFile:
    return ctx.session.get_one(MediaFile, file_id, populate_existing=True)


def test_a_photo_is_kept_without_its_place_and_with_a_thumbnail(court: Court) -> None:
    content = photos.jpeg(800, 600)
    view = put(court.resident, content=content)
    assert (view.kind, view.state, view.width, view.height) == ("photo", "checking", 800, 600)
    full, thumb = fetch(court.system, view.full), fetch(court.system, view.thumb)
    assert len(full) == view.size and len(thumb) < len(full)
    assert b"SECRET" in content and b"SECRET" not in full + thumb


def test_a_video_comes_back_byte_by_byte_from_its_pieces(court: Court) -> None:
    from tests.factories.films import FilmPlan

    long = tuple(bytes([number]) * 900_000 for number in (1, 2, 3))
    view = put(court.resident, content=film(FilmPlan(samples=long)))
    assert (view.kind, view.state, view.duration_ms, view.thumb) == ("video", "review", 2000, None)
    row = stored(court.system, view.id)
    assert len(row.pieces["full"]) == 3
    whole = fetch(court.system, view.full)
    assert all(sample in whole for sample in long)
    parts = urlsplit(str(view.full))
    query = parse_qs(parts.query)
    found = service.open_address(court.system, view.id, "full", int(query["expires"][0]), query["sig"][0])
    for start, end in ((0, 1), (1_048_575, 1_048_577), (5, 2_400_000), (found.size - 1, found.size)):
        assert b"".join(found.stretch(start, end)) == whole[start:end]


def test_the_same_key_stores_once_and_another_file_under_it_is_refused(court: Court) -> None:
    first = put(court.resident)
    assert put(court.resident).id == first.id
    with pytest.raises(Unprocessable, match="idempotency_mismatch"):
        put(court.resident, content=photos.png())
    assert put(court.neighbour).id != first.id
    mine = court.system.session.exec(
        select(MediaFile).where(MediaFile.account_id == court.resident.actor.account_id)
    ).all()
    assert len(mine) == 1


def test_who_has_no_home_is_told_to_bind_one_and_who_has_two_chooses(court: Court) -> None:
    with pytest.raises(Unprocessable, match="no_home"):
        put(acting_as(court.system, make_resident(court.system)))
    other = make_estate(court.system)
    both = acting_as(
        court.system, make_resident(court.system, court.place.dwelling_ids[0], other.dwelling_ids[0])
    )
    with pytest.raises(Unprocessable, match="which_estate"):
        put(both)
    chosen = service.upload_media(both, Upload(photos.jpeg(), "upload-key-1", other.estate.id))
    assert stored(court.system, chosen.id).estate_id == other.estate.id
    with pytest.raises(NotFound):
        service.upload_media(court.resident, Upload(photos.jpeg(), "upload-key-1", other.estate.id))


def test_the_limit_of_a_day_holds(court: Court) -> None:
    for number in range(3):
        put(court.resident, f"video-key-{number}", film())
    with pytest.raises(TooMany, match="too_many_files"):
        put(court.resident, "video-key-4", film())
    put(court.resident, "photo-key-1")


def test_a_refused_upload_leaves_no_bytes(court: Court) -> None:
    root = court.system.ports.settings.storage_path
    before = set(root.rglob("*"))
    with pytest.raises(NotFound):
        service.upload_media(court.resident, Upload(photos.jpeg(), "upload-key-1", "0" * 20))
    first = put(court.resident)
    kept = set(root.rglob("*"))
    assert put(court.resident).id == first.id
    assert {path for path in kept ^ set(root.rglob("*")) if path.is_file()} == set()
    assert len([path for path in kept - before if path.is_file()]) == 2


def test_attaching_takes_all_in_order_or_none(court: Court) -> None:
    mine = [put(court.resident, f"photo-key-{number}").id for number in range(3)]
    foreign = put(court.neighbour).id
    for wrong in ([mine[0], foreign], [mine[0], "0" * 20]):
        with pytest.raises(Conflict, match="media_not_usable"):
            service.attach(court.resident, wrong, *THING)
    with pytest.raises(Unprocessable, match="attached_twice"):
        service.attach(court.resident, [mine[0], mine[0]], *THING)
    assert stored(court.system, mine[0]).subject_id is None
    service.attach(court.resident, [mine[2], mine[0]], *THING)
    shown = service.list_attached(court.resident, THING[0], [THING[1]])[THING[1]]
    assert [view.id for view in shown] == [mine[2], mine[0]]
    with pytest.raises(Conflict, match="media_not_usable"):
        service.attach(court.resident, [mine[0]], "complaint", "d" * 20)
    with pytest.raises(Unprocessable, match="too_many_attached"):
        service.attach(court.resident, [mine[1]], *THING, 2)
    service.attach(court.resident, [], *THING)


def test_two_attaching_at_once_cannot_share_a_place(court: Court) -> None:
    """What the constraint says when the rule was asked before the other's commit."""
    photo, video = put(court.resident).id, put(court.neighbour, content=film()).id
    service.attach(court.resident, [photo], *THING)
    session = court.system.session
    for position in ("0", "1", "9"):
        statement = text(
            "UPDATE media_file SET subject_kind = 'complaint', subject_id = :thing, attached_at = created_at,"
            f" position = {position} WHERE id = :id"
        )
        with pytest.raises(IntegrityError), session.begin_nested():
            session.execute(statement, {"thing": THING[1], "id": video})


def test_before_it_passed_a_photo_is_for_its_uploader_and_staff(court: Court) -> None:
    photo = put(court.resident).id
    service.attach(court.resident, [photo], *THING)

    def seen(ctx: Context) -> MediaView:
        return service.list_attached(ctx, THING[0], [THING[1]])[THING[1]][0]

    assert seen(court.resident).is_mine and seen(court.resident).full
    assert seen(court.officer).full and not seen(court.officer).is_mine
    assert seen(court.neighbour).full is None and seen(court.neighbour).thumb is None
    row = stored(court.system, photo)
    row.state = "passed"
    court.system.session.flush()
    address = seen(court.neighbour).full
    assert fetch(court.system, address)
    row.state = "risky"
    court.system.session.flush()
    with pytest.raises(NotFound):  # the address handed out before
        fetch(court.system, address)
    assert seen(court.officer).full is None
    assert fetch(court.system, seen(court.resident).full)


def test_an_address_holds_for_this_file_variant_and_time_only(court: Court) -> None:
    view = put(court.resident)
    parts = urlsplit(str(view.full))
    expires, sig = int(parse_qs(parts.query)["expires"][0]), parse_qs(parts.query)["sig"][0]
    other = put(court.resident, "upload-key-2").id
    for wrong in (
        (view.id, "thumb", expires, sig),
        (view.id, "full", expires + 900, sig),
        (view.id, "other", expires, sig),
        (other, "full", expires, sig),
        (view.id, "full", expires, "0" * 32),
    ):
        with pytest.raises(NotFound):
            service.open_address(court.system, *wrong)
    from backend.media.rules.addresses import Audience, Variant
    from backend.media.service.serving import sign_address

    past = int(court.system.clock.now().timestamp()) - 1
    old = sign_address(court.system.vault, view.id, Variant.FULL, Audience.HELD, past)
    with pytest.raises(Forbidden, match="address_expired"):
        fetch(court.system, old)


def test_many_things_are_shown_with_one_query(court: Court) -> None:
    for number in range(3):
        photo = put(court.resident, f"photo-key-{number}").id
        service.attach(court.resident, [photo], "complaint", str(number) * 20)
    with counted(court.system) as statements:
        found = service.list_attached(court.officer, "complaint", [str(number) * 20 for number in range(5)])
    assert sorted(found) == [str(number) * 20 for number in range(3)]
    assert len([one for one in statements if "media_file" in one]) == 1
    assert service.list_attached(court.officer, "complaint", []) == {}


@contextmanager
def counted(ctx: Context) -> Iterator[list[str]]:
    statements: list[str] = []

    def note(_c: object, _k: object, statement: str, *_: object) -> None:
        statements.append(statement)

    engine = ctx.ports.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", note)


def test_what_nothing_refers_to_is_forgotten_after_a_day_with_its_bytes(court: Court) -> None:
    loose, kept, fresh = (put(court.resident, f"photo-key-{number}") for number in range(3))
    service.attach(court.resident, [kept.id], *THING)
    rows = {view.id: stored(court.system, view.id) for view in (loose, kept)}
    for row in rows.values():
        row.created_at -= UNATTACHED_LIFE + timedelta(seconds=1)
    court.system.session.flush()
    pieces = rows[loose.id].pieces
    assert service.forget_unattached(court.system) == 1
    assert service.forget_unattached(court.system) == 0
    left = court.system.session.exec(
        select(MediaFile.id).where(col(MediaFile.id).in_([loose.id, kept.id, fresh.id]))
    )
    assert set(left) == {kept.id, fresh.id}
    for digest in (*pieces["full"], *pieces["thumb"]):
        with pytest.raises(NotFound):
            court.system.storage.get(digest)
    assert fetch(court.system, kept.full)


def test_the_same_photo_twice_is_forgotten_apart(court: Court) -> None:
    first, second = put(court.resident, "photo-key-1"), put(court.resident, "photo-key-2")
    stored(court.system, first.id).created_at -= UNATTACHED_LIFE + timedelta(seconds=1)
    court.system.session.flush()
    assert service.forget_unattached(court.system) == 1
    assert fetch(court.system, second.full)


def test_staff_answer_for_their_photos_and_the_ledger_knows(court: Court) -> None:
    view = put_as_staff(court.officer, court)
    assert view.state == "passed"
    told = court.system.session.exec(select(LedgerEvent).where(LedgerEvent.subject_id == view.id)).one()
    assert (told.type, told.payload) == ("media.uploaded", {"kind": "photo"})
    with pytest.raises(DomainError):
        service.upload_media(court.officer, Upload(photos.jpeg(), "upload-key-2"))


def test_a_person_passes_or_refuses_once(court: Court) -> None:
    first, second = (put(court.resident, f"video-key-{number}", film()) for number in range(2))
    assert service.list_reviews(court.committee, court.place.estate.id, "review", 10) == []
    for number, view in enumerate((first, second)):
        service.attach(court.resident, [view.id], "complaint", str(number) * 20)
    waiting = service.list_reviews(court.committee, court.place.estate.id, "review", 10)
    assert {view.id for view in waiting} == {first.id, second.id}
    assert all(view.full for view in waiting)
    assert service.decide_media(court.committee, DecideMedia(first.id, True)).state == "passed"
    refused = service.decide_media(court.committee, DecideMedia(second.id, False, "privacy"))
    assert (refused.state, refused.reason) == ("risky", "privacy")
    assert service.my_media(court.resident, second.id).reason == "privacy"
    with pytest.raises(Unprocessable, match="media_risky"):
        service.attach(court.resident, [second.id], *THING)
    with pytest.raises(Conflict, match="media_decided"):
        service.decide_media(court.committee, DecideMedia(first.id, False, "privacy"))
    assert service.decide_media(court.committee, DecideMedia(second.id, True)).reason is None
    with pytest.raises(Forbidden):
        service.decide_media(court.officer, DecideMedia(first.id, True))
    with pytest.raises(Forbidden):
        service.list_reviews(court.officer, court.place.estate.id, "review", 10)
    told = court.system.session.exec(
        select(LedgerEvent.type).where(col(LedgerEvent.subject_id).in_([first.id, second.id]))
    )
    assert sorted(told) == ["media.passed", "media.passed", "media.refused"]
