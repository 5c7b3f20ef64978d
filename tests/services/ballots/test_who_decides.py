"""Who may decide what: owners everything but the canvass, and by which rules."""

from __future__ import annotations

import pytest
from sqlalchemy import update
from sqlmodel import col

from backend.ballots.rules.kinds import KINDS
from backend.ballots.service import opening, preparing
from backend.ballots.service.preparing import AddMotion, CreateBallot
from backend.ballots.tables import Ballot
from backend.infra.context import Context
from backend.kernel.errors import Unprocessable
from tests.services.ballots.desk import Office, open_office

OWNERS_MATTERS = sorted(set(KINDS) - {"canvass"})
BY_OWNERS = ("cn-civil-code/general", "cn-civil-code/special", "cn-50-2021/plan")


@pytest.fixture
def office(ctx: Context) -> Office:
    return open_office(ctx, dwellings=1)


def drafted(office: Office, kind: str, **options: object) -> Ballot:
    return preparing.create_ballot(
        office.clerk,
        CreateBallot(office.estate.estate.id, kind, "示例", **options),  # type: ignore[arg-type]
    )


def add(office: Office, ballot: Ballot, *rules: str) -> None:
    preparing.add_motion(office.clerk, AddMotion(ballot.id, "是否同意？", "", rules[0], "理由", rules[1:]))


def test_an_owners_matter_is_never_put_to_households(office: Office) -> None:
    for kind in OWNERS_MATTERS:
        limit = {"max_choices": 1} if kind == "committee_election" else {}
        with pytest.raises(Unprocessable) as refused:
            drafted(office, kind, electorate="households", **limit)
        assert refused.value.fields[0].where == "electorate"
    assert drafted(office, "canvass", electorate="households").electorate == "households"
    assert drafted(office, "canvass", electorate="owners").electorate == "owners"


def test_a_rule_over_area_and_heads_needs_an_owners_roll(office: Office) -> None:
    canvass = drafted(office, "canvass")
    for rule in BY_OWNERS:
        with pytest.raises(Unprocessable):
            add(office, canvass, rule)
        with pytest.raises(Unprocessable):
            add(office, canvass, "gansu-2022/inclusion", rule)
    add(office, drafted(office, "canvass", electorate="owners"), "gansu-2022/inclusion", BY_OWNERS[0])


def test_a_draft_of_earlier_days_is_stopped_before_its_notice(ctx: Context, office: Office) -> None:
    plan = drafted(office, "plan")
    add(office, plan, "gansu-2022/plan", "cn-civil-code/general")
    changed = update(Ballot).where(col(Ballot.id) == plan.id)
    ctx.session.connection().execute(changed.values(electorate="households"))
    ctx.session.expire_all()
    missing = {item.name for item in opening.preflight(office.clerk, plan.id) if not item.is_met}
    assert "electorate" in missing


def test_no_other_vote_than_an_election_limits_ticks_and_so_takes_away_against(office: Office) -> None:
    for kind in sorted(set(KINDS) - {"committee_election"}):
        with pytest.raises(Unprocessable) as refused:
            drafted(office, kind, max_choices=1)
        assert refused.value.fields[0].where == "max_choices"


def test_a_rule_of_surveys_decides_no_ballot(office: Office) -> None:
    with pytest.raises(Unprocessable):
        add(office, drafted(office, "canvass"), "gansu-2022/satisfaction")


def test_a_rule_stands_once_on_a_motion(office: Office) -> None:
    with pytest.raises(Unprocessable):
        add(office, drafted(office, "plan"), "cn-civil-code/general", "cn-civil-code/general")
