"""The demo's staff with random passwords, and its residents with phones the simulator plays."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from hashlib import sha256

from backend.demo.logins import ResidentLogin, StaffLogin
from backend.demo.roll import CHAOYANG, HEPING, PLANS, TUANJIE, XINYI, EstatePlan, homes_of, name_of
from backend.demo.story import Story, staff_actor
from backend.identity import service as identity
from backend.identity.rules.consents import NOTICE_VERSION, Purpose
from backend.infra.context import Context
from backend.kernel.access import ANONYMOUS, Actor, Role
from backend.notifications.service import subscriptions
from backend.registry import queries as registry


@dataclass(frozen=True, slots=True)
class Cast:
    """Who acts in the story; ``clerks`` are the two people of the estate's residents' committee.

    ``handlers`` act for the responsible parties: a contractor and a property company.
    """

    bureau: Actor
    hotline: Actor
    handlers: tuple[Actor, Actor]
    clerks: dict[str, tuple[Actor, Actor]]
    logins: tuple[StaffLogin, ...]


@dataclass(frozen=True, slots=True)
class Post:
    """A staff member to create."""

    username: str
    name: str
    role: Role
    organisation_id: str
    place: str


ROLE_TITLES = {
    Role.ADMINISTRATOR: ("系统管理员", "administrator"),
    Role.BUREAU: ("住建局", "bureau"),
    Role.TOWN: ("乡镇街道", "town"),
    Role.RESIDENTS_COMMITTEE: ("居委会", "residents' committee"),
    Role.HOTLINE: ("热线受理", "hotline"),
    Role.HANDLER: ("责任单位", "responsible party"),
    Role.AUDITOR: ("审计", "auditor"),
}


def new_password() -> str:
    """Return a random password that can be typed: 16 letters and digits in four groups."""
    alphabet = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(alphabet) for _ in range(4)) for _ in range(4))


def hire(story: Story, county_id: str, places: dict[str, tuple[str, str]], days_ago: float) -> Cast:
    """Create everybody; ``places``: estate code → (town's id, community's id)."""
    actors: dict[str, Actor] = {}
    logins = []
    for post in _posts(county_id, places):
        password = new_password()
        with story.step(days_ago=days_ago) as ctx:
            grant = identity.GrantRole(post.role, post.organisation_id)
            staff = identity.create_staff(
                ctx, identity.CreateStaff(post.username, post.name, password, grant)
            )
            scope = registry.scope_of_organisation(ctx.session, post.organisation_id)
        actors[post.username] = staff_actor(staff.id, post.role, scope)
        logins.append(StaffLogin(post.username, password, *ROLE_TITLES[post.role], post.place))
    clerks = {plan.code: (actors[f"{_desk(plan)}-1"], actors[f"{_desk(plan)}-2"]) for plan in PLANS}
    handlers = (actors["shigong"], actors["wuye"])
    return Cast(actors["zhujian"], actors["rexian"], handlers, clerks, tuple(logins))


def _posts(county_id: str, places: dict[str, tuple[str, str]]) -> list[Post]:
    posts = [
        Post("guanli", "管理员（演示）", Role.ADMINISTRATOR, county_id, "利通区"),
        Post("zhujian", "住建局经办（演示）", Role.BUREAU, county_id, "利通区"),
        Post("shenji", "审计员（演示）", Role.AUDITOR, county_id, "利通区"),
        Post("rexian", "热线受理员（演示）", Role.HOTLINE, county_id, "利通区"),
        Post("shigong", "施工单位经办（演示）", Role.HANDLER, county_id, "示例建设公司（虚构）"),
        Post("wuye", "物业公司经办（演示）", Role.HANDLER, county_id, "示例物业公司（虚构）"),
    ]
    for plan in (CHAOYANG, XINYI):
        town_id, community_id = places[plan.code]
        posts.append(
            Post(f"{plan.town_code.lower()}-zhen", "乡镇经办（演示）", Role.TOWN, town_id, plan.town)
        )
        for number in (1, 2):
            name = f"社区干部{number}（演示）"
            username = f"{_desk(plan)}-{number}"
            posts.append(Post(username, name, Role.RESIDENTS_COMMITTEE, community_id, plan.community))
    return posts


def _desk(plan: EstatePlan) -> str:
    return {"JX-CY": "chaoyang", "SL-XY": "xinyi"}[plan.community_code]


def _short(estate_code: str) -> str:
    names = {"DEMO-CY": "chaoyang", "DEMO-XY": "xinyi", "DEMO-HP": "heping", "DEMO-TJ": "tuanjie"}
    return names[estate_code]


def openid_of(plan: EstatePlan, number: int) -> str:
    """Return the openid under which the simulator plays the number-th telephone of an estate."""
    return f"demo-{_short(plan.code)}-{number:03d}"


def unionid_of(plan: EstatePlan, number: int) -> str:
    """Return the id of that person across the operator's apps: the chat then knows its followers."""
    return f"union-{openid_of(plan, number)}"


