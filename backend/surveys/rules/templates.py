"""Questionnaires that come with the product (``templates``), over catalogues of works (``catalogues``): data files."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from backend.surveys.rules.questions import Form, Option, form_of
from backend.tally.rule import get_rule

_HOME = Path(__file__).parent.parent
BASE_CATALOGUE = "base"
CUSTOM = "custom"
MOST_ITEMS = 30


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What a renovation may consist of under a profile, with the clause it stands in."""

    name: str
    source: str
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class Template:
    """A questionnaire to begin with; ``unit`` is who answers, ``rule`` what a gate counts it by."""

    name: str
    order: int
    title: str
    intro: str
    unit: str
    rule: str | None
    has_items: bool
    has_catalogue: bool
    sections: tuple[Mapping[str, Any], ...]


@cache
def load_catalogues() -> Mapping[str, Catalogue]:
    """Return name → catalogue of the files shipped with the product."""
    found = {}
    for path in sorted((_HOME / "catalogues").glob("*.toml")):
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        options = tuple(
            Option(item["id"], item["title"], group["title"])
            for group in table["group"]
            for item in group["items"]
        )
        found[path.stem] = Catalogue(path.stem, table["source"], options)
    return found


def catalogue_for(profile: str | None) -> Catalogue:
    """Return a profile's own catalogue, else the three classes of the national policy."""
    known = load_catalogues()
    return known.get(profile or "", known[BASE_CATALOGUE])


@cache
def load_templates() -> Mapping[str, Template]:
    """Return name → template in their order; raises KeyError for a rule that does not exist."""
    found = [_template(path) for path in (_HOME / "templates").glob("*.toml")]
    return {template.name: template for template in sorted(found, key=lambda each: each.order)}


def _template(path: Path) -> Template:
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    sections = tuple(table["section"])
    questions = [question for section in sections for question in section.get("question", ())]
    rule = table.get("rule")
    return Template(
        name=path.stem,
        order=table["order"],
        title=table["title"],
        intro=table["intro"],
        unit=table["unit"],
        rule=None if rule is None else get_rule(rule).id,
        has_items=any("each_item" in section for section in sections),
        has_catalogue=any("from_catalogue" in question for question in questions),
        sections=sections,
    )


def build_form(template: Template, items: Sequence[str], catalogue: Catalogue) -> Form:
    """Return the template's form for these works items (titles) over this catalogue; empty sections fall away."""
    sections = [_section(section, items, catalogue) for section in template.sections]
    return form_of({"sections": [section for section in sections if section["questions"]]})


def _section(section: Mapping[str, Any], items: Sequence[str], catalogue: Catalogue) -> dict[str, Any]:
    kept = {name: value for name, value in section.items() if name not in ("question", "each_item")}
    questions = [_question(question, catalogue) for question in section.get("question", ())]
    if "each_item" in section:
        questions += [
            {"id": f"item_{number}", "title": title, **section["each_item"]}
            for number, title in enumerate(items, start=1)
        ]
    return {**kept, "questions": questions}


def _question(question: Mapping[str, Any], catalogue: Catalogue) -> dict[str, Any]:
    kept = dict(question)
    if kept.pop("from_catalogue", False):
        kept["options"] = [
            {"id": option.id, "title": option.title, "group": option.group} for option in catalogue.options
        ]
    return kept
