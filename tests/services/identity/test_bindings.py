"""The ways into a dwelling, and who can stop them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlmodel import col, select

from backend.identity import queries, service
from backend.identity.errors import AlreadyBound, AlreadyDecided, NoticeNotAccepted, WrongCode
from backend.identity.hooks import always_wait, registered
from backend.identity.rules.consents import NOTICE_VERSION, Purpose
from backend.identity.rules.relations import NewBinding, Relation
from backend.identity.service import BindByCode, DecideBinding, EndBinding, ListBindings, RequestBinding
from backend.identity.tables import Account, Binding, InviteCode
from backend.infra.context import Context
from backend.kernel.access import Role
from backend.kernel.errors import Conflict, Forbidden, NotFound, TooMany, Unprocessable
from tests.factories.people import acting_as, make_resident, make_staff
from tests.factories.places import EstateFixture, make_estate
from tests.services.identity.people import again, events, letter_for, newcomer, proof, with_phone

HERE = "127.0.0.1"


def test_letter_binds_at_once_and_only_once(ctx: Context) -> None:
    estate = make_estate(ctx, dwellings=2)
    home = estate.dwelling_ids[0]
    code = letter_for(ctx, estate.estate.id, home)
    person, other = newcomer(ctx), newcomer(ctx)
    binding = service.bind_by_code(person, BindByCode(code.lower(), HERE))
    assert (binding.dwelling_id, binding.relation, binding.via) == (home, "owner", "invite")
    assert [found.dwelling_id for found in again(ctx, person).actor.homes] == [home]
    assert service.bind_by_code(person, BindByCode(code, HERE)).id == binding.id
    with pytest.raises(WrongCode) as refused:
        service.bind_by_code(other, BindByCode(code, HERE))
    assert len(refused.value.failed_keys) == 2
    assert events(ctx, "dwelling", home) == ["binding.activated"]


def test_expired_revoked_and_unknown_codes_give_one_answer(ctx: Context) -> None:
    estate = make_estate(ctx, dwellings=3)
    first, second, third = (letter_for(ctx, estate.estate.id, home) for home in estate.dwelling_ids)
    mine = update(InviteCode).where(col(InviteCode.dwelling_id) == estate.dwelling_ids[0])
    ctx.session.exec(mine.values(expires_at=ctx.clock.now()))
    letter_for(ctx, estate.estate.id, estate.dwelling_ids[1])
    person = newcomer(ctx)
    answers = set()
    mistyped = third[:-1] + ("2" if third[-1] != "2" else "3")
    for code in (first, second, mistyped, "hello", ""):
        with pytest.raises(WrongCode) as refused:
            service.bind_by_code(person, BindByCode(code, HERE))
        answers.add((refused.value.code, refused.value.message))
    assert len(answers) == 1


def test_five_recorded_failures_lock_the_account_and_a_hundred_the_address(ctx: Context) -> None:
    estate = make_estate(ctx, dwellings=1)
    code = letter_for(ctx, estate.estate.id, estate.dwelling_ids[0])
    person, stranger = newcomer(ctx), newcomer(ctx)
    keys: tuple[str, ...] = ()
    for _ in range(5):
        with pytest.raises(WrongCode) as refused:
            service.bind_by_code(person, BindByCode("WRONG", HERE))
        keys = refused.value.failed_keys
        _record(ctx, keys)
    for address in (HERE, "127.0.0.2"):
        with pytest.raises(TooMany):
            service.bind_by_code(person, BindByCode(code, address))
    neighbour = newcomer(ctx)
    with pytest.raises(WrongCode):  # on the same wifi, and not locked
        service.bind_by_code(neighbour, BindByCode("WRONG", HERE))
    for _ in range(95):
        _record(ctx, keys[1:])
    with pytest.raises(TooMany):
        service.bind_by_code(stranger, BindByCode(code, HERE))
    assert service.bind_by_code(stranger, BindByCode(code, "127.0.0.3")).state == "active"


def _record(ctx: Context, keys: tuple[str, ...], age: timedelta = timedelta()) -> None:
    """Do what ``record_failure`` does, inside the test's own transaction (the real one is raced elsewhere)."""
    from backend.identity.tables import FailedTry
    from backend.kernel.ids import new_id

    at = ctx.clock.now() - age
    ctx.session.add_all([FailedTry(id=new_id(), key_index=key, at=at) for key in keys])
    ctx.session.flush()


