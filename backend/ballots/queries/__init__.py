"""Read-only views of ballots for the doors and for the capabilities above."""

from backend.ballots.queries.ballots import (
    OwnEntry,
    active_ballots,
    ballot_meta,
    casting_homes,
    documents_of,
    due_ballots,
    find_for_voter,
    find_public,
    label_of,
    list_of_estates,
    list_public,
    mandated_homes,
    motions_of,
    own_entries,
    waiting_hours,
)
from backend.ballots.queries.evidence import ballot_evidence, ballots_of_estate
from backend.ballots.queries.history import mandates_of_account, votes_of_account, votes_of_dwellings
from backend.ballots.queries.minutes import SignedMinutes, signed_minutes

__all__ = [
    "OwnEntry",
    "SignedMinutes",
    "active_ballots",
    "ballot_evidence",
    "ballot_meta",
    "ballots_of_estate",
    "casting_homes",
    "documents_of",
    "due_ballots",
    "find_for_voter",
    "find_public",
    "label_of",
    "list_of_estates",
    "list_public",
    "mandated_homes",
    "mandates_of_account",
    "motions_of",
    "own_entries",
    "signed_minutes",
    "votes_of_account",
    "votes_of_dwellings",
    "waiting_hours",
]
