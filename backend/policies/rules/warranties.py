"""How long works are under warranty and when to remind: law and defaults as data (``backend/policies/warranties``)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from backend.policies.rules.numbers import Settable, WholeNumber
from backend.tally.parameter import Parameter, ParameterError

_FILE = Path(__file__).parent.parent / "warranties" / "base.toml"
_DAY_OF_YEAR = re.compile(r"[0-9]{2}-[0-9]{2}")
_MOST_MONTHS = 1200
_MOST_SEASONS = 20
_NOT_A_LEAP_YEAR = 2001
UNITS = ("month", "season", "agreed")
REMINDER_RULE = "rectification/reminders"


@dataclass(frozen=True, slots=True)
class DayOfYear:
    """A day that comes every year, written ``11-01``."""

    name: str
    title: str
    description: str
    default: str

    def read(self, text: str) -> str:
        """Return the day as it is written; raises ParameterError in Chinese."""
        if not _DAY_OF_YEAR.fullmatch(text):
            raise ParameterError(self.name, text, "应写成“月-日”，如 11-01")
        try:
            date(_NOT_A_LEAP_YEAR, *month_and_day(text))
        except ValueError as error:
            raise ParameterError(self.name, text, "没有这一天（2 月 29 日不是每年都有）") from error
        return text


def month_and_day(text: str) -> tuple[int, int]:
    """Return month and day of ``11-01``."""
    return int(text[:2]), int(text[3:])


@dataclass(frozen=True, slots=True)
class WarrantyKind:
    """A kind of works; ``number`` counts ``unit`` (``month`` or ``season``), None where it must be agreed."""

    id: str
    title: str
    unit: str
    clause: str
    status: str
    number: int | None = None
    note: str | None = None

    @property
    def rule(self) -> str:
        """Return the rule id under which a locality sets this kind's numbers."""
        return f"warranty/{self.id}"


@dataclass(frozen=True, slots=True)
class WarrantyFile:
    """Kinds by id, and what a locality may set: rule id → name → parameter."""

    kinds: Mapping[str, WarrantyKind]
    parameters: Mapping[str, Mapping[str, Settable]]


def read_warranties(path: Path) -> WarrantyFile:
    """Read a warranty file; raises ValueError naming what is wrong."""
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    try:
        kinds = {entry["id"]: WarrantyKind(**entry) for entry in table["kind"]}
        for kind in kinds.values():
            if kind.unit not in UNITS or (kind.number is None) != (kind.unit == "agreed"):
                raise ValueError(f"{kind.id}: a unit without its number")
        parameters: dict[str, Mapping[str, Settable]] = {
            kind.rule: _of_kind(kind, table["season"]) for kind in kinds.values() if kind.number
        }
        numbers = {
            name: WholeNumber(name, description="", **each) for name, each in table["reminders"].items()
        }
        parameters[REMINDER_RULE] = MappingProxyType(numbers)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path.name}: {type(error).__name__}: {error}") from error
    return WarrantyFile(MappingProxyType(kinds), MappingProxyType(parameters))


@cache
def load_warranties() -> WarrantyFile:
    """Return the warranty file shipped with the product."""
    return read_warranties(_FILE)


def warranty_titles() -> Mapping[str, str]:
    """Return rule id → title of everything a locality may set here."""
    titles = {kind.rule: f"保修期：{kind.title}" for kind in load_warranties().kinds.values() if kind.number}
    return titles | {REMINDER_RULE: "保修和整改的提醒"}


def _of_kind(kind: WarrantyKind, season: Mapping[str, Any]) -> Mapping[str, Settable]:
    assert kind.number is not None
    least = f"法定最低 {kind.number}，当地只能延长"
    if kind.unit == "month":
        return {
            "months": WholeNumber("months", "保修期（月）", least, kind.number, kind.number, _MOST_MONTHS)
        }
    return {
        "seasons": WholeNumber("seasons", "保修期（采暖期）", least, kind.number, kind.number, _MOST_SEASONS),
        "season_starts": DayOfYear("season_starts", "采暖期开始", "当地规定的供热开始日期", season["starts"]),
        "season_ends": DayOfYear("season_ends", "采暖期结束", "当地规定的供热结束日期", season["ends"]),
        "partial": Parameter(
            "partial",
            "验收时已经开始的采暖期算不算一个",
            "条文没有说明；不算对业主有利",
            {"skip": "不算，从下一个完整的采暖期算起", "count": "算一个"},
            season["partial"],
        ),
    }
