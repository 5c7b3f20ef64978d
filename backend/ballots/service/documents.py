"""Reading a ballot's documents."""

from __future__ import annotations

from dataclasses import dataclass

from backend.ballots.queries import ballots as queries
from backend.ballots.repository import ballots as repository
from backend.infra.context import Context
from backend.kernel.access import require_resident
from backend.kernel.errors import NotFound


@dataclass(frozen=True, slots=True)
class Document:
    """The bytes of a document and their type."""

    content: bytes
    media_type: str


def read_document(ctx: Context, ballot_id: str, sha256: str) -> Document:
    """Return a document of a ballot of the caller's own estate or mandate; raises NotFound."""
    account_id = require_resident(ctx.actor)
    ballot = queries.find_for_voter(ctx.session, ballot_id, ctx.actor.estate_ids(), account_id)
    if ballot is None:
        raise NotFound
    for row in repository.documents_of(ctx.session, ballot.id):
        if row.sha256 == sha256:
            return Document(ctx.storage.get(sha256), row.media_type)
    raise NotFound
