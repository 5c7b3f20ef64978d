"""A community in which every kind of thing exists once, and everybody who may or may not see it."""

from __future__ import annotations

import io
import re
import secrets
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from hashlib import sha256

from PIL import Image
from sqlmodel import select

from backend.ballots.rules.minutes import Content, People
from backend.ballots.service import amendments, batches, paper, proxies
from backend.ballots.service.amendment_rows import ProposeAmendment
from backend.ballots.service.disclosures import ProposeDisclosure, propose_disclosure
from backend.ballots.service.minutes_rows import columns_of
from backend.ballots.tables import BallotDocument, CountMinutes
from backend.bootstrap import wire_hooks
from backend.identity import service as identity
from backend.identity.rules.consents import NOTICE_VERSION, Purpose
from backend.identity.rules.relations import Relation
from backend.identity.service import GrantRole, IssueInvites, RequestBinding
from backend.identity.tables import LoginSession
from backend.infra.context import Context
from backend.kernel.access import Role
from backend.kernel.ids import new_id
from backend.ledger.rules.receipt import new_receipt
from backend.media import service as media
from backend.media.tables import MediaFile
from backend.notices import service as notices
from backend.notices.service import PublishNotice, RaiseObjection
from backend.notifications.service import desk
from backend.notifications.tables import DoorstepEntry
from backend.policies import service as policies
from backend.policies.rules.gates import Gate
from backend.policies.service import AdoptProfile, SetLocalNumber
from backend.projects import service as projects
from backend.projects.service import AttachRecord, CreateProject
from backend.projects.tables import GateEvidence
from backend.registry import service as registry
from backend.registry.service import OpenDisplay, QueueImport
from backend.surveys import service as surveys
from backend.surveys.service import CreateSurvey, EnterAnswers
from backend.surveys.tables import SurveyHousehold
from tests.api.matrix.complaint_place import add_complaints
from tests.api.matrix.open311 import PUBLIC, add_open311
from tests.api.matrix.register import keep_register
from tests.factories.ballots import BallotFixture, make_ballot
from tests.factories.people import acting_as, make_resident, make_staff
from tests.factories.places import EstateFixture, make_estate
from tests.services.projects.held_ballots import hold_ballot

AT_COUNTY = (Role.ADMINISTRATOR, Role.BUREAU, Role.AUDITOR)
RESIDENTS = ("resident", "housemate", "neighbour")


@dataclass
class Place:
    """``ids`` name the things, ``tokens`` the people, ``own_sessions`` the session each person may end.

    ``entries[i]`` is the open ballot's entry of ``dwellings[i]``.
    """

    ids: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    own_sessions: dict[str, str] = field(default_factory=dict)
    dwellings: list[str] = field(default_factory=list)
    entries: list[str] = field(default_factory=list)

    def unknown(self) -> Place:
        """Return the same place with identifiers that exist nowhere."""
        made = {name: _unlike(value) for name, value in self.ids.items()}
        sessions = {name: new_id() for name in self.own_sessions}
        return replace(self, ids=made, own_sessions=sessions)

    def secrets_of_it(self) -> frozenset[str]:
        """Return every identifier that nobody outside may read anywhere."""
        return frozenset(self.ids[name] for name in self.ids if name not in PUBLIC_NAMES)


# Not identifiers of this place: names, hashes of contents that any upload of the same content has.
PUBLIC_NAMES = (
    "gate",
    "photo",
    "document",
    "invite_code",
    "row_version",
    "variant",
    "expires",
    "sig",
    "ledger",
    "survey_deadline",
    "counted_at",
    *PUBLIC,
)


def _unlike(value: str) -> str:
    if len(value) == 20 and value.isalnum():
        return new_id()
    if len(value) == 64:
        return secrets.token_hex(32)
    return new_receipt() if len(value) == 12 and value.isdigit() else value


def picture() -> bytes:
    """Return a small photo."""
    out = io.BytesIO()
    Image.new("RGB", (8, 8), "white").save(out, "JPEG")
    return out.getvalue()


def build_place(ctx: Context, dwellings: int = 6) -> Place:
    """Arrange everything; buildings of three homes, seven ballots in as many states."""
    wire_hooks()
    place = Place()
    estate = make_estate(ctx, dwellings=dwellings, per_building=3)
    _people(ctx, place, estate)
    _registry(ctx, place, estate)
    _ballots(ctx, place, estate)
    _identity(ctx, place, estate)
    _notices(ctx, place, estate)
    _projects(ctx, place, estate)
    _surveys(ctx, place, estate)
    _notifications(ctx, place, estate)
    _media(ctx, place, estate)
    _rectification(ctx, place, estate)
    add_complaints(ctx, place.ids, place.tokens)
    add_open311(ctx, place.ids)
    return place


