"""JSON for staff and integrators: every module of ``routes`` offers a blueprint named ``door``."""

from __future__ import annotations

import importlib
import pkgutil

from flask import Flask

from backend.staff_api import routes


def register(app: Flask) -> None:
    """Register every capability's routes."""
    for module in sorted(found.name for found in pkgutil.iter_modules(routes.__path__)):
        app.register_blueprint(importlib.import_module(f"{routes.__name__}.{module}").door)
