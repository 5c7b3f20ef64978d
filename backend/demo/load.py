"""Load the demo: four synthetic estates of 利通区 at different stages, told through the services."""

from __future__ import annotations

from datetime import timedelta

from backend.demo.afterwards import Afterwards, after_the_works
from backend.demo.ballots import RULE, Setting, finished_canvass, open_canvass, plan_in_notice
from backend.demo.finished import finished_project
from backend.demo.gates import INCLUSION, attach_records, link_ballot, pass_gate, step_to
from backend.demo.logins import DemoLogins
from backend.demo.outside import ROOM_KEYS, ROOM_NAMES
from backend.demo.people import Cast, hire, move_in, residents
from backend.demo.roll import CHAOYANG, PLANS, XINYI, EstatePlan, roll_csv
from backend.demo.story import Story
from backend.infra.context import Context, Ports
from backend.infra.database import open_session
from backend.kernel.access import SYSTEM, Actor
from backend.kernel.clock import local_date
from backend.kernel.errors import Conflict
from backend.kernel.events import Event
from backend.kernel.ids import new_id
from backend.ledger import queries as ledger_queries
from backend.ledger import service as ledger
from backend.notifications.service import desk
from backend.policies import service as policies
from backend.policies.rules.gates import Gate
from backend.projects import service as projects
from backend.registry import service as registry
from backend.registry.service.estates import EstateFacts

LOADED = ("installation", "demo")
# Days before today on which the story begins.
BEGUN = 350
DOCUMENT = "演示用本地规定（虚构文件，不是真实政策）"
SHARES = (("participation_share", "2/3"), ("consent_share", "2/3"), ("consent", "roll"))


def is_loaded(ports: Ports) -> bool:
    """Tell whether the whole story has been told in this database."""
    with open_session(ports.engine, read_only=True) as session:
        return bool(ledger_queries.events_of_subject(session, LOADED[0], [LOADED[1]], limit=1))


def load_demo(ports: Ports) -> DemoLogins:
    """Tell the story; raises Conflict in any database that is not an empty demo."""
    if ports.settings.mode != "demo":
        raise Conflict("not_demo", "演示数据只能装入演示用的数据库（GONGJUE_MODE=demo）。")
    with open_session(ports.engine, read_only=True) as session:
        ctx = Context(session, SYSTEM, ports, "demo")
        if registry.list_organisations(ctx, None, 1):
            raise Conflict("not_empty", "这个数据库里已有内容，演示数据只能装入空的数据库。")
    story = Story(ports)
    county_id, places = _build_tree(story)
    estates = {plan.code: _build_estate(story, plan, places[plan.code][1]) for plan in PLANS}
    cast = hire(story, county_id, places, days_ago=BEGUN - 1)
    _set_policy(story, cast.bureau, county_id)
    _open_rooms(story, cast, {code: community_id for code, (_, community_id) in places.items()})
    _play(story, cast, county_id, estates)
    with story.step() as ctx:
        ledger.append(ctx, Event("demo.loaded", county_id, *LOADED))
    with story.step() as ctx:
        while ledger.number_events(ctx.session):
            pass
    return DemoLogins(cast.logins, residents())


def _build_tree(story: Story) -> tuple[str, dict[str, tuple[str, str]]]:
    """Create the organisations; returns the county's id and estate code → (town's id, community's id)."""
    made: dict[str, str] = {}

    def create(ctx: Context, above: str | None, kind: str, code: str, name: str) -> str:
        if code not in made:
            command = registry.CreateOrganisation(above, kind, code, name)
            made[code] = registry.create_organisation(ctx, command).id
        return made[code]

    with story.step(days_ago=BEGUN) as ctx:
        province = create(ctx, None, "province", "64", "宁夏回族自治区")
        city = create(ctx, province, "city", "6403", "吴忠市")
        county_id = create(ctx, city, "county", "640302", "利通区")
        places = {}
        for plan in PLANS:
            town = create(ctx, county_id, "town", plan.town_code, plan.town)
            community = create(ctx, town, "community", plan.community_code, plan.community)
            places[plan.code] = (town, community)
    return county_id, places


