"""Who sees a complaint and who reported it: every combination, against a second reading of the rule."""

from __future__ import annotations

from itertools import product

from backend.complaints.rules.states import TRANSITIONS, Doer
from backend.complaints.rules.visibility import (
    Concern,
    View,
    Viewer,
    may_see_original,
    may_see_reporter,
    sides_of,
    view_of,
)
from backend.complaints.rules.vocabulary import Disclosure
from backend.kernel.access import ROLE_PERMISSIONS, Permission, Role

UNITS = (None, "p1", "p2")
CONCERNS = [
    Concern(disclosure, restricted, party, about, account)
    for disclosure, restricted, party, about, account in product(
        Disclosure, (False, True), UNITS, UNITS, (None, "me")
    )
]
VIEWERS = [
    (role, Viewer("me", ROLE_PERMISSIONS[role], frozenset(parties)))
    for role in Role
    for parties in ((), ("p1",), ("p1", "p2"))
]


def test_no_unit_ever_sees_a_confidential_reporter_and_nobody_an_anonymous_one() -> None:
    for concern, (_, viewer) in product(CONCERNS, VIEWERS):
        is_unit = bool(viewer.party_ids & {concern.party_id, concern.about_party_id})
        if concern.disclosure is Disclosure.ANONYMOUS:
            assert not may_see_reporter(viewer, concern)
        if concern.disclosure is Disclosure.CONFIDENTIAL and is_unit:
            assert not may_see_reporter(viewer, concern) and not may_see_original(viewer, concern)


def test_only_the_hotline_sees_confidential_reporters() -> None:
    concern = Concern(Disclosure.CONFIDENTIAL, False, "p1", None, None)
    seeing = {role for role, viewer in VIEWERS if not viewer.party_ids and may_see_reporter(viewer, concern)}
    assert seeing == {Role.HOTLINE}


def test_the_unit_complained_about_never_sees_even_a_named_reporter() -> None:
    concern = Concern(Disclosure.NAMED, False, "p1", "p1", None)
    for _, viewer in VIEWERS:
        if "p1" in viewer.party_ids:
            assert not may_see_reporter(viewer, concern)
    other = Concern(Disclosure.NAMED, False, "p1", "p2", None)
    handler = Viewer("me", ROLE_PERMISSIONS[Role.HANDLER], frozenset({"p1"}))
    assert may_see_reporter(handler, other)


def test_whoever_it_is_about_sees_nothing_of_it() -> None:
    for concern, (_, viewer) in product(CONCERNS, VIEWERS):
        if concern.about_account_id == "me":
            assert view_of(viewer, concern) is View.NOTHING
            assert not may_see_reporter(viewer, concern)


def test_accusations_are_seen_from_further_off_only() -> None:
    for concern, (role, viewer) in product(CONCERNS, VIEWERS):
        if concern.is_restricted and view_of(viewer, concern) is not View.NOTHING:
            assert role in (Role.BUREAU, Role.AUDITOR)
            assert not viewer.party_ids & {concern.party_id, concern.about_party_id}


def test_whoever_acts_for_a_unit_of_the_case_sees_it_as_that_unit() -> None:
    concern = Concern(Disclosure.NAMED, False, "p1", None, None)
    for role, viewer in VIEWERS:
        if "p1" not in viewer.party_ids:
            continue
        handles = Permission.COMPLAINT_HANDLE in ROLE_PERMISSIONS[role]
        assert view_of(viewer, concern) is (View.PARTY if handles else View.NOTHING)
        assert not may_see_original(viewer, concern)


def test_who_may_see_a_restricted_case_does_every_part_and_a_unit_only_its_own() -> None:
    for concern, (_, viewer) in product(CONCERNS, VIEWERS):
        view = view_of(viewer, concern)
        expected: set[Doer] = {View.NOTHING: set(), View.PARTY: {Doer.PARTY}, View.STAFF: {Doer.STAFF}}[view]
        if concern.is_restricted and expected:
            expected = {Doer.STAFF, Doer.PARTY}
        assert sides_of(view, concern) == expected
    # Somebody who reads restricted cases can also bring them to an end; the auditor only reads.
    needed = {transition.permission for transition in TRANSITIONS.values()} - {None}
    assert needed - ROLE_PERMISSIONS[Role.BUREAU] == {Permission.COMPLAINT_MEDIATE}
    assert not needed & ROLE_PERMISSIONS[Role.AUDITOR]


def test_the_administrator_sees_no_complaint() -> None:
    for concern, (role, viewer) in product(CONCERNS, VIEWERS):
        if role is Role.ADMINISTRATOR:
            assert view_of(viewer, concern) is View.NOTHING
