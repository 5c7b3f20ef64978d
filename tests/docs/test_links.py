"""Links between pages lead somewhere, and no page knows the machine it was written on."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.pages import PAGES, ROOT, anchors_of, links_of

_SOMEBODYS_PLACE = re.compile(r"/(?:home|root|Users|work|tmp)/\S+|[A-Z]:\\Users")


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_leads_somewhere(page: Path) -> None:
    dead = []
    for target in links_of(page):
        path, _, anchor = target.partition("#")
        place = (page.parent / path).resolve() if path else page
        if (
            not place.is_relative_to(ROOT)
            or not place.exists()
            or (anchor and anchor not in anchors_of(place))
        ):
            dead.append(target)
    assert not dead


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_no_page_knows_a_machine(page: Path) -> None:
    assert not _SOMEBODYS_PLACE.findall(page.read_text())


def test_the_documents_hold_no_other_kind_of_file_with_such_a_place() -> None:
    examples = [path for path in (ROOT / "docs").rglob("*") if path.suffix in (".service", ".timer", ".conf")]
    assert examples
    assert not [path.name for path in examples if _SOMEBODYS_PLACE.search(path.read_text())]
