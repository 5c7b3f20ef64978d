"""What staff do here: read deliveries, work off the doorstep list, set up rooms, reminders and templates."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import update
from sqlmodel import col, select

from backend.infra.context import Context
from backend.infra.database import hold
from backend.infra.paging import Position
from backend.infra.wechat.fields import FieldError as WrongField
from backend.infra.wechat.fields import check_fields
from backend.kernel.access import Permission, Scope, can, require
from backend.kernel.errors import Forbidden, NotFound
from backend.kernel.events import Event
from backend.kernel.ids import new_id
from backend.ledger import service as ledger
from backend.notifications import queries
from backend.notifications.errors import bad_room_key, bad_template, entry_done, room_exists
from backend.notifications.repository import channels
from backend.notifications.repository.sql import insert_once
from backend.notifications.rules.kinds import Purpose
from backend.notifications.rules.parameters import Parameters, resolve
from backend.notifications.rules.templates import FIELD_NAMES, SAMPLE, Template, fill
from backend.notifications.service.writing import parameters_of
from backend.notifications.tables import DoorstepEntry, MessageTemplate, NotificationSetting, Room
from backend.registry import queries as registry

_KEY = re.compile(r"[0-9A-Za-z-]{8,64}")


@dataclass(frozen=True, slots=True)
class ListDeliveries:
    """A page of an estate's deliveries; ``ballot_id`` narrows it to one ballot's."""

    estate_id: str
    ballot_id: str | None
    state: str | None
    before: Position | None
    limit: int


def list_deliveries(ctx: Context, command: ListDeliveries) -> list[queries.DeliveryView]:
    """List the deliveries of an estate's community."""
    organisation_id = _community(ctx, command.estate_id)
    return queries.list_deliveries(
        ctx.session,
        organisation_id,
        topic=_topic(command.ballot_id),
        state=command.state,
        before=command.before,
        limit=command.limit,
    )


def count_deliveries(ctx: Context, estate_id: str, ballot_id: str | None) -> dict[str, int]:
    """Count the deliveries of an estate's community by state."""
    return queries.count_deliveries(ctx.session, _community(ctx, estate_id), _topic(ballot_id))


def _community(ctx: Context, estate_id: str) -> str:
    organisation_id = _known_estate(ctx, estate_id)
    # Deliveries are the whole community's: a grant on one of its estates is not enough.
    scope = registry.scope_of_organisation(ctx.session, organisation_id)
    if not can(ctx.actor, Permission.PARTICIPATION_READ, scope):
        require(ctx.actor, Permission.PARTICIPATION_READ, registry.scope_of_estate(ctx.session, estate_id))
        raise Forbidden
    return organisation_id


def _known_estate(ctx: Context, estate_id: str) -> str:
    return registry.organisation_of_estate(ctx.session, estate_id)


def _topic(ballot_id: str | None) -> str | None:
    return None if ballot_id is None else f"ballot:{ballot_id}"


def list_doorstep(
    ctx: Context, estate_id: str, building_id: str | None, before: Position | None, limit: int
) -> list[queries.DoorstepView]:
    """List the households that no channel reached: a building's to its steward, an estate's to its committee."""
    scope = registry.scope_of_estate(ctx.session, estate_id)
    if building_id is not None and not registry.is_inside(ctx.session, estate_id, building_id):
        raise NotFound
    require(
        ctx.actor,
        Permission.PARTICIPATION_READ,
        Scope(scope.organisation_path, estate_id, building_id),
    )
    return queries.list_doorstep(ctx.session, estate_id, building_id=building_id, before=before, limit=limit)


def finish_doorstep(ctx: Context, entry_id: str, note: str) -> None:
    """Note that somebody rang; who and when stand in the ledger."""
    row = ctx.session.exec(select(DoorstepEntry).where(DoorstepEntry.id == entry_id)).one_or_none()
    if row is None:
        raise NotFound
    scope = registry.scope_of_dwelling(ctx.session, row.dwelling_id)
    require(ctx.actor, Permission.PAPER_ENTER, scope)  # those who ring at doors
    now = ctx.clock.now()
    done = update(DoorstepEntry).where(
        col(DoorstepEntry.id) == entry_id, col(DoorstepEntry.done_at).is_(None)
    )
    result = ctx.session.exec(done.values(done_at=now, done_by=ctx.actor.account_id, note=note))
    if result.rowcount == 0:
        raise entry_done()
    _tell(ctx, "doorstep.done", scope, ("dwelling", row.dwelling_id), {"entry": row.id})


@dataclass(frozen=True, slots=True)
class AddRoom:
    """A community's room: its name and the robot's key."""

    organisation_id: str
    name: str
    key: str


def list_rooms(ctx: Context, organisation_id: str) -> list[Room]:
    """List a community's rooms; keys are never shown again."""
    _require_over(ctx, organisation_id)
    chosen = select(Room).where(Room.organisation_id == organisation_id)
    return list(ctx.session.exec(chosen.order_by(col(Room.created_at), col(Room.id)).limit(100)))


