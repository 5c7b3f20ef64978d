"""The shape of the house: short files, guarded routes, plain names."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import pytest

from backend.infra.web import Access
from tests.api.conftest import World, world  # noqa: F401 - the fixture

ROOT = Path(__file__).parents[2]
PACKAGES = ("backend", "miniprogram_api", "bot", "wechat_simulator", "tests", "migrations", "bench")
HARD_LIMIT = 400
FORBIDDEN_NAMES = {"utils", "helpers", "manager", "data", "info"}


def python_files() -> list[Path]:
    return [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]


def test_no_file_is_longer_than_the_limit() -> None:
    long = {
        str(path): count
        for path in python_files()
        if (count := len(path.read_text().splitlines())) > HARD_LIMIT
    }
    assert not long


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert not [path for path in python_files() if path.stem in FORBIDDEN_NAMES]


BELOW_THE_EDGE = (
    "ballots",
    "complaints",
    "identity",
    "registry",
    "policies",
    "notices",
    "media",
    "projects",
    "notifications",
    "rectification",
    "surveys",
    "ledger",
    "kernel",
    "tally",
)


def _calls(path: Path) -> list[tuple[str, str, int]]:
    """Return every call ``name.attribute(...)`` of a file with its line."""
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
        ):
            found.append((node.func.value.id, node.func.attr, node.lineno))
    return found


def test_nothing_below_the_edge_reads_the_host_clock() -> None:
    offenders = [
        f"{path}:{line}"
        for room in BELOW_THE_EDGE
        for path in (ROOT / "backend" / room).rglob("*.py")
        for name, attribute, line in _calls(path)
        if name in ("datetime", "date") and attribute in ("now", "utcnow", "today")
    ]
    assert not offenders


@pytest.mark.parametrize("door", ["/api/v1/staff", "/api/v1", "/open311/v2"])
def test_every_route_says_who_may_call_it(world: World, door: str) -> None:  # noqa: F811
    rules = [rule for rule in world.app.url_map.iter_rules() if rule.rule.startswith(door)]
    assert rules
    for rule in rules:
        access = world.app.view_functions[rule.endpoint].access  # type: ignore[attr-defined]
        assert isinstance(access, Access), rule
        if rule.rule.startswith("/api/v1/staff"):
            assert access.door == "staff" or rule.endpoint.endswith(".log_in_staff"), rule
        if rule.rule.startswith("/open311"):  # who files shows a key, which the service looks at
            assert access.door == "public", rule


@pytest.mark.parametrize("door", ["backend/staff_api/schemas", "miniprogram_api/schemas"])
def test_a_doors_schemas_have_names_of_their_own(door: str) -> None:
    """The API's document knows a schema by its class's name: a second one of that name would hide the first."""
    names = Counter(
        node.name
        for path in sorted((ROOT / door).glob("*.py"))
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.ClassDef)
    )
    assert [name for name, times in names.items() if times > 1] == []
