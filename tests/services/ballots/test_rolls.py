"""From the registry to the roll and to the count: whose head, which dwelling, which place."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import insert, update
from sqlmodel import col, select

from backend.ballots import queries
from backend.ballots.queries.tally import count_ballot
from backend.ballots.rules.documents import bind_documents, motions_text
from backend.ballots.service import closing, opening, preparing, serving
from backend.ballots.service.preparing import AddMotion, CreateBallot
from backend.ballots.tables import Ballot, RollEntry, Vote
from backend.infra.context import Context
from backend.kernel.access import Role
from backend.kernel.clock import local_date
from backend.kernel.errors import Unprocessable
from backend.kernel.ids import new_id
from backend.notices import queries as notices
from backend.registry.service import OpenDisplay, open_roll_display
from backend.registry.tables import Dwelling, Entrance, Owner
from tests.factories.people import acting_as, make_staff
from tests.factories.places import EstateFixture, make_estate

DAY = timedelta(days=1)
PARKING_RULE = "《示例市业主大会规则》第十条（虚构）"
RULES = {
    "canvass": "gansu-2022/inclusion",
    "plan": "gansu-2022/plan",
    "building_matter": "cn-civil-code/general",
}


@pytest.fixture
def estate(ctx: Context) -> EstateFixture:
    """Eight dwellings in two buildings: two unsold under different keys, a shop, a parking space, four homes."""
    made = make_estate(ctx, dwellings=8, per_building=4)
    stock = update(Owner).where(col(Owner.id).in_(made.owner_ids[:2])).values(kind="developer_stock")
    ctx.session.connection().execute(stock)
    for number, use in ((2, "shop"), (3, "parking")):
        changed = update(Dwelling).where(col(Dwelling.id) == made.dwelling_ids[number])
        ctx.session.connection().execute(changed.values(use=use, is_household=False))
    ctx.session.expire_all()
    committee = acting_as(ctx, make_staff(ctx, Role.RESIDENTS_COMMITTEE, made.community.id))
    today = local_date(ctx.clock.now())
    open_roll_display(committee, OpenDisplay(made.estate.id, today, today + 7 * DAY))
    return made


def opened(
    ctx: Context,
    estate: EstateFixture,
    kind: str,
    parameters: Mapping[str, int] | None = None,
    place: tuple[str | None, str | None] = (None, None),
    **cited: str,
) -> Ballot:
    """Take a ballot from its draft over notice, checks and service to its opening, and let its window begin."""
    committee = acting_as(ctx, make_staff(ctx, Role.RESIDENTS_COMMITTEE, estate.community.id))
    command = CreateBallot(estate.estate.id, kind, "示例", *place, parameters=parameters or {}, **cited)  # type: ignore[arg-type] # passed through
    ballot = preparing.create_ballot(committee, command)
    preparing.add_motion(committee, AddMotion(ballot.id, "是否同意？", "", RULES[kind], "理由"))
    if kind == "plan":
        plan = committee.storage.put(b"the plan")
        preparing.add_document(committee, ballot.id, plan, "方案", "application/pdf")
    opens_at = ctx.clock.now() + 17 * DAY
    preparing.set_window(committee, ballot.id, (opens_at, opens_at + 10 * DAY), None)
    opening.publish_notice(committee, ballot.id)
    for name in ("roll_checked", "committee_told", "posted_on_site"):
        preparing.state_check(committee, ballot.id, name, "已完成", None)
    homes = tuple(row.dwelling_id for row in roll_of(ctx, ballot.id).values())
    served = serving.RecordService(ballot.id, "in_person", dwelling_ids=homes, note="当面送达")
    serving.record_service(committee, served)
    opening.open_ballot(committee, ballot.id)
    return let_window(ctx, ballot.id, ctx.clock.now() - DAY, ctx.clock.now() + DAY)


def let_window(ctx: Context, ballot_id: str, *window: object) -> Ballot:
    changed = update(Ballot).where(col(Ballot.id) == ballot_id)
    ctx.session.connection().execute(changed.values(opens_at=window[0], closes_at=window[1]))
    ctx.session.expire_all()
    return ctx.session.get_one(Ballot, ballot_id)


def roll_of(ctx: Context, ballot_id: str) -> dict[str, RollEntry]:
    rows = ctx.session.exec(select(RollEntry).where(RollEntry.ballot_id == ballot_id))
    return {row.dwelling_id: row for row in rows}


def totals(ballot: Ballot) -> tuple[int | None, int | None, int | None]:
    return ballot.roll_heads, ballot.roll_households, ballot.roll_area_centi


def give(ctx: Context, ballot: Ballot, papers: Mapping[str, str]) -> None:
    roll = roll_of(ctx, ballot.id)
    rows = [
        {
            "receipt": secrets.token_hex(6),
            "ballot_id": ballot.id,
            "roll_entry_id": roll[home].id,
            "request_hash": b"x",
            "channel": "online",
            "arrived_as": "standing",
            "state": "standing",
            "choices": letters,
            "documents_hash": ballot.documents_hash,
            "nonce": b"n" * 32,
            "cast_at": ctx.clock.now(),
        }
        for home, letters in papers.items()
    ]
    ctx.session.execute(insert(Vote), rows)


def test_unsold_stock_is_one_head_whatever_its_keys_and_is_divided_like_any(
    ctx: Context, estate: EstateFixture
) -> None:
    ballot = opened(ctx, estate, "plan")
    assert totals(ballot) == (6, 6, 7 * 8000)  # the stock, the shop, four homes
    first, second, shop = estate.dwelling_ids[:3]
    roll = roll_of(ctx, ballot.id)
    assert roll[first].head_no == roll[second].head_no
    give(ctx, ballot, {first: "f", second: "a", shop: "f"})
    [motion] = count_ballot(ctx.session, ballot)
    sums = motion.counts[0].sums
    assert (sums.participating.heads, sums.approving.heads, sums.divided_heads) == (2, 1, 1)
    assert (sums.participating.households, sums.approving.area) == (2, 16000)


def test_shops_and_parking_stay_off_the_roll_of_households(ctx: Context, estate: EstateFixture) -> None:
    ballot = opened(ctx, estate, "canvass")
    homes = [home for number, home in enumerate(estate.dwelling_ids) if number not in (2, 3)]
    assert sorted(roll_of(ctx, ballot.id)) == sorted(homes)
    assert totals(ballot) == (5, 6, 6 * 8000)


def test_parking_stands_on_the_owners_roll_where_the_local_rule_counts_it(
    ctx: Context, estate: EstateFixture
) -> None:
    parking = estate.dwelling_ids[3]
    assert parking not in roll_of(ctx, opened(ctx, estate, "plan").id)
    counted = opened(ctx, estate, "plan", {"count_parking": 1}, parking_rule=PARKING_RULE)
    assert not roll_of(ctx, counted.id)[parking].is_household
    assert totals(counted) == (7, 6, 8 * 8000)
    assert parking not in roll_of(
        ctx, opened(ctx, estate, "canvass", {"count_parking": 1}, parking_rule=PARKING_RULE).id
    )


def test_parking_counts_only_under_a_cited_rule_that_the_votes_are_bound_to(
    ctx: Context, estate: EstateFixture
) -> None:
    committee = acting_as(ctx, make_staff(ctx, Role.RESIDENTS_COMMITTEE, estate.community.id))
    uncited = CreateBallot(estate.estate.id, "plan", "示例", parameters={"count_parking": 1})
    wrong = [
        (uncited, "parking_rule"),
        (replace(uncited, parking_rule=" "), "parking_rule"),
        (replace(uncited, parking_rule="字" * 201), "parking_rule"),
        (replace(uncited, parking_rule=PARKING_RULE, parking_document="0" * 64), "parking_document"),
        (replace(uncited, parking_rule=PARKING_RULE, parameters={}), "parking_rule"),
    ]
    for command, where in wrong:
        with pytest.raises(Unprocessable) as refused:
            preparing.create_ballot(committee, command)
        assert [field.where for field in refused.value.fields] == [where]
    stored = ctx.storage.put(b"%PDF-1.7 the rule")
    ballot = opened(
        ctx, estate, "plan", {"count_parking": 1}, parking_rule=PARKING_RULE, parking_document=stored
    )
    assert (ballot.parking_rule, ballot.parking_document) == (PARKING_RULE, stored)
    documents = {row.title: row for row in queries.documents_of(ctx.session, ballot.id)}
    assert set(documents) == {"方案", "单独登记的车位计入名册的依据", PARKING_RULE}
    assert (documents[PARKING_RULE].sha256, documents[PARKING_RULE].media_type) == (stored, "application/pdf")
    text = motions_text(
        [(row.id, row.title, row.body, (row.rule_id,)) for row in queries.motions_of(ctx.session, ballot.id)]
    )
    assert ballot.documents_hash == bind_documents(text, [row.sha256 for row in documents.values()])
    told = [row.body for row in notices.notices_about(ctx.session, "ballot", ballot.id)]
    line = f"单独登记的车位计入名册的依据：{PARKING_RULE}（文本校验码 SHA-256：{stored}）。"
    assert sum(line in body for body in told) == 1


def test_a_ballot_of_one_entrance_counts_that_entrance_alone(ctx: Context, estate: EstateFixture) -> None:
    building, entrance = estate.building_ids[1], new_id()
    ctx.session.execute(insert(Entrance), [{"id": entrance, "building_id": building, "code": "2"}])
    inside = estate.dwelling_ids[5:]
    moved = update(Dwelling).where(col(Dwelling.id).in_(inside)).values(entrance_id=entrance)
    ctx.session.connection().execute(moved)
    ctx.session.expire_all()
    ballot = opened(ctx, estate, "building_matter", place=(building, entrance))
    assert sorted(roll_of(ctx, ballot.id)) == sorted(inside)
    give(ctx, ballot, {inside[0]: "f", inside[1]: "f"})
    let_window(ctx, ballot.id, ctx.clock.now() - 9 * DAY, ctx.clock.now() - timedelta(seconds=1))
    closing.close_ballot(ctx, ballot.id)
    ctx.session.expire_all()
    sealed = closing.seal_ballot(ctx, ballot.id)
    assert sealed is not None
    [motion] = sealed.result
    assert motion["outcome"] == "passed"
    quorum = motion["rules"][0]["tests"][0]
    assert (quorum["numerator"], quorum["denominator"]) == ("160.00", "240.00")
