"""Organisations, estates, dwellings and imports for staff."""

from __future__ import annotations

from flask import Blueprint, Response

from backend.infra.web import current_context, endpoint, expected_version, idempotency_key, staff
from backend.kernel.access import Permission
from backend.registry import service
from backend.staff_api.schemas import registry as schemas

door = Blueprint("staff_registry", __name__, url_prefix="/api/v1/staff")

_READ = staff(Permission.REGISTRY_READ)
_IMPORT = staff(Permission.REGISTRY_IMPORT)
_IMPORT_VERSION = staff(Permission.REGISTRY_IMPORT, needs_version=True)
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@door.get("/organisations")
@endpoint(
    staff(Permission.ORGANISATION_READ), {200: schemas.OrganisationListOut}, tags=["staff organisations"]
)
def list_organisations(query: schemas.OrganisationQuery) -> schemas.OrganisationListOut:
    """List the children of a node, or the nodes at which one's own rights begin."""
    nodes = service.list_organisations(current_context(), query.parent_id, query.limit + 1, query.cursor)
    return schemas.OrganisationListOut.of(nodes, query.limit if query.parent_id else len(nodes))


@door.post("/organisations")
@endpoint(staff(Permission.ORGANISATION_WRITE), {201: schemas.OrganisationOut}, tags=["staff organisations"])
def create_organisation(json: schemas.CreateOrganisationIn) -> tuple[schemas.OrganisationOut, int]:
    """Add a town, street or community below one's own."""
    command = service.CreateOrganisation(json.parent_id, json.kind, json.code, json.name)
    return schemas.OrganisationOut.of(service.create_organisation(current_context(), command)), 201


@door.get("/estates")
@endpoint(_READ, {200: schemas.EstateListOut}, tags=["staff estates"])
def list_staff_estates(query: schemas.EstateQuery) -> schemas.EstateListOut:
    """List the estates one may see, by code."""
    command = service.ListEstates(query.organisation_id, query.search, query.limit + 1, query.cursor)
    return schemas.EstateListOut.of(service.list_estates(current_context(), command), query.limit)


@door.post("/estates")
@endpoint(_IMPORT, {201: schemas.EstateOut}, tags=["staff estates"])
def create_estate(json: schemas.CreateEstateIn) -> tuple[schemas.EstateOut, int]:
    """Add an estate to a community."""
    command = service.CreateEstate(json.organisation_id, json.code, json.facts())
    return schemas.EstateOut.of(service.create_estate(current_context(), command)), 201


@door.get("/estates/<id:estate_id>")
@endpoint(_READ, {200: schemas.EstateOut}, tags=["staff estates"])
def show_staff_estate(estate_id: str) -> schemas.EstateOut:
    """Show an estate with its sums."""
    return schemas.EstateOut.of(service.show_estate(current_context(), estate_id))


@door.put("/estates/<id:estate_id>")
@endpoint(_IMPORT_VERSION, {200: schemas.EstateOut}, tags=["staff estates"])
def update_estate(estate_id: str, json: schemas.EstateFactsIn) -> schemas.EstateOut:
    """Replace an estate's facts; ``If-Match`` carries the version read before."""
    command = service.UpdateEstate(estate_id, expected_version(), json.facts())
    return schemas.EstateOut.of(service.update_estate(current_context(), command))


@door.get("/estates/<id:estate_id>/map-point")
@endpoint(_READ, {200: schemas.EstatePointOut}, tags=["staff estates"])
def show_estate_point(estate_id: str) -> schemas.EstatePointOut:
    """Show where an estate lies on the map."""
    return schemas.EstatePointOut.of(service.show_estate_point(current_context(), estate_id))


@door.put("/estates/<id:estate_id>/map-point")
@endpoint(_IMPORT, {200: schemas.EstatePointOut}, tags=["staff estates"])
def set_estate_point(estate_id: str, json: schemas.EstatePointIn) -> schemas.EstatePointOut:
    """Write down an estate's middle and reach; reports by map point are led to the estate by it."""
    return schemas.EstatePointOut.of(service.set_estate_point(current_context(), json.command(estate_id)))


@door.get("/estates/<id:estate_id>/buildings")
@endpoint(_READ, {200: schemas.BuildingListOut}, tags=["staff estates"])
def list_buildings(estate_id: str) -> schemas.BuildingListOut:
    """List buildings with their entrances."""
    return schemas.BuildingListOut.of(service.list_buildings(current_context(), estate_id))


@door.get("/estates/<id:estate_id>/dwellings")
@endpoint(_READ, {200: schemas.DwellingListOut}, tags=["staff estates"])
def list_dwellings(estate_id: str, query: schemas.DwellingQuery) -> schemas.DwellingListOut:
    """List dwellings by door, owners' names masked for whoever may not see them."""
    filters = query.model_dump(exclude={"cursor", "limit"})
    command = service.ListDwellings(estate_id, **filters, limit=query.limit + 1, after=query.cursor)
    return schemas.DwellingListOut.of(service.list_dwellings(current_context(), command), query.limit)


@door.get("/dwellings/<id:dwelling_id>")
@endpoint(_READ, {200: schemas.DwellingDetailOut}, tags=["staff estates"])
def show_dwelling(dwelling_id: str) -> schemas.DwellingDetailOut:
    """Show a dwelling with the people the registry knows."""
    return schemas.DwellingDetailOut.of_detail(service.show_dwelling(current_context(), dwelling_id))


@door.post("/estates/<id:estate_id>/roll-display")
@endpoint(staff(Permission.BALLOT_PREPARE), {201: schemas.DisplayOut}, tags=["staff estates"])
def open_roll_display(estate_id: str, json: schemas.DisplayIn) -> tuple[schemas.DisplayOut, int]:
    """Show the roll to its own members for checking."""
    command = service.OpenDisplay(estate_id, json.starts_on, json.ends_on)
    return schemas.DisplayOut.of(service.open_roll_display(current_context(), command)), 201


@door.get("/imports/template")
@endpoint(_IMPORT, {200: None}, tags=["staff imports"], responses_raw=_XLSX)
def download_template() -> Response:
    """Download the Excel template."""
    headers = {"Content-Disposition": 'attachment; filename="roll-template.xlsx"'}
    return Response(service.write_template(), 200, headers, mimetype=_XLSX)


@door.get("/imports")
@endpoint(_IMPORT, {200: schemas.ImportListOut}, tags=["staff imports"])
def list_imports(query: schemas.ImportQuery) -> schemas.ImportListOut:
    """List a community's imports, newest first."""
    rows = service.list_imports(current_context(), query.organisation_id, query.limit + 1, query.cursor)
    return schemas.ImportListOut.of(rows, query.limit)


@door.post("/imports")
@endpoint(
    staff(Permission.REGISTRY_IMPORT, limit="60/minute", needs_idempotency_key=True),
    {202: schemas.ImportOut},
    tags=["staff imports"],
)
def queue_import(json: schemas.ImportIn) -> tuple[schemas.ImportOut, int]:
    """Queue an uploaded file; read the progress and the report at ``/imports/{id}``."""
    command = service.QueueImport(**json.model_dump(), idempotency_key=idempotency_key())
    return schemas.ImportOut.of(service.queue_import(current_context(), command)), 202


@door.get("/imports/<id:import_id>")
@endpoint(_IMPORT, {200: schemas.ImportOut}, tags=["staff imports"])
def show_import(import_id: str) -> schemas.ImportOut:
    """Show progress and report."""
    return schemas.ImportOut.of(service.show_import(current_context(), import_id))
