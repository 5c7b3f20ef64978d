"""What other capabilities and the doors may read of works and the register."""

from __future__ import annotations

from backend.rectification.queries.items import (
    EvidenceCard,
    ItemCard,
    ItemFilter,
    StepCard,
    UnitCount,
)
from backend.rectification.queries.works import (
    ReminderDays,
    WorksCard,
    WorksFilter,
    items_to_tell,
    reminder_days,
    warranties_to_tell,
)

__all__ = [
    "EvidenceCard",
    "ItemCard",
    "ItemFilter",
    "ReminderDays",
    "StepCard",
    "UnitCount",
    "WorksCard",
    "WorksFilter",
    "items_to_tell",
    "reminder_days",
    "warranties_to_tell",
]
