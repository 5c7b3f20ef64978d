"""When a warranty ends: months by the Civil Code's reckoning, heating seasons by the locality's dates."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from backend.policies.rules.warranties import WarrantyKind, load_warranties, month_and_day

_YEARS_SEARCHED = 60


class NoTerm(ValueError):
    """The kind's length must be agreed, and nobody has written it down; or it is below the legal minimum."""


@dataclass(frozen=True, slots=True)
class Terms:
    """How long a works item is under warranty, and why.

    ``documents`` names the local documents that set a number; ``is_provisional``: a number of ours stands in
    for one the locality has not set.
    """

    kind: WarrantyKind
    unit: str
    number: int
    season: tuple[str, str]
    counts_partial: bool
    documents: tuple[str, ...]
    is_agreed: bool
    is_provisional: bool

    def to_json(self) -> dict[str, Any]:
        """Return what is stored beside the date."""
        return {
            "unit": self.unit,
            "number": self.number,
            "clause": self.kind.clause,
            "status": self.kind.status,
            "season": list(self.season) if self.unit == "season" else None,
            "partial": ("count" if self.counts_partial else "skip") if self.unit == "season" else None,
            "documents": list(self.documents),
            "is_agreed": self.is_agreed,
            "is_provisional": self.is_provisional,
        }


@dataclass(frozen=True, slots=True)
class Local:
    """A value that a locality has set, and by which document."""

    value: str
    document: str


def terms_of(
    kind: WarrantyKind, local: Mapping[str, Local], agreed: int | None, document: str | None
) -> Terms:
    """Return the terms in force: a contract's, else the locality's, else the law's; never below the law's.

    Raises NoTerm in Chinese.
    """
    parameters = load_warranties().parameters.get(kind.rule, {})
    values = {name: _value(parameter, name, local) for name, parameter in parameters.items()}
    least = int(values["seasons" if kind.unit == "season" else "months"]) if kind.number else None
    if agreed is None and least is None:
        raise NoTerm("这一类没有法定年限，请按设计文件或合同填写保修期（月）")
    if agreed is not None and least is not None and agreed < least:
        raise NoTerm(f"约定的保修期不能短于法定或当地规定的 {least}")
    is_season = kind.unit == "season"
    names = [found.document for found in local.values()] + ([document] if document and agreed else [])
    return Terms(
        kind,
        "season" if is_season else "month",
        agreed or least or 0,
        (values["season_starts"], values["season_ends"]) if is_season else ("", ""),
        is_season and values["partial"] == "count",
        tuple(dict.fromkeys(names)),
        agreed is not None,
        is_season and not {"season_starts", "season_ends"} <= set(local),
    )


def _value(parameter: Any, name: str, local: Mapping[str, Local]) -> str:
    return local[name].value if name in local else str(parameter.default)


def months_after(day: date, months: int) -> date:
    """Return the last day of a period of months: the corresponding day, else the month's last (arts. 201, 202)."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def warranty_ends_on(accepted_on: date, terms: Terms) -> date:
    """Return the last day of the warranty, which runs from the acceptance (art. 40, last paragraph)."""
    if terms.unit == "month":
        return months_after(accepted_on, terms.number)
    left = terms.number
    for year in range(accepted_on.year - 1, accepted_on.year + _YEARS_SEARCHED):
        starts_on, ends_on = _season(year, terms.season)
        is_whole = starts_on >= accepted_on
        is_begun = starts_on < accepted_on <= ends_on
        left -= is_whole or (is_begun and terms.counts_partial)
        if not left:
            return ends_on
    raise NoTerm("保修期太长")


def _season(year: int, season: tuple[str, str]) -> tuple[date, date]:
    starts_on = date(year, *month_and_day(season[0]))
    ends_on = date(year, *month_and_day(season[1]))
    return starts_on, ends_on if ends_on >= starts_on else ends_on.replace(year=year + 1)
