"""The edge: one request = authenticate, one transaction, one JSON answer.

A view is three statements (parse, call a service, return a schema) under ``@endpoint``::

    door = Blueprint("ballots", __name__, url_prefix="/api/v1/staff/ballots")

    @door.post("/<id:ballot_id>/open")
    @endpoint(staff(Permission.BALLOT_OPEN), {200: BallotOut}, tags=["ballots"])
    def open_ballot(ballot_id: str, json: OpenBallotIn) -> BallotOut:
        ballot = service.open_ballot(current_context(), OpenBallot(ballot_id, json.note))
        return BallotOut.of(ballot)

``json: Model`` / ``query: Model`` parameters are validated by spectree; a tuple ``(schema, 201)`` sets the
status. Raise domain errors; never return a 4xx, because a returned answer commits.
"""

from __future__ import annotations

import itertools
import re
import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import wraps
from hashlib import sha256
from typing import Any, Protocol, cast, get_type_hints

from flask import Request, Response, g, request
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ValidationError
from spectree import Response as SpecResponse
from sqlmodel import Session
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import BaseConverter

from backend.infra import access_log, problems
from backend.infra.context import Context, Ports
from backend.infra.database import open_session
from backend.infra.description import LateSpecTree
from backend.infra.json import OrjsonProvider
from backend.infra.lean_flask import LeanFlask, WholeAnswer
from backend.infra.limits import FloodGate
from backend.kernel.access import ANONYMOUS, ROLE_PERMISSIONS, Actor, Permission
from backend.kernel.errors import DomainError, Forbidden, Invalid, NotFound, TooMany, Unauthenticated

JSON_LIMIT = 256 * 1024
UPLOAD_LIMIT = 20 * 1024 * 1024


def _schema_name(model: Any) -> str:
    """Name a schema by its class; the staff door's own prefix keeps the two doors' classes apart."""
    return (
        f"Staff{model.__name__}" if model.__module__.startswith("backend.staff_api") else str(model.__name__)
    )


spec = LateSpecTree(
    "flask",
    title="Gongjue",
    version="1",
    path="openapi",
    openapi_version="3.1.0",
    before=problems.refuse_invalid,
    validation_error_model=problems.Problem,
    naming_strategy=_schema_name,
    nested_naming_strategy=lambda parent, child: f"Staff{child}" if parent.startswith("Staff") else child,
)


@dataclass(frozen=True, slots=True)
class Access:
    """What a route demands of its caller; every route has one (deny by default).

    ``transaction=False`` marks the routes for which the edge opens no transaction: the vote itself and reads
    served from the process's cache. ``limit`` is per caller, e.g. ``"5/minute"``. ``is_raw`` marks bodies of any
    kind up to ``max_body``, which the view reads itself.
    """

    door: str  # "public" | "resident" | "staff"
    permission: Permission | None = None
    transaction: bool = True
    limit: str = "600/minute"
    max_body: int = JSON_LIMIT
    is_upload: bool = False
    is_raw: bool = False
    needs_idempotency_key: bool = False
    needs_version: bool = False


def public(**options: Any) -> Access:
    """Anybody may call; used for login, health and the public receipt check."""
    return Access("public", **options)


def resident(**options: Any) -> Access:
    """A logged-in resident; the service checks the home."""
    return Access("resident", **options)


def staff(permission: Permission | None = None, **options: Any) -> Access:
    """A logged-in staff member who holds ``permission`` somewhere; the service checks where."""
    return Access("staff", permission, **options)


def endpoint(
    access: Access,
    answers: Mapping[int, Any],
    *,
    tags: list[str],
    responses_raw: str | None = None,
    describe: Callable[[dict[str, Any], dict[str, Any]], None] | None = None,
) -> Callable[[Callable[..., Any]], Callable[..., ResponseReturnValue]]:
    """Declare a route's access, answers and documentation; ``responses_raw`` names a non-JSON media type.

    ``describe(document, operation)`` finishes the documentation of a route whose forms are another standard's.
    """

    def decorate(view: Callable[..., Any]) -> Callable[..., ResponseReturnValue]:
        models = {f"HTTP_{status}": model for status, model in answers.items()}
        validated = spec.validate(resp=SpecResponse(**models), tags=tags, operation_id=_operation_id(view))(
            view
        )
        run = validated if access.transaction else _direct(view, validated)
        run.access = access
        run.media_type = responses_raw
        run.describe = describe
        return cast(Callable[..., ResponseReturnValue], run)

    return decorate


def _operation_id(view: Callable[..., Any]) -> str:
    return f"staff_{view.__name__}" if view.__module__.startswith("backend.staff_api") else view.__name__


