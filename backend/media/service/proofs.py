"""Photos as the proof of a binding: for the staff who decide it, asked of nobody else, gone when it has served.

They show identity papers and certificates: WeChat is not asked about them, no reviewer sees them, and they hang on
nothing but a request for a binding.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from backend.identity import service as identity
from backend.infra.context import Context
from backend.kernel.access import Permission
from backend.media import repository
from backend.media.service.attaching import BINDING, attach, list_attached
from backend.media.service.serving import MediaView
from backend.media.service.storing import delete_pieces

MOST_PROOFS = 3


def hang_proofs(ctx: Context, binding_id: str, ids: Sequence[str]) -> None:
    """Hang the caller's own proofs on their request: at most three, all of them or none."""
    attach(ctx, ids, BINDING, binding_id, MOST_PROOFS)


def show_proofs(ctx: Context, binding_id: str) -> list[MediaView]:
    """Return a request's photos to whoever may decide it; the look stands in the ledger."""
    row = identity.reviewed_binding(ctx, binding_id, Permission.BINDING_DECIDE)
    identity.tell_of_binding(ctx, "binding.proof_shown", row)
    return list_attached(ctx, BINDING, [row.id]).get(row.id, [])


def forget_proofs(ctx: Context, binding_ids: Collection[str]) -> None:
    """Delete the photos of these requests; a second time nothing is left."""
    _delete(ctx, [row.id for row in repository.of_subjects(ctx.session, BINDING, binding_ids)])


def forget_proofs_of(ctx: Context, account_id: str) -> None:
    """Delete every proof an account has uploaded, handed in or not."""
    _delete(ctx, repository.proofs_of(ctx.session, account_id))


def _delete(ctx: Context, ids: Sequence[str]) -> None:
    for row in repository.files(ctx.session, ids):
        repository.delete_proof(ctx.session, row.id)
        delete_pieces(ctx.storage, row.pieces)
        ctx.session.expunge(row)
