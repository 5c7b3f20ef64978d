"""Health, the OpenAPI document and its page: the routes that belong to no capability."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from flask import Blueprint, Response, render_template
from pydantic import BaseModel
from sqlalchemy.engine import Engine
from sqlalchemy.exc import SQLAlchemyError

from backend.infra.heartbeat import bot_age, is_silent
from backend.infra.web import Access, GongjueFlask, current_app, endpoint, public, spec
from backend.kernel.errors import Unavailable

door = Blueprint("docs", __name__, template_folder="templates", static_folder=None)


class Health(BaseModel):
    """The answer of a healthy process."""

    status: str
    mode: str


_revisions: dict[str, Callable[..., str | None]] = {}


def register(
    app: GongjueFlask,
    *,
    head_revision: Callable[[], str | None],
    current_revision: Callable[[Engine], str | None],
) -> None:
    """Add the routes; the revision readers come from outside because infra knows no migrations."""
    _revisions.update(head=head_revision, current=current_revision)
    app.register_blueprint(door)


@door.get("/healthz")
@endpoint(public(transaction=False, limit="1200/minute"), {200: Health}, tags=["health"])
def healthz() -> Health:
    """Tell that this process answers."""
    return Health(status="ok", mode=current_app().ports.settings.mode)


@door.get("/readyz")
@endpoint(public(transaction=False, limit="1200/minute"), {200: Health}, tags=["health"])
def readyz() -> Health:
    """Tell that the database answers and is at the code's migration; a silent bot does not matter here."""
    app = current_app()
    if _revisions["current"](app.ports.engine) != _head():
        raise Unavailable("not_migrated", "数据库版本与程序不一致，请先执行升级。")
    return Health(status="ready", mode=app.ports.settings.mode)


@cache
def _head() -> str | None:
    return _revisions["head"]()


@door.get("/health/bot")
@endpoint(public(transaction=False, limit="1200/minute"), {200: Health}, tags=["health"])
def bot_health() -> Health:
    """Tell that the bot has beaten within two minutes; else 503 (voting goes on without it)."""
    app = current_app()
    if is_silent(bot_age(app.ports.engine)):
        raise Unavailable("bot_silent", "后台任务没有心跳：投票不受影响，但截止、封存和提醒会推迟。")
    return Health(status="ok", mode=app.ports.settings.mode)


@door.get("/metrics")
@endpoint(
    public(transaction=False, limit="1200/minute"), {200: None}, tags=["health"], responses_raw="text/plain"
)
def metrics() -> Response:
    """Return what a monitor watches, in Prometheus' text format: the age of the bot's last beat."""
    age = bot_age(current_app().ports.engine)
    lines = [
        "# HELP gongjue_bot_silent 1 when the bot has not beaten within two minutes.",
        "# TYPE gongjue_bot_silent gauge",
        f"gongjue_bot_silent {int(is_silent(age))}",
    ]
    if age is not None:
        lines += [
            "# HELP gongjue_bot_heartbeat_age_seconds Seconds since the bot's last beat.",
            "# TYPE gongjue_bot_heartbeat_age_seconds gauge",
            f"gongjue_bot_heartbeat_age_seconds {age.total_seconds():.1f}",
        ]
    return Response("\n".join([*lines, ""]), mimetype="text/plain")


_SECURITY: Mapping[str, list[dict[str, list[str]]]] = {
    "resident": [{"resident": []}],
    "staff": [{"staff": []}],
    "public": [],
}


@cache
def openapi_document() -> dict[str, Any]:
    """Return the OpenAPI 3.1 document with each route's security, headers and refusals filled in."""
    document: dict[str, Any] = json.loads(json.dumps(spec.spec))
    schemes = {
        name: {"type": "http", "scheme": "bearer", "description": name} for name in ("resident", "staff")
    }
    document["components"]["securitySchemes"] = schemes
    for rule in current_app().url_map.iter_rules():
        view = current_app().view_functions[rule.endpoint]
        path = _openapi_path(rule.rule)
        if not hasattr(view, "describe"):
            document["paths"].pop(path, None)  # not declared by ``endpoint``: no operation, a refusal
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            operation = document["paths"].get(path, {}).get(method.lower())
            if operation is not None:
                _complete(operation, view, getattr(view, "access", None))
                describe = getattr(view, "describe", None)
                if describe is not None:
                    describe(document, operation)
    return document


