"""Keys of outside systems: shown once, kept blind, told from each other, ended at once, and nobody else's to make."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlmodel import select

from backend.identity import service
from backend.identity.errors import WrongKey
from backend.identity.rules.api_keys import could_be_key, new_key
from backend.identity.service import CreateApiKey
from backend.identity.tables import ApiKey
from backend.infra.context import Context
from backend.kernel.access import Role
from backend.kernel.clock import end_of_day, local_date
from backend.kernel.errors import Forbidden, NotFound, Unprocessable
from backend.ledger.tables import LedgerEvent
from tests.factories.people import acting_as, make_staff
from tests.factories.places import make_community


def created(ctx: Context, organisation_id: str, days: int = 30, daily: int = 1000) -> service.IssuedApiKey:
    expires_on = local_date(ctx.clock.now()) + timedelta(days=days)
    return service.create_api_key(ctx, CreateApiKey(organisation_id, "某平台", expires_on, daily))


def test_the_secret_is_told_once_and_kept_nowhere(ctx: Context) -> None:
    community = make_community(ctx)
    made = created(ctx, community.id)
    ctx.session.flush()
    row = ctx.session.get_one(ApiKey, made.view.id)
    events = ctx.session.exec(select(LedgerEvent).where(LedgerEvent.subject_id == row.id)).all()
    kept = f"{row.model_dump()} {[event.model_dump() for event in events]}"
    assert made.secret not in kept and made.secret not in repr(made)
    assert made.view.hint == made.secret[-4:]
    assert [event.type for event in events] == ["api_key.created"]
    assert "某平台" not in str(events[0].payload)


def test_a_key_tells_who_is_behind_it(ctx: Context) -> None:
    first, second = make_community(ctx), make_community(ctx)
    keys = {place.id: created(ctx, place.id).secret for place in (first, second)}
    for place in (first, second):
        found = service.recognise_key(ctx, keys[place.id])
        assert (found.organisation_id, found.organisation_path) == (place.id, place.path)
    assert service.use_key(ctx, keys[first.id]).organisation_id == first.id
    shown = {view.organisation_id: view.last_used_on for view in service.list_api_keys(ctx, None, 100)}
    assert shown[first.id] == local_date(ctx.clock.now()) and shown[second.id] is None


def test_missing_unknown_revoked_and_expired_keys_are_refused_alike(ctx: Context) -> None:
    community = make_community(ctx)
    good, revoked, expired = (created(ctx, community.id) for _ in range(3))
    service.revoke_api_key(ctx, revoked.view.id)
    row = ctx.session.get_one(ApiKey, expired.view.id)
    row.created_at -= timedelta(days=40)
    row.expires_at = ctx.clock.now()
    ctx.session.add(row)
    ctx.session.flush()
    said = set()
    for secret in ("", "x", new_key(), good.secret[:-1], good.secret.upper(), revoked.secret, expired.secret):
        for recognise in (service.recognise_key, service.use_key):
            with pytest.raises(WrongKey) as refused:
                recognise(ctx, secret)
            said.add((refused.value.code, refused.value.message))
    assert len(said) == 1
    assert service.recognise_key(ctx, good.secret).key_id == good.view.id


def test_a_key_ends_with_its_last_day(ctx: Context) -> None:
    made = created(ctx, make_community(ctx).id, days=1)
    assert made.view.expires_at == end_of_day(local_date(ctx.clock.now()) + timedelta(days=1))


@pytest.mark.parametrize(("days", "daily"), [(0, 1), (-1, 1), (731, 1), (30, 0), (30, 100_001)])
def test_impossible_keys_are_refused(ctx: Context, days: int, daily: int) -> None:
    with pytest.raises(Unprocessable):
        created(ctx, make_community(ctx).id, days, daily)


def test_only_bureau_and_administrator_make_keys_and_only_below_themselves(ctx: Context) -> None:
    community, other = make_community(ctx), make_community(ctx)
    county = community.path.strip("/").split("/")[2]
    bureau = acting_as(ctx, make_staff(ctx, Role.BUREAU, county))
    made = created(bureau, community.id)
    foreign = created(ctx, other.id)
    with pytest.raises(NotFound):
        created(bureau, other.id)
    with pytest.raises(NotFound):
        service.revoke_api_key(bureau, foreign.view.id)
    with pytest.raises(NotFound):
        service.list_api_keys(bureau, other.id, 10)
    assert [view.id for view in service.list_api_keys(bureau, None, 10)] == [made.view.id]
    assert [view.id for view in service.list_api_keys(bureau, county, 10)] == [made.view.id]
    clerk = acting_as(ctx, make_staff(ctx, Role.RESIDENTS_COMMITTEE, community.id))
    with pytest.raises(Forbidden):
        created(clerk, community.id)


def test_revoking_twice_is_one_event(ctx: Context) -> None:
    made = created(ctx, make_community(ctx).id)
    for _ in range(2):
        service.revoke_api_key(ctx, made.view.id)
    wanted = select(LedgerEvent.type).where(LedgerEvent.subject_id == made.view.id)
    assert sorted(ctx.session.exec(wanted)) == ["api_key.created", "api_key.revoked"]


def test_keys_look_like_keys() -> None:
    assert could_be_key(new_key()) and len({new_key() for _ in range(100)}) == 100
    assert not any(could_be_key(text) for text in ("", "gjk_", "gjk_" + "O" * 40, new_key() + "\n"))
