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

__all__ = [
    "DeliveryView",
    "DoorstepView",
    "QueueHealth",
    "consents_left",
    "count_deliveries",
    "list_deliveries",
    "list_doorstep",
    "missing_templates",
    "queue_health",
]
