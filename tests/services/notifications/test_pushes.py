"""What the room reads by itself: digest, checkpoint, end of the objection days; and the desk around it."""

from __future__ import annotations

import pytest

from backend.ballots.tables import Ballot
from backend.kernel.access import Role
from backend.kernel.errors import Conflict, DomainError, Forbidden, NotFound, Unprocessable
from backend.notifications.rules.templates import Template
from backend.notifications.service import desk
from backend.notifications.service.desk import AddRoom
from bot import delivery, jobs
from tests.factories.people import acting_as, make_staff
from tests.services.notifications.conftest import World


def drain(town: World, rounds: int = 4) -> list[str]:
    for _ in range(rounds):
        delivery.deliver(town.ports, town.ways)
        town.go(seconds=4)
    return [letter.text for letter in town.outside.arrived("robot")]


def test_the_digest_comes_once_a_day_after_its_hour_with_participation_only(town: World) -> None:
    estate = town.estate(4)
    ballot = town.ballot(estate, kind="property_management")
    town.room(estate.community.id)
    town.vote(ballot, estate.dwelling_ids[0])
    assert delivery.post_digests(town.ports) == 0
    town.go_to(18.5)
    assert [delivery.post_digests(town.ports) for _ in range(3)] == [1, 0, 0]
    (text,) = drain(town)
    assert "1 / 4" in text and "1栋 1/4" in text and "还差" in text
    assert not any(word in text for word in ("同意", "反对", "弃权", "通过"))
    town.go_to(18.5, days=1)
    assert delivery.post_digests(town.ports) == 1


def test_each_checkpoint_is_posted_once_and_names_its_root(town: World) -> None:
    estate = town.estate(3)
    ballot = town.ballot(estate)
    town.room(estate.community.id)
    assert delivery.post_checkpoints(town.ports) == 0
    roots = []
    for home in estate.dwelling_ids[:2]:
        town.vote(ballot, home)
        jobs.number_new_votes(town.ports)
        jobs.make_checkpoints(town.ports)
        assert [delivery.post_checkpoints(town.ports) for _ in range(2)] == [1, 0]
        roots.append(drain(town)[-1])
    assert len(set(roots)) == 2
    assert "选票检查点 2：2 条" in roots[1]


def test_the_seal_s_own_root_reaches_the_room(town: World) -> None:
    """The last checkpoint is the one that everybody checks the record with."""
    estate = town.estate(2)
    ballot = town.ballot(estate, days=1)
    town.room(estate.community.id)
    town.vote(ballot, estate.dwelling_ids[0])
    town.go(days=2)
    jobs.close_due_ballots(town.ports)
    jobs.seal_due_ballots(town.ports)
    with town.acting() as ctx:
        assert ctx.session.get_one(Ballot, ballot.ballot_id).state == "sealed"
    assert [delivery.post_checkpoints(town.ports) for _ in range(2)] == [1, 0]
    assert "选票检查点 1：1 条" in drain(town)[0]


def test_the_end_of_the_objection_days_is_told_once(town: World) -> None:
    estate = town.estate(1)
    ballot = town.ballot(estate, state="preliminary")
    town.room(estate.community.id)
    assert delivery.tell_objections_over(town.ports) == 0
    town.go(days=9)
    assert [delivery.tell_objections_over(town.ports) for _ in range(2)] == [1, 0]
    with town.acting() as ctx:
        assert ctx.session.get_one(Ballot, ballot.ballot_id).state == "preliminary"


def test_a_sealed_result_left_unpublished_is_reminded_of_on_the_last_day_and_when_late(town: World) -> None:
    estate = town.estate(1)
    town.ballot(estate, state="sealed")
    town.room(estate.community.id)
    assert delivery.tell_objections_over(town.ports) == 0
    town.go(days=3)
    assert [delivery.tell_objections_over(town.ports) for _ in range(2)] == [1, 0]
    assert "公示期限快到了" in drain(town)[-1]
    town.go(days=4)
    assert [delivery.tell_objections_over(town.ports) for _ in range(2)] == [1, 0]
    assert "仍未公示" in drain(town)[-1]


def test_a_community_without_a_room_costs_nothing(town: World) -> None:
    town.ballot(town.estate(1))
    town.go_to(19)
    assert delivery.post_digests(town.ports) == 0
    assert town.deliveries() == []


def test_a_silenced_room_is_not_written_to(town: World) -> None:
    estate = town.estate(2)
    town.ballot(estate)
    room = town.room(estate.community.id)
    town.go_to(19)
    delivery.post_digests(town.ports)
    with town.acting() as ctx:
        desk.switch_room(ctx, room, False)
    assert drain(town) == []
    assert town.states() == {"permanent_failure": 1}


def test_rooms_are_the_community_s_own_matter(town: World) -> None:
    estate, elsewhere = town.estate(1), town.estate(1)
    with town.acting() as ctx:
        ours = acting_as(ctx, make_staff(ctx, Role.RESIDENTS_COMMITTEE, estate.community.id))
        theirs = acting_as(ctx, make_staff(ctx, Role.RESIDENTS_COMMITTEE, elsewhere.community.id))
        steward = acting_as(
            ctx,
            make_staff(
                ctx, Role.BUILDING_STEWARD, estate.community.id, estate.estate.id, estate.building_ids[0]
            ),
        )
        command = AddRoom(estate.community.id, "居委会群", "693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa")
        added = desk.add_room(ours, command)
        assert command.key not in added.key_sealed
        for actor, refusal in ((ours, Conflict), (theirs, NotFound), (steward, DomainError)):
            with pytest.raises(refusal):
                desk.add_room(actor, command)
        with pytest.raises(Unprocessable):
            desk.add_room(ours, AddRoom(estate.community.id, "x", "https://qyapi"))
        assert [row.id for row in desk.list_rooms(ours, estate.community.id)] == [added.id]
        with pytest.raises(NotFound):
            desk.switch_room(theirs, added.id, False)
        with pytest.raises(Forbidden):
            desk.set_template(ours, "subscribe", "reminder", Template("t", {}))


def test_a_steward_works_off_the_list_of_their_own_building(town: World) -> None:
    with town.acting() as ctx:
        from tests.factories.places import make_estate

        estate = make_estate(ctx, dwellings=4, per_building=2)
    town.ballot(estate, days=3)
    delivery.remind(town.ports)
    first, second = estate.building_ids
    with town.acting() as ctx:
        member = make_staff(ctx, Role.BUILDING_STEWARD, estate.community.id, estate.estate.id, first)
        steward = acting_as(ctx, member)
        entries = desk.list_doorstep(steward, estate.estate.id, first, None, 10)
        assert len(entries) == 2 and {entry.reason for entry in entries} == {"no_binding"}
        for building in (second, None):
            with pytest.raises(NotFound):
                desk.list_doorstep(steward, estate.estate.id, building, None, 10)
        desk.finish_doorstep(steward, entries[0].id, "已当面告知")
        with pytest.raises(Conflict):
            desk.finish_doorstep(steward, entries[0].id, "已当面告知")
        assert len(desk.list_doorstep(steward, estate.estate.id, first, None, 10)) == 1
