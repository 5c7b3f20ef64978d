"""The tables of complaints."""

from __future__ import annotations

from backend.complaints.tables.complaints import AnonymousDay, Complaint, ComplaintReporter, ComplaintStep
from backend.complaints.tables.parties import PartyMember, ResponsibleParty
from backend.complaints.tables.proceedings import ComplaintExtension, FollowUp, Mediation

__all__ = [
    "AnonymousDay",
    "Complaint",
    "ComplaintExtension",
    "ComplaintReporter",
    "ComplaintStep",
    "FollowUp",
    "Mediation",
    "PartyMember",
    "ResponsibleParty",
]