def _direct(view: Callable[..., Any], documented: Callable[..., Any]) -> Any:
    """Run a route that has no transaction without spectree's round: its documentation stays the same.

    They carry the evening of a deadline. The body meets the same model; headers and our own answer are not
    validated over again, which cost a third of a vote's time in this process.
    """
    hints = get_type_hints(view)
    body_model: type[BaseModel] | None = hints.get("json")
    if "query" in hints:
        raise TypeError(f"{view.__name__}: a route without a transaction takes no query")

    @wraps(documented)
    def run(**arguments: Any) -> ResponseReturnValue:
        if body_model is not None:
            arguments["json"] = _validated(body_model)
        result = view(**arguments)
        body, status = result if isinstance(result, tuple) else (result, 200)
        if isinstance(body, BaseModel):
            return WholeAnswer(body.model_dump_json(), status=status, mimetype="application/json")
        return cast(ResponseReturnValue, result)

    return run


def _validated(model: type[BaseModel]) -> BaseModel:
    try:
        return model.model_validate(g.get("body", {}))
    except ValidationError as error:
        problems.refuse_invalid(None, None, error, None, None)
        raise


class Authenticator(Protocol):
    """How the edge learns who calls; implemented by ``identity``."""

    def fresh(self, session: Session, token_hash: bytes) -> Actor | None:
        """Read the session row now."""

    def cached(self, token_hash: bytes) -> Actor | None:
        """Answer from at most one second ago; for reads."""


class IdConverter(BaseConverter):
    """An opaque identifier in a path; anything else is simply not found."""

    regex = "[0-9a-z]{20}"