def _build_estate(story: Story, plan: EstatePlan, community_id: str) -> str:
    """Create the estate and import its roll, as a community would."""
    digest = story.ports.storage.put(roll_csv(plan))
    with story.step(days_ago=BEGUN) as ctx:
        facts = EstateFacts(plan.name, address=f"利通区{plan.town}（演示地址）", built_year=plan.built_year)
        command = registry.CreateEstate(community_id, plan.code, facts, is_synthetic=True)
        estate_id = registry.create_estate(ctx, command).id
        registry.set_estate_point(ctx, registry.SetEstatePoint(estate_id, plan.middle, 300))
        queued = registry.QueueImport(
            community_id, estate_id, digest, f"{plan.code}.csv", False, False, f"demo-{new_id()}"
        )
        run_id = registry.queue_import(ctx, queued).id
    registry.run_import(story.ports, run_id)
    with story.step() as ctx:
        run = registry.show_import(ctx, run_id)
        assert run.state == "done", run.report
    return estate_id


def _open_rooms(story: Story, cast: Cast, communities: dict[str, str]) -> None:
    for code, key in ROOM_KEYS.items():
        with story.step(cast.clerks[code][0], days_ago=BEGUN - 2) as ctx:
            desk.add_room(ctx, desk.AddRoom(communities[code], ROOM_NAMES[code], key))


def _set_policy(story: Story, bureau: Actor, county_id: str) -> None:
    """Adopt the draft scheme and set what it leaves open, by a document that says it is invented."""
    with story.step(bureau, days_ago=BEGUN - 2) as ctx:
        policies.adopt_profile(ctx, policies.AdoptProfile(county_id, RULE, DOCUMENT))
        valid_from = local_date(ctx.clock.now()) - timedelta(days=1)
        for name, value in SHARES:
            policies.set_local_number(
                ctx, policies.SetLocalNumber(county_id, RULE, name, value, DOCUMENT, valid_from)
            )


def _play(story: Story, cast: Cast, county_id: str, estates: dict[str, str]) -> None:
    done, rows_done = finished_project(story, cast, county_id, estates)
    with story.step(cast.bureau, days_ago=53) as ctx:
        mine = tuple(estates[plan.code] for plan in (CHAOYANG, XINYI))
        command = projects.CreateProject(
            county_id, "LT-2026-DEMO", "利通区2026年老旧小区改造（演示）", 2026, mine
        )
        project = projects.create_project(ctx, command)
    rows = {row.estate_id: row.project_estate_id for row in project.estates}
    chaoyang, xinyi = (
        Setting(plan, estates[plan.code], project.id, cast.clerks[plan.code]) for plan in (CHAOYANG, XINYI)
    )
    for row in rows.values():
        pass_gate(story, cast.bureau, (row, Gate.ELIGIBILITY), days_ago=52)
    canvass_id = finished_canvass(story, chaoyang)
    _include(story, cast.bureau, chaoyang, (rows[chaoyang.estate_id], canvass_id))
    move_in(story, CHAOYANG, [1, 2, 3, 10], days_ago=1)
    plan_id = plan_in_notice(story, chaoyang)
    link_ballot(story, chaoyang.clerks[0], (rows[chaoyang.estate_id], Gate.START), plan_id)
    open_id = open_canvass(story, xinyi, voters=[1, 2, 4, *range(10, 26)], waiting=[30, 31, 205, 206])
    link_ballot(story, xinyi.clerks[0], (rows[xinyi.estate_id], Gate.INCLUSION), open_id)
    after_the_works(story, cast, Afterwards(county_id, (*done, xinyi), rows_done))


def _include(story: Story, bureau: Actor, at: Setting, ids: tuple[str, str]) -> None:
    """Attach what the inclusion gate asks for, pass it, and go on to the vote on the plan."""
    row, canvass_id = ids
    gate = (row, Gate.INCLUSION)
    link_ballot(story, at.clerks[0], gate, canvass_id)
    attach_records(story, at.clerks[0], gate, INCLUSION, days_ago=0)
    pass_gate(story, bureau, gate)
    step_to(story, bureau, (at.project_id, row), "plan_vote")
