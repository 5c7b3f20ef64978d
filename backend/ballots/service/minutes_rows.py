"""The minutes of count day between their row and what they say: names and words are sealed."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from backend.ballots.rules.minutes import Content, People, names_json
from backend.ballots.tables import CountMinutes
from backend.infra.context import Context

_TABLE = "count_minutes"


@dataclass(frozen=True, slots=True)
class MinutesView:
    """An edition with its names and words, for those who keep it."""

    row: CountMinutes
    content: Content
    reason: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class MinutesLine:
    """An edition without names; ``document_sha256`` also None where the reader may not see the result yet."""

    id: str
    ballot_id: str
    edition: int
    version: int
    state: str
    scrutineers: int
    counted_from: datetime
    counted_until: datetime
    recorded_at: datetime
    signed_at: datetime | None
    document_sha256: str | None


def line_of(row: CountMinutes, *, shows_document: bool = True) -> MinutesLine:
    """Return an edition as a list shows it."""
    return MinutesLine(
        id=row.id,
        ballot_id=row.ballot_id,
        edition=row.edition,
        version=row.version,
        state=row.state,
        scrutineers=row.scrutineers,
        counted_from=row.counted_from,
        counted_until=row.counted_until,
        recorded_at=row.recorded_at,
        signed_at=row.signed_at,
        document_sha256=row.document_sha256 if shows_document else None,
    )


def columns_of(ctx: Context, content: Content) -> dict[str, Any]:
    """Return the columns of what the minutes say, names and words sealed."""
    names = json.dumps(names_json(content.people), ensure_ascii=False)
    return {
        "scrutineers": len(content.people.scrutineers),
        "people_sealed": seal_words(ctx, "people", names),
        "place_sealed": seal_words(ctx, "place", content.place),
        "words_sealed": seal_words(ctx, "words", content.words or None),
        "counted_from": content.counted_from,
        "counted_until": content.counted_until,
        "sample_confirmed": content.sample_confirmed,
        "sample_disputed": content.sample_disputed,
    }


def seal_words(ctx: Context, name: str, text: str | None) -> str | None:
    """Return a text sealed for its column."""
    return None if text is None else ctx.vault.seal(text, f"{_TABLE}.{name}")


def _open(ctx: Context, name: str, sealed: str | None) -> str | None:
    return None if sealed is None else ctx.vault.open(sealed, f"{_TABLE}.{name}")


def view_of(ctx: Context, row: CountMinutes) -> MinutesView:
    """Return an edition opened."""
    names = json.loads(ctx.vault.open(row.people_sealed, f"{_TABLE}.people"))
    content = Content(
        people=People(**{office: tuple(given) for office, given in names.items()}),
        place=ctx.vault.open(row.place_sealed, f"{_TABLE}.place"),
        counted_from=row.counted_from,
        counted_until=row.counted_until,
        words=_open(ctx, "words", row.words_sealed) or "",
        sample_confirmed=row.sample_confirmed,
        sample_disputed=row.sample_disputed,
    )
    return MinutesView(row, content, _open(ctx, "reason", row.reason_sealed))
