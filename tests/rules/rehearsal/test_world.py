"""The rehearsal's synthetic world: exact sums, everybody it is for, fates that hold under any seed."""

from __future__ import annotations

import pytest

from backend.rehearsal.answers import Way
from backend.rehearsal.expected import expect
from backend.rehearsal.litong import LITONG_2026
from backend.rehearsal.report_lines import width_of
from backend.rehearsal.scenario import Fate
from backend.rehearsal.world import build_world, share_out


@pytest.mark.parametrize("seed", [0, 1, 7, 2026, 10**12])
def test_every_world_has_the_documents_sums_to_the_last_unit(seed: int) -> None:
    world = build_world(LITONG_2026, seed)
    homes = [home for estate in world.estates for home in estate.homes]
    places = {(estate.number, home.building) for estate in world.estates for home in estate.homes}
    assert (len(world.estates), len(places), len(homes)) == (25, 82, 3_247)
    assert sum(home.area_centi for home in homes) == 27_610_000
    for estate in world.estates:
        owned = sorted(at for owner in estate.owners for at in owner.homes)
        assert owned == list(range(len(estate.homes)))
        assert len({home.label for home in estate.homes}) == len(estate.homes)


def test_a_world_has_everybody_the_rehearsal_is_for() -> None:
    world = build_world(LITONG_2026, 3)
    owners = [owner for estate in world.estates for owner in estate.owners]
    assert {owner.kind.value for owner in owners} == {"个人", "共有", "产权单位"}
    assert {len(owner.homes) for owner in owners} >= {1, 2, 3}
    assert {owner.canvass.way for owner in owners} == {Way.SILENT, Way.ONLINE, Way.FAMILY, Way.PAPER}
    assert {owner.plan.way for owner in owners} == {Way.SILENT, Way.ONLINE, Way.PAPER, Way.PROXY}
    assert any(owner.canvass.before and owner.canvass.way is Way.ONLINE for owner in owners)
    assert any(owner.canvass.before and owner.canvass.way is Way.PAPER for owner in owners)
    for estate in world.estates:
        for owner in estate.owners:
            if owner.plan.proxy is not None:
                assert estate.owners[owner.plan.proxy].plan.way is Way.ONLINE


@pytest.mark.parametrize("seed", range(12))
def test_fates_hold_under_any_seed(seed: int) -> None:
    for estate in build_world(LITONG_2026, seed).estates:
        canvass, plan = expect(estate, "canvass"), expect(estate, "plan")
        fate, roll = estate.script.fate, canvass.roll.households
        takes_part = 4 * canvass.participating.households >= 3 * roll
        of_roll = all(4 * weights.households >= 3 * roll for weights in canvass.approving)
        of_those = all(
            4 * weights.households >= 3 * canvass.participating.households for weights in canvass.approving
        )
        assert takes_part == (fate is not Fate.FEW_TAKE_PART), (seed, estate.script)
        if fate is Fate.READING_OPEN:
            assert of_those and not of_roll
        else:
            assert of_roll == (fate not in (Fate.FEW_TAKE_PART, Fate.FEW_AGREE)), (seed, estate.script)
        has_quorum = all(
            3 * getattr(plan.participating, basis) >= 2 * getattr(plan.roll, basis)
            for basis in ("area", "heads")
        )
        special = all(
            4 * getattr(plan.approving[1], basis) >= 3 * getattr(plan.participating, basis)
            for basis in ("area", "heads")
        )
        assert has_quorum == (fate is not Fate.NO_QUORUM), (seed, estate.script)
        assert special == (fate is not Fate.SPECIAL_FAILS), (seed, estate.script)


def test_shares_are_exact_and_fair() -> None:
    assert share_out(10, [1, 1, 1]) == [4, 3, 3]
    assert share_out(7, [5, 2]) == [5, 2]
    assert share_out(0, [3, 4]) == [0, 0]


def test_the_table_is_aligned_for_chinese() -> None:
    assert width_of("朝阳家园 12%") == 12
    assert width_of("") == 0