def _openapi_path(rule: str) -> str:
    return "".join(
        "{" + part.strip("<>").split(":")[-1] + "}" if part.startswith("<") else part for part in _split(rule)
    )


def _split(rule: str) -> list[str]:
    parts: list[str] = []
    for piece in rule.replace("<", "\0<").replace(">", ">\0").split("\0"):
        parts.append(piece)
    return parts


_ID_SCHEMA = {"type": "string", "pattern": "^[0-9a-z]{20}$"}


def _complete(operation: dict[str, Any], view: Any, access: Access | None) -> None:
    assert access is not None
    operation["security"] = _SECURITY[access.door]
    for parameter in operation["parameters"]:
        if parameter["in"] == "path" and not parameter.get("schema"):
            parameter["schema"] = _ID_SCHEMA if parameter["name"].endswith("_id") else {"type": "string"}
    if access.needs_version:
        operation["parameters"].append(_header("If-Match", "The version that was read.", r'^"?[0-9]{1,9}"?$'))
    if access.needs_idempotency_key:
        operation["parameters"].append(
            _header("Idempotency-Key", "8–64 letters, digits or _.:-", r"^[A-Za-z0-9_.:\-]{8,64}$")
        )
    if access.is_upload:
        operation["requestBody"] = {"required": True, "content": {"application/octet-stream": {}}}
    media_type = getattr(view, "media_type", None)
    if media_type:
        operation["responses"]["200"] = {"description": "The file.", "content": {media_type: {}}}
    problem = {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for status, words in _REFUSALS.items():
        operation["responses"].setdefault(str(status), {"description": words, "content": problem})


_REFUSALS: Mapping[int, str] = {
    400: "Malformed request.",
    401: "Not logged in.",
    403: "Not allowed.",
    404: "No such thing, or none of the caller's business.",
    405: "Method not allowed.",
    409: "The state does not allow this.",
    412: "Changed by somebody else since it was read.",
    413: "Too large.",
    415: "Not JSON.",
    422: "Content not acceptable.",
    429: "Too many requests.",
    503: "Temporarily unavailable; nothing was changed.",
}


def _header(name: str, description: str, pattern: str) -> dict[str, Any]:
    schema = {"type": "string", "pattern": pattern}
    return {"name": name, "in": "header", "required": True, "description": description, "schema": schema}


@door.get("/openapi.json")
@endpoint(public(transaction=False), {200: None}, tags=["docs"], responses_raw="application/json")
def openapi() -> Response:
    """Return the OpenAPI document."""
    return Response(json.dumps(openapi_document(), ensure_ascii=False), mimetype="application/json")


@door.get("/docs")
@endpoint(public(transaction=False), {200: None}, tags=["docs"], responses_raw="text/html")
def docs_page() -> Response:
    """Return the API's page, made from the document, served from our own files."""
    html = render_template("docs.html", document=openapi_document())
    return Response(html, mimetype="text/html")


@door.get("/docs/style.css")
@endpoint(public(transaction=False), {200: None}, tags=["docs"], responses_raw="text/css")
def docs_style() -> Response:
    """Return the page's style sheet."""
    return Response(render_template("docs.css"), mimetype="text/css")


@door.get("/docs/icon.svg")
@endpoint(public(transaction=False), {200: None}, tags=["docs"], responses_raw="image/svg+xml")
def docs_icon() -> Response:
    """Return the product's mark."""
    return Response(render_template("icon.svg"), mimetype="image/svg+xml")


@door.get("/")
@endpoint(public(transaction=False), {200: None}, tags=["docs"], responses_raw="text/html")
def home() -> Response:
    """Return the first page: what this is and where to go."""
    ports = current_app().ports
    try:
        silent = is_silent(bot_age(ports.engine))
    except SQLAlchemyError:
        silent = False  # the page stands without the database; /readyz tells of it
    html = render_template("home.html", mode=ports.settings.mode, is_bot_silent=silent)
    return Response(html, mimetype="text/html")
