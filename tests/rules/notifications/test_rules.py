"""Rules as data, outcomes, texts: what is told, what an answer means, and that nothing secret is in it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from backend.complaints.rules.states import TRANSITIONS, Action
from backend.complaints.service.steps import EVENTS
from backend.notifications.rules import complaints, rooms, surveys, templates, texts
from backend.notifications.rules.kinds import KINDS, RULES, TAPS, TOLD_RELATIONS, Audience, Purpose, rules_for
from backend.notifications.rules.outcomes import (
    Came,
    Consent,
    Outcome,
    channel_after,
    decide,
    pause_of,
    template_rest_of,
)
from backend.notifications.rules.timing import MOST_TRIES
from backend.tally.weight import Basis

NOW = datetime(2026, 6, 10, 4, tzinfo=UTC)


def test_every_rule_names_a_kind_and_no_event_is_told_twice_to_the_same_people() -> None:
    assert {rule.kind for rule in RULES} <= set(KINDS)
    assert len({(rule.event, rule.audience) for rule in RULES}) == len(RULES)
    assert rules_for("ballot.created") == ()


def test_told_at_once_knows_no_quiet_hours_and_no_tenant() -> None:
    for event in (
        "binding.requested",
        "binding.activated",
        "vote.recorded",
        "vote.reviewed",
        "survey.answered",
    ):
        (rule,) = rules_for(event)
        kind = KINDS[rule.kind]
        assert kind.is_urgent and not kind.is_reminder and kind.priority == 0
    assert not {"tenant", "public_tenant", "proxy"} & set(TOLD_RELATIONS)


def test_a_popup_asks_for_at_most_three_templates() -> None:
    assert all(len(set(purposes)) == len(purposes) <= 3 for purposes in TAPS.values())
    assert all(Purpose.ROOM not in purposes for purposes in TAPS.values())


@pytest.mark.parametrize(
    ("came", "state", "consent", "advance"),
    [
        (Came.SENT, "delivered", Consent.USED, False),
        (Came.UNKNOWN, "unknown", Consent.USED, False),
        (Came.REFUSED, "permanent_failure", Consent.GONE, True),
        (Came.PERMANENT, "permanent_failure", Consent.BACK, True),
        (Came.QUOTA, "passing_failure", Consent.BACK, False),
        (Came.CONFIGURATION, "passing_failure", Consent.BACK, False),
        (Came.PASSING, "passing_failure", Consent.BACK, False),
    ],
)
def test_what_follows_from_an_answer(came: Came, state: str, consent: Consent, advance: bool) -> None:
    following = decide(Outcome(came), 0, NOW)
    assert (following.state, following.consent, following.advance) == (state, consent, advance)


def test_a_wrong_template_rests_its_own_messages_and_no_channel() -> None:
    for code in ("40037", "41030"):
        assert pause_of(Outcome(Came.CONFIGURATION, code)) is None
        assert decide(Outcome(Came.CONFIGURATION, code), 0, NOW).try_at == NOW + timedelta(hours=1)
        assert template_rest_of(Outcome(Came.CONFIGURATION, code)) == timedelta(hours=1)
    assert pause_of(Outcome(Came.CONFIGURATION, "40164")) == timedelta(minutes=10)


def test_passing_failures_end_and_quota_never_counts() -> None:
    last = decide(Outcome(Came.PASSING), MOST_TRIES - 1, NOW)
    assert (last.state, last.advance) == ("technical_failure", True)
    waits = decide(Outcome(Came.QUOTA, "45009", timedelta(seconds=60)), MOST_TRIES, NOW)
    assert waits.try_at == NOW + timedelta(seconds=60) and not waits.counts_try


def test_channels_are_tried_in_order() -> None:
    route = ",".join(KINDS["reminder"].route)
    assert channel_after(route, "subscribe") == "official_account"
    assert channel_after(route, "official_account") == "sms"
    assert channel_after(route, "sms") is None


def test_the_time_of_a_message_is_shanghai_s() -> None:
    assert texts.moment(datetime(2026, 6, 30, 16, 5, tzinfo=UTC)) == "2026年7月1日 00:05"


def test_every_field_keeps_wechat_s_limit_however_long_the_title() -> None:
    title = "关于改造方案及资金分摊办法的表决（第二次，含补充材料与说明）"
    abouts = [
        texts.vote_recorded(title, NOW, texts.Recorded(channel, waits), "b", "e")
        for channel in ("online", "paper", "proxy", "legacy")
        for waits in (False, True)
    ]
    abouts += [texts.vote_decided(title, NOW, accepted, "b", "e") for accepted in (True, False)]
    abouts += [texts.reminder(title, NOW, "b", name) for name in ("T-7", "T-3", "last")]
    abouts += [
        texts.news(kind, title, NOW, "b") for kind in ("result_shown", "result_final", "ballot_stopped")
    ]
    abouts += [
        texts.binding_changed(kind, NOW, relation, "x", "h")
        for kind in ("binding_asked", "binding_made", "binding_ended", "binding_left")
        for relation in ("owner", "representative", "public_tenant", "family", "tenant")
    ]
    abouts += [surveys.for_home(name, title, NOW, "s") for name in ("opened", "T-3", "last")]
    abouts += [
        surveys.recorded(title, NOW, channel, "s", "h") for channel in ("doorstep", "telephone", "paper")
    ]
    abouts.append(complaints.question("123456789012", NOW))
    abouts.append(texts.mandate_confirmed(title, NOW, "m", "b"))
    abouts.append(texts.near_quorum(title, NOW, "b", "还差 12 户，还差 1234567.00 平方米"))
    for about in abouts:
        assert set(about.payload) == set(templates.FIELD_NAMES)
        assert len(about.payload["title"]) <= 20 and len(about.payload["note"]) <= 20
        assert not about.page.startswith("/")


def test_answers_written_down_by_others_carry_a_tap_to_object_and_no_answer() -> None:
    about = surveys.recorded("满意度调查", NOW, "paper", "survey1", "home1")
    assert about.page == "pages/objection/index?about=survey&dwelling=home1&survey=survey1"
    assert about.payload["note"] == "纸质问卷已替您登记，不对请点这里"
    assert not surveys.is_recorded_by_others("online")


def test_a_text_message_has_nothing_to_tap() -> None:
    how = texts.Recorded("paper")
    abouts = [
        texts.vote_recorded("加装电梯", NOW, how, "ballot1", "home1"),
        texts.news("result_shown", "加装电梯", NOW, "ballot1"),
        texts.news("result_final", "加装电梯", NOW, "ballot1"),
        surveys.recorded("满意度调查", NOW, "paper", "survey1", "home1"),
        *(complaints.for_reporter(step, "123456789012", NOW) for step in ("declined", "paused", "closed")),
    ]
    notes = [texts.sms(about.payload)[2] for about in abouts]
    assert notes[:2] == ["您家的纸质票已登记，不对请联系社区", "结果已公示，有异议请联系社区"]
    assert not [note for note in notes if "点这" in note or "点此" in note or len(note) > 20]


# What reporters know without being told: they did it themselves, it is between staff, or it waits for a decision.
_NOT_TOLD = {
    Action.HAND_UP,
    Action.DISPUTE,
    Action.RECLASSIFY,
    Action.DISPATCH,
    Action.CONTEST,
    Action.REQUEST_EXTENSION,
    Action.REFUSE_EXTENSION,
    Action.SUPERVISE,
    Action.FOLLOW_UP,
    Action.WITHDRAW,
    Action.RECOMPUTE,
}


@pytest.mark.parametrize("action", sorted(set(TRANSITIONS) - _NOT_TOLD))
def test_every_other_step_of_a_complaint_reaches_its_reporter(action: Action) -> None:
    heard = {rule.audience for rule in rules_for(f"complaint.{EVENTS[action]}")}
    assert heard & {Audience.REPORTER, Audience.ASKED}
    if Audience.ASKED in heard:
        assert heard >= {Audience.ASKED_BY_PHONE, Audience.FOLLOWERS}
    told = complaints.for_reporter(EVENTS[action], "123456789012", NOW)
    assert told.payload["title"] == "投诉1234-5678-9012" and "…" not in told.payload["note"]


def test_a_text_message_with_the_question_says_nothing_of_the_case() -> None:
    kept = complaints.question_by_phone(NOW).payload
    assert "note" not in kept
    assert texts.sms(complaints.with_code(kept, "abc")) == ["社区服务回访", kept["time"], "abc"]
    assert not any(word in str(kept) for word in ("投诉", "反映", "1234"))


def test_a_notice_of_a_vote_carries_a_tap_to_object_and_no_choice() -> None:
    about = texts.vote_recorded("方案表决", NOW, texts.Recorded("paper"), "ballot1", "home1")
    assert about.page == "pages/objection/index?about=vote&dwelling=home1&ballot=ballot1"
    assert "纸质票" in about.payload["note"]
    assert not any(word in str(about.payload) for word in ("同意", "反对", "弃权"))


def test_notes_are_not_cut_short() -> None:
    for channel in ("online", "paper", "proxy", "legacy"):
        how = texts.Recorded(channel, waits=True)
        assert "…" not in texts.vote_recorded("表决", NOW, how, "b", "e").payload["note"]
    assert "…" not in texts.news("result_shown", "表决", NOW, "b").payload["note"]
    assert "…" not in texts.mandate_confirmed("表决", NOW, "b", "h").payload["note"]
    for relation in ("representative", "public_tenant"):
        assert "…" not in texts.binding_changed("binding_made", NOW, relation, "b", "h").payload["note"]


def test_a_push_says_what_lacks_where_there_is_room_for_it() -> None:
    assert texts.near_quorum("表决", NOW, "b", "还差 12 户").payload["note"] == "参与还差 12 户，您家还没投票"
    note = texts.near_quorum("表决", NOW, "b", "还差 395.83 平方米，还差 6 人").payload["note"]
    assert note == "参与就差一点，您家还没有投票"


def test_a_deadline_at_midnight_is_read_as_the_day_that_ends() -> None:
    assert texts.deadline(datetime(2026, 6, 30, 16, tzinfo=UTC)) == "2026年6月30日 23:59"
    assert texts.deadline(datetime(2026, 6, 30, 10, 30, tzinfo=UTC)) == "2026年6月30日 18:30"


def test_near_means_little_lacks_on_every_basis() -> None:
    heads = rooms.Shortfall(Basis.HEADS, 100, 1000)
    area = rooms.Shortfall(Basis.AREA, 1_000_01, 10_000_00)
    met = rooms.Shortfall(Basis.AREA, 0, 10_000_00)
    assert rooms.is_near([heads], 10) and not rooms.is_near([heads], 9)
    assert not rooms.is_near([heads, area], 10)
    assert rooms.is_near([heads, met], 10) and not rooms.is_near([met], 10) and not rooms.is_near([], 10)
    assert rooms.shortfall_text([rooms.Shortfall(Basis.HOUSEHOLDS, 12, 300), met]) == "还差 12 户"
    assert rooms.shortfall_text([area]) == "还差 1000.01 平方米"


def test_a_digest_fits_the_robot_with_any_number_of_buildings() -> None:
    buildings = [rooms.Turnout(f"{number}栋", 60, number % 60) for number in range(1, 500)]
    text = rooms.digest_text("改造方案表决", NOW, buildings, [rooms.Shortfall(Basis.HOUSEHOLDS, 12, 300)])
    assert len(text.encode()) <= rooms.MOST_BYTES
    assert "还差 12 户" in text and "未列出" in text
    assert text.index("60栋") < text.index("1栋 ")  # the lowest first


def test_templates_map_our_fields_and_leave_out_what_they_lack() -> None:
    payload = {"title": "a", "time": "b", "note": "c"}
    assert templates.fill(templates.Template("t", {"title": "thing1"}), payload) == {"thing1": "a"}
    assert templates.short("一" * 21) == "一" * 19 + "…"
