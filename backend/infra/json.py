"""orjson as Flask's JSON provider: Chinese stays readable, keys keep their order."""

from __future__ import annotations

from typing import Any

import orjson
from flask.json.provider import JSONProvider
from pydantic import BaseModel


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    raise TypeError(type(value).__name__)


class OrjsonProvider(JSONProvider):
    """Serialises dataclasses, datetimes and pydantic models."""

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        """Return JSON text."""
        return orjson.dumps(obj, default=_plain).decode()

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        """Parse JSON text."""
        return orjson.loads(s)
