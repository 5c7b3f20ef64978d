"""Notifications for staff: where messages stand, whom to visit, the rooms and the reminder settings."""

from __future__ import annotations

from flask import Blueprint, Response

from backend.infra.paging import decode_cursor
from backend.infra.web import current_context, endpoint, staff
from backend.kernel.access import Permission
from backend.notifications.service import desk
from backend.staff_api.schemas import notifications as schemas

door = Blueprint("staff_notifications", __name__, url_prefix="/api/v1/staff")

_TAGS = ["staff notifications"]


@door.get("/deliveries")
@endpoint(staff(Permission.PARTICIPATION_READ), {200: schemas.DeliveryListOut}, tags=_TAGS)
def list_deliveries(query: schemas.DeliveryQuery) -> schemas.DeliveryListOut:
    """List the deliveries of an estate's community, newest first."""
    before = decode_cursor(query.cursor)
    wanted = desk.ListDeliveries(query.estate, query.ballot, query.state, before, query.limit + 1)
    return schemas.DeliveryListOut.of(desk.list_deliveries(current_context(), wanted), query.limit)


@door.get("/deliveries/counts")
@endpoint(staff(Permission.PARTICIPATION_READ), {200: schemas.DeliveryCountOut}, tags=_TAGS)
def count_deliveries(query: schemas.EstateMessagesQuery) -> schemas.DeliveryCountOut:
    """Count the deliveries of an estate's community by state."""
    counts = desk.count_deliveries(current_context(), query.estate, query.ballot)
    return schemas.DeliveryCountOut(counts=counts)


@door.get("/doorstep")
@endpoint(staff(Permission.PARTICIPATION_READ), {200: schemas.DoorstepListOut}, tags=_TAGS)
def list_doorstep(query: schemas.DoorstepQuery) -> schemas.DoorstepListOut:
    """List the households that no channel reached, with the reason."""
    before, size = decode_cursor(query.cursor), query.limit + 1
    found = desk.list_doorstep(current_context(), query.estate, query.building, before, size)
    return schemas.DoorstepListOut.of(found, query.limit)


@door.post("/doorstep/<id:entry_id>/done")
@endpoint(staff(Permission.PAPER_ENTER), {204: None}, tags=_TAGS)
def finish_doorstep(entry_id: str, json: schemas.DoorstepDoneIn) -> Response:
    """Note that somebody rang, and what came of it."""
    desk.finish_doorstep(current_context(), entry_id, json.note)
    return Response(status=204)


@door.get("/rooms")
@endpoint(staff(Permission.NOTICE_PUBLISH), {200: schemas.RoomListOut}, tags=_TAGS)
def list_rooms(query: schemas.CommunityQuery) -> schemas.RoomListOut:
    """List a community's group-robot rooms."""
    rows = desk.list_rooms(current_context(), query.organisation)
    return schemas.RoomListOut(items=[schemas.RoomOut.of(row) for row in rows])


@door.post("/rooms")
@endpoint(staff(Permission.NOTICE_PUBLISH), {201: schemas.RoomOut}, tags=_TAGS)
def add_room(json: schemas.RoomIn) -> tuple[schemas.RoomOut, int]:
    """Register a group robot; its key is stored encrypted and never shown again."""
    return schemas.RoomOut.of(desk.add_room(current_context(), json.command())), 201


@door.patch("/rooms/<id:room_id>")
@endpoint(staff(Permission.NOTICE_PUBLISH), {200: schemas.RoomOut}, tags=_TAGS)
def switch_room(room_id: str, json: schemas.RoomSwitchIn) -> schemas.RoomOut:
    """Silence a room or let it be written to again."""
    return schemas.RoomOut.of(desk.switch_room(current_context(), room_id, json.is_active))


@door.get("/organisations/<id:organisation_id>/reminders")
@endpoint(staff(Permission.NOTICE_PUBLISH), {200: schemas.ReminderSettingsOut}, tags=_TAGS)
def show_reminder_settings(organisation_id: str) -> schemas.ReminderSettingsOut:
    """Show a community's reminder settings with their bounds."""
    return schemas.ReminderSettingsOut.of(desk.show_settings(current_context(), organisation_id))


@door.put("/organisations/<id:organisation_id>/reminders")
@endpoint(staff(Permission.NOTICE_PUBLISH), {200: schemas.ReminderSettingsOut}, tags=_TAGS)
def change_reminder_settings(
    organisation_id: str, json: schemas.ReminderSettingsIn
) -> schemas.ReminderSettingsOut:
    """Set a community's reminder settings; what is not named goes back to its default."""
    chosen = desk.change_settings(current_context(), organisation_id, json.settings)
    return schemas.ReminderSettingsOut.of(chosen)
