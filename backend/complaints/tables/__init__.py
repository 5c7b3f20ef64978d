"""The tables of complaints."""

from __future__ import annotations

from backend.complaints.tables.complaints import AnonymousDay, Complaint, ComplaintReporter, ComplaintStep
from backend.complaints.tables.parties import PartyMember, ResponsibleParty
from backend.complaints.tables.proceedings import ComplaintExtension, FollowUp, Mediation
from backend.complaints.tables.relays import ComplaintRelay

__all__ = [
    "AnonymousDay",
    "Complaint",
    "ComplaintExtension",
    "ComplaintRelay",
    "ComplaintReporter",
    "ComplaintStep",
    "FollowUp",
    "Mediation",
    "PartyMember",
    "ResponsibleParty",
]
