"""What every request body is made of: strict models, identifiers, hashes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

Id = Annotated[str, Field(pattern=r"^[0-9a-z]{20}$")]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]

_FIRST, _LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
# Beyond these years no database and no zone arithmetic agrees with another.
Moment = Annotated[AwareDatetime, Field(strict=False, ge=_FIRST, le=_LAST)]


class StrictModel(BaseModel):
    """A request body: unknown fields and loose types are refused."""

    model_config = ConfigDict(extra="forbid", strict=True)
