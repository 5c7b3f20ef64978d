"""100,000 complaints with their histories and reporters, and a register, written straight into PostgreSQL's tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import text
from sqlmodel import Session, col, select

from backend.complaints import service
from backend.complaints.rules.vocabulary import PartyKind
from backend.complaints.service import CreateParty
from backend.complaints.tables import Complaint
from backend.identity.service import CreateApiKey, create_api_key
from backend.infra.context import Context, Ports
from backend.kernel.access import SYSTEM, Role
from backend.kernel.clock import local_date
from backend.registry.tables import Organisation
from tests.factories.complaints import fill_complaints
from tests.factories.people import ResidentFixture, StaffFixture, acting_as, make_resident, make_staff
from tests.factories.places import EstateFixture, make_community, make_estate, make_organisation

TOWNS, COMMUNITIES, ESTATES = 5, 20, 100
PARTIES = 30
# A few hundred texts, each said two hundred times over two years.
TEXTS, TIMES = 500, 200
ITEMS = 20_000

# Where the n-th saying of a text lies; open ones are at most forty days old, the others two years. Some are what the
# shorter worklists pick out: of one first receiver, paused, disputed, handed up, filed from outside.
_PLACES = """
CREATE TEMPORARY TABLE load_place AS
SELECT row_number() OVER (ORDER BY e.id) - 1 AS n, e.id AS estate_id, e.name, o.id AS organisation_id,
       o.path AS organisation_path, (SELECT min(id) FROM building WHERE estate_id = e.id) AS first,
       (SELECT max(id) FROM building WHERE estate_id = e.id) AS last
FROM estate e JOIN organisation o ON o.id = e.organisation_id WHERE e.id = ANY(:estates);
CREATE TEMPORARY TABLE load_party AS
SELECT row_number() OVER (ORDER BY id) - 1 AS n, id FROM responsible_party WHERE id = ANY(:parties);
CREATE TEMPORARY TABLE load_case AS
SELECT c.id AS old_id, 'c' || lpad((t.n * 200 + s)::text, 19, '0') AS id,
       lpad((t.n * 200 + s)::text, 12, '0') AS number, t.n * 200 + s AS k, s,
       CAST(:now AS timestamptz) - make_interval(mins => ((t.n * 200 + s) * 7919 % CASE
         WHEN c.state IN ('resolved', 'closed') THEN 2 * 365 * 1440 ELSE 40 * 1440 END)::int)
         - c.registered_at AS moved,
       ((t.n * 200 + s) * 7 % 1013)::int AS accepting, ((t.n * 200 + s) * 101 % 9973)::int AS resolving
FROM complaint c JOIN (SELECT id, row_number() OVER (ORDER BY id) AS n FROM complaint) t ON t.id = c.id,
     generate_series(1, CAST(:times AS int)) s;
"""
_CASES = """
INSERT INTO complaint (id, number, organisation_id, organisation_path, estate_id, building_id, place_label, place_words,
  source, ticket_number, nature, category, time_class, disclosure, is_restricted, words, words_for_party, words_sealed,
  grams, state, version, registered_at, respond_by_at, party_id, accepted_at, responded_at, dispatched_at, resolved_at,
  closed_at, due_at, warn_at, clock_unit, clock_left, clock_since, is_due_provisional, is_respond_provisional,
  is_response_overdue, extensions, reopenings, is_supervised, is_solved, is_satisfied, outcome, paused_seconds,
  minutes_to_accept, minutes_to_resolve, repeats_place, repeats_reporter, first_receiver_id, paused_at, pause_reason,
  disputed_at, handed_up_at)
