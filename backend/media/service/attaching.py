"""Hanging files on the things of other capabilities, and showing them there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence

from backend.identity.service.accounts import account_of_nobody
from backend.infra.context import Context
from backend.media import errors, repository
from backend.media.rules.limits import MOST_PHOTOS, Held, MediaKind, positions
from backend.media.rules.states import MediaState
from backend.media.service.serving import MediaView, view_for

# Proofs hang on a request for a binding, and nothing else does.
BINDING = "binding"


def attach(
    ctx: Context, ids: Sequence[str], subject_kind: str, subject_id: str, limit: int = MOST_PHOTOS
) -> None:
    """Hang the caller's own loose files on a thing, in the order given: all of them, or it raises.

    At most ``limit`` photos or one video together with what the thing has already. Of two calls at once for
    the same thing or file one is refused with 409.
    """
    if not ids:
        return
    if len(set(ids)) != len(ids):
        raise errors.attached_twice()
    account_id = ctx.actor.account_id
    chosen = {row.id: row for row in repository.files(ctx.session, ids) if row.account_id == account_id}
    is_proof = subject_kind == BINDING
    if account_id is None or len(chosen) != len(ids):
        raise errors.not_attachable()
    if any(row.is_proof != is_proof for row in chosen.values()):
        raise errors.other_purpose()
    if any(row.state == MediaState.RISKY for row in chosen.values()):
        raise errors.risky()
    former = repository.of_subjects(ctx.session, subject_kind, (subject_id,))
    held = Held(tuple(MediaKind(row.kind) for row in former), frozenset(row.position or 0 for row in former))
    places = positions(held, [MediaKind(chosen[file_id].kind) for file_id in ids], limit)
    common = {"subject_kind": subject_kind, "subject_id": subject_id, "attached_at": ctx.clock.now()}
    for file_id, place in zip(ids, places, strict=True):
        if not repository.attach(ctx.session, file_id, account_id, {**common, "position": place}):
            raise errors.not_attachable()
        ctx.session.expire(chosen[file_id])


def let_go(ctx: Context, subject_kind: str, subject_id: str, *, keep: Collection[str]) -> None:
    """Take down the files of a thing that are not among ``keep``: they are loose again, and forgotten after a day."""
    for row in repository.of_subjects(ctx.session, subject_kind, (subject_id,)):
        if row.id not in keep:
            repository.take_down(ctx.session, row.id, subject_kind, subject_id)
            ctx.session.expire(row)


def disown(ctx: Context, subject_kind: str, subject_id: str) -> None:
    """Forget whose files hang on a thing; what WeChat was not asked about yet goes to a person instead."""
    nobody = account_of_nobody(ctx)
    for row in repository.of_subjects(ctx.session, subject_kind, (subject_id,)):
        values = {"account_id": nobody, "idempotency_key": row.id}
        repository.move(ctx.session, row.id, (row.state,), values)
        ctx.session.expire(row)


def restrict(ctx: Context, subject_kind: str, subject_ids: Collection[str], *, is_restricted: bool) -> None:
    """Keep the files of things of a kind from those who may not see restricted complaints, or no more.

    The capability of the things calls it with what it hangs, and whenever the restriction of a thing changes.
    """
    if not subject_ids:
        return
    repository.restrict(ctx.session, subject_kind, subject_ids, is_restricted)
    for row in repository.of_subjects(ctx.session, subject_kind, subject_ids):
        ctx.session.refresh(row)


def list_attached(
    ctx: Context, subject_kind: str, subject_ids: Collection[str]
) -> dict[str, list[MediaView]]:
    """Return thing → its files as ``ctx.actor`` may see them, in order, in one query; absent: none.

    The caller has checked that the actor may see the things. Staff also see what waits for a check; what was
    found unfit has no address for anybody but its uploader.
    """
    found: dict[str, list[MediaView]] = defaultdict(list)
    if not subject_ids:
        return found
    now = ctx.clock.now()
    for row in repository.of_subjects(ctx.session, subject_kind, subject_ids):
        found[str(row.subject_id)].append(view_for(ctx, row, now))
    return found
