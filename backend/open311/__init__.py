"""Open311 GeoReport v2 over the hotline: services, requests, updates; XML and JSON, exact to the standard."""

from __future__ import annotations

from flask import Flask

from backend.open311.routes import door


def register(app: Flask) -> None:
    """Open the door."""
    app.register_blueprint(door)
