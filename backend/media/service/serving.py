"""Signed addresses: making them for whoever may look, and answering them."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from backend.infra.context import Context
from backend.infra.crypto import Vault
from backend.kernel.errors import NotFound
from backend.media import errors
from backend.media.queries import find_file
from backend.media.rules import addresses
from backend.media.rules.addresses import Audience, Variant
from backend.media.rules.states import MediaState, Viewer, audience_of
from backend.media.service.storing import read_stretch
from backend.media.tables import MediaFile


@dataclass(frozen=True, slots=True)
class MediaView:
    """A file as one viewer may see it; addresses begin with ``/media/`` and are None where they may not look.

    ``thumb`` is None for videos. Sides in pixels, ``duration_ms`` of videos, ``size`` in bytes.
    """

    id: str
    kind: str
    content_type: str
    state: str
    size: int
    width: int
    height: int
    duration_ms: int | None
    is_mine: bool
    reason: str | None
    full: str | None
    thumb: str | None
    expires_at: datetime
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Served:
    """What an address leads to: ``size`` bytes of ``content_type``, read by stretches."""

    ctx: Context
    file_id: str
    content_type: str
    size: int
    pieces: list[str]

    def stretch(self, start: int, end: int) -> Iterator[bytes]:
        """Yield the bytes from ``start`` to before ``end``."""
        return read_stretch(self.ctx.storage, self.pieces, start, end)


def view_for(ctx: Context, row: MediaFile, now: datetime) -> MediaView:
    """Return a file as the caller may see it, who is known to be allowed to see what it hangs on."""
    is_staff = ctx.actor.kind in ("staff", "system")
    viewer = Viewer(is_mine=ctx.actor.account_id == row.account_id, is_staff=is_staff)
    # A proof's address is never the one that is handed to everybody.
    return view_as(ctx, row, now, viewer, audience=Audience.HELD if row.is_proof else None)


def view_as(
    ctx: Context, row: MediaFile, now: datetime, viewer: Viewer, *, audience: Audience | None = None
) -> MediaView:
    """Return a file with addresses for a viewer; ``audience`` set: for one who has to look at it anyway."""
    chosen = audience or audience_of(MediaState(row.state), viewer)
    expires = addresses.expiry(now)
    made = {
        variant: sign_address(ctx.vault, row.id, Variant(variant), chosen, expires) if chosen else None
        for variant in row.pieces
    }
    return MediaView(
        id=row.id,
        kind=row.kind,
        content_type=row.content_type,
        state=row.state,
        size=row.size,
        width=row.width,
        height=row.height,
        duration_ms=row.duration_ms,
        is_mine=viewer.is_mine,
        reason=row.reason if viewer.is_mine or viewer.is_staff else None,
        full=made[Variant.FULL],
        thumb=made.get(Variant.THUMB),
        expires_at=datetime.fromtimestamp(expires, UTC),
        created_at=row.created_at,
    )


def sign_address(vault: Vault, file_id: str, variant: Variant, audience: Audience, expires: int) -> str:
    """Return the address of a variant, from the root of the site."""
    signature = vault.mac(addresses.signed_text(file_id, variant, audience, expires), addresses.PURPOSE)
    return f"/media/{file_id}/{variant}?expires={expires}&sig={signature}"


def open_address(ctx: Context, file_id: str, variant: str, expires: int, signature: str) -> Served:
    """Return what an address leads to; one answer for a wrong signature and for a file that is gone.

    Raises address_expired for a true signature whose time is over.
    """
    audience = _audience_signed(ctx.vault, file_id, variant, expires, signature)
    if addresses.is_expired(expires, ctx.clock.now()):
        raise errors.address_expired()
    row = find_file(ctx.session, file_id)
    if row is None or variant not in row.pieces:
        raise NotFound
    # What was refused since is gone from addresses handed to everybody, before these end.
    if audience is Audience.OPEN and row.state != MediaState.PASSED:
        raise NotFound
    size = row.size if variant == Variant.FULL else _size_of(ctx, row.pieces[variant])
    return Served(ctx, row.id, row.content_type, size, row.pieces[variant])


def _audience_signed(vault: Vault, file_id: str, variant: str, expires: int, signature: str) -> Audience:
    if variant not in set(Variant):
        raise NotFound
    for audience in Audience:
        good = vault.macs(
            addresses.signed_text(file_id, Variant(variant), audience, expires), addresses.PURPOSE
        )
        if any(hmac.compare_digest(mac, signature) for mac in good):
            return audience
    raise NotFound


def _size_of(ctx: Context, pieces: list[str]) -> int:
    """Measure a small variant: its size has no column."""
    return sum(len(part) for part in read_stretch(ctx.storage, pieces, 0, len(pieces) << 20))