SELECT k.id, k.number, p.organisation_id, p.organisation_path, p.estate_id,
  CASE k.k % 3 WHEN 0 THEN p.first WHEN 1 THEN p.last END, p.name || ' 1栋', c.place_words, c.source,
  CASE WHEN c.source = 'telephone' THEN 'NX' || k.k END,
  CASE WHEN k.k % 50 = 0 THEN 'emergency' ELSE c.nature END, c.category,
  CASE WHEN k.k % 50 = 0 THEN 'emergency' WHEN k.k % 7 = 0 THEN 'complex' ELSE c.time_class END, c.disclosure,
  k.k % 100 = 1, c.words, c.words_for_party, c.words_sealed, c.grams, c.state, c.version,
  c.registered_at + k.moved, c.respond_by_at + k.moved, CASE WHEN c.party_id IS NOT NULL THEN y.id END,
  c.accepted_at + k.moved + make_interval(mins => k.accepting),
  c.responded_at + k.moved, c.dispatched_at + k.moved, c.resolved_at + k.moved + make_interval(mins => k.resolving),
  c.closed_at + k.moved + make_interval(mins => k.resolving), c.due_at + k.moved + make_interval(days => (k.s % 40)::int),
  c.warn_at + k.moved + make_interval(days => (k.s % 40)::int), c.clock_unit, c.clock_left, c.clock_since + k.moved,
  false, false, false, 0, CASE WHEN k.k % 20 = 0 AND c.accepted_at IS NOT NULL THEN 1 ELSE 0 END, k.k % 60 = 0,
  c.is_solved, c.is_satisfied, c.outcome, CASE WHEN k.k % 30 = 0 THEN 7200 ELSE 0 END,
  c.minutes_to_accept + k.accepting,
  c.minutes_to_resolve + k.resolving - CASE WHEN k.k % 30 = 0 THEN 120 ELSE 0 END, k.k % 9 = 0, k.k % 11 = 0,
  CASE WHEN k.k % 40 = 0 THEN CAST(:hotline AS varchar) END,
  CASE WHEN k.k % 33 = 0 AND c.state = 'in_progress' THEN c.dispatched_at + k.moved END,
  CASE WHEN k.k % 33 = 0 AND c.state = 'in_progress' THEN 'weather' END,
  CASE WHEN k.k % 200 = 0 AND c.state = 'registered' THEN c.registered_at + k.moved END,
  CASE WHEN k.k % 500 = 0 AND c.state = 'registered' THEN c.registered_at + k.moved END
FROM load_case k JOIN complaint c ON c.id = k.old_id JOIN load_place p ON p.n = k.k * 31 % CAST(:count AS int)
JOIN load_party y ON y.n = k.k * 17 % CAST(:units AS int);
INSERT INTO complaint_step (id, complaint_id, position, at, action, from_state, to_state, doer, words, is_told, facts)
SELECT 's' || lpad((k.k * 10 + s.position)::text, 19, '0'), k.id, s.position, s.at + k.moved, s.action, s.from_state,
  s.to_state, s.doer, s.words, s.is_told, s.facts
FROM load_case k JOIN complaint_step s ON s.complaint_id = k.old_id;
INSERT INTO complaint_reporter (id, complaint_id, account_id)
SELECT 'r' || substr(k.id, 2), k.id, CASE WHEN k.k % 500 = 0 THEN CAST(:account AS varchar) END FROM load_case k;
INSERT INTO complaint_follow_up (id, complaint_id, round, token_sealed, token_index, asked_at, expires_at, answered_at,
  via, is_solved, is_satisfied, words)
SELECT 'f' || substr(k.id, 2), k.id, 1, 'x', k.id, c.resolved_at, c.resolved_at + interval '7 days', c.closed_at,
  CASE WHEN c.closed_at IS NOT NULL THEN 'token' END, c.is_solved, c.is_satisfied, ''
FROM load_case k JOIN complaint c ON c.id = k.id WHERE c.resolved_at IS NOT NULL;
INSERT INTO complaint_extension (id, complaint_id, period, reason, state, requested_by, requested_at, decided_by,
  decided_at, decision_words)
SELECT 'e' || substr(k.id, 2), k.id, '5wd', '配件未到货', d.state, CAST(:account AS varchar), c.dispatched_at,
  CASE WHEN d.state <> 'requested' THEN CAST(:other AS varchar) END,
  CASE WHEN d.state <> 'requested' THEN c.dispatched_at + interval '1 hour' END,
  CASE WHEN d.state <> 'requested' THEN '已核实' END
FROM load_case k JOIN complaint c ON c.id = k.id, LATERAL (SELECT CASE WHEN c.state = 'in_progress' AND k.k % 3 = 0
  THEN 'requested' WHEN k.k % 2 = 0 THEN 'granted' ELSE 'refused' END AS state) d
WHERE c.dispatched_at IS NOT NULL AND k.s % 8 = 0;
INSERT INTO complaint_relay (complaint_id, key_id, received_at, body_index)
SELECT k.id, :key, c.registered_at, k.id FROM load_case k JOIN complaint c ON c.id = k.id WHERE c.source = 'open311';
"""
_REGISTER = """
INSERT INTO rectification_item (id, estate_id, organisation_id, organisation_path, estate_name, number, source, problem,
  place, responsible_party, measures, found_on, due_on, state, round, submitted_by, submitted_at, verified_by,
  verified_at, closed_out_on, is_imported, version, created_by, created_at)
