"""Time limits of the complaints hotline: schemes as data, what a locality may set, and what is in force."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from backend.policies.rules.clocks import Period, PeriodNumber, parse_period
from backend.policies.rules.numbers import Settable, WholeNumber
from backend.tally.parameter import Parameter

RULE_ID = "hotline"
TITLE = "投诉办理时限"
_FILE = Path(__file__).parent.parent / "hotline" / "schemes.toml"


class TimeClass(StrEnum):
    """How much time a case gets."""

    EMERGENCY = "emergency"
    ENQUIRY = "enquiry"
    ORDINARY = "ordinary"
    COMPLEX = "complex"


CLASS_TITLES = {
    TimeClass.EMERGENCY: "紧急",
    TimeClass.ENQUIRY: "咨询",
    TimeClass.ORDINARY: "一般",
    TimeClass.COMPLEX: "复杂",
}


@dataclass(frozen=True, slots=True)
class ClassLimits:
    """The periods of one class."""

    respond: Period
    resolve: Period
    extension: Period


_STEPS = {"respond": "响应（首次答复）", "resolve": "办结", "extension": "每次延期最多"}


@dataclass(frozen=True, slots=True)
class Scheme:
    """A set of time limits with its source."""

    id: str
    title: str
    clause: str
    status: str
    classes: Mapping[TimeClass, ClassLimits]


@dataclass(frozen=True, slots=True)
class Limits:
    """Everything in force for one organisation."""

    scheme: Scheme
    classes: Mapping[TimeClass, ClassLimits]
    contest: Period
    follow_up: Period
    reopen: Period
    pause: Period
    extensions: int


def read_schemes(path: Path) -> dict[str, Scheme]:
    """Read the schemes of a file; raises ValueError for a wrong period or an extension of another unit."""
    tables = tomllib.loads(path.read_text(encoding="utf-8"))["scheme"]
    return {table["id"]: _scheme(table) for table in tables}


@cache
def load_schemes() -> Mapping[str, Scheme]:
    """Return the schemes shipped with the product; the first one is the default."""
    return read_schemes(_FILE)


def hotline_numbers() -> Mapping[str, Settable]:
    """Return name → what a locality may set: the scheme, every period, how often a case may be extended."""
    schemes = load_schemes()
    titles = {scheme.id: scheme.title for scheme in schemes.values()}
    default = next(iter(titles))
    chosen = Parameter(
        "scheme", "时限方案", "其余各项没有单独设定时，按此方案。", values=titles, default=default
    )
    found: list[Settable] = [chosen, *_FREE.values(), _EXTENSIONS]
    for kind, limits in schemes[default].classes.items():
        for step, title in _STEPS.items():
            words = f"{CLASS_TITLES[kind]}类：{title}"
            note = "写法：5wd 为工作日，7d 为日，24h 为小时；不填按时限方案。"
            found.append(PeriodNumber(f"{kind}.{step}", words, note, str(getattr(limits, step))))
    return {number.name: number for number in found}


def limits_in_force(decided: Mapping[str, str]) -> Limits:
    """Return the limits under local decisions (name → value); what nobody set comes from the scheme.

    An extension set in another unit than its period falls back to the period itself: nothing else adds up.
    """
    schemes = load_schemes()
    scheme = schemes[decided.get("scheme", next(iter(schemes)))]
    classes = {kind: _decided(kind, scheme.classes[kind], decided) for kind in TimeClass}
    free = {name: _period(decided.get(name, number.default)) for name, number in _FREE.items()}
    return Limits(
        scheme,
        classes,
        free["contest"],
        free["follow_up"],
        free["reopen"],
        free["pause"],
        int(decided.get("extensions", _EXTENSIONS.default)),
    )


_FREE = {
    number.name: number
    for number in (
        PeriodNumber(
            "contest", "退回（派单异议）期限", "责任单位认为派错的，自派单起在此期限内提出。", "1wd"
        ),
        PeriodNumber("follow_up", "回访期限", "办结后在此期限内没有回应的，以“未回应”结案。", "7d"),
        PeriodNumber("pause", "暂停提醒间隔", "计时暂停每满这么久，提醒是否可以恢复。", "30d"),
        PeriodNumber("reopen", "重新办理期限", "结案后反映人可在此期限内要求重新办理。", "15d"),
    )
}
_EXTENSIONS = WholeNumber("extensions", "延期次数", "每件最多可以延期的次数。", 1, 0, 5)


def _decided(kind: TimeClass, default: ClassLimits, decided: Mapping[str, str]) -> ClassLimits:
    found = {
        step: _period(decided.get(f"{kind}.{step}", str(getattr(default, step))))
        for step in ("respond", "resolve", "extension")
    }
    if found["extension"].unit is not found["resolve"].unit:
        found["extension"] = found["resolve"]
    return ClassLimits(**found)


def _scheme(table: Mapping[str, Any]) -> Scheme:
    classes = {kind: _limits(table[kind]) for kind in TimeClass}
    return Scheme(table["id"], table["title"], table["clause"], table["status"], classes)


def _limits(table: Mapping[str, str]) -> ClassLimits:
    found = ClassLimits(**{step: _period(text) for step, text in table.items()})
    if found.extension.unit is not found.resolve.unit:
        raise ValueError("an extension has the unit of its period")
    return found


def _period(text: str) -> Period:
    found = parse_period(text)
    if found is None:
        raise ValueError(f"not a period: {text!r}")
    return found
