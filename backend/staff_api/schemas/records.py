"""What the staff door takes and says about records."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class AuditExportIn(BaseModel):
    """Why an audit record is taken out; the reason goes into the record."""

    model_config = ConfigDict(extra="forbid", strict=True)

    reason: Annotated[str, Field(min_length=2, max_length=500)]
