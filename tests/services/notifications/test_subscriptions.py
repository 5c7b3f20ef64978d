"""The consent ledger: one accept counts once, however often and by whomever it is told."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backend.infra.context import Context
from backend.kernel.errors import Unprocessable
from backend.notifications.rules.templates import SIMULATED
from backend.notifications.service import followers, subscriptions
from backend.notifications.service.subscriptions import PopupEvent, RecordAnswers
from tests.factories.people import ResidentFixture, acting_as, make_resident
from tests.factories.places import make_estate

REMINDER = SIMULATED["reminder"].template_id  # type: ignore[index] # a StrEnum's value is its key
RECORD = SIMULATED["record"].template_id  # type: ignore[index] # the same


@pytest.fixture
def person(ctx: Context) -> ResidentFixture:
    return make_resident(ctx, make_estate(ctx, dwellings=1).dwelling_ids[0])


def by_phone(ctx: Context, person: ResidentFixture, tap: str, answer: str = "accept") -> None:
    command = RecordAnswers(tap, {REMINDER: answer})
    subscriptions.record_answers(acting_as(ctx, person), command)


def by_wechat(
    ctx: Context, person: ResidentFixture, key: str, answer: str = "accept", minutes: int = 0
) -> None:
    at = ctx.clock.now() + timedelta(minutes=minutes)
    subscriptions.record_callback(ctx, PopupEvent(person.account_id, key, [(REMINDER, answer)], at))


def left(ctx: Context, person: ResidentFixture) -> int:
    asks = subscriptions.templates_to_ask(acting_as(ctx, person), "bind")
    return {ask.purpose: ask.remaining for ask in asks}["reminder"]


def test_a_tap_told_twice_by_the_phone_counts_once(ctx: Context, person: ResidentFixture) -> None:
    by_phone(ctx, person, "tap-00001")
    by_phone(ctx, person, "tap-00001")
    assert left(ctx, person) == 1
    by_phone(ctx, person, "tap-00002")
    assert left(ctx, person) == 2


@pytest.mark.parametrize("order", ["phone first", "wechat first"])
def test_phone_and_callback_tell_of_the_same_tap(ctx: Context, person: ResidentFixture, order: str) -> None:
    tellings = [lambda: by_phone(ctx, person, "tap-00001"), lambda: by_wechat(ctx, person, "push-1")]
    for telling in tellings if order == "phone first" else reversed(tellings):
        telling()
    by_wechat(ctx, person, "push-1")  # WeChat repeats its push
    assert left(ctx, person) == 1


def test_two_taps_told_by_both_count_twice_in_any_order(ctx: Context, person: ResidentFixture) -> None:
    by_phone(ctx, person, "tap-00001")
    by_phone(ctx, person, "tap-00002")
    by_wechat(ctx, person, "push-1")
    by_wechat(ctx, person, "push-2")
    by_wechat(ctx, person, "push-2")
    assert left(ctx, person) == 2


def test_a_callback_counts_when_the_phone_stays_silent(ctx: Context, person: ResidentFixture) -> None:
    by_wechat(ctx, person, "push-1")
    by_phone(ctx, person, "tap-00009", "reject")
    assert left(ctx, person) == 1


def test_a_much_later_tap_is_another_one(ctx: Context, person: ResidentFixture) -> None:
    by_wechat(ctx, person, "push-1", minutes=-90)
    by_phone(ctx, person, "tap-00001")
    assert left(ctx, person) == 2


def test_a_setting_turned_off_ends_what_was_left(ctx: Context, person: ResidentFixture) -> None:
    by_phone(ctx, person, "tap-00001")
    event = PopupEvent(person.account_id, "set-1", [(REMINDER, "reject")], ctx.clock.now(), is_setting=True)
    subscriptions.record_callback(ctx, event)
    assert left(ctx, person) == 0


def test_unknown_templates_are_refused_from_the_phone_and_passed_over_from_wechat(
    ctx: Context, person: ResidentFixture
) -> None:
    with pytest.raises(Unprocessable):
        subscriptions.record_answers(acting_as(ctx, person), RecordAnswers("tap-00001", {"other": "accept"}))
    event = PopupEvent(person.account_id, "p", [("other", "accept"), (RECORD, "accept")], ctx.clock.now())
    subscriptions.record_callback(ctx, event)
    asks = subscriptions.templates_to_ask(acting_as(ctx, person), "vote")
    assert {ask.purpose: ask.remaining for ask in asks} == {"record": 1, "reminder": 0, "result": 0}


def test_what_is_lacking_is_asked_for_first(ctx: Context, person: ResidentFixture) -> None:
    by_phone(ctx, person, "tap-00001")
    asks = subscriptions.templates_to_ask(acting_as(ctx, person), "ballot")
    assert [ask.purpose for ask in asks] == ["record", "result", "reminder"]


def test_consents_stop_at_a_hundred(ctx: Context, person: ResidentFixture) -> None:
    for number in range(103):
        by_phone(ctx, person, f"tap-{number:05d}")
    assert left(ctx, person) == 100


def test_forgetting_an_account_leaves_no_consent_and_no_follower(
    ctx: Context, person: ResidentFixture
) -> None:
    by_phone(ctx, person, "tap-00001")
    followers.link_follower(ctx, person.account_id, "follower")
    assert followers.accounts_of_follower(ctx, "follower") == {"resident": person.account_id}
    assert followers.export_account(ctx, person.account_id)["consents"]
    followers.forget_account(ctx, person.account_id)
    assert followers.accounts_of_follower(ctx, "follower") == {}
    assert followers.export_account(ctx, person.account_id) == {"consents": {}, "messages": []}


def test_one_follower_belongs_to_one_account(ctx: Context, person: ResidentFixture) -> None:
    other = make_resident(ctx, make_estate(ctx, dwellings=1).dwelling_ids[0])
    followers.link_follower(ctx, person.account_id, "follower")
    followers.link_follower(ctx, other.account_id, "follower")
    assert followers.accounts_of_follower(ctx, "follower") == {"resident": other.account_id}
    followers.unlink_follower(ctx, "follower")
    assert followers.accounts_of_follower(ctx, "follower") == {}
