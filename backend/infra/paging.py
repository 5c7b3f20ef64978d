"""Opaque page cursors over (instant, id)."""

from __future__ import annotations

import base64
import binascii
import re
from datetime import datetime
from typing import Annotated

import orjson
from pydantic import BaseModel, Field
from sqlalchemy import ColumnElement, and_, or_, true
from sqlalchemy.orm import Mapped

from backend.infra.columns import from_micros, to_micros
from backend.kernel.errors import Invalid

Position = tuple[datetime, str]

_KEY = re.compile(r"[0-9a-z]{1,64}")


class PageQuery(BaseModel):
    """``limit`` rows after ``cursor`` (from the former page's ``next``)."""

    cursor: Annotated[str, Field(max_length=200)] | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 20


def older_than(at: Mapped[datetime], key: Mapped[str], before: Position | None) -> ColumnElement[bool]:
    """Return the condition for rows after ``before`` in a list that shows the newest first."""
    if before is None:
        return true()
    # The first condition is where an index can begin; the second alone would read every newer row.
    return and_(at <= before[0], or_(at < before[0], key < before[1]))


def encode_cursor(position: Position | None) -> str | None:
    """Return the cursor text of the last row shown, or None at the end."""
    if position is None:
        return None
    return base64.urlsafe_b64encode(orjson.dumps([to_micros(position[0]), position[1]])).decode().rstrip("=")


def decode_cursor(text: str | None) -> Position | None:
    """Return the position behind a cursor; raises Invalid."""
    if text is None:
        return None
    try:
        micros, key = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        if not isinstance(key, str) or not _KEY.fullmatch(key) or type(micros) is not int:
            raise ValueError
        return from_micros(micros), key
    except (binascii.Error, ValueError, TypeError, OverflowError) as error:
        raise Invalid("cursor", "翻页位置无效，请从第一页重新开始。") from error
