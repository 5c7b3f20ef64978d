"""The receipt check as a page for anybody: relatives, neighbours, journalists, the voter without the app."""

from __future__ import annotations

from typing import Annotated

from flask import Blueprint, Response, render_template
from pydantic import BaseModel, Field

from backend.ballots.service.receipts import check_receipt
from backend.infra.web import current_app, current_context, endpoint, public
from backend.kernel.errors import NotFound

door = Blueprint("receipt_page", __name__, template_folder="../templates")


class ReceiptPageQuery(BaseModel):
    """The code as typed, or nothing for the empty form."""

    code: Annotated[str, Field(max_length=40)] = ""


@door.get("/receipt")
@endpoint(public(limit="20/minute"), {200: None}, tags=["votes"], responses_raw="text/html")
def receipt_page(query: ReceiptPageQuery) -> Response:
    """Show the form, or what became of the vote behind a code; never the choice."""
    found, problem = None, None
    if query.code.strip():
        try:
            found = check_receipt(current_context(), query.code)
        except NotFound as error:
            problem = error.message
    html = render_template(
        "receipt.html", code=query.code, found=found, problem=problem, mode=current_app().ports.settings.mode
    )
    return Response(html, mimetype="text/html")