def test_failures_older_than_ten_minutes_do_not_lock(ctx: Context) -> None:
    estate = make_estate(ctx, dwellings=1)
    code = letter_for(ctx, estate.estate.id, estate.dwelling_ids[0])
    person = newcomer(ctx)
    with pytest.raises(WrongCode) as refused:
        service.bind_by_code(person, BindByCode("WRONG", HERE))
    for _ in range(9):
        _record(ctx, refused.value.failed_keys, timedelta(minutes=10))
    assert service.bind_by_code(person, BindByCode(code, HERE)).state == "active"


def test_second_letter_for_the_same_home_is_not_used_up(ctx: Context) -> None:
    estate = make_estate(ctx, dwellings=1)
    home = estate.dwelling_ids[0]
    person = newcomer(ctx)
    service.bind_by_code(person, BindByCode(letter_for(ctx, estate.estate.id, home), HERE))
    code = letter_for(ctx, estate.estate.id, home, relation=Relation.FAMILY)
    with pytest.raises(AlreadyBound), ctx.session.begin_nested():
        service.bind_by_code(person, BindByCode(code, HERE))
    assert service.bind_by_code(newcomer(ctx), BindByCode(code, HERE)).relation == "family"


@pytest.mark.parametrize(("hours", "homes"), [(0, 1), (3, 0)])
def test_the_registered_waiting_rule_decides_how_long(
    ctx: Context, monkeypatch: pytest.MonkeyPatch, hours: int, homes: int
) -> None:
    estate = make_estate(ctx, dwellings=1)
    asked: list[NewBinding] = []

    def rule(_ctx: Context, binding: NewBinding) -> int:
        asked.append(binding)
        return hours

    monkeypatch.setattr(registered, "waiting_rule", rule)
    person = with_phone(ctx, estate.phones[0])
    service.bind_by_phone(person)
    assert asked == [NewBinding(estate.estate.id, estate.dwelling_ids[0], is_letter=False, has_owner=False)]
    assert len(again(ctx, person).actor.homes) == homes


def test_phone_on_the_roll_binds_after_the_waiting_time(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registered, "waiting_rule", always_wait)
    estate = make_estate(ctx, dwellings=2)
    person = with_phone(ctx, estate.phones[1])
    (binding,) = service.bind_by_phone(person)
    assert (binding.dwelling_id, binding.relation, binding.via) == (estate.dwelling_ids[1], "owner", "phone")
    assert binding.effective_at is not None
    wait = binding.effective_at - ctx.clock.now()
    assert timedelta(hours=23, minutes=59) < wait <= timedelta(hours=24)
    assert again(ctx, person).actor.homes == ()
    assert queries.members_of_dwelling(ctx.session, estate.dwelling_ids[1]) == []
    assert [row.id for row in service.bind_by_phone(person)] == [binding.id]


def test_unknown_phone_says_so(ctx: Context) -> None:
    with pytest.raises(Unprocessable):
        service.bind_by_phone(with_phone(ctx, "13912345678"))


def test_binding_needs_the_notice(ctx: Context) -> None:
    person = acting_as(ctx, make_resident(ctx))
    with pytest.raises(NoticeNotAccepted):
        service.bind_by_code(person, BindByCode("ANY", HERE))


def test_request_is_nothing_until_staff_approve_it(ctx: Context) -> None:
    estate = make_estate(ctx, dwellings=2)
    person = newcomer(ctx)
    asked = RequestBinding(estate.estate.id, "1栋1单元102室", Relation.OWNER, proof(person, estate.estate.id))
    row = service.request_binding(person, asked)
    assert (row.dwelling_id, row.state) == (estate.dwelling_ids[1], "pending")
    assert again(ctx, person).actor.homes == ()
    committee = acting_as(ctx, make_staff(ctx, Role.RESIDENTS_COMMITTEE, estate.community.id))
    listed = service.list_bindings(committee, ListBindings(estate.estate.id, state="pending"))
    assert [(view.id, view.who, view.photos) for view in listed] == [(row.id, "赵**", 1)]
    service.decide_binding(committee, DecideBinding(row.id, True, "不动产证已核对"))
    with pytest.raises(AlreadyDecided):
        service.decide_binding(committee, DecideBinding(row.id, False, "再来一次"))
    assert events(ctx, "dwelling", row.dwelling_id) == ["binding.requested", "binding.activated"]


def test_request_for_what_is_not_there_or_without_proof_is_not_found(ctx: Context) -> None:
    estate = make_estate(ctx, dwellings=1)
    person = newcomer(ctx)
    mine = proof(person, estate.estate.id)
    for command in (
        RequestBinding(estate.estate.id, "9-9-999", Relation.OWNER, mine),
        RequestBinding("0" * 20, "1-1-101", Relation.OWNER, mine),
    ):
        with pytest.raises(NotFound):
            service.request_binding(person, command)
    with pytest.raises(Unprocessable, match="proof_required"):
        service.request_binding(person, RequestBinding(estate.estate.id, "1-1-101", Relation.OWNER, ()))


