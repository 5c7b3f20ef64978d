"""The web process: one Flask app, every door registered; ``gunicorn backend.wsgi:app``."""

from __future__ import annotations

import gc

from flask import Flask

import bot.callback
import miniprogram_api.app
from backend import open311, staff_api
from backend.ballots.repository.cast import build_statements
from backend.ballots.service.desk import PollingDesk
from backend.bootstrap import build_ports
from backend.identity.service import CachedAuthenticator, record_failure
from backend.infra import access_log, docs
from backend.infra.context import Ports
from backend.infra.installation import require_mode
from backend.infra.settings import load_settings
from backend.infra.web import GongjueFlask
from backend.kernel.errors import DomainError
from migrations import runner


def build_app(ports: Ports) -> GongjueFlask:
    """Build the app on given ports; tests and the rehearsal call it too."""
    app = GongjueFlask("gongjue", ports, CachedAuthenticator(ports.engine))
    app.extensions["polling_desk"] = PollingDesk(ports.engine, build_statements(ports.settings, ports.engine))
    app.on_refusal.append(lambda error: _remember_failure(ports, error))
    docs.register(app, head_revision=runner.head_revision, current_revision=runner.current_revision)
    miniprogram_api.app.register(app)
    staff_api.register(app)
    if ports.settings.open311:
        open311.register(app)
    bot.callback.register(app)
    return app


def _remember_failure(ports: Ports, error: DomainError) -> None:
    """Write down a wrong code or password after the request was rolled back, so that lockouts hold."""
    keys = getattr(error, "failed_keys", ())
    if keys:
        record_failure(ports, keys)


def __getattr__(name: str) -> Flask:
    """Build ``app`` when gunicorn asks for it: after the fork, never at import."""
    if name != "app":
        raise AttributeError(name)
    access_log.configure()
    settings = load_settings()
    ports = build_ports(settings)
    require_mode(ports.engine, settings.mode)
    app = build_app(ports)
    # What was built at start lives as long as the process: the collector need not walk it at every vote.
    gc.collect()
    gc.freeze()
    return app
