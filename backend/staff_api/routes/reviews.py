"""Reviews for staff: held votes, and paper whose place was taken."""

from __future__ import annotations

from flask import Blueprint

from backend.ballots.service import reviews
from backend.infra.web import current_context, endpoint, staff
from backend.kernel.access import Permission
from backend.staff_api.routes.paper import receipt_of
from backend.staff_api.schemas import reviews as schemas

door = Blueprint("staff_reviews", __name__, url_prefix="/api/v1/staff")

_TAGS = ["staff reviews"]


@door.get("/ballots/<id:ballot_id>/reviews")
@endpoint(staff(Permission.BALLOT_REVIEW), {200: schemas.ReviewListOut}, tags=_TAGS)
def list_reviews(ballot_id: str, query: schemas.ReviewQuery) -> schemas.ReviewListOut:
    """List what waits for a decision, without any choice."""
    items, following = reviews.list_reviews(current_context(), ballot_id, query.cursor or "", query.limit)
    return schemas.ReviewListOut(items=[schemas.ReviewOut.of(item) for item in items], next=following)


@door.post("/reviews/<string:receipt>")
@endpoint(staff(Permission.BALLOT_REVIEW), {200: schemas.DecidedOut}, tags=_TAGS)
def decide_review(receipt: str, json: schemas.DecideReviewIn) -> schemas.DecidedOut:
    """Decide a review, with a reason."""
    found = receipt_of(receipt)
    command = reviews.DecideReview(found, json.decision == "accept", json.reason)
    state = reviews.decide_review(current_context(), command)
    return schemas.DecidedOut(receipt=found, state="standing" if state == "standing" else "rejected")