@pytest.mark.parametrize("whose", ["nobody", "another"])
def test_only_ones_own_photos_are_a_proof(ctx: Context, whose: str) -> None:
    estate = make_estate(ctx, dwellings=1)
    photos = ("0" * 20,) if whose == "nobody" else proof(newcomer(ctx), estate.estate.id)
    with pytest.raises(Conflict, match="media_not_usable"):
        service.request_binding(
            newcomer(ctx), RequestBinding(estate.estate.id, "1-1-101", Relation.OWNER, photos)
        )


def test_a_request_names_its_person(ctx: Context) -> None:
    estate = make_estate(ctx, dwellings=1)
    person = acting_as(ctx, make_resident(ctx))
    service.record_consent(person, Purpose.PRIVACY_NOTICE, NOTICE_VERSION, is_given=True)
    ctx.session.exec(
        update(Account).where(col(Account.id) == person.actor.account_id).values(name_sealed=None)
    )
    photos = proof(person, estate.estate.id)
    with pytest.raises(Conflict):
        service.request_binding(person, RequestBinding(estate.estate.id, "1-1-101", Relation.OWNER, photos))


def test_who_asks_is_shown_in_clear_only_to_deciders_and_leaves_a_trace(ctx: Context) -> None:
    estate = make_estate(ctx, dwellings=1)
    asker = with_phone(ctx, "13800000009")
    request = RequestBinding(estate.estate.id, "1-1-101", Relation.OWNER, proof(asker, estate.estate.id))
    asked = service.request_binding(asker, request)
    committee = acting_as(ctx, make_staff(ctx, Role.RESIDENTS_COMMITTEE, estate.community.id))
    person = service.reveal_person(committee, asked.id)
    assert (person.name, person.phone) == ("赵小明", "13800000009")
    assert events(ctx, "dwelling", asked.dwelling_id)[-1] == "binding.person_shown"
    with pytest.raises(Forbidden):
        service.reveal_person(acting_as(ctx, make_staff(ctx, Role.TOWN, estate.community.id)), asked.id)


def test_only_so_many_requests_can_wait(ctx: Context) -> None:
    estate = make_estate(ctx, dwellings=6)
    person = newcomer(ctx)
    for door in range(101, 106):
        photos = proof(person, estate.estate.id)
        service.request_binding(
            person, RequestBinding(estate.estate.id, f"1-1-{door}", Relation.FAMILY, photos)
        )
    photos = proof(person, estate.estate.id)
    with pytest.raises(Conflict):
        service.request_binding(person, RequestBinding(estate.estate.id, "1-1-106", Relation.FAMILY, photos))


def test_other_communities_and_lesser_roles_cannot_decide(ctx: Context) -> None:
    estate, elsewhere = make_estate(ctx, dwellings=1), make_estate(ctx, dwellings=1)
    owner = make_resident(ctx, estate.dwelling_ids[0])
    row = ctx.session.exec(select(Binding).where(Binding.account_id == owner.account_id)).one()
    stranger = acting_as(ctx, make_staff(ctx, Role.RESIDENTS_COMMITTEE, elsewhere.community.id))
    steward = acting_as(
        ctx, make_staff(ctx, Role.BUILDING_STEWARD, estate.community.id, estate.estate.id, row.building_id)
    )
    with pytest.raises(NotFound):
        service.end_binding(stranger, EndBinding(row.id, "搬走了"))
    with pytest.raises(NotFound):
        service.list_bindings(stranger, ListBindings(estate.estate.id))
    with pytest.raises(Forbidden):
        service.end_binding(steward, EndBinding(row.id, "搬走了"))


def test_ending_a_binding_logs_the_account_out_at_once(ctx: Context) -> None:
    estate = make_estate(ctx, dwellings=1)
    owner = make_resident(ctx, estate.dwelling_ids[0])
    row = ctx.session.exec(select(Binding).where(Binding.account_id == owner.account_id)).one()
    committee = acting_as(ctx, make_staff(ctx, Role.RESIDENTS_COMMITTEE, estate.community.id))
    service.end_binding(committee, EndBinding(row.id, "手机丢失"))
    assert service.authenticate(ctx.session, owner.token_hash) is None
    assert queries.members_of_dwelling(ctx.session, row.dwelling_id) == []
    with pytest.raises(AlreadyDecided):
        service.end_binding(committee, EndBinding(row.id, "再来一次"))


