"""``/__sim``: what people do on their phones, and what lies there and in the groups. Ours, not WeChat's."""

from __future__ import annotations

from dataclasses import asdict

from flask import Blueprint, Response, jsonify

from wechat_simulator import events
from wechat_simulator.consents import ANSWERS, MOST_TEMPLATES, Popup
from wechat_simulator.endpoints.checks import world
from wechat_simulator.endpoints.control_input import (
    BadControl,
    body,
    integer,
    known_user,
    query_integer,
    text,
    texts,
)
from wechat_simulator.mail import CHAT, INBOX

blueprint = Blueprint("control_phone", __name__, url_prefix="/__sim")

MOST_GRANTS = 500_000
MOST_PAGE = 10_000


@blueprint.post("/users/<openid>/subscribe")
def subscribe(openid: str) -> Response:
    """Do what ``wx.requestSubscribeMessage`` does, answered at once: ``{"answers": {template_id: accept}}``."""
    known_user(openid)
    answers = body().get("answers")
    if not isinstance(answers, dict) or not 0 < len(answers) <= MOST_TEMPLATES:
        raise BadControl(f"answers must name 1 to {MOST_TEMPLATES} templates")
    if not all(answer in ANSWERS for answer in answers.values()):
        raise BadControl(f"an answer is one of {', '.join(ANSWERS)}")
    world().visit(openid)
    popup = world().consents.ask(openid, answers)
    events.answer_popup(world(), popup, answers)
    return jsonify(_popup_result(popup))


@blueprint.post("/users/<openid>/popup")
def ask(openid: str) -> Response:
    """Open the popup on the phone's page for a person to answer: ``{"template_ids": […]}`` → ``{popup}``."""
    known_user(openid)
    template_ids = texts(body(), "template_ids", MOST_TEMPLATES)
    if not template_ids:
        raise BadControl("template_ids must not be empty")
    world().visit(openid)
    return jsonify(popup=world().consents.ask(openid, template_ids).number)


@blueprint.get("/popups/<int:number>")
def popup(number: int) -> Response:
    """Return what ``wx.requestSubscribeMessage`` returns, or ``{"open": true}`` while nobody answered."""
    found = world().consents.popup(number)
    if found is None:
        raise BadControl("no such popup", 404)
    return jsonify(_popup_result(found) if found.answers else {"open": True})


@blueprint.post("/users/<openid>/unsubscribe")
def unsubscribe(openid: str) -> Response:
    """Refuse a template in the notification's menu: ``{"template_id"}``."""
    known_user(openid)
    events.refuse_template(world(), openid, text(body(), "template_id", 128))
    return jsonify(ok=True)


@blueprint.post("/consents")
def grant() -> Response:
    """Set ``{"grants": [[openid, template_id, count]]}`` without popups or callbacks, for rehearsals."""
    grants = body().get("grants")
    if not isinstance(grants, list) or len(grants) > MOST_GRANTS:
        raise BadControl(f"grants must be a list of at most {MOST_GRANTS}")
    for row in grants:
        if not isinstance(row, list) or [type(cell) for cell in row] != [str, str, int]:
            raise BadControl("a grant is [openid, template_id, count]")
    for openid, template_id, count in grants:
        world().consents.grant(openid, template_id, count)
    return jsonify(ok=True, grants=len(grants))


@blueprint.get("/users/<openid>/consents")
def consents(openid: str) -> Response:
    """Return how many messages are left by template."""
    known_user(openid)
    return jsonify(consents=world().consents.left(openid))


@blueprint.get("/users/<openid>/inbox")
def inbox(openid: str) -> Response:
    """Return the service messages on a phone, oldest first."""
    known_user(openid)
    return jsonify(messages=[asdict(message) for message in world().mail.of(openid, INBOX)])


@blueprint.get("/users/<openid>/chat")
def chat(openid: str) -> Response:
    """Return the chat with the Official Account, oldest first."""
    known_user(openid)
    return jsonify(messages=[asdict(message) for message in world().mail.of(openid, CHAT)])


@blueprint.post("/users/<openid>/chat")
def write(openid: str) -> Response:
    """Write ``{"text"}`` to the Official Account; its answer appears in the chat."""
    events.write(world(), known_user(openid), text(body(), "text", 2048))
    return jsonify(ok=True)


@blueprint.post("/users/<openid>/follow")
def follow(openid: str) -> Response:
    """Follow the Official Account, or leave it: ``{"following": false}``."""
    events.follow(world(), known_user(openid), is_following=body().get("following", True) is True)
    return jsonify(ok=True)


@blueprint.post("/users/<openid>/click")
def click(openid: str) -> Response:
    """Tap the menu button with this ``{"key"}``."""
    given = body()
    key = text(given, "key", 128)
    events.click(world(), known_user(openid), text(given, "name", 60, default=key), key)
    return jsonify(ok=True)


@blueprint.post("/users/<openid>/oauth_code")
def oauth_code(openid: str) -> Response:
    """Return the code that WeChat's OAuth page would send back."""
    known_user(openid)
    return jsonify(code=world().new_code("oauth", openid))


@blueprint.get("/messages")
def messages() -> Response:
    """Return everybody's messages from ``after`` on, at most ``limit`` (10,000), and counts by kind."""
    limit = min(query_integer("limit", 1000), MOST_PAGE)
    page = world().mail.after(query_integer("after", 0), limit)
    return jsonify(counts=world().mail.counts(), messages=[asdict(message) for message in page])


@blueprint.post("/rooms")
def open_room() -> Response:
    """Make a group with a robot: ``{"key", "name"}``."""
    given = body()
    room = world().rooms.open(text(given, "key", 64), text(given, "name", 60))
    return jsonify(key=room.key, name=room.name)


@blueprint.get("/rooms/<key>")
def room(key: str) -> Response:
    """Return what a group's robot wrote, oldest first, from ``after`` on."""
    found = world().rooms.room(key)
    if found is None:
        raise BadControl("no such room", 404)
    after = query_integer("after", 0)
    page = found.messages[after : after + MOST_PAGE]
    return jsonify(name=found.name, total=len(found.messages), messages=[asdict(one) for one in page])


@blueprint.post("/users/<openid>/consents")
def grant_one(openid: str) -> Response:
    """Set how many messages are left of ``{"template_id", "count"}``."""
    known_user(openid)
    given = body()
    world().consents.grant(openid, text(given, "template_id", 128), integer(given, "count", 0, 1_000_000))
    return jsonify(ok=True)


def _popup_result(popup: Popup) -> dict[str, str]:
    return {"errMsg": "requestSubscribeMessage:ok", **popup.answers}
