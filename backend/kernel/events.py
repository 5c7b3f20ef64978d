"""What happened: immutable facts that capabilities append to the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Event:
    """A fact for the ledger: never holds a choice, a name or a phone.

    ``type`` is ``<capability>.<past participle>``; ``subject`` is ``(kind, id)``; ``payload`` holds JSON scalars.
    """

    type: str
    organisation_id: str | None
    subject_kind: str
    subject_id: str
    payload: Mapping[str, object] = field(default_factory=dict)
