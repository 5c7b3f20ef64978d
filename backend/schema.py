"""Imports every table, so that Alembic and tests see one metadata."""

from __future__ import annotations

from sqlmodel import SQLModel

import backend.ballots.tables
import backend.complaints.tables
import backend.identity.tables
import backend.infra.tables
import backend.infra.wechat.tables
import backend.ledger.tables
import backend.media.tables
import backend.notices.tables
import backend.notifications.tables
import backend.policies.tables
import backend.projects.tables
import backend.rectification.tables
import backend.registry.tables
import backend.surveys.tables  # noqa: F401 - imported for their metadata

metadata = SQLModel.metadata