def add_room(ctx: Context, command: AddRoom) -> Room:
    """Register a group robot for a community."""
    scope = _require_over(ctx, command.organisation_id)
    if not _KEY.fullmatch(command.key):
        raise bad_room_key()
    hold(ctx.session, ctx.vault.shared_index(command.key, "room"))
    indexes = ctx.vault.indexes(command.key, "room")
    known = select(Room.id).where(
        Room.organisation_id == command.organisation_id, col(Room.key_index).in_(indexes)
    )
    if ctx.session.exec(known).first() is not None:
        raise room_exists()
    now = ctx.clock.now()
    row = Room(
        id=new_id(),
        organisation_id=command.organisation_id,
        name=command.name,
        key_sealed=ctx.vault.seal(command.key, "room.key"),
        key_index=indexes[0],
        next_send_at=now,
        created_by=ctx.actor.account_id or "system",
        created_at=now,
    )
    insert = insert_once(ctx.session, Room).values(**row.model_dump()).on_conflict_do_nothing()
    if ctx.session.execute(insert.returning(col(Room.id))).first() is None:
        raise room_exists()
    _tell(ctx, "room.added", scope, ("room", row.id), {})
    return row


def switch_room(ctx: Context, room_id: str, is_active: bool) -> Room:
    """Silence a room or let it be written to again."""
    row = ctx.session.exec(select(Room).where(Room.id == room_id)).one_or_none()
    if row is None:
        raise NotFound
    scope = _require_over(ctx, row.organisation_id)
    if row.is_active != is_active:
        row.is_active = is_active
        ctx.session.add(row)
        _tell(ctx, "room.switched", scope, ("room", row.id), {"is_active": is_active})
    return row


def show_settings(ctx: Context, organisation_id: str) -> Parameters:
    """Return the reminder settings in force for a community."""
    _require_over(ctx, organisation_id)
    return parameters_of(ctx.session, [organisation_id])[organisation_id]


def change_settings(ctx: Context, organisation_id: str, given: Mapping[str, int]) -> Parameters:
    """Set a community's reminder settings; what is not given goes back to the default."""
    scope = _require_over(ctx, organisation_id)
    chosen = resolve(given)
    values = {
        "settings": dict(given),
        "changed_by": ctx.actor.account_id or "system",
        "changed_at": ctx.clock.now(),
    }
    insert = insert_once(ctx.session, NotificationSetting).values(organisation_id=organisation_id, **values)
    ctx.session.execute(insert.on_conflict_do_update(index_elements=["organisation_id"], set_=values))
    _tell(ctx, "notifications.changed", scope, ("organisation", organisation_id), dict(given))
    return chosen


def set_template(ctx: Context, channel: str, purpose: str, template: Template) -> None:
    """Say which template of WeChat's or the provider's serves a purpose; the operator's command only."""
    if ctx.actor.kind != "system":
        raise Forbidden
    if purpose == Purpose.FOLLOW_UP and channel != "sms":
        raise bad_template("办结回访只用短信：有微信的反映人收到的是结果公示类消息。")
    _check_template(channel, template)
    values = {"template_id": template.template_id, "fields": dict(template.fields)}
    insert = insert_once(ctx.session, MessageTemplate).values(channel=channel, purpose=purpose, **values)
    ctx.session.execute(insert.on_conflict_do_update(index_elements=["channel", "purpose"], set_=values))
    channels.wake_template(ctx.session, channel, purpose, ctx.clock.now())
    payload = {"channel": channel, "purpose": purpose, "template": template.template_id}
    ledger.append(ctx, Event("notifications.template_set", None, "template", purpose, payload))


def list_templates(ctx: Context) -> dict[tuple[str, str], Template]:
    """Return the templates that are set, by (channel, purpose); the operator's command only."""
    if ctx.actor.kind != "system":
        raise Forbidden
    stored = channels.templates(ctx.session)
    return {key: Template(row.template_id, row.fields) for key, row in stored.items()}


def _check_template(channel: str, template: Template) -> None:
    """Refuse a mapping that WeChat would refuse with every message; a text message's parameters have an order."""
    if channel == "sms":
        if template.fields:
            raise bad_template("短信模板按顺序填写事项、时间、说明，不用 --field。")
        return
    unknown = sorted(set(template.fields) - set(FIELD_NAMES))
    if unknown or not template.fields:
        raise bad_template("模板字段只能是 title、time、note，至少写一个。")
    if len(set(template.fields.values())) < len(template.fields):
        raise bad_template("两个字段不能对应同一个关键词。")
    try:
        check_fields(fill(template, SAMPLE))
    except WrongField as error:
        raise bad_template(
            f"关键词 {error.field} 装不下这一项：事项和说明用 thing，时间用 time 或 date。"
        ) from None


def _require_over(ctx: Context, organisation_id: str) -> Scope:
    scope = registry.scope_of_organisation(ctx.session, organisation_id)
    require(ctx.actor, Permission.NOTICE_PUBLISH, scope)
    return scope


def _tell(
    ctx: Context, what: str, scope: Scope, subject: tuple[str, str], payload: Mapping[str, object]
) -> None:
    organisation_id = scope.organisation_path.rstrip("/").rsplit("/", 1)[-1]
    ledger.append(ctx, Event(what, organisation_id, *subject, payload))
