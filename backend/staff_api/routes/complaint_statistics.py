"""The hotline's figures: of one's area, and of the units one acts for."""

from __future__ import annotations

from flask import Blueprint, Response

from backend.complaints import service
from backend.infra.web import current_context, endpoint, staff
from backend.kernel.access import Permission
from backend.staff_api.schemas import complaint_statistics as schemas

door = Blueprint("staff_complaint_statistics", __name__, url_prefix="/api/v1/staff")

_TAGS = ["staff complaints"]
_ANSWER = {200: schemas.StatisticsOut}
_EXPORT = staff(Permission.COMPLAINT_READ, limit="5/minute")
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@door.get("/complaints/statistics")
@endpoint(staff(Permission.COMPLAINT_READ), _ANSWER, tags=_TAGS)
def show_statistics(query: schemas.StatisticsQuery) -> schemas.StatisticsOut:
    """Show response, resolution and satisfaction rates, times, overdue and repeated cases of one's area."""
    return schemas.StatisticsOut.of(service.read_statistics(current_context(), query.command()))


@door.post("/complaints/statistics/exports")
@endpoint(_EXPORT, {200: None}, tags=_TAGS, responses_raw=_XLSX)
def export_statistics(json: schemas.ExportStatisticsIn) -> Response:
    """Take the figures of an area out as an Excel workbook, a sheet for each breakdown; that is an event."""
    content = service.export_statistics(current_context(), json.organisation, json.command())
    headers = {"Content-Disposition": 'attachment; filename="complaints.xlsx"'}
    return Response(content, 200, headers, mimetype=_XLSX)


@door.get("/assigned-complaints/statistics")
@endpoint(staff(Permission.COMPLAINT_HANDLE), _ANSWER, tags=_TAGS)
def show_assigned_statistics(query: schemas.AssignedStatisticsQuery) -> schemas.StatisticsOut:
    """Show the figures of the units one acts for, and of no other."""
    return schemas.StatisticsOut.of(service.read_statistics(current_context(), query.command()))