def _people(ctx: Context, place: Place, estate: EstateFixture) -> None:
    chain = estate.community.path.strip("/").split("/")
    place.ids |= {"county": chain[2], "town": chain[3], "community": chain[4]}
    for role in Role:
        at = {Role.TOWN: "town"}.get(role, "county" if role in AT_COUNTY else "community")
        building = estate.building_ids[0] if role is Role.BUILDING_STEWARD else None
        inside = estate.estate.id if building else None
        made = make_staff(ctx, role, place.ids[at], inside, building)
        place.tokens[role.value] = made.token
        place.own_sessions[role.value] = _session_id(ctx, made.token_hash)
        place.ids[f"{role.value}_session"] = place.own_sessions[role.value]
    homes = {"resident": 0, "housemate": 0, "neighbour": 1}
    for name, number in homes.items():
        relation = "family" if name == "housemate" else "owner"
        person = make_resident(ctx, estate.dwelling_ids[number], relation=relation)
        place.tokens[name] = person.token
        place.own_sessions[name] = _session_id(ctx, person.token_hash)
        place.ids[f"{name}_session"] = place.own_sessions[name]
        if name == "resident":
            place.ids["resident_account"] = person.account_id
            acting = acting_as(ctx, person)
            identity.record_consent(acting, Purpose.PRIVACY_NOTICE, NOTICE_VERSION, is_given=True)
            identity.record_consent(acting, Purpose.PHONE, NOTICE_VERSION, is_given=True)
            identity.add_phone(acting, estate.phones[0])
            place.ids["binding"] = acting.actor.homes[0].binding_id
    colleague = make_staff(ctx, Role.HANDLER, place.ids["community"])
    place.ids["colleague"] = colleague.account_id
    given = GrantRole(Role.HOTLINE, place.ids["community"])
    place.ids["grant"] = identity.grant_role(ctx, colleague.account_id, given).id


def _session_id(ctx: Context, token_hash: bytes) -> str:
    return ctx.session.get_one(LoginSession, token_hash).public_id


def _registry(ctx: Context, place: Place, estate: EstateFixture) -> None:
    place.ids |= {
        "estate": estate.estate.id,
        "building": estate.building_ids[0],
        "other_building": estate.building_ids[1],
        "dwelling": estate.dwelling_ids[0],
        "far_dwelling": estate.dwelling_ids[4],
        "photo": ctx.storage.put(picture()),
        "gate": "start",
    }
    queued = QueueImport(
        place.ids["community"], estate.estate.id, place.ids["photo"], "x.xlsx", True, False, new_id()
    )
    place.ids["import"] = registry.queue_import(ctx, queued).id
    today = ctx.clock.now().date()
    registry.open_roll_display(ctx, OpenDisplay(estate.estate.id, today, today + timedelta(days=7)))


def _ballots(ctx: Context, place: Place, estate: EstateFixture) -> None:
    states = ("draft", "notice", "open", "counting", "sealed", "preliminary", "suspended")
    options = {"kind": "canvass", "parameters": {"track_consensus": 1}}
    made = {state: make_ballot(ctx, estate, state=state, **options) for state in states}  # type: ignore[arg-type] # passed through
    place.ids |= {f"{state}_ballot": ballot.ballot_id for state, ballot in made.items()}
    place.ids["final_ballot"] = hold_ballot(ctx, estate, "plan", ("cn-civil-code/general",), votes=(5, 4))
    opened = made["open"]
    place.ids["document"] = _documents(ctx, place.ids["photo"], opened.ballot_id, made["draft"].ballot_id)
    place.ids["motion"] = opened.motion_ids[0]
    place.ids["second_motion"] = opened.motion_ids[1]
    place.ids["documents_hash"] = opened.documents_hash
    place.ids["entry"] = opened.entry_ids[estate.dwelling_ids[0]]
    place.entries = [opened.entry_ids[home] for home in estate.dwelling_ids]
    place.dwellings = estate.dwelling_ids
    place.ids["empty_entry"] = opened.entry_ids[estate.dwelling_ids[2]]
    place.ids["far_entry"] = opened.entry_ids[estate.dwelling_ids[4]]
    _paper(ctx, place, estate, opened)
    auditor = acting_as(ctx, make_staff(ctx, Role.AUDITOR, estate.community.id))
    demand = ProposeDisclosure(
        place.ids["final_ballot"], estate.dwelling_ids[1], "法院调查令", place.ids["photo"]
    )
    for name in ("disclosure", "asked_disclosure"):
        place.ids[name] = propose_disclosure(auditor, demand).row.id
    _minutes(ctx, place)


