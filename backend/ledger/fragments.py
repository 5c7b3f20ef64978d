"""SQL published for statements that must append their event by themselves (the vote)."""

from __future__ import annotations

# The SELECT that follows supplies: id, type, organisation, subject kind and id, actor kind and id, payload, at.
INSERT_EVENT = """
INSERT INTO ledger_event (id, type, organisation_id, subject_kind, subject_id, actor_kind, actor_id, payload, at)
"""
