"""The routes of GeoReport v2: read by anybody, filed with a key."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, request

from backend.complaints import queries
from backend.complaints.queries import Published, PublishedFilter
from backend.complaints.rules.vocabulary import Disclosure, Nature
from backend.complaints.service import Registered, RelayComplaint, find_estate, relay_complaint
from backend.identity.service import Integrator, recognise_key, use_key
from backend.infra.context import Context
from backend.infra.web import current_app, current_context, endpoint, idempotency_key, public
from backend.kernel.errors import TooMany
from backend.open311 import answers, description, messages
from backend.open311.arguments import Arguments, Pairs, read_pairs
from backend.open311.catalogue import SERVICES
from backend.open311.filing import Filing, read_filing
from backend.open311.refusals import no_address, refuse
from backend.open311.rendering import render
from backend.registry.queries import (
    Jurisdiction,
    find_jurisdictions,
    names_of_organisations,
    points_of,
)

door = Blueprint("open311", __name__, url_prefix="/open311/v2")

_READ = public(limit="300/minute")
_FILE = public(limit="300/minute", is_raw=True, max_body=64 * 1024)
_KEY_LIMIT = "120/minute"
_TAGS = ["Open311"]
_FMT = '<any("xml","json"):fmt>'
# OPTIONS is refused like every method that the standard does not know.
_BARE: Mapping[str, Any] = {"provide_automatic_options": False}
MOST_ROWS = 1_000
MOST_OFFSET = 100_000
_SECOND = timedelta(seconds=1, microseconds=-1)


@door.get(f"/discovery.{_FMT}", **_BARE)
@endpoint(_READ, {200: None}, tags=_TAGS, describe=description.discovery)
def open311_discovery(fmt: str) -> Response:
    """Say where the endpoint is, which formats it speaks and how to get a key."""
    _asked(current_context())
    settings = current_app().ports.settings
    address = f"{settings.public_base_url}{door.url_prefix}"
    found = answers.discovery(address, is_production=settings.mode == "production")
    return render(fmt, "discovery", found)


@door.get(f"/services.{_FMT}", **_BARE)
@endpoint(_READ, {200: None}, tags=_TAGS, describe=description.services)
def open311_services(fmt: str) -> Response:
    """List what can be reported."""
    ctx = current_context()
    sent, _ = _asked(ctx)
    _jurisdiction(ctx, sent)
    sent.check()
    return render(fmt, "services", [answers.service(each) for each in SERVICES.values()])


@door.get(f"/services/<service_code>.{_FMT}", **_BARE)
@endpoint(_READ, {200: None}, tags=_TAGS, describe=description.definition)
def open311_service(service_code: str, fmt: str) -> Response:
    """Show the questions of one service."""
    ctx = current_context()
    sent, _ = _asked(ctx)
    _jurisdiction(ctx, sent)
    if service_code not in SERVICES:
        sent.note("service_code", messages.NO_SERVICE, 404)
    sent.check()
    return render(fmt, "service_definition", answers.definition(SERVICES[service_code]))


@door.get(f"/requests.{_FMT}", **_BARE)
@endpoint(_READ, {200: None}, tags=_TAGS, describe=description.requests)
def open311_requests(fmt: str) -> Response:
    """List requests of at most 90 days, newest first; ``service_request_id`` overrides everything else."""
    ctx = current_context()
    sent, key_id = _asked(ctx)
    numbers = sent.listed("service_request_id")
    if numbers:
        if len(numbers) > MOST_ROWS:
            raise refuse(messages.TOO_MANY_IDS.format(most=MOST_ROWS), "service_request_id")
        known = queries.published_by_numbers(ctx.session, _plain(numbers), key_id)
        found: Sequence[Published] = [known[number] for number in _plain(numbers) if number in known]
    else:
        wanted, (limit, offset) = _filter(ctx, sent), _page(sent)
        sent.check()
        found = queries.published_page(ctx.session, wanted, limit, offset)
    return render(fmt, "service_requests", _requests(ctx, found))


@door.get(f"/requests/<service_request_id>.{_FMT}", **_BARE)
@endpoint(_READ, {200: None}, tags=_TAGS, describe=description.request)
def open311_request(service_request_id: str, fmt: str) -> Response:
    """Show one request; what is not published answers as what does not exist."""
    ctx = current_context()
    sent, key_id = _asked(ctx)
    _jurisdiction(ctx, sent)
    sent.check()
    known = queries.published_by_numbers(ctx.session, _plain([service_request_id]), key_id)
    if not known:
        raise refuse(messages.NO_REQUEST, "service_request_id", 404)
    return render(fmt, "service_requests", _requests(ctx, list(known.values())))


@door.get(f"/tokens/<token>.{_FMT}", **_BARE)
@endpoint(_READ, {200: None}, tags=_TAGS, describe=description.token)
def open311_token(token: str, fmt: str) -> Response:
    """Find the request of a token: there is none, for every request gets its number at once."""
    _asked(current_context())
    raise refuse(messages.NO_VOUCHER, "token", 404)


@door.get(f"/servicerequestupdates.{_FMT}", **_BARE)
@endpoint(_READ, {200: None}, tags=_TAGS, describe=description.updates)
def open311_updates(fmt: str) -> Response:
    """List what happened to requests in at most 90 days, newest first."""
    ctx = current_context()
    sent, _ = _asked(ctx)
    wanted, (limit, offset) = _filter(ctx, sent), _page(sent)
    sent.check()
    found = queries.published_news(ctx.session, wanted, limit, offset)
    return render(fmt, "service_request_updates", [answers.update(each) for each in found])


@door.post(f"/requests.{_FMT}", **_BARE)
@endpoint(_FILE, {200: None}, tags=_TAGS, describe=description.file)
def file_open311_request(fmt: str) -> Response:
    """File a request with a key; sent again within ten minutes it is answered with the first one's number."""
    ctx, pairs = current_context(), _form()
    sent = Arguments(pairs)
    integrator = _narrowed(ctx, sent, use_key(ctx, sent.one("api_key") or ""))
    if not current_app().floods.admits(_KEY_LIMIT, "open311.key", integrator.key_id):
        raise TooMany
    filing = read_filing(sent, pairs)
    estate_id = find_estate(ctx, integrator.organisation_path, filing.where)
    command = RelayComplaint(
        integrator,
        replace(filing.report, estate_id=estate_id),
        filing.contact,
        filing.body,
        idempotency_key() if "Idempotency-Key" in request.headers else None,
    )
    made = relay_complaint(ctx, command)
    row = {"service_request_id": made.complaint.number, "service_notice": _notice(made, filing)}
    return render(fmt, "service_requests", [{**row, "account_id": None}])


