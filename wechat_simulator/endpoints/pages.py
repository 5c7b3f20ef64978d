"""The phones and the groups as people see them; server-rendered, usable without a mouse, at 320 px."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from flask import Blueprint, Response, abort, jsonify, redirect, render_template, request, url_for
from markupsafe import Markup, escape
from werkzeug.wrappers import Response as WerkzeugResponse

from wechat_simulator import events
from wechat_simulator.endpoints.checks import world
from wechat_simulator.mail import CHAT, INBOX
from wechat_simulator.markdown import render
from wechat_simulator.state import User

blueprint = Blueprint("pages", __name__, template_folder="../templates")

PHONES_SHOWN = 50
MESSAGES_SHOWN = 100
_SHANGHAI = timezone(timedelta(hours=8))
ANSWER_NAMES = {"accept": "允许", "reject": "取消", "ban": "封禁（测试）"}


@blueprint.app_template_filter("moment")
def moment(at: int) -> str:
    """Show epoch seconds as Shanghai time."""
    return datetime.fromtimestamp(at, UTC).astimezone(_SHANGHAI).strftime("%m月%d日 %H:%M")


# The one kind of markup in a text: a link to a page, or to a mini-program's page.
_LINK = re.compile(
    r'<a href="([^"<>]*)"(?: data-miniprogram-appid="([^"<>]*)" data-miniprogram-path="([^"<>]*)")?>([^<>]*)</a>'
)


@blueprint.app_template_filter("linked")
def linked(text: str) -> Markup:
    """Show a text with its links, as the chat does; where one leads is written beside it."""
    shown, end = Markup(""), 0
    for found in _LINK.finditer(text):
        shown += escape(text[end : found.start()])
        shown += Markup('<span class="link">{}</span> → {}').format(found[4], found[3] or found[1])
        end = found.end()
    return shown + escape(text[end:])


def describe() -> Response:
    """List what is here, for programs."""
    total, users = world().users(0, 20)
    return jsonify(
        name="WeChat simulator",
        app_id=world().app.app_id,
        official_id=world().app.official_id,
        control="/__sim/",
        pages=["/phones", "/rooms"],
        user_count=total,
        first_users=[user.openid for user in users],
    )


@blueprint.get("/phones")
def phones() -> str:
    """Show everybody's phone, or those that match a search."""
    words = request.args.get("q", "").strip()[:60]
    total, _ = world().users(0, 0)
    found = world().find_users(words, PHONES_SHOWN)
    rows = [(user, len(world().mail.of(user.openid, INBOX))) for user in found]
    return render_template("phones.html", rows=rows, total=total, words=words, shown=PHONES_SHOWN)


@blueprint.get("/phones/<openid>")
def phone(openid: str) -> str:
    """Show one phone: popups, service messages, chat."""
    user = _user(openid)
    state = world()
    return render_template(
        "phone.html",
        user=user,
        popups=state.consents.open_popups(openid),
        answers=ANSWER_NAMES,
        title=state.catalogue.title,
        label=state.catalogue.label,
        inbox=state.mail.of(openid, INBOX)[:-MESSAGES_SHOWN:-1],
        chat=state.mail.of(openid, CHAT)[-MESSAGES_SHOWN:],
        left={template: count for template, count in state.consents.left(openid).items() if count},
        is_following=state.followers.is_following(openid),
        buttons=_buttons(),
        now=int(state.now()),
    )


@blueprint.post("/phones/<openid>/popup/<int:number>")
def answer_popup(openid: str, number: int) -> WerkzeugResponse:
    """Answer a popup as the form says; a template without an answer is refused."""
    user = _user(openid)
    popup = world().consents.popup(number)
    if popup is None or popup.openid != user.openid:
        abort(404)
    given = {name: request.form.get(name, "reject") for name in popup.template_ids}
    answers = {name: answer if answer in ANSWER_NAMES else "reject" for name, answer in given.items()}
    events.answer_popup(world(), popup, answers)
    return _back(openid, "popups")


@blueprint.post("/phones/<openid>/refuse")
def refuse(openid: str) -> WerkzeugResponse:
    """Refuse further messages of a template."""
    events.refuse_template(world(), _user(openid).openid, request.form.get("template_id", "")[:128])
    return _back(openid, "inbox")


@blueprint.post("/phones/<openid>/chat")
def write(openid: str) -> WerkzeugResponse:
    """Write to the Official Account."""
    text = request.form.get("text", "").strip()[:600]
    if text:
        events.write(world(), _user(openid), text)
    return _back(openid, "chat")


@blueprint.post("/phones/<openid>/follow")
def follow(openid: str) -> WerkzeugResponse:
    """Follow or leave the Official Account."""
    events.follow(world(), _user(openid), is_following=request.form.get("following") == "1")
    return _back(openid, "chat")


@blueprint.post("/phones/<openid>/click")
def click(openid: str) -> WerkzeugResponse:
    """Tap a menu button."""
    known = {key: name for name, kind, key in _buttons() if kind == "click"}
    key = request.form.get("key", "")
    if key not in known:
        abort(404)
    events.click(world(), _user(openid), known[key], key)
    return _back(openid, "chat")


@blueprint.get("/rooms")
def rooms() -> str:
    """Show the groups."""
    return render_template("rooms.html", rooms=world().rooms.all())


@blueprint.get("/rooms/<key>")
def room(key: str) -> str:
    """Show what a group's robot wrote."""
    found = world().rooms.room(key)
    if found is None:
        abort(404)
    shown = list(found.messages[-MESSAGES_SHOWN:])
    return render_template("room.html", room=found, messages=shown, now=int(world().now()), markdown=render)


@blueprint.get("/connect/oauth2/authorize")
def authorize() -> str | WerkzeugResponse:
    """Ask whose WeChat this is, then send that person back with a code, as WeChat's page does."""
    back = request.args.get("redirect_uri", "")
    known = request.args.get("appid") == world().app.official_id
    if not known or urlsplit(back).scheme not in ("http", "https"):
        abort(400)
    openid = request.args.get("openid")
    if openid is None:
        rows = [
            (user, f"{request.path}?{urlencode([*request.args.items(), ('openid', user.openid)])}")
            for user in world().find_users("", PHONES_SHOWN)
        ]
        return render_template("authorize.html", rows=rows)
    code = world().new_code("oauth", _user(openid).openid)
    parts = urlsplit(back)
    query = [*parse_qsl(parts.query), ("code", code), ("state", request.args.get("state", ""))]
    return redirect(urlunsplit(parts._replace(query=urlencode(query))), 302)


def _user(openid: str) -> User:
    user = world().user(openid)
    if user is None:
        abort(404)
    return user


def _buttons() -> list[tuple[str, str, str]]:
    """Return the menu's leaves: name, kind, and key or address."""
    leaves = []
    for button in world().followers.menu:
        for leaf in button.get("sub_button") or [button]:
            kind = str(leaf.get("type", ""))
            leaves.append((str(leaf.get("name", "")), kind, str(leaf.get("key") or leaf.get("url") or "")))
    return leaves


def _back(openid: str, part: str) -> WerkzeugResponse:
    # 303: reloading the page must not repeat the tap.
    return redirect(url_for("pages.phone", openid=openid, _anchor=part), 303)
