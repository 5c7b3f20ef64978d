"""A resident's estates, and the check of their own place on the roll."""

from __future__ import annotations

from flask import Blueprint

from backend.identity import service as identity
from backend.infra.web import current_context, endpoint, resident
from backend.registry import service
from miniprogram_api.schemas.estates import MyEstatesOut, RollCheckPageOut

door = Blueprint("mini_estates", __name__, url_prefix="/api/v1/estates")


@door.get("")
@endpoint(resident(), {200: MyEstatesOut}, tags=["estates"])
def list_my_estates() -> MyEstatesOut:
    """List the estates in which the caller has a home."""
    return MyEstatesOut.of(service.my_estates(current_context()))


@door.get("/<id:estate_id>/roll-check")
@endpoint(resident(), {200: RollCheckPageOut}, tags=["estates"])
def check_my_roll(estate_id: str) -> RollCheckPageOut:
    """Show the caller's own dwellings as the roll has them: am I on it, is my area right?"""
    ctx = current_context()
    phone = identity.me(ctx).phone
    return RollCheckPageOut.of(service.my_roll_entries(ctx, estate_id, phone))
