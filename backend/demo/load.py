"""Load the demo: two synthetic estates of 利通区 at different stages, told through the services."""

from __future__ import annotations

from datetime import timedelta

from backend.demo.ballots import QUESTIONS, RULE, Setting, finished_canvass, open_canvass, plan_in_notice
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
    cast = hire(story, county_id, places, days_ago=45)
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
    with story.step(days_ago=46) as ctx:
        above: str | None = None
        for kind, code, name in (
            ("province", "64", "宁夏回族自治区"),
            ("city", "6403", "吴忠市"),
            ("county", "640302", "利通区"),
        ):
            above = registry.create_organisation(ctx, registry.CreateOrganisation(above, kind, code, name)).id
        county_id = str(above)
        places = {}
        for plan in PLANS:
            town = registry.CreateOrganisation(county_id, "town", plan.town_code, plan.town)
            town_id = registry.create_organisation(ctx, town).id
            community = registry.CreateOrganisation(town_id, "community", plan.community_code, plan.community)
            places[plan.code] = (town_id, registry.create_organisation(ctx, community).id)
    return county_id, places


def _build_estate(story: Story, plan: EstatePlan, community_id: str) -> str:
    """Create the estate and import its roll, as a community would."""
    digest = story.ports.storage.put(roll_csv(plan))
    with story.step(days_ago=46) as ctx:
        facts = EstateFacts(plan.name, address=f"利通区{plan.town}（演示地址）", built_year=plan.built_year)
        command = registry.CreateEstate(community_id, plan.code, facts, is_synthetic=True)
        estate_id = registry.create_estate(ctx, command).id
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
    for code, community_id in communities.items():
        with story.step(cast.clerks[code][0], days_ago=44) as ctx:
            desk.add_room(ctx, desk.AddRoom(community_id, ROOM_NAMES[code], ROOM_KEYS[code]))


def _set_policy(story: Story, bureau: Actor, county_id: str) -> None:
    """Adopt the draft scheme and set what it leaves open, by a document that says it is invented."""
    with story.step(bureau, days_ago=44) as ctx:
        policies.adopt_profile(ctx, policies.AdoptProfile(county_id, RULE, DOCUMENT))
        valid_from = local_date(ctx.clock.now()) - timedelta(days=1)
        for name, value in SHARES:
            policies.set_local_number(
                ctx, policies.SetLocalNumber(county_id, RULE, name, value, DOCUMENT, valid_from)
            )


def _play(story: Story, cast: Cast, county_id: str, estates: dict[str, str]) -> None:
    with story.step(cast.bureau, days_ago=43) as ctx:
        command = projects.CreateProject(
            county_id, "LT-2026-DEMO", "利通区2026年老旧小区改造（演示）", 2026, tuple(estates.values())
        )
        project = projects.create_project(ctx, command)
    rows = {row.estate_id: row.project_estate_id for row in project.estates}
    settings = {
        plan.code: Setting(plan, estates[plan.code], project.id, cast.clerks[plan.code]) for plan in PLANS
    }
    for estate_id in estates.values():
        _pass(story, cast.bureau, rows[estate_id], Gate.ELIGIBILITY, days_ago=42)
    chaoyang, xinyi = settings[CHAOYANG.code], settings[XINYI.code]
    canvass_id = finished_canvass(story, chaoyang)
    _include(story, cast.bureau, chaoyang, (rows[chaoyang.estate_id], canvass_id))
    move_in(story, CHAOYANG, [1, 2, 3, 10], days_ago=1)
    plan_id = plan_in_notice(story, chaoyang)
    with story.step(chaoyang.clerks[0]) as ctx:
        projects.link_ballot(ctx, projects.LinkBallot(rows[chaoyang.estate_id], Gate.START, plan_id))
    open_id = open_canvass(story, xinyi, voters=[1, 2, 4, *range(10, 26)], waiting=[30, 31, 205, 206])
    with story.step(xinyi.clerks[0]) as ctx:
        projects.link_ballot(ctx, projects.LinkBallot(rows[xinyi.estate_id], Gate.INCLUSION, open_id))


def _include(story: Story, bureau: Actor, at: Setting, ids: tuple[str, str]) -> None:
    """Attach what the inclusion gate asks for, pass it, and go on to the vote on the plan."""
    project_estate_id, canvass_id = ids
    with story.step(at.clerks[0]) as ctx:
        projects.link_ballot(ctx, projects.LinkBallot(project_estate_id, Gate.INCLUSION, canvass_id))
        for name, title in (
            ("household_visits", "入户征求意愿记录（演示）"),
            ("mechanism_consensus", f"{QUESTIONS[1][0]}：会议纪要（演示）"),
        ):
            digest = ctx.storage.put(f"{title}\n本材料为演示，内容虚构。\n".encode())
            projects.attach_record(
                ctx, projects.AttachRecord(project_estate_id, Gate.INCLUSION, name, title, digest)
            )
    _pass(story, bureau, project_estate_id, Gate.INCLUSION, days_ago=0)
    with story.step(bureau) as ctx:
        card = projects.list_projects(ctx, 1)[0]
        row = next(row for row in card.estates if row.project_estate_id == project_estate_id)
        projects.move_stage(ctx, projects.MoveStage(project_estate_id, "plan_vote", row.version))


def _pass(story: Story, bureau: Actor, project_estate_id: str, gate: Gate, *, days_ago: float) -> None:
    with story.step(bureau, days_ago=days_ago) as ctx:
        seen = projects.show_gate(ctx, project_estate_id, gate).evidence_sha256
        reason = "演示：各项条件齐备，同意。"
        projects.decide_gate(ctx, projects.DecideGate(project_estate_id, gate, True, reason, seen))
