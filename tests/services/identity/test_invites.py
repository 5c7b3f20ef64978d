"""Letters: codes shown once, re-issue, revocation, the printed page."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlmodel import col, select

from backend.ballots.rules.kinds import casting_relations
from backend.identity import service
from backend.identity.errors import WrongCode
from backend.identity.letters import letter_link, print_letters
from backend.identity.rules.codes import normalise
from backend.identity.rules.relations import Relation
from backend.identity.service import BindByCode, IssueInvites, RevokeInvites
from backend.identity.tables import InviteCode
from backend.infra.context import Context
from backend.infra.print import MISSING, Sheet, printable, qr_image
from backend.kernel.access import Role
from backend.kernel.errors import Conflict, Forbidden, NotFound, TooLarge, Unprocessable
from backend.registry.tables import Owner
from tests.factories.people import acting_as, as_system, make_staff
from tests.factories.places import EstateFixture, make_estate
from tests.services.identity.people import events, letter_for, newcomer


def test_a_building_s_letters_hold_valid_codes_that_the_database_does_not(ctx: Context) -> None:
    estate = make_estate(ctx, dwellings=30, per_building=20)
    committee = acting_as(ctx, make_staff(ctx, Role.RESIDENTS_COMMITTEE, estate.community.id))
    issued = service.issue_invites(committee, IssueInvites(estate.estate.id, estate.building_ids[0]))
    assert [letter.label for letter in issued.letters[:2]] == ["1栋1单元101", "1栋1单元102"]
    assert len(issued.letters) == 20
    assert all(normalise(letter.code) == letter.code for letter in issued.letters)
    stored = str([row.model_dump() for row in ctx.session.exec(select(InviteCode)).all()])
    assert not any(letter.code in stored or letter.code in repr(issued) for letter in issued.letters)
    assert events(ctx, "invite_batch", issued.batch) == ["invites.issued"]
    assert timedelta(days=59) < issued.expires_at - ctx.clock.now() <= timedelta(days=60)
    (batch,) = service.list_batches(committee, estate.estate.id)
    assert (batch.total, batch.used, batch.revoked) == (20, 0, 0)
    assert batch.expires_at == issued.expires_at


def _owned_by(ctx: Context, kind: str) -> EstateFixture:
    """Return an estate of two homes, the first of them owned by this kind of owner."""
    estate = make_estate(ctx, dwellings=2)
    first = update(Owner).where(col(Owner.id) == estate.owner_ids[0]).values(kind=kind)
    ctx.session.connection().execute(first)
    return estate


@pytest.mark.parametrize("kind", ["property_unit", "organisation", "developer_stock"])
def test_a_building_s_letters_skip_flats_that_nobody_behind_the_door_owns(ctx: Context, kind: str) -> None:
    estate = _owned_by(ctx, kind)
    issued = service.issue_invites(as_system(ctx), IssueInvites(estate.estate.id, estate.building_ids[0]))
    assert [letter.dwelling_id for letter in issued.letters] == estate.dwelling_ids[1:]
    assert issued.skipped == 1
    owners = IssueInvites(estate.estate.id, dwelling_ids=(estate.dwelling_ids[0],), relation=Relation.OWNER)
    with pytest.raises(Unprocessable, match="no_letter"):
        service.issue_invites(as_system(ctx), owners)


def test_a_co_owner_s_letter_gives_no_owner_s_vote_and_the_representative_s_is_named(ctx: Context) -> None:
    estate = _owned_by(ctx, "co_owners")
    issued = service.issue_invites(as_system(ctx), IssueInvites(estate.estate.id))
    assert [letter.relation for letter in issued.letters] == ["co_owner", "owner"]
    bound = service.bind_by_code(newcomer(ctx), BindByCode(issued.letters[0].code, ""))
    assert bound.relation not in casting_relations("owners", tenants_vote=False, public_tenants_vote=True)
    assert b"%PDF-" in print_letters(issued, "https://vote.example")
    everybody = IssueInvites(estate.estate.id, relation=Relation.REPRESENTATIVE)
    with pytest.raises(Unprocessable, match="no_letter"):
        service.issue_invites(as_system(ctx), everybody)
    chosen = replace(everybody, dwelling_ids=(estate.dwelling_ids[0],))
    assert service.issue_invites(as_system(ctx), chosen).letters[0].relation == "representative"


def test_reissue_ends_the_former_letter_and_revocation_the_last(ctx: Context) -> None:
    estate = make_estate(ctx, dwellings=2)
    home, other = estate.dwelling_ids
    former, untouched = letter_for(ctx, estate.estate.id, home), letter_for(ctx, estate.estate.id, other)
    latest = letter_for(ctx, estate.estate.id, home)
    committee = acting_as(ctx, make_staff(ctx, Role.RESIDENTS_COMMITTEE, estate.community.id))
    person = newcomer(ctx)
    with pytest.raises(WrongCode):
        service.bind_by_code(person, BindByCode(former, ""))
    revoke = RevokeInvites(estate.estate.id, dwelling_id=home)
    assert service.revoke_invites(committee, revoke) == 1
    assert service.revoke_invites(committee, revoke) == 0
    with pytest.raises(WrongCode):
        service.bind_by_code(person, BindByCode(latest, ""))
    assert service.bind_by_code(person, BindByCode(untouched, "")).dwelling_id == other


def test_a_grid_officer_of_one_building_issues_there_only(ctx: Context) -> None:
    estate = make_estate(ctx, dwellings=4, per_building=2)
    officer = acting_as(
        ctx, make_staff(ctx, Role.GRID_OFFICER, estate.community.id, estate.estate.id, estate.building_ids[0])
    )
    mine = service.issue_invites(officer, IssueInvites(estate.estate.id, estate.building_ids[0]))
    assert len(mine.letters) == 2
    for building in (estate.building_ids[1], None):
        with pytest.raises(NotFound):
            service.issue_invites(officer, IssueInvites(estate.estate.id, building))


def test_wrong_places_and_roles_and_sizes_are_refused(ctx: Context) -> None:
    estate, other = make_estate(ctx, dwellings=1), make_estate(ctx, dwellings=1)
    committee = acting_as(ctx, make_staff(ctx, Role.RESIDENTS_COMMITTEE, estate.community.id))
    with pytest.raises(NotFound):
        service.issue_invites(committee, IssueInvites(other.estate.id))
    with pytest.raises(NotFound):
        service.issue_invites(
            committee, IssueInvites(estate.estate.id, dwelling_ids=(other.dwelling_ids[0],))
        )
    with pytest.raises(NotFound):
        service.issue_invites(committee, IssueInvites(estate.estate.id, other.building_ids[0]))
    with pytest.raises(Conflict):
        service.revoke_invites(committee, RevokeInvites(estate.estate.id))
    bureau = acting_as(ctx, make_staff(ctx, Role.BUREAU, estate.community.id))
    with pytest.raises(Forbidden):
        service.issue_invites(bureau, IssueInvites(estate.estate.id))
    large = make_estate(ctx, dwellings=501, per_building=501)
    with pytest.raises(TooLarge):
        service.issue_invites(as_system(ctx), IssueInvites(large.estate.id))


def test_letters_print_one_page_each_with_a_readable_qr(ctx: Context) -> None:
    zxingcpp = pytest.importorskip("zxingcpp")
    estate = make_estate(ctx, dwellings=2)
    issued = service.issue_invites(as_system(ctx), IssueInvites(estate.estate.id))
    pdf = print_letters(issued, "https://vote.example")
    assert pdf.startswith(b"%PDF-")
    assert len(re.findall(rb"/Type /Page\b", pdf)) == 2
    assert len(re.findall(rb"/Subtype /Image\b", pdf)) == 2
    content = letter_link(issued.letters[0], "https://vote.example")
    (read,) = zxingcpp.read_barcodes(qr_image(content).convert("L"))
    assert read.text == f"https://vote.example/bind?code={issued.letters[0].code}"


def test_a_character_no_font_has_is_marked_not_lost() -> None:
    shown = printable("吉田\U0002f9f4")
    assert shown.startswith("吉田")
    assert shown[2] in (MISSING, "\U0002f9f4")
    sheet = Sheet("表决票")
    sheet.page()
    sheet.table([["事项", "同意", "反对"], ["加装电梯", "", ""]], [3, 1, 1])
    assert sheet.output().startswith(b"%PDF-")
