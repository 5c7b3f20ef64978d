"""Which messages a resident wants to get: asked for on a tap, one message per consent."""

from __future__ import annotations

from flask import Blueprint

from backend.infra.web import current_context, endpoint, resident
from backend.notifications.service import subscriptions
from miniprogram_api.schemas.subscriptions import AnswersIn, AsksOut, SubscriptionQuery

door = Blueprint("mini_subscriptions", __name__, url_prefix="/api/v1/subscriptions")


@door.get("")
@endpoint(resident(), {200: AsksOut}, tags=["subscriptions"])
def list_templates_to_ask(query: SubscriptionQuery) -> AsksOut:
    """List the templates to ask for at this tap, what is lacking most first."""
    return AsksOut.of(subscriptions.templates_to_ask(current_context(), query.tap))


@door.post("")
@endpoint(resident(limit="60/minute"), {200: AsksOut}, tags=["subscriptions"])
def record_subscription_answers(json: AnswersIn) -> AsksOut:
    """Record what a popup returned; a repeat of the same tap counts once."""
    return AsksOut.of(subscriptions.record_answers(current_context(), json.command()))
