"""A staff member's own link to the chat of the Official Account."""

from __future__ import annotations

from flask import Blueprint, Response

from backend.infra.web import current_context, endpoint, staff
from backend.notifications.service import chats
from backend.staff_api.schemas.chat import ChatCodeOut, ChatLinkOut

door = Blueprint("staff_chat", __name__, url_prefix="/api/v1/staff/chat")

_TAGS = ["staff session"]


@door.get("")
@endpoint(staff(), {200: ChatLinkOut}, tags=_TAGS)
def show_staff_chat() -> ChatLinkOut:
    """Show whether one's own account is linked to a chat."""
    return ChatLinkOut.of(chats.show_link(current_context()))


@door.post("/code")
@endpoint(staff(limit="10/minute"), {201: ChatCodeOut}, tags=_TAGS)
def issue_staff_chat_code() -> tuple[ChatCodeOut, int]:
    """Give a code of eight digits to type in the chat within ten minutes; an earlier one ends."""
    return ChatCodeOut.of(chats.new_code(current_context())), 201


@door.delete("")
@endpoint(staff(), {204: None}, tags=_TAGS)
def end_staff_chat() -> Response:
    """End one's own link at once."""
    chats.end_link(current_context())
    return Response(status=204)