def test_leaving_is_one_s_own_matter(ctx: Context) -> None:
    estate = make_estate(ctx, dwellings=1)
    owner = make_resident(ctx, estate.dwelling_ids[0])
    person = acting_as(ctx, owner)
    binding_id = person.actor.homes[0].binding_id
    with pytest.raises(NotFound):
        service.leave_binding(newcomer(ctx), binding_id)
    service.leave_binding(person, binding_id)
    service.leave_binding(person, binding_id)
    assert again(ctx, person).actor.homes == ()
    assert events(ctx, "dwelling", estate.dwelling_ids[0]) == ["binding.ended"]


def test_members_see_newcomers_masked_and_can_suspend_them_not_the_reverse(ctx: Context) -> None:
    estate = make_estate(ctx, dwellings=1)
    home = estate.dwelling_ids[0]
    owner = acting_as(ctx, make_resident(ctx, home))
    intruder = newcomer(ctx, "贾宝玉")
    binding = service.bind_by_code(intruder, BindByCode(letter_for(ctx, estate.estate.id, home), HERE))
    seen = {view.id: view for view in service.activity(owner)}
    assert (seen[binding.id].who, seen[binding.id].via, seen[binding.id].is_me) == ("贾**", "invite", False)
    assert not service.suspend_binding(again(ctx, intruder), owner.actor.homes[0].binding_id)
    assert not service.suspend_binding(newcomer(ctx), binding.id)
    assert service.suspend_binding(owner, binding.id)
    assert again(ctx, intruder).actor.homes == ()
    code = letter_for(ctx, estate.estate.id, home, relation=Relation.FAMILY)
    with pytest.raises(AlreadyBound), ctx.session.begin_nested():
        service.bind_by_code(intruder, BindByCode(code, HERE))
    committee = acting_as(ctx, make_staff(ctx, Role.RESIDENTS_COMMITTEE, estate.community.id))
    service.decide_binding(committee, DecideBinding(binding.id, True, "已电话核实"))
    assert len(again(ctx, intruder).actor.homes) == 1


def test_activity_shows_nothing_of_other_homes(ctx: Context) -> None:
    estate = make_estate(ctx, dwellings=2)
    owner = acting_as(ctx, make_resident(ctx, estate.dwelling_ids[0]))
    make_resident(ctx, estate.dwelling_ids[1])
    assert [view.is_me for view in service.activity(owner)] == [True]
    assert service.activity(newcomer(ctx)) == []


def _objected(ctx: Context) -> tuple[EstateFixture, Context]:
    """Return an estate whose owner objected to a newcomer's binding; the number on the roll is the newcomer's."""
    estate = make_estate(ctx, dwellings=1)
    owner = acting_as(ctx, make_resident(ctx, estate.dwelling_ids[0]))
    intruder = with_phone(ctx, estate.phones[0])
    code = letter_for(ctx, estate.estate.id, estate.dwelling_ids[0])
    binding = service.bind_by_code(intruder, BindByCode(code, HERE))
    assert service.suspend_binding(owner, binding.id)
    service.leave_binding(again(ctx, intruder), binding.id)
    return estate, again(ctx, intruder)


def test_leaving_and_using_another_letter_is_no_way_round_an_objection(ctx: Context) -> None:
    estate, intruder = _objected(ctx)
    code = letter_for(ctx, estate.estate.id, estate.dwelling_ids[0])
    with pytest.raises(Conflict, match="under_review"), ctx.session.begin_nested():
        service.bind_by_code(intruder, BindByCode(code, HERE))
    assert service.bind_by_code(newcomer(ctx), BindByCode(code, HERE)).state == "active"
    assert service.my_bindings(intruder)[0].reason == "同住成员提出异议，等待社区核实"


@pytest.mark.parametrize("asks_first", [False, True])
def test_leaving_and_coming_by_phone_waits_for_the_answer_to_the_objection(
    ctx: Context, asks_first: bool
) -> None:
    estate, intruder = _objected(ctx)
    if asks_first:
        photos = proof(intruder, estate.estate.id)
        service.request_binding(
            intruder, RequestBinding(estate.estate.id, "1栋1单元101室", Relation.OWNER, photos)
        )
    (waiting,) = service.bind_by_phone(intruder)
    assert (waiting.state, waiting.effective_at, waiting.reason) == ("pending", None, "objection")
    committee = acting_as(ctx, make_staff(ctx, Role.RESIDENTS_COMMITTEE, estate.community.id))
    listed = service.list_bindings(committee, ListBindings(estate.estate.id, waits_for="objection"))
    assert [view.id for view in listed] == [waiting.id]
    service.decide_binding(committee, DecideBinding(waiting.id, True, "已当面核实"))
    assert len(again(ctx, intruder).actor.homes) == 1
