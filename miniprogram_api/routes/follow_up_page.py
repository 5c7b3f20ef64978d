"""The question after the work as a page, for reporters who left a phone and use no mini-program."""

from __future__ import annotations

from flask import Blueprint, Response, render_template

from backend.infra.web import current_app, endpoint, public

door = Blueprint("follow_up_page", __name__, url_prefix="/follow-up", template_folder="../templates")


@door.get("")
@endpoint(public(transaction=False), {200: None}, tags=["complaints"], responses_raw="text/html")
def follow_up_page() -> Response:
    """Show two questions; the one-time code stands behind the ``#`` of the address and reaches no log."""
    html = render_template("follow_up.html", mode=current_app().ports.settings.mode)
    return Response(html, mimetype="text/html")


@door.get("/script.js")
@endpoint(public(transaction=False), {200: None}, tags=["complaints"], responses_raw="text/javascript")
def follow_up_script() -> Response:
    """Return the page's script."""
    return Response(render_template("follow_up.js"), mimetype="text/javascript")