def invalid_open311_address(rest: str) -> Response:
    """Answer every other address below this door in the standard's form."""
    raise no_address(request.path)


# As ``endpoint`` sets it, but without a place in the document.
_unknown: Any = invalid_open311_address
_unknown.access = _READ
door.add_url_rule(
    "/<path:rest>",
    view_func=_unknown,
    methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
    **_BARE,
)


def _form() -> Pairs:
    """Return what was posted, and key and jurisdiction from the address for clients that write them there."""
    if request.mimetype != "application/x-www-form-urlencoded":
        raise refuse(messages.NOT_A_FORM, "Content-Type")
    pairs = read_pairs(request.get_data(cache=True))
    beside = read_pairs(request.query_string)
    return pairs + [pair for pair in beside if pair[0] in ("api_key", "jurisdiction_id")]


def _asked(ctx: Context) -> tuple[Arguments, str | None]:
    """Return what a read was sent, and the id of the key that asks, None without one.

    A key nobody asked for is checked all the same: an integrator whose key has ended learns it at the next read.
    """
    sent = Arguments(read_pairs(request.query_string))
    if not sent.every("api_key"):
        return sent, None
    return sent, recognise_key(ctx, sent.one("api_key") or "").key_id


def _jurisdiction(ctx: Context, sent: Arguments) -> Jurisdiction | None:
    code = sent.one("jurisdiction_id")
    if code is None:
        return None
    found = find_jurisdictions(ctx.session, code)
    if len(found) == 1:
        return found[0]
    if found:
        sent.note("jurisdiction_id", messages.AMBIGUOUS_JURISDICTION)
    else:
        sent.note("jurisdiction_id", messages.NO_JURISDICTION, 404)
    return None


def _narrowed(ctx: Context, sent: Arguments, integrator: Integrator) -> Integrator:
    """Return who files, for the jurisdiction named: the key's own organisation or one below it."""
    place = _jurisdiction(ctx, sent)
    if place is None:
        return integrator
    if not place.path.startswith(integrator.organisation_path):
        raise refuse(messages.NOT_YOUR_JURISDICTION, "jurisdiction_id", 403)
    return replace(integrator, organisation_id=place.id, organisation_path=place.path)


def _filter(ctx: Context, sent: Arguments) -> PublishedFilter:
    place = _jurisdiction(ctx, sent)
    since, until = sent.span(ctx.clock.now())
    codes, statuses = sent.listed("service_code"), sent.listed("status")
    if not set(codes) <= set(SERVICES):
        sent.note("service_code", messages.NO_SERVICE, 404)
    if not set(statuses) <= set(answers.STATUSES):
        sent.note("status", messages.NOT_A_STATUS)
    states = tuple(state for status in statuses for state in answers.STATUSES.get(status, ()))
    # Instants are told to the second: the last one is included whole.
    until = until + _SECOND if until.microsecond == 0 else until
    path = None if place is None else place.path
    return PublishedFilter(since, until, path, tuple(codes), states)


def _page(sent: Arguments) -> tuple[int, int]:
    """Return how many rows to show and how many to skip."""
    size = sent.count("page_size", MOST_ROWS, MOST_ROWS)
    page = sent.count("page", 1, MOST_OFFSET)
    if (page - 1) * size > MOST_OFFSET:
        sent.note("page", messages.TOO_FAR.format(most=MOST_OFFSET))
        return size, 0
    return size, (page - 1) * size


def _requests(ctx: Context, found: Collection[Published]) -> list[dict[str, Any]]:
    agencies = names_of_organisations(ctx.session, {row.organisation_id for row in found})
    circles = points_of(ctx.session, {row.estate_id for row in found if row.estate_id is not None})
    middles = {estate_id: answers.middle(circle) for estate_id, circle in circles.items()}
    return [answers.request(row, agencies, middles) for row in found]


def _plain(numbers: Collection[str]) -> list[str]:
    """Return numbers as they are stored; people write them in groups of four."""
    return [number.replace("-", "") for number in numbers if len(number) <= 40]


def _notice(made: Registered, filing: Filing) -> str:
    parts = [messages.REGISTERED]
    if filing.report.nature is Nature.EMERGENCY or filing.report.category == "safety":
        parts.insert(0, messages.DANGER)
    if made.complaint.is_restricted:
        parts.append(messages.RESTRICTED)
    elif made.complaint.disclosure == Disclosure.CONFIDENTIAL:
        parts.append(messages.HIDDEN)
    if filing.contact.media is not None:
        parts.append(messages.MEDIA)
    return "".join(parts)
