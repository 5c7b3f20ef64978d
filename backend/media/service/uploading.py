"""Taking in a photo or video of a resident or of staff."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from backend.identity.service.accounts import require_notice
from backend.infra.context import Context
from backend.kernel.access import Permission, can, require
from backend.kernel.errors import NotFound, Unauthenticated
from backend.kernel.events import Event
from backend.kernel.ids import new_id
from backend.ledger import service as ledger
from backend.media import errors, repository
from backend.media.rules.addresses import Variant
from backend.media.rules.limits import DAY, MediaKind, check_day
from backend.media.rules.states import MediaState, first_state
from backend.media.service.cleaning import Cleaned, clean
from backend.media.service.serving import MediaView, view_for
from backend.media.service.storing import delete_pieces, put_pieces
from backend.media.tables import MediaFile
from backend.registry.queries import organisation_of_estate, scope_of_estate


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it came; ``estate_id`` may be left out by a resident of one estate.

    ``is_proof``: a photo for a request for a binding, by a resident who need not have a home yet.
    """

    content: bytes
    idempotency_key: str
    estate_id: str | None = None
    is_proof: bool = False


def upload_media(ctx: Context, command: Upload) -> MediaView:
    """Clean, store and note a file; the same key with the same file answers with the first one.

    The limit per day counts what is committed: uploads at the very same moment may pass it by a few.
    """
    if ctx.actor.kind not in ("resident", "staff") or ctx.actor.account_id is None:
        raise Unauthenticated
    # Cleaning and storing come before the first statement: on SQLite no lock is held meanwhile.
    cleaned = clean(command.content)
    if command.is_proof and cleaned.kind is not MediaKind.PHOTO:
        raise errors.proof_photos_only()
    pieces = {name: put_pieces(ctx.storage, content) for name, content in cleaned.variants.items()}
    try:
        row, is_new = _noted(ctx, command, cleaned, pieces)
    except Exception:
        delete_pieces(ctx.storage, pieces)
        raise
    if not is_new:
        delete_pieces(ctx.storage, pieces)
    return view_for(ctx, row, ctx.clock.now())


def _noted(
    ctx: Context, command: Upload, cleaned: Cleaned, pieces: dict[str, list[str]]
) -> tuple[MediaFile, bool]:
    account_id, uploader = str(ctx.actor.account_id), ctx.actor.kind
    estate_id = _estate(ctx, command.estate_id, is_proof=command.is_proof)
    source = sha256(command.content).hexdigest()
    former = repository.by_key(ctx.session, account_id, command.idempotency_key)
    if former is not None:
        if (former.source_sha256, former.estate_id, former.is_proof) != (source, estate_id, command.is_proof):
            raise errors.key_used()
        return former, False
    now = ctx.clock.now()
    check_day(
        uploader,
        cleaned.kind,
        repository.count_since(ctx.session, account_id, cleaned.kind, now - DAY),
    )
    can_ask = bool(ctx.ports.settings.wechat_app_id)
    state = first_state(uploader, cleaned.kind, can_ask=can_ask, is_proof=command.is_proof)
    full = cleaned.variants[Variant.FULL]
    row = MediaFile(
        id=new_id(),
        account_id=account_id,
        uploader_kind=uploader,
        estate_id=estate_id,
        kind=cleaned.kind.value,
        content_type=cleaned.content_type,
        sha256=sha256(full).hexdigest(),
        source_sha256=source,
        size=len(full),
        width=cleaned.width,
        height=cleaned.height,
        duration_ms=cleaned.duration_ms,
        pieces=pieces,
        state=state.value,
        is_proof=command.is_proof,
        idempotency_key=command.idempotency_key,
        created_at=now,
    )
    ctx.session.add(row)
    ctx.session.flush()
    _tell(ctx, row)
    return row, True


def _estate(ctx: Context, wanted: str | None, *, is_proof: bool) -> str:
    """Return the estate an upload belongs to, if it is the caller's, or one where they say they live."""
    if ctx.actor.kind == "staff":
        return _estate_of_staff(ctx, wanted)
    if is_proof:
        if wanted is None:
            raise errors.which_estate()
        require_notice(ctx, str(ctx.actor.account_id))  # papers come only from who knows what becomes of them
        scope_of_estate(ctx.session, wanted)
        return wanted
    homes = ctx.actor.estate_ids()
    if not homes:
        raise errors.no_home()
    if wanted is None:
        if len(homes) > 1:
            raise errors.which_estate()
        return next(iter(homes))
    if wanted not in homes:
        raise NotFound
    return wanted


def _estate_of_staff(ctx: Context, wanted: str | None) -> str:
    if wanted is None:
        raise errors.which_estate()
    scope = scope_of_estate(ctx.session, wanted)
    narrowed = (grant.scope for grant in ctx.actor.grants if grant.scope.estate_id == wanted)
    # A steward of one building may upload for it.
    place = next((part for part in narrowed if can(ctx.actor, Permission.MEDIA_UPLOAD, part)), scope)
    require(ctx.actor, Permission.MEDIA_UPLOAD, place)
    return wanted


def _tell(ctx: Context, row: MediaFile) -> None:
    if row.state != MediaState.PASSED or row.is_proof:
        return  # a resident's: told once a person decides, or a request hands it in
    organisation = organisation_of_estate(ctx.session, row.estate_id)
    ledger.append(ctx, Event("media.uploaded", organisation, "media", row.id, {"kind": row.kind}))
