"""Adopting profiles and setting numbers: subtree, history, races, permissions."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy.engine import Engine
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, select

from backend.infra.context import Context, Ports
from backend.infra.crypto import build_vault
from backend.infra.storage import Storage
from backend.kernel.access import SYSTEM, Role
from backend.kernel.clock import local_date
from backend.kernel.errors import Conflict, Forbidden, NotFound, Unprocessable
from backend.ledger.tables import LedgerEvent
from backend.policies import queries, service
from backend.policies.service import AdoptProfile, SetLocalNumber
from backend.policies.tables import LocalNumber, ProfileAdoption
from backend.registry.tables import Organisation
from tests.factories.databases import make_settings
from tests.factories.people import acting_as, make_staff
from tests.factories.phones import FakeExchange
from tests.factories.places import make_community

GANSU = "gansu-2022/inclusion"


def places(ctx: Context) -> tuple[str, str, str]:
    """Return the ids of county, town and community of a new chain."""
    ids = make_community(ctx).path.strip("/").split("/")
    return ids[2], ids[3], ids[4]


def number(ctx: Context, organisation_id: str, value: str = "participating") -> SetLocalNumber:
    day = local_date(ctx.clock.now())
    return SetLocalNumber(organisation_id, GANSU, "consent", value, "区住建局〔2026〕3号", day)


def test_the_nearest_adoption_applies_to_the_subtree(ctx: Context) -> None:
    county, town, community = places(ctx)
    assert queries.profile_for(ctx.session, community) is None
    service.adopt_profile(ctx, AdoptProfile(county, "gansu-2022", "文件甲"))
    found = queries.profile_for(ctx.session, community)
    assert found is not None
    assert (found.profile, found.organisation_id, found.document_title) == ("gansu-2022", county, "文件甲")
    service.adopt_profile(ctx, AdoptProfile(town, "cn-50-2021", "文件乙"))
    nearer = queries.profile_for(ctx.session, community)
    assert nearer is not None
    assert nearer.profile == "cn-50-2021"
    service.end_adoption(ctx, town, nearer.id)
    again = queries.profile_for(ctx.session, community)
    assert again is not None
    assert again.profile == "gansu-2022"
    with pytest.raises(Conflict):
        service.end_adoption(ctx, town, nearer.id)


def test_a_new_adoption_ends_the_former_and_keeps_it_in_the_history(ctx: Context) -> None:
    county, _, _ = places(ctx)
    first = service.adopt_profile(ctx, AdoptProfile(county, "gansu-2022", "文件甲"))
    assert service.adopt_profile(ctx, AdoptProfile(county, "gansu-2022", "文件甲")) == first
    service.adopt_profile(ctx, AdoptProfile(county, "litong-2026", "文件乙"))
    history = queries.adoption_history(ctx.session, county, 10)
    assert [found.profile for found in history] == ["litong-2026", "gansu-2022"]
    assert [found.ended_at is None for found in history] == [True, False]
    assert (
        queries.adoption_history(ctx.session, county, 10, (history[0].adopted_at, history[0].id))
        == history[1:]
    )
    events = ctx.session.exec(select(LedgerEvent).where(LedgerEvent.organisation_id == county)).all()
    assert [event.type for event in events] == ["policy.profile_adopted"] * 2


def test_the_nearest_number_applies_with_its_document(ctx: Context) -> None:
    county, town, community = places(ctx)
    assert queries.parameters_for(ctx.session, community, GANSU) == {}
    service.set_local_number(ctx, number(ctx, county, "roll"))
    assert queries.parameters_for(ctx.session, community, GANSU) == {"consent": "roll"}
    service.set_local_number(ctx, number(ctx, town, "participating"))
    found = queries.resolved_parameters(ctx.session, community, GANSU)["consent"]
    assert (found.value, found.organisation_id, found.document_title) == (
        "participating",
        town,
        "区住建局〔2026〕3号",
    )
    assert queries.parameters_for(ctx.session, county, GANSU) == {"consent": "roll"}
    service.end_local_number(ctx, town, found.id)
    assert queries.parameters_for(ctx.session, community, GANSU) == {"consent": "roll"}
    with pytest.raises(Conflict):
        service.end_local_number(ctx, town, found.id)


def test_a_changed_number_keeps_its_history_and_repeating_changes_nothing(ctx: Context) -> None:
    county, _, _ = places(ctx)
    first = service.set_local_number(ctx, number(ctx, county, "roll"))
    assert service.set_local_number(ctx, number(ctx, county, "roll")).id == first.id
    service.set_local_number(ctx, number(ctx, county, "participating"))
    history = queries.number_history(ctx.session, county, 10)
    assert [(found.value, found.ended_at is None) for found in history] == [
        ("participating", True),
        ("roll", False),
    ]
    assert queries.number_history(ctx.session, county, 1, (history[0].set_at, history[0].id)) == history[1:]


@pytest.mark.parametrize(
    ("rule", "name", "value", "code"),
    [
        (GANSU, "consent", "everybody", "impossible_value"),
        (GANSU, "colour", "roll", "unknown_parameter"),
        ("nobody/knows", "consent", "roll", "unknown_parameter"),
        ("cn-50-2021/inclusion", "consent_share", "1.5", "impossible_value"),
    ],
)
def test_names_and_values_are_checked_against_the_rules(
    ctx: Context, rule: str, name: str, value: str, code: str
) -> None:
    county, _, _ = places(ctx)
    command = replace(number(ctx, county), rule_id=rule, name=name, value=value)
    with pytest.raises(Unprocessable) as refused:
        service.set_local_number(ctx, command)
    assert refused.value.code == code


def test_fractions_are_stored_in_lowest_terms(ctx: Context) -> None:
    county, _, _ = places(ctx)
    command = replace(
        number(ctx, county), rule_id="cn-50-2021/inclusion", name="consent_share", value="75/100"
    )
    assert service.set_local_number(ctx, command).value == "3/4"


def test_a_document_in_the_future_or_missing_is_refused(ctx: Context) -> None:
    county, _, _ = places(ctx)
    tomorrow = local_date(ctx.clock.now()) + timedelta(days=1)
    for command, code in (
        (replace(number(ctx, county), valid_from=tomorrow), "not_yet_valid"),
        (replace(number(ctx, county), document_sha256="0" * 64), "document_missing"),
    ):
        with pytest.raises(Unprocessable) as refused:
            service.set_local_number(ctx, command)
        assert refused.value.code == code
    stored = ctx.storage.put(b"document")
    assert service.set_local_number(ctx, replace(number(ctx, county), document_sha256=stored))
    with pytest.raises(Unprocessable):
        service.adopt_profile(ctx, AdoptProfile(county, "gansu-2022", "文件", "0" * 64))
    with pytest.raises(Unprocessable):
        service.adopt_profile(ctx, AdoptProfile(county, "atlantis-1999", "文件"))


def test_only_the_bureau_writes_and_only_in_its_subtree(ctx: Context) -> None:
    county, town, community = places(ctx)
    elsewhere, _, _ = places(ctx)
    bureau = acting_as(ctx, make_staff(ctx, Role.BUREAU, county))
    assert service.adopt_profile(bureau, AdoptProfile(town, "gansu-2022", "文件")).profile == "gansu-2022"
    with pytest.raises(NotFound):
        service.adopt_profile(bureau, AdoptProfile(elsewhere, "gansu-2022", "文件"))
    committee = acting_as(ctx, make_staff(ctx, Role.RESIDENTS_COMMITTEE, community))
    with pytest.raises(Forbidden):
        service.set_local_number(committee, number(ctx, community))
    ended = queries.profile_for(ctx.session, town)
    assert ended is not None
    with pytest.raises(NotFound):
        service.end_adoption(bureau, county, ended.id)  # another organisation's
    with pytest.raises(NotFound):
        service.end_local_number(bureau, county, "0" * 20)


def test_of_many_settings_at_once_exactly_one_stands(engine: Engine, tmp_path: Path) -> None:
    settings = make_settings(engine.url.render_as_string(hide_password=False), tmp_path)
    vault = build_vault(settings)
    ports = Ports(settings, engine, vault, Storage(tmp_path, vault), FakeExchange())
    with Session(engine, expire_on_commit=False) as session:
        community = make_community(Context(session, SYSTEM, ports, "test"))
        session.commit()
    start = Barrier(6)

    def act(position: int) -> str:
        start.wait()
        with Session(engine) as session:
            ctx = Context(session, SYSTEM, ports, "test")
            try:
                service.adopt_profile(ctx, AdoptProfile(community.id, "gansu-2022", f"文件{position}"))
                service.set_local_number(
                    ctx, replace(number(ctx, community.id), document_title=f"文件{position}")
                )
                session.commit()
            except (Conflict, IntegrityError):
                return "refused"
        return "done"

    with ThreadPoolExecutor(6) as pool:
        outcomes = list(pool.map(act, range(6)))
    with Session(engine) as session:
        for table in (ProfileAdoption, LocalNumber):
            rows = session.exec(select(table)).all()
            assert len([row for row in rows if row.ended_at is None]) == 1
            assert len(rows) == outcomes.count("done")
        assert session.exec(select(Organisation).where(Organisation.id == community.id)).one()
