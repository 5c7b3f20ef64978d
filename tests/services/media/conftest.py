"""An estate with two residents and staff."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from backend.infra.context import Context
from backend.kernel.access import Role
from tests.factories.people import acting_as, make_resident, make_staff
from tests.factories.places import EstateFixture, make_estate


@dataclass
class Court:
    """The estate and who acts in it."""

    place: EstateFixture
    system: Context
    resident: Context
    neighbour: Context
    committee: Context
    officer: Context


@pytest.fixture
def court(ctx: Context) -> Court:
    """Arrange the estate."""
    place = make_estate(ctx)
    first, second = (acting_as(ctx, make_resident(ctx, home)) for home in place.dwelling_ids[:2])
    committee, officer = (
        acting_as(ctx, make_staff(ctx, role, place.community.id))
        for role in (Role.RESIDENTS_COMMITTEE, Role.GRID_OFFICER)
    )
    return Court(place, ctx, first, second, committee, officer)
