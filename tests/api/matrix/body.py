"""What a call of the matrix sends beside the address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Body:
    """What is sent beside the address."""

    json: Mapping[str, Any] | None = None
    data: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
