"""One's own link to the chat of the Official Account."""

from __future__ import annotations

from flask import Blueprint, Response

from backend.infra.web import current_context, endpoint, resident
from backend.notifications.service import chats
from miniprogram_api.schemas.chat import ChatCodeOut, ChatLinkOut

door = Blueprint("mini_chat", __name__, url_prefix="/api/v1/me/chat")


@door.get("")
@endpoint(resident(), {200: ChatLinkOut}, tags=["me"])
def show_my_chat() -> ChatLinkOut:
    """Show whether one's own account is linked to a chat."""
    return ChatLinkOut.of(chats.show_link(current_context()))


@door.post("/code")
@endpoint(resident(limit="10/minute"), {201: ChatCodeOut}, tags=["me"])
def issue_my_chat_code() -> tuple[ChatCodeOut, int]:
    """Give a code of eight digits to type in the chat within ten minutes; an earlier one ends."""
    return ChatCodeOut.of(chats.new_code(current_context())), 201


@door.delete("")
@endpoint(resident(), {204: None}, tags=["me"])
def end_my_chat() -> Response:
    """End one's own link at once."""
    chats.end_link(current_context())
    return Response(status=204)
