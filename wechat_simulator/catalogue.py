"""What the operator set up at WeChat: templates, published pages; and the formats of message fields."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

from wechat_simulator.answers import Refused

_HAN = "\u3400-\u9fff\U00020000-\U0003ffff"
_CLOCK = r"\d{1,2}:\d{2}(:\d{2})?"
_DAY = r"\d{4}年\d{1,2}月\d{1,2}日"
# Own table, not the product's: two readings of the same page check each other.
_FORMATS = {
    "thing": r"[^\n]{1,20}",
    "number": r"[0-9.]{1,32}",
    "letter": r"[A-Za-z]{1,32}",
    "symbol": r"[^\w\s]{1,5}",
    "character_string": r"[!-~][ -~]{0,31}",
    "time": rf"({_DAY} )?{_CLOCK}",
    "date": rf"{_DAY}( {_CLOCK})?",
    "amount": r"\D?\d{1,10}(\.\d+)?元?",
    "phone_number": r"[\d\W]{1,17}",
    "car_number": r".{1,8}",
    "name": rf"[{_HAN}]{{1,10}}|[A-Za-z\W]{{1,20}}",
    "phrase": rf"[{_HAN}]{{1,5}}",
    "const": r".{1,20}",
}
_PATTERNS = {kind: re.compile(pattern) for kind, pattern in _FORMATS.items()}
_FIELD = re.compile(r"([a-z_]+?)\d{1,2}")


@dataclass(frozen=True, slots=True)
class Template:
    """A template that the operator chose; ``fields`` empty: any; ``labels`` as the phone shows them."""

    template_id: str
    title: str
    fields: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)


class Catalogue:
    """As long as no template (page) is registered, every one is taken; thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._templates: dict[str, Template] = {}
        self._pages: set[str] = set()

    def add(self, templates: list[Template], pages: list[str]) -> None:
        """Register templates and pages."""
        with self._lock:
            self._templates.update((template.template_id, template) for template in templates)
            self._pages.update(pages)

    def title(self, template_id: str) -> str:
        """Return what the phone shows above a message."""
        with self._lock:
            found = self._templates.get(template_id)
        return found.title if found else template_id

    def label(self, template_id: str, name: str) -> str:
        """Return what the phone shows before a field."""
        with self._lock:
            found = self._templates.get(template_id)
        return found.labels.get(name, name) if found else name

    def check_page(self, page: object) -> None:
        """Refuse 41030 a page that is not published."""
        path = str(page or "").partition("?")[0]
        with self._lock:
            if path.startswith("/") or (self._pages and path and path not in self._pages):
                raise Refused(41030)

    def check(self, template_id: object, data: object) -> dict[str, str]:
        """Return the fields' texts; refuses 40037 an unknown template, 47003 a field that does not fit."""
        with self._lock:
            template = self._templates.get(str(template_id))
            if not template_id or (self._templates and template is None):
                raise Refused(40037)
        values = field_texts(data)
        missing = [name for name in (template.fields if template else ()) if name not in values]
        for name in missing:
            raise Refused(47003, f"data.{name}.value is empty")
        for name, value in values.items():
            _check_field(name, value)
        return values


def field_texts(data: object) -> dict[str, str]:
    """Return ``{"thing1": {"value": …}}`` as texts; refuses 47003 any other shape."""
    if not isinstance(data, Mapping) or not data:
        raise Refused(47003, "data is empty")
    texts = {}
    for name, holder in data.items():
        value = holder.get("value") if isinstance(holder, Mapping) else None
        if not isinstance(value, str | int | float):
            raise Refused(47003, f"data.{name}.value invalid")
        texts[str(name)] = str(value)
    return texts


def _check_field(name: str, value: str) -> None:
    kind = _FIELD.fullmatch(name)
    if kind is None or kind[1] not in _PATTERNS:
        raise Refused(47003, f"data.{name} invalid")
    if not value.strip():
        raise Refused(47003, f"data.{name}.value is empty")
    if not _PATTERNS[kind[1]].fullmatch(value):
        raise Refused(47003, f"data.{name}.value invalid")
