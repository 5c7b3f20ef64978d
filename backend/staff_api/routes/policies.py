"""Profiles, adoptions, local numbers and deadlines for staff."""

from __future__ import annotations

from flask import Blueprint

from backend.infra.paging import PageQuery, decode_cursor
from backend.infra.web import current_context, endpoint, staff
from backend.kernel.access import Permission
from backend.policies import service
from backend.policies.rules.periods import statutory_deadline, working_deadline
from backend.staff_api.schemas import policies as schemas
from backend.tally.rule import load_profiles

door = Blueprint("staff_policies", __name__, url_prefix="/api/v1/staff/policies")

_TAGS = ["staff policies"]


@door.get("/profiles")
@endpoint(staff(Permission.POLICY_READ), {200: schemas.ProfileListOut}, tags=_TAGS)
def list_profiles() -> schemas.ProfileListOut:
    """List the profiles that can be adopted, with their rules and clauses."""
    return schemas.ProfileListOut.of(load_profiles())


@door.get("/deadline")
@endpoint(staff(Permission.POLICY_READ), {200: schemas.DeadlineOut}, tags=_TAGS)
def show_deadline(query: schemas.DeadlineQuery) -> schemas.DeadlineOut:
    """Tell when a period ends: the first day is not counted, holidays move the last day."""
    count = working_deadline if query.kind == "working" else statutory_deadline
    return schemas.DeadlineOut.of(count(query.start, query.days))


@door.get("/organisations/<id:organisation_id>")
@endpoint(staff(Permission.POLICY_READ), {200: schemas.PolicyOut}, tags=_TAGS)
def show_policy(organisation_id: str) -> schemas.PolicyOut:
    """Show what holds for an organisation: the adoption in force and every local number with its document."""
    return schemas.PolicyOut.of(service.show_policy(current_context(), organisation_id))


@door.get("/organisations/<id:organisation_id>/adoptions")
@endpoint(staff(Permission.POLICY_READ), {200: schemas.AdoptionListOut}, tags=_TAGS)
def list_adoptions(organisation_id: str, query: PageQuery) -> schemas.AdoptionListOut:
    """List an organisation's own adoptions, ended ones included."""
    before = decode_cursor(query.cursor)
    found = service.list_adoptions(current_context(), organisation_id, query.limit + 1, before)
    return schemas.AdoptionListOut.of(found, query.limit)


@door.post("/organisations/<id:organisation_id>/adoptions")
@endpoint(staff(Permission.POLICY_WRITE), {201: schemas.AdoptionOut}, tags=_TAGS)
def adopt_profile(organisation_id: str, json: schemas.AdoptProfileIn) -> tuple[schemas.AdoptionOut, int]:
    """Adopt a profile for an organisation's subtree; the former adoption ends."""
    adopted = service.adopt_profile(current_context(), json.command(organisation_id))
    return schemas.AdoptionOut.of(adopted), 201


@door.delete("/organisations/<id:organisation_id>/adoptions/<id:adoption_id>")
@endpoint(staff(Permission.POLICY_WRITE), {200: schemas.PolicyOut}, tags=_TAGS)
def end_adoption(organisation_id: str, adoption_id: str) -> schemas.PolicyOut:
    """End an adoption; the nearest organisation above decides from now on."""
    service.end_adoption(current_context(), organisation_id, adoption_id)
    return schemas.PolicyOut.of(service.show_policy(current_context(), organisation_id))


@door.get("/organisations/<id:organisation_id>/numbers")
@endpoint(staff(Permission.POLICY_READ), {200: schemas.LocalNumberListOut}, tags=_TAGS)
def list_numbers(organisation_id: str, query: PageQuery) -> schemas.LocalNumberListOut:
    """List an organisation's own numbers, ended ones included."""
    before = decode_cursor(query.cursor)
    found = service.list_numbers(current_context(), organisation_id, query.limit + 1, before)
    return schemas.LocalNumberListOut.of(found, query.limit)


@door.post("/organisations/<id:organisation_id>/numbers")
@endpoint(staff(Permission.POLICY_WRITE), {201: schemas.LocalNumberOut}, tags=_TAGS)
def set_number(organisation_id: str, json: schemas.SetNumberIn) -> tuple[schemas.LocalNumberOut, int]:
    """Set a number or reading that a rule leaves to the locality; the former one ends."""
    found = service.set_local_number(current_context(), json.command(organisation_id))
    return schemas.LocalNumberOut.of(found), 201


@door.delete("/organisations/<id:organisation_id>/numbers/<id:number_id>")
@endpoint(staff(Permission.POLICY_WRITE), {200: schemas.PolicyOut}, tags=_TAGS)
def end_number(organisation_id: str, number_id: str) -> schemas.PolicyOut:
    """End a number; the nearest organisation above decides, else nobody has."""
    service.end_local_number(current_context(), organisation_id, number_id)
    return schemas.PolicyOut.of(service.show_policy(current_context(), organisation_id))