def _minutes(ctx: Context, place: Place) -> None:
    """Signed minutes of the final ballot, and a draft of the preliminary one."""
    moment = ctx.clock.now() - timedelta(minutes=30)
    place.ids["counted_at"] = moment.isoformat()
    said = columns_of(ctx, Content(People(("周五", "吴六")), "居委会", moment, moment))
    signed = {
        "state": "signed",
        "document_sha256": place.ids["photo"],
        "signed_by": "clerk",
        "signed_at": moment,
    }
    for name, ballot, more in (("minutes", "final", signed), ("drafted_minutes", "preliminary", {})):
        place.ids[name] = new_id()
        row = CountMinutes(
            id=place.ids[name],
            ballot_id=place.ids[f"{ballot}_ballot"],
            edition=1,
            recorded_by="clerk",
            recorded_at=moment,
            idempotency_key=new_id(),
            **{**said, **more},
        )
        ctx.session.add(row)
    ctx.session.flush()


def _documents(ctx: Context, sha256_: str, *ballot_ids: str) -> str:
    moment = ctx.clock.now()
    for ballot_id in ballot_ids:
        row = BallotDocument(
            ballot_id=ballot_id,
            sha256=sha256_,
            title="方案",
            media_type="image/jpeg",
            size=1,
            added_by="test",
            added_at=moment,
        )
        ctx.session.add(row)
    ctx.session.flush()
    return sha256_


def _paper(ctx: Context, place: Place, estate: EstateFixture, opened: BallotFixture) -> None:
    clerk, second = (
        acting_as(ctx, make_staff(ctx, Role.RESIDENTS_COMMITTEE, estate.community.id)) for _ in range(2)
    )
    photo = place.ids["photo"]
    batch = batches.register_batch(clerk, batches.RegisterBatch(opened.ballot_id, 3, photo, new_id()))
    fresh = batches.register_batch(clerk, batches.RegisterBatch(opened.ballot_id, 1, photo, new_id()))
    batches.witness_batch(second, batch.id, 3)
    legacy = batches.register_batch(
        clerk, batches.RegisterBatch(opened.ballot_id, 3, photo, new_id(), "legacy")
    )
    batches.witness_batch(second, legacy.id, 3)
    place.ids |= {"batch": batch.id, "unwitnessed_batch": fresh.id, "legacy_batch": legacy.id}
    marks = dict.fromkeys(opened.motion_ids, "for")
    for name, sheet, home in (("sheet", 1, 2), ("taken_sheet", 2, 3)):
        entry = opened.entry_ids[estate.dwelling_ids[home]]
        entered = paper.enter_sheet(clerk, paper.EnterSheet(batch.id, sheet, entry, marks, photo))
        place.ids[name] = entered.receipt
    wanted = proxies.RegisterMandate(
        opened.ballot_id,
        opened.entry_ids[estate.dwelling_ids[0]],
        make_resident(ctx).account_id,
        "全部事项",
        photo,
        None,
        None,
    )
    place.ids["mandate"] = proxies.register_mandate(clerk, wanted).mandate.id
    change = ProposeAmendment(
        opened.ballot_id, "area", "更正", entry_id=opened.entry_ids[estate.dwelling_ids[5]], area_centi=9000
    )
    place.ids["amendment"] = amendments.propose_amendment(clerk, change).id


def _identity(ctx: Context, place: Place, estate: EstateFixture) -> None:
    issued = identity.issue_invites(
        ctx, IssueInvites(estate.estate.id, dwelling_ids=(estate.dwelling_ids[2],))
    )
    place.ids |= {"invite_batch": issued.batch, "invite_code": issued.letters[0].code}
    newcomer = acting_as(ctx, make_resident(ctx))
    identity.record_consent(newcomer, Purpose.PRIVACY_NOTICE, NOTICE_VERSION, is_given=True)
    identity.rename(newcomer, "赵小明")
    proof = media.upload_media(newcomer, media.Upload(picture(), "proof-key-1", estate.estate.id, True)).id
    asked = RequestBinding(estate.estate.id, "1-1-103", Relation.OWNER, (proof,))
    place.ids["pending_binding"] = identity.request_binding(newcomer, asked).id