class GongjueFlask(LeanFlask):
    """Flask with our edge: routes without ``access`` cannot be registered at all."""

    json_provider_class = OrjsonProvider

    def __init__(self, name: str, ports: Ports, authenticator: Authenticator) -> None:
        super().__init__(name)
        self.ports = ports
        self.authenticator = authenticator
        # A name for log lines, not a secret: random per process, counted on without asking the system each time.
        self._process = f"{secrets.token_hex(5)}-"
        self._requests = itertools.count(1)
        self.floods = FloodGate(ports.settings.rate_limit_storage)
        self.on_refusal: list[Callable[[DomainError], None]] = []
        # Doors that answer every error below a path in another standard's form: (path, answer).
        self.forms: list[tuple[str, Callable[[Request, Exception], Response]]] = []
        self.url_map.converters["id"] = IdConverter
        self.config["MAX_CONTENT_LENGTH"] = UPLOAD_LIMIT
        problems.register(self)
        if ports.settings.trusted_proxies:
            hops = ports.settings.trusted_proxies
            self.wsgi_app = ProxyFix(self.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign] # Flask documents this very assignment

    def add_url_rule(
        self, rule: str, endpoint: str | None = None, view_func: Any = None, *args: Any, **options: Any
    ) -> None:
        """Register a route; refuse one that does not say who may call it."""
        if view_func is not None and not isinstance(getattr(view_func, "access", None), Access):
            raise TypeError(f"{rule} has no access entry")
        super().add_url_rule(rule, endpoint, view_func, *args, **options)

    def wsgi_app(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        """Give the request an id and every answer the security headers, as tuples: a third of their usual price."""
        environ["gongjue.request_id"] = request_id = f"{self._process}{next(self._requests):x}"
        environ["gongjue.started"] = time.perf_counter()
        caching = "private, no-cache" if environ["REQUEST_METHOD"] == "GET" else "no-store"

        def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
            headers += _HEADERS
            headers.append(("X-Request-Id", request_id))
            if not any(name == "Cache-Control" for name, _ in headers):
                headers.append(("Cache-Control", caching))
            return start_response(status, headers, *error)

        return super().wsgi_app(environ, start)

    def process_response(self, response: Response) -> Response:
        """Finish an answer; there is no Flask session to save and no other hook to run."""
        return _finish(response)

    def handle_user_exception(self, e: Exception) -> ResponseReturnValue:
        """Answer an error in its door's form, also where no route was found and no blueprint is known."""
        running = cast(Any, request)._get_current_object()
        for below, form in self.forms:
            if f"{running.path}/".startswith(f"{below}/"):
                return form(running, e)
        return super().handle_user_exception(e)

    def dispatch_request(self) -> ResponseReturnValue:
        """Run the view in one transaction; any raised error rolls back, a returned answer commits."""
        running = cast(Any, request)._get_current_object()
        if running.routing_exception is not None:
            return super().dispatch_request()
        view = cast(Any, self.view_functions[running.url_rule.endpoint])
        access = view.access
        _check_body(running, access)
        token_hash = bearer_token_hash()
        self._refuse_flood(running, access, token_hash)
        if not access.transaction:
            return cast(ResponseReturnValue, view(**running.view_args))
        actor = self._actor(access, token_hash)
        is_read = request.method in ("GET", "HEAD")
        with open_session(self.ports.engine, read_only=is_read) as session:
            number = running.environ["gongjue.request_id"]
            g.context = Context(session=session, actor=actor, ports=self.ports, request_id=number)
            answer = super().dispatch_request()
            session.commit()
            return answer

    def _refuse_flood(self, running: Request, access: Access, token_hash: bytes | None) -> None:
        """Count by session; on public routes by address, where nobody looks whether a token is a real one."""
        is_known = token_hash is not None and access.door != "public"
        caller = cast(bytes, token_hash).hex() if is_known else str(running.remote_addr)
        if not self.floods.admits(access.limit, cast(Any, running.url_rule).rule, caller):
            raise TooMany

    def _actor(self, access: Access, token_hash: bytes | None) -> Actor:
        """Read who calls in a short read of its own: on SQLite the view may then wait without the writer's lock."""
        if access.door == "public":
            return ANONYMOUS
        if token_hash is None:
            raise Unauthenticated
        with open_session(self.ports.engine, read_only=True) as session:
            return admit(self.authenticator.fresh(session, token_hash), access)


def admit(actor: Actor | None, access: Access) -> Actor:
    """Refuse a caller of the wrong kind, or staff who hold the permission nowhere."""
    if actor is None or actor.kind != access.door:
        raise Unauthenticated
    held = any(access.permission in ROLE_PERMISSIONS[grant.role] for grant in actor.grants)
    if access.permission is not None and not held:
        raise Forbidden
    return actor


def current_context() -> Context:
    """Return the context of the running request."""
    return cast(Context, g.context)


def current_app() -> GongjueFlask:
    """Return the running application."""
    from flask import current_app as proxy

    return cast(GongjueFlask, cast(Any, proxy)._get_current_object())


def bearer_token_hash() -> bytes | None:
    """Return the SHA-256 of the bearer token, or None; the token itself goes no further."""
    if "token_hash" not in g:
        g.token_hash = _read_token_hash()
    return cast("bytes | None", g.token_hash)


def _read_token_hash() -> bytes | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return sha256(token.strip().encode()).digest() if scheme.lower() == "bearer" and token else None


_KEY = re.compile(r"[A-Za-z0-9_.:\-]{8,64}\Z")


def idempotency_key() -> str:
    """Return the ``Idempotency-Key`` header: 8–64 letters, digits or ``_.:-``."""
    key = request.headers.get("Idempotency-Key", "")
    if not _KEY.match(key):
        raise Invalid(
            "idempotency_key", "请求头 Idempotency-Key 缺失或格式不对（8–64 位字母、数字或 _.:-）。"
        )
    return key


def expected_version() -> int:
    """Return the version number in ``If-Match`` (``"3"`` or ``3``), for optimistic locking of staff edits."""
    text = request.headers.get("If-Match", "").strip().strip('"')
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise Invalid("if_match", "请求头 If-Match 缺失：请先读取最新版本，再带上它的版本号提交。")
    return int(text)


_NO_CONTROLS = "内容里有不能保存的控制字符，请删去后重试。"


def _check_body(running: Request, access: Access) -> None:
    """Refuse a body of the wrong kind, and control characters anywhere, before anything uses them."""
    if "\x00" in running.path:
        raise NotFound
    if "%00" in running.environ.get("QUERY_STRING", ""):
        raise Invalid("control_character", _NO_CONTROLS)
    running.max_content_length = max(UPLOAD_LIMIT, access.max_body) if access.is_upload else access.max_body
    if running.method in ("GET", "HEAD", "DELETE") or access.is_upload or access.is_raw:
        return
    body = running.get_data(cache=True)
    if not body:
        return
    if not running.is_json:
        raise problems.UnsupportedMedia
    if b"\\u0000" in body or b"\x00" in body:
        raise Invalid("control_character", _NO_CONTROLS)
    g.body = problems.parse_json(body)


_HEADERS = (
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),
    (
        "Content-Security-Policy",
        "default-src 'self'; frame-ancestors 'none'; form-action 'self'; base-uri 'none'",
    ),
    ("Cross-Origin-Opener-Policy", "same-origin"),
)


def _finish(response: Response) -> Response:
    """Add an ETag to small reads, and write one log line."""
    running = cast(Any, request)._get_current_object()
    if running.method == "GET" and response.status_code == 200 and not response.is_streamed:
        if "ETag" not in response.headers:
            response.add_etag()
        if "HTTP_IF_NONE_MATCH" in running.environ:
            response.make_conditional(running)
    access_log.write(running, response.status_code)
    return response
