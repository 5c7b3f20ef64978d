"""Taking in what outside systems file for somebody (Open311): once, with the reporter sealed and apart."""

from __future__ import annotations

from dataclasses import dataclass, field

from backend.complaints import errors
from backend.complaints.repository import relays
from backend.complaints.rules import relay as rules
from backend.complaints.rules.redaction import clean
from backend.complaints.rules.relay import Contact
from backend.complaints.rules.states import Doer
from backend.complaints.rules.vocabulary import Source
from backend.complaints.service.intake import (
    Registered,
    Report,
    build_row,
    find_former,
    is_kept_back,
    key_index,
    place_of,
    sealed_reporter,
    store_row,
)
from backend.complaints.tables import Complaint, ComplaintRelay
from backend.identity.service import Integrator
from backend.infra.context import Context
from backend.kernel.errors import FieldError, NotFound
from backend.kernel.phone import normalise_phone


@dataclass(frozen=True, slots=True)
class RelayComplaint:
    """A report that an outside system files for somebody.

    ``integrator`` comes from ``identity.use_key``, which holds the key until the transaction ends. ``body`` is
    everything that was sent, in one order: the same again within ten minutes is the same report.
    """

    integrator: Integrator
    report: Report
    contact: Contact
    body: str = field(repr=False)
    idempotency_key: str | None = None


def relay_complaint(ctx: Context, command: RelayComplaint) -> Registered:
    """Take in a report; sent again it is answered with the first one."""
    former = _former(ctx, command)
    if former is not None:
        return Registered(former, is_new=False)
    used = relays.count_since(ctx.session, command.integrator.key_id, ctx.clock.now() - rules.DAY)
    if used >= command.integrator.daily_limit:
        raise errors.too_many_relayed(command.integrator.daily_limit)
    report, contact = command.report, command.contact
    where = place_of(ctx, report, command.integrator.organisation_id)
    if not where.organisation_path.startswith(command.integrator.organisation_path):
        raise NotFound
    phone = normalise_phone(contact.phone) if contact.phone else None
    reporter = sealed_reporter(ctx, contact.name, phone)
    row = build_row(ctx, report, where, Source.OPEN311, [contact.name] if contact.name else [])
    row.idempotency_index = _index(ctx, command)
    row.is_restricted = is_kept_back(report)
    row = store_row(ctx, row, reporter, Doer.REPORTER)
    ctx.session.add(_relay(ctx, row, command))
    ctx.session.flush()
    return Registered(row)


def problems_of(report: Report, contact: Contact) -> list[FieldError]:
    """Return everything that is wrong with the people's part of a report, to be told at once."""
    found = []
    said = rules.contradiction_of(report.disclosure, contact)
    if said is not None:
        found.append(FieldError("attribute[disclosure]", said))
    if contact.phone is not None and normalise_phone(contact.phone) is None:
        found.append(FieldError("phone", "不是大陆手机号，也不是带区号的座机。"))
    if contact.email is not None and not rules.is_email(contact.email):
        found.append(FieldError("email", "不是邮箱地址。"))
    return found


def _former(ctx: Context, command: RelayComplaint) -> Complaint | None:
    key_id, body_indexes = command.integrator.key_id, _body_indexes(ctx, command)
    if command.idempotency_key is None:
        since = ctx.clock.now() - rules.SAME_WITHIN
        return relays.find_same(ctx.session, key_id, body_indexes, since)
    former = find_former(ctx, key_id, command.idempotency_key)
    relay = None if former is None else relays.find(ctx.session, former.id)
    if relay is not None and relay.body_index not in body_indexes:
        raise errors.key_used()
    return former


def _index(ctx: Context, command: RelayComplaint) -> str | None:
    key = command.idempotency_key
    return None if key is None else key_index(ctx, command.integrator.key_id, key)


def _body_indexes(ctx: Context, command: RelayComplaint) -> tuple[str, ...]:
    return ctx.vault.indexes(f"{command.integrator.key_id}\0{command.body}", "complaint.body")


def _relay(ctx: Context, row: Complaint, command: RelayComplaint) -> ComplaintRelay:
    def sealed(text: str | None, name: str) -> str | None:
        return None if text is None else ctx.vault.seal(clean(text), f"complaint_relay.{name}")

    contact = command.contact
    return ComplaintRelay(
        complaint_id=row.id,
        key_id=command.integrator.key_id,
        received_at=row.registered_at,
        body_index=_body_indexes(ctx, command)[0],
        email_sealed=sealed(contact.email, "email"),
        account_sealed=sealed(contact.account, "account"),
        media_sealed=sealed(contact.media, "media"),
    )
