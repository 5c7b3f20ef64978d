"""Complaints of the matrix's place: one registered, one dispatched, one resolved, one anonymous, one accusation."""

from __future__ import annotations

from hashlib import sha256

from sqlmodel import select

from backend.complaints import service
from backend.complaints.rules.vocabulary import Disclosure, Nature, PartyKind
from backend.complaints.service import (
    AcceptComplaint,
    CreateParty,
    DispatchComplaint,
    HandleComplaint,
    RegisterComplaint,
    Report,
)
from backend.complaints.tables import Complaint, FollowUp
from backend.identity import service as identity
from backend.infra.context import Context


def add_complaints(ctx: Context, ids: dict[str, str], tokens: dict[str, str]) -> None:
    """Write the complaints' identifiers into ``ids``; the handler of ``tokens`` acts for the party."""
    resident, handler, hotline, bureau = (
        _acting(ctx, tokens[who]) for who in ("resident", "handler", "hotline", "bureau")
    )
    party = service.create_party(bureau, CreateParty(ids["town"], PartyKind.CONTRACTOR, "示例施工单位"))
    ids["party"] = party.id
    service.add_member(bureau, party.id, str(handler.actor.account_id))

    def report(key: str, disclosure: Disclosure, nature: Nature = Nature.COMPLAINT) -> service.Registered:
        said = Report("quality", "楼道顶部漏水", disclosure, nature, ids["estate"], ids["building"])
        return service.register_complaint(resident, RegisterComplaint(said, f"place-{key}"))

    def dispatched(key: str) -> Complaint:
        row = report(key, Disclosure.NAMED).complaint
        row = service.accept_complaint(hotline, AcceptComplaint(row.id, row.version))
        return service.dispatch_complaint(hotline, DispatchComplaint(row.id, row.version, party.id))

    first = report("registered", Disclosure.NAMED).complaint
    ids |= {"complaint": first.id, "complaint_number": first.number}
    ids["assigned_complaint"] = dispatched("dispatched").id
    row = dispatched("resolved")
    row = service.start_complaint(handler, HandleComplaint(row.id, row.version))
    row = service.resolve_complaint(handler, HandleComplaint(row.id, row.version, "已修好"))
    ids["resolved_complaint"] = row.id
    asked = ctx.session.exec(select(FollowUp).where(FollowUp.complaint_id == row.id)).one()
    ids["follow_up_token"] = ctx.vault.open(asked.token_sealed, "complaint_follow_up.token")
    hidden = report("anonymous", Disclosure.ANONYMOUS)
    ids |= {"anonymous_number": hidden.complaint.number, "anonymous_code": str(hidden.code)}
    ids["accusation"] = report("accusation", Disclosure.CONFIDENTIAL, Nature.ACCUSATION).complaint.id


def _acting(ctx: Context, token: str) -> Context:
    actor = identity.authenticate(ctx.session, sha256(token.encode()).digest())
    assert actor is not None
    return Context(session=ctx.session, actor=actor, ports=ctx.ports, request_id="arrange")
