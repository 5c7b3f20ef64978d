"""While a ballot is open a new binding waits as the ballot's notice says, so that the members can object."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backend.bootstrap import wire_hooks
from backend.identity import service
from backend.identity.hooks import always_wait, registered
from backend.identity.service import BindByCode
from backend.infra.context import Context
from tests.factories.ballots import make_ballot
from tests.factories.people import make_resident
from tests.factories.places import EstateFixture, make_estate
from tests.services.identity.people import again, letter_for, newcomer, with_phone

HOURS = 36


@pytest.fixture(autouse=True)
def wired(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rule as the product wires it, and the tests' own afterwards."""
    monkeypatch.setattr(registered, "waiting_rule", always_wait)
    wire_hooks()


def waits(ctx: Context, estate: EstateFixture, *, by: str) -> float:
    """Bind a newcomer and return for how many hours it does not count."""
    if by == "phone":
        person = with_phone(ctx, estate.phones[0])
        (bound,) = service.bind_by_phone(person)
    else:
        person = newcomer(ctx)
        code = letter_for(ctx, estate.estate.id, estate.dwelling_ids[0])
        bound = service.bind_by_code(person, BindByCode(code, "127.0.0.1"))
    assert bound.effective_at is not None
    hours = (bound.effective_at - ctx.clock.now()) / timedelta(hours=1)
    assert (hours > 0) == (again(ctx, person).actor.homes == ())
    return hours


@pytest.mark.parametrize("state", ["open", "suspended"])
def test_a_phone_match_waits_the_hours_of_the_running_ballot(ctx: Context, state: str) -> None:
    estate = make_estate(ctx, dwellings=2)
    make_ballot(ctx, estate, state=state, parameters={"waiting_hours": HOURS})
    assert HOURS - 0.1 < waits(ctx, estate, by="phone") <= HOURS


@pytest.mark.parametrize("state", ["notice", "final"])
@pytest.mark.parametrize("by", ["phone", "letter"])
def test_no_running_ballot_no_waiting(ctx: Context, state: str, by: str) -> None:
    estate = make_estate(ctx, dwellings=2)
    make_ballot(ctx, estate, state=state)
    make_resident(ctx, estate.dwelling_ids[0])
    assert waits(ctx, estate, by=by) <= 0


@pytest.mark.parametrize(
    ("letters_wait", "bound_already", "hours"),
    [
        (0, "owner", 0),
        (1, None, 0),
        (1, "family", 0),
        (1, "owner", HOURS),
        (1, "co_owner", HOURS),
        (2, None, HOURS),
    ],
)
def test_a_letter_waits_as_the_ballot_says(
    ctx: Context, letters_wait: int, bound_already: str | None, hours: int
) -> None:
    estate = make_estate(ctx, dwellings=2)
    make_ballot(ctx, estate, parameters={"waiting_hours": HOURS, "letters_wait": letters_wait})
    if bound_already:
        make_resident(ctx, estate.dwelling_ids[0], relation=bound_already)
    assert hours - 0.1 < waits(ctx, estate, by="letter") <= hours