def _notices(ctx: Context, place: Place, estate: EstateFixture) -> None:
    published = PublishNotice(estate.estate.id, "estate", estate.estate.id, "roll", "名册公示", "请核对。")
    place.ids["public_notice"] = notices.publish_notice(ctx, published).id
    resident = _again(ctx, place)
    home = estate.dwelling_ids[0]
    raised = notices.raise_objection(
        resident, RaiseObjection("roll", home, home, "面积不对", "objection-key")
    )
    place.ids["objection"] = raised.id


def _again(ctx: Context, place: Place, who: str = "resident") -> Context:
    digest = sha256(place.tokens[who].encode()).digest()
    actor = identity.authenticate(ctx.session, digest)
    assert actor is not None
    return Context(session=ctx.session, actor=actor, ports=ctx.ports, request_id="arrange")


def _media(ctx: Context, place: Place, estate: EstateFixture) -> None:
    """A photo of the resident's that waits for a person, and its address."""
    resident = _again(ctx, place)
    shown = media.upload_media(resident, media.Upload(picture(), "media-key-1", estate.estate.id))
    ctx.session.get_one(MediaFile, shown.id).state = "review"
    assert shown.thumb is not None
    expires, sig = re.findall(r"=(\w+)", shown.thumb)
    place.ids |= {"media": shown.id, "variant": "thumb", "expires": expires, "sig": sig}


def _projects(ctx: Context, place: Place, estate: EstateFixture) -> None:
    county = place.ids["county"]
    place.ids["adoption"] = policies.adopt_profile(ctx, AdoptProfile(county, "gansu-2022", "采用文件")).id
    number = SetLocalNumber(county, "gansu-2022/inclusion", "consent", "roll", "文件", date(2026, 1, 1))
    place.ids["number"] = policies.set_local_number(ctx, number).id
    bureau = acting_as(ctx, make_staff(ctx, Role.BUREAU, county))
    card = projects.create_project(bureau, CreateProject(county, "P1", "一期", 2026, (estate.estate.id,)))
    row = card.estates[0].project_estate_id
    place.ids |= {"project": card.id, "row": row}
    record = AttachRecord(row, Gate.START, "management_minutes", "会议纪要", place.ids["photo"])
    view = projects.attach_record(bureau, record)
    attached = select(GateEvidence.id).where(GateEvidence.project_estate_id == row)
    place.ids["evidence"] = ctx.session.exec(attached).one()
    place.ids |= {"evidence_sha256": view.evidence_sha256, "row_version": str(view.version)}


def _notifications(ctx: Context, place: Place, estate: EstateFixture) -> None:
    community = place.ids["community"]
    place.ids["room"] = desk.add_room(ctx, desk.AddRoom(community, "居委会群", "robot-key-0001")).id
    entry = DoorstepEntry(
        id=new_id(),
        topic=f"ballot:{place.ids['open_ballot']}",
        dwelling_id=estate.dwelling_ids[0],
        estate_id=estate.estate.id,
        building_id=estate.building_ids[0],
        ballot_id=place.ids["open_ballot"],
        kind="vote_recorded",
        is_reminder=False,
        reason="no_channel",
        created_at=ctx.clock.now(),
    )
    ctx.session.add(entry)
    place.ids["doorstep_entry"] = entry.id


def _rectification(ctx: Context, place: Place, estate: EstateFixture) -> None:
    clerk, handler = (_again(ctx, place, role.value) for role in (Role.RESIDENTS_COMMITTEE, Role.HANDLER))
    place.ids |= keep_register(clerk, handler, estate.estate.id)


def _surveys(ctx: Context, place: Place, estate: EstateFixture) -> None:
    clerk = acting_as(ctx, make_staff(ctx, Role.RESIDENTS_COMMITTEE, estate.community.id))
    deadline = ctx.clock.now() + timedelta(days=10)
    place.ids["survey_deadline"] = deadline.isoformat()
    for state in ("draft", "open"):
        made = surveys.create_survey(
            clerk, CreateSurvey(place.ids["community"], "satisfaction", (estate.estate.id,), new_id())
        )
        place.ids[f"{state}_survey"] = made.id
    surveys.open_survey(clerk, made.id, deadline, made.version)
    asked = select(SurveyHousehold.dwelling_id, SurveyHousehold.id).where(
        SurveyHousehold.survey_id == made.id
    )
    households = dict(ctx.session.exec(asked).all())
    place.ids["household"] = home = households[estate.dwelling_ids[0]]
    said = EnterAnswers(made.id, home, "doorstep", {"overall": "satisfied"}, new_id())
    surveys.enter_answers(clerk, said)
    place.ids["far_household"] = households[estate.dwelling_ids[4]]
