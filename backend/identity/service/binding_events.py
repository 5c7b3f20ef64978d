"""What the ledger and a dwelling's members learn of a binding."""

from __future__ import annotations

from backend.identity.tables import Binding
from backend.infra.context import Context
from backend.kernel.clock import iso
from backend.kernel.events import Event
from backend.ledger import service as ledger
from backend.registry import queries as registry


def tell(ctx: Context, event_type: str, row: Binding) -> None:
    """Append an event about the dwelling; its members are told of it by whoever reads the ledger."""
    path = registry.scope_of_dwelling(ctx.session, row.dwelling_id).organisation_path
    payload = {"binding_id": row.id, "relation": row.relation, "via": row.via}
    if row.effective_at is not None:
        payload["effective_at"] = iso(row.effective_at)
    ledger.append(ctx, Event(event_type, organisation_of(path), "dwelling", row.dwelling_id, payload))


def organisation_of(path: str) -> str:
    """Return the last organisation of a materialised path."""
    return path.rstrip("/").rsplit("/", 1)[-1]
