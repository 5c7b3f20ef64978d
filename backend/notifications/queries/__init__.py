"""What the doors may ask of notifications."""

from backend.notifications.queries.consents import consents_left
from backend.notifications.queries.deliveries import (
    DeliveryView,
    DoorstepView,
    count_deliveries,
    list_deliveries,
    list_doorstep,
)
from backend.notifications.queries.health import QueueHealth, missing_templates, queue_health
from backend.notifications.queries.log import (
    CoveredHome,
    DoorstepRow,
    LogRow,
    delivery_log,
    doorstep_log,
    homes_of_deliveries,
    next_due,
)

__all__ = [
    "CoveredHome",
    "DeliveryView",
    "DoorstepRow",
    "DoorstepView",
    "LogRow",
    "QueueHealth",
    "consents_left",
    "count_deliveries",
    "delivery_log",
    "doorstep_log",
    "homes_of_deliveries",
    "list_deliveries",
    "list_doorstep",
    "missing_templates",
    "next_due",
    "queue_health",
]
