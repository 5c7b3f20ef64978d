"""What the staff door says and takes about keys of outside systems."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, Field

from backend.identity.rules.api_keys import MOST_A_DAY, USUAL_A_DAY
from backend.identity.service import ApiKeyView, CreateApiKey, IssuedApiKey
from backend.infra.forms import Id, StrictModel
from backend.infra.paging import PageQuery, encode_cursor


class ApiKeyQuery(PageQuery):
    """The keys of the caller's area, or of one organisation and everything below it."""

    organisation: Id | None = None


class CreateApiKeyIn(StrictModel):
    """A key for an organisation; it ends with the day ``expires_on`` (Asia/Shanghai), two years on at the latest."""

    organisation: Id
    name: Annotated[str, Field(min_length=2, max_length=80, pattern=r"\S")]
    expires_on: Annotated[date, Field(strict=False)]
    daily_limit: Annotated[int, Field(ge=1, le=MOST_A_DAY)] = USUAL_A_DAY

    def command(self) -> CreateApiKey:
        """Return the service's command."""
        return CreateApiKey(self.organisation, self.name, self.expires_on, self.daily_limit)


class ApiKeyOut(BaseModel):
    """A key; ``hint`` is its last four characters."""

    id: str
    organisation: str
    name: str
    hint: str
    daily_limit: int
    created_at: datetime
    expires_at: datetime
    last_used_on: date | None
    revoked_at: datetime | None

    @classmethod
    def of(cls, found: ApiKeyView) -> ApiKeyOut:
        """Build from the service's answer."""
        values = {name: getattr(found, name) for name in cls.model_fields if name != "organisation"}
        return cls(organisation=found.organisation_id, **values)


class IssuedApiKeyOut(ApiKeyOut):
    """A new key with its secret: shown now and never again."""

    key: str

    @classmethod
    def issued(cls, made: IssuedApiKey) -> IssuedApiKeyOut:
        """Build from the service's answer."""
        return cls(key=made.secret, **ApiKeyOut.of(made.view).model_dump())


class ApiKeyListOut(BaseModel):
    """A page of keys."""

    items: list[ApiKeyOut]
    next: str | None

    @classmethod
    def page(cls, found: Sequence[ApiKeyView], size: int) -> ApiKeyListOut:
        """Build from one row more than a page holds."""
        shown = found[:size]
        position = (shown[-1].created_at, shown[-1].id) if len(found) > size else None
        return cls(items=[ApiKeyOut.of(row) for row in shown], next=encode_cursor(position))
