"""Nothing joins what is shown but five at a time, and the newest five never."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from backend.surveys.rules.counts import ANSWERED
from backend.surveys.rules.joining import NEW, due, settle
from backend.tally.small_groups import FEWEST


@given(st.lists(st.booleans(), max_size=30), st.sampled_from((0, FEWEST)))
def test_five_new_ones_join_or_nobody_and_the_newest_stay_out(news: list[bool], kept: int) -> None:
    waiting = list(enumerate(news))
    joining = due(waiting, lambda each: each[1], kept=kept)
    new = [each for each in waiting if each[1]]
    assert (len([each for each in joining if each[1]]) >= FEWEST) == bool(joining)
    assert bool(joining) == (len(new) >= FEWEST + kept)
    if joining:
        assert [each for each in waiting if each not in joining] == new[len(new) - kept :]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(-2, 2)), max_size=30))
def test_what_is_held_and_what_moves_is_all_that_came(batches: list[tuple[int, int]]) -> None:
    held: dict[tuple[str, str], int] = {}
    shown = came = 0
    for new, changed in batches:
        change = {("why", ANSWERED): new + changed, ("why", "x"): new + changed}
        into, beside = settle({key: n for key, n in change.items() if n}, {"why": new}, held)
        held = {key: n for key in held.keys() | beside.keys() if (n := held.get(key, 0) + beside.get(key, 0))}
        came += new + changed
        step = into.get(("why", ANSWERED), 0)
        assert step == 0 or step >= FEWEST
        assert not step or ("why", NEW) not in held
        shown += step
        assert shown + held.get(("why", ANSWERED), 0) == came
        assert into.get(("why", "x"), 0) == step
