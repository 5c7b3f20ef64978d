"""Open311 GeoReport v2 over the hotline: services, requests, updates; XML and JSON, exact to the standard."""

from __future__ import annotations

from backend.infra.web import GongjueFlask
from backend.open311.refusals import answer
from backend.open311.routes import door


def register(app: GongjueFlask) -> None:
    """Open the door; whatever goes wrong below its path is told in the standard's form."""
    app.register_blueprint(door)
    app.forms.append(("/open311", answer))