SELECT 'i' || lpad(i::text, 19, '0'), p.estate_id, p.organisation_id, p.organisation_path, p.name, i::text,
  (ARRAY['complaint', 'inspection', 'audit', 'warning'])[1 + i % 4], '楼梯间墙面开裂', '3栋2单元楼梯间',
  '示例施工单位' || i % CAST(:units AS int), '铲除重抹', d.day, d.day + 15, d.state, 1,
  CASE WHEN d.state IN ('submitted', 'closed_out') THEN CAST(:account AS varchar) END,
  CASE WHEN d.state IN ('submitted', 'closed_out') THEN CAST(:now AS timestamptz) END,
  CASE WHEN d.state = 'closed_out' THEN CAST(:other AS varchar) END,
  CASE WHEN d.state = 'closed_out' THEN CAST(:now AS timestamptz) END,
  CASE WHEN d.state = 'closed_out' THEN d.day + 10 END, false, 1, CAST(:account AS varchar),
  CAST(:now AS timestamptz) - make_interval(mins => (i * 7919 % (2 * 365 * 1440))::int)
FROM generate_series(1, CAST(:items AS int)) i JOIN load_place p ON p.n = i % CAST(:count AS int),
  LATERAL (SELECT (CAST(:now AS timestamptz) - make_interval(days => (i * 37 % 700)::int))::date AS day,
    CASE WHEN i % 10 < 7 THEN 'closed_out' WHEN i % 10 = 7 THEN 'submitted' WHEN i % 10 = 8 THEN 'in_progress'
    ELSE 'open' END AS state) d;
"""


@dataclass(frozen=True)
class Load:
    """One case, one estate and its organisations, and people to ask as."""

    case: str
    number: str
    ticket: str
    estate: str
    community: str
    town: str
    party: str
    key: str
    bureau: StaffFixture
    hotline: StaffFixture
    committee: StaffFixture
    handler: StaffFixture
    resident: ResidentFixture


def load_complaints(ports: Ports) -> Load:
    """Write everything and let the database take its statistics."""
    with Session(ports.engine, expire_on_commit=False) as session:
        ctx = Context(session=session, actor=SYSTEM, ports=ports, request_id="load")
        first = make_community(ctx)
        estates = _estates(ctx, first)
        county, town = first.path.strip("/").split("/")[2:4]
        bureau = make_staff(ctx, Role.BUREAU, county)
        parties = [
            service.create_party(
                acting_as(ctx, bureau), CreateParty(county, PartyKind.CONTRACTOR, f"示例施工单位{number}")
            ).id
            for number in range(PARTIES)
        ]
        handler = make_staff(ctx, Role.HANDLER, county)
        service.add_member(acting_as(ctx, bureau), parties[0], handler.account_id)
        resident = make_resident(ctx, estates[0].dwelling_ids[0])
        hotline = make_staff(ctx, Role.HOTLINE, county)
        ends_on = local_date(ctx.clock.now()) + timedelta(days=30)
        key = create_api_key(acting_as(ctx, bureau), CreateApiKey(county, "某热线平台", ends_on))
        session.commit()
        fill_complaints(ctx, estates[:1], parties[0], TEXTS)
        people = {"account": resident.account_id, "other": bureau.account_id, "hotline": hotline.account_id}
        _multiply(ctx, estates, parties, {**people, "key": key.view.id})
        of_first = select(Complaint).where(Complaint.estate_id == estates[0].estate.id)
        known = session.exec(of_first.where(col(Complaint.state) == "in_progress")).first()
        assert known is not None
        made = Load(
            case=known.id,
            number=known.number,
            ticket="NX3003",
            estate=estates[0].estate.id,
            community=first.id,
            town=town,
            party=parties[0],
            bureau=bureau,
            hotline=hotline,
            key=key.view.id,
            committee=make_staff(ctx, Role.RESIDENTS_COMMITTEE, first.id),
            handler=handler,
            resident=resident,
        )
        session.commit()
    with ports.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
    return made


def _estates(ctx: Context, first: Organisation) -> list[EstateFixture]:
    found = ctx.session.get(Organisation, first.parent_id)
    assert found is not None
    county = ctx.session.get(Organisation, found.parent_id)
    towns = [found, *(make_organisation(ctx, "town", county) for _ in range(TOWNS - 1))]
    communities = [first, *(make_community(ctx, towns[n % TOWNS]) for n in range(1, COMMUNITIES))]
    return [
        make_estate(ctx, community=communities[n % COMMUNITIES], dwellings=2, per_building=1)
        for n in range(ESTATES)
    ]


def _multiply(
    ctx: Context, estates: list[EstateFixture], parties: list[str], known: Mapping[str, str]
) -> None:
    values = {
        "estates": [each.estate.id for each in estates],
        "parties": parties,
        "times": TIMES - 1,
        "count": ESTATES,
        "units": PARTIES,
        "items": ITEMS,
        **known,
        "now": ctx.clock.now() - timedelta(minutes=1),
    }
    for block in (_PLACES, _CASES, _REGISTER):
        for statement in filter(str.strip, block.split(";\n")):
            wanted = {name: value for name, value in values.items() if f":{name}" in statement}
            ctx.session.connection().execute(text(statement), wanted)