def phones() -> list[dict[str, object]]:
    """Return everybody with a telephone on the rolls, as the simulator wants them."""
    numbers = {plan.code: [*range(1, len(homes_of(plan)) + 1), 203, 205, 206, 207, 208] for plan in PLANS}
    return [
        {
            "openid": openid_of(plan, number),
            "unionid": unionid_of(plan, number),
            "phone": plan.phone(number),
            "name": name_of(number),
        }
        for plan in PLANS
        for number in numbers[plan.code]
    ]


def residents() -> tuple[ResidentLogin, ...]:
    """Return the residents worth trying, with what each can do."""
    return (
        _resident(CHAOYANG, 1, "业主，有两套房，已绑定", "owner of two flats, bound"),
        _resident(CHAOYANG, 20, "业主，尚未绑定", "owner, not bound yet"),
        _resident(XINYI, 2, "业主，已在征询中投票", "owner, has voted in the canvass"),
        _resident(XINYI, 30, "业主，已绑定，还没投票", "owner, bound, has not voted"),
        _resident(XINYI, 206, "家属，已绑定，可代表住户参加征询", "family member, may answer the canvass"),
        _resident(XINYI, 205, "租户，已绑定，不能投票", "tenant, bound, may not vote"),
        _resident(
            HEPING, 2, "业主，反映过问题，等待回访", "owner, has reported something, is asked about it"
        ),
        _resident(TUANJIE, 10, "业主，满意度问卷还没填写", "owner, has not answered the survey"),
        _resident(
            TUANJIE, 11, "业主，问卷由社区代填，可提异议", "owner, answers entered by staff, may object"
        ),
    )


def _resident(plan: EstatePlan, number: int, zh: str, en: str) -> ResidentLogin:
    return ResidentLogin(openid_of(plan, number), plan.phone(number), plan.name, zh, en)


def move_in(story: Story, plan: EstatePlan, numbers: list[int], days_ago: float) -> None:
    """Let the people with these telephone numbers log in and bind their dwellings by phone."""
    for number in numbers:
        actor, token_hash = log_in(story, plan, number, days_ago=days_ago)
        with story.step(actor, days_ago=days_ago) as ctx:
            identity.rename(ctx, name_of(number))
            identity.record_consent(ctx, Purpose.PHONE, NOTICE_VERSION, is_given=True)
            identity.add_phone(ctx, plan.phone(number))
            identity.bind_by_phone(ctx)
            _subscribe(ctx, f"demo-bind-{number:03d}")
            identity.log_out(ctx)
        assert token_hash == actor.session_hash


def _subscribe(ctx: Context, tap: str) -> None:
    """Accept one message of each kind, as most people do when they bind."""
    asked = subscriptions.templates_to_ask(ctx, "bind")
    answers = {ask.template_id: "accept" for ask in asked}
    subscriptions.record_answers(ctx, subscriptions.RecordAnswers(tap, answers))


def log_in(story: Story, plan: EstatePlan, number: int, *, days_ago: float = 0.0) -> tuple[Actor, bytes]:
    """Log a resident in as the mini-program would, WeChat's answer given; returns actor and token hash."""
    with story.step(ANONYMOUS, days_ago=days_ago) as ctx:
        command = identity.LogIn(openid_of(plan, number), "演示", NOTICE_VERSION, unionid_of(plan, number))
        opened = identity.log_in(ctx, command)
        token_hash = sha256(opened.token.encode()).digest()
        actor = identity.authenticate(ctx.session, token_hash)
    assert actor is not None, "the session was opened just now"
    return actor, token_hash
