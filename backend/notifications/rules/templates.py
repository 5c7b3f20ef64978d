"""What a subscription template must hold, and the ones used where no real WeChat is (demo, rehearsal, tests)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from backend.notifications.rules.kinds import Purpose

# Our names for a template's fields: what it is about, when, and one line more.
FIELD_NAMES = ("title", "time", "note")


@dataclass(frozen=True, slots=True)
class Template:
    """A template and, for each of our fields, its key in it (``thing1``, ``time2``)."""

    template_id: str
    fields: Mapping[str, str]


_FIELDS = {"title": "thing1", "time": "time2", "note": "thing3"}
SIMULATED: Mapping[str, Template] = {
    purpose: Template(f"demo-template-{purpose}", _FIELDS)
    for purpose in (Purpose.REMINDER, Purpose.RECORD, Purpose.RESULT)
}

# A text message's parameters have an order instead of names.
SIMULATED_SMS: Mapping[str, Template] = {
    Purpose.FOLLOW_UP: Template(f"demo-template-{Purpose.FOLLOW_UP}", {})
}


def fill(template: Template, payload: Mapping[str, str]) -> dict[str, str]:
    """Return the template's values from ours; fields the template lacks are left out."""
    return {key: payload[name] for name, key in template.fields.items() if name in payload}


MOST_THING = 20


# As long as any message of ours: what a template cannot hold of this, it can hold of none.
SAMPLE = {
    "title": "关于改造方案及资金分摊办法的表决（第二",
    "time": "2026年10月31日 23:59",
    "note": "申请绑定为公房承租人，不对请点这里",
}


def short(text: str) -> str:
    """Return at most 20 characters, WeChat's limit of a ``thing``, with an ellipsis where something was cut."""
    clean = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    return clean if len(clean) <= MOST_THING else clean[: MOST_THING - 1] + "…"
