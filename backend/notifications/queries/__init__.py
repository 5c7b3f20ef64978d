"""What the doors may ask of notifications."""

from backend.notifications.queries.consents import consents_left
from backend.notifications.queries.deliveries import (
    DeliveryView,
    DoorstepView,
    count_deliveries,
    list_deliveries,
    list_doorstep,
)

__all__ = [
    "DeliveryView",
    "DoorstepView",
    "consents_left",
    "count_deliveries",
    "list_deliveries",
    "list_doorstep",
]
