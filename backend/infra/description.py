"""The OpenAPI document's source: models are described when somebody asks for the document."""

from __future__ import annotations

import threading
from typing import Any

from spectree import SpecTree


class LateSpecTree(SpecTree):
    """spectree, which describes every model where a route is declared: half the start of a web process.

    Nobody reads the document in most of them.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._declared: dict[str, tuple[Any, Any]] = {}
        self._describing = threading.Lock()

    def _add_model(self, model: Any, mode: Any = "validation") -> str:
        """Remember the model under its name; of two the later one holds, as in spectree."""
        name = self.naming_strategy(model)
        self._declared[name] = (model, mode)
        return name

    def _generate_spec(self) -> dict[str, Any]:
        """Describe the models and make the document; one thread at a time."""
        with self._describing:
            for model, mode in self._declared.values():
                super()._add_model(model, mode)
            return super()._generate_spec()
