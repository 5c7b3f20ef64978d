"""回执: is the vote with this code counted? For anybody who holds the code, as on the public page."""

from __future__ import annotations

from backend.ballots.service.receipts import check_receipt
from backend.infra.context import Context
from backend.kernel.errors import NotFound
from bot.replies import Asker, Topic, texts


def answer(ctx: Context, _asker: Asker, words: str) -> str:
    """Check a receipt code."""
    if not any(character.isdigit() for character in words):
        return texts.RECEIPT_HOW
    try:
        found = check_receipt(ctx, words)
    except NotFound:
        return texts.RECEIPT_UNKNOWN
    return texts.receipt(found.receipt, found.ballot_title, found.message)


TOPIC = Topic(
    name="receipt",
    title="回执（加 12 位回执号）",
    words=("回执", "凭证", "查票", "核验"),
    answer=answer,
    number="4",
    side="anybody",
    order=4,
)
