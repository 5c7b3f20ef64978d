"""Finding organisations and estates by the codes an operator types."""

from __future__ import annotations

from backend.infra.context import Context
from backend.kernel.errors import Invalid
from backend.registry import service
from backend.registry.rules.levels import LEVEL_NAMES
from backend.registry.tables import Organisation


def one_organisation(ctx: Context, code_or_id: str, kind: str | None = None) -> Organisation:
    """Return the one organisation that a code or id means; raises Invalid listing several."""
    found = service.find_organisation(ctx, code_or_id, kind)
    if not found and kind is not None and service.find_organisation(ctx, code_or_id):
        raise Invalid("organisation", f"“{code_or_id}”不是{LEVEL_NAMES[kind]}。")
    if not found:
        raise Invalid("organisation", f"没有编号或标识为“{code_or_id}”的组织。")
    if len(found) > 1:
        listed = "、".join(f"{node.name}（{node.id}）" for node in found)
        raise Invalid("organisation", f"编号“{code_or_id}”不止一个，请改用标识：{listed}")
    return found[0]


def find_estate(ctx: Context, community_id: str, code: str) -> str | None:
    """Return the id of the community's estate with this code, None when there is none."""
    estates = service.list_estates(ctx, service.ListEstates(community_id, code, limit=500))
    return next((estate.id for estate in estates if estate.code == code), None)
