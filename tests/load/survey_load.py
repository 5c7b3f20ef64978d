"""Half a million households and 460,000 responses of one survey, written straight into PostgreSQL's tables."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import text
from sqlmodel import Session

from backend.infra.context import Context, Ports
from backend.kernel.access import SYSTEM, Role
from backend.surveys import service
from backend.surveys.service import CreateSurvey
from tests.factories.people import ResidentFixture, StaffFixture, acting_as, make_resident, make_staff
from tests.factories.places import EstateFixture, make_community, make_estate

ESTATES = 100
BUILDINGS = 92
PER_BUILDING = 56
ANSWERED = 50  # of the homes of each building: 92 * 50 * 100 = 460,000
ITEMS = tuple(f"分项{number}" for number in range(1, 9))
OTHER_SURVEYS = 20_000

# Every home of the first estate is cloned from its one home; ids count, so that plans and pages are the same each time.
_HOMES = """
INSERT INTO building (id, estate_id, code)
SELECT 'b' || lpad((e.n * 1000 + b)::text, 19, '0'), e.id, b::text
FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM estate WHERE id = ANY(:estates)) e,
     generate_series(1, :buildings) b;
INSERT INTO owner (id, estate_id, key, kind, name_sealed)
SELECT 'o' || substr(id, 2), id, 'all', 'person', 'x' FROM estate WHERE id = ANY(:estates);
INSERT INTO dwelling (id, estate_id, building_id, key, code, use, exclusive_area_centi, area_source,
                      is_household, owner_id, state)
SELECT 'd' || right(b.id, 14) || lpad(h::text, 5, '0'), b.estate_id, b.id, b.code || '//' || h, h::text,
       'residential', 8000, 'survey', true, 'o' || substr(b.estate_id, 2), 'active'
FROM building b, generate_series(1, :homes) h WHERE b.estate_id = ANY(:estates) AND b.id LIKE 'b0%';
"""
_CENSUS = """
INSERT INTO survey_place (survey_id, building_id, estate_id, pool, label, position, households, answered, covered,
                          contacted)
SELECT CAST(:survey AS varchar), b.id, b.estate_id, b.id, b.code || '栋', b.code::int,
       CAST(:homes AS int),
       CAST(:answered AS int),
       CAST(:answered AS int),
       CAST(:answered AS int)
FROM building b WHERE b.id LIKE 'b0%' AND b.estate_id = ANY(:estates);
INSERT INTO survey_household (id, survey_id, estate_id, building_id, dwelling_id, position, building_label,
                              entrance_label, door_label, answered_at, covered_at, tries, last_outcome, last_try_at)
SELECT 'h' || substr(d.id, 2), CAST(:survey AS varchar), d.estate_id, d.building_id, d.id,
       e.position * 1000000 + b.code::int * 1000 + d.code::int, b.code || '栋', '', d.code,
       CASE WHEN d.code::int <= CAST(:answered AS int) THEN CAST(:now AS timestamptz) END,
       CASE WHEN d.code::int <= CAST(:answered AS int) THEN CAST(:now AS timestamptz) END,
       d.code::int % 3, CASE d.code::int % 3 WHEN 0 THEN NULL WHEN 1 THEN 'not_home' ELSE 'refused' END,
       CASE WHEN d.code::int % 3 > 0 THEN CAST(:now AS timestamptz) END
FROM dwelling d JOIN building b ON b.id = d.building_id
JOIN survey_estate e ON e.survey_id = CAST(:survey AS varchar) AND e.estate_id = d.estate_id;
UPDATE survey_estate SET households = CAST(:homes AS int) * CAST(:buildings AS int) WHERE survey_id = CAST(:survey AS varchar);
"""
_ANSWERS = """
INSERT INTO survey_response (id, survey_id, estate_id, pool, household_id, respondent, state, channel, entered_by,
                             answers, overall, request_sha256, idempotency_key, arrived_at, released_at)
SELECT 'r' || substr(h.id, 2),
       CAST(:survey AS varchar), h.estate_id, h.building_id, h.id, h.id, 'standing', 'online',
       CAST(:account AS varchar),
       '{"overall":"satisfied","item_1":"satisfied","item_2":"basically","item_3":"satisfied","item_4":"unknown",'
       '"item_5":"satisfied","item_6":"dissatisfied","item_7":"satisfied","item_8":"satisfied"}',
       'satisfied', md5(h.id) || md5(h.id), h.id,
       CAST(:now AS timestamptz) + h.position * interval '1 millisecond',
       CAST(:now AS timestamptz)
FROM survey_household h WHERE h.survey_id = CAST(:survey AS varchar) AND h.covered_at IS NOT NULL;
INSERT INTO survey_text (id, response_id, survey_id, estate_id, question, words, personal, photos, is_standing,
                         is_shown)
SELECT 't' || substr(id, 2), id, survey_id, estate_id, 'words',
       CASE (right(id, 5))::int % 7 WHEN 0 THEN '楼道灯不亮' ELSE '希望早点修好停车场' END, '[]', '[]', true,
       true
FROM survey_response WHERE survey_id = CAST(:survey AS varchar) AND (right(id, 5))::int % 10 = 0;
INSERT INTO survey_sum (survey_id, estate_id, pool, question, code, number)
SELECT CAST(:survey AS varchar), p.estate_id, p.pool, q, c, CASE c WHEN '*' THEN 50 WHEN 'satisfied' THEN 25 ELSE 5 END
FROM survey_place p, unnest(CAST(:questions AS text[])) q,
     unnest(ARRAY['*', 'very_satisfied', 'satisfied', 'basically', 'dissatisfied', 'very_dissatisfied', 'unknown']) c
WHERE p.survey_id = CAST(:survey AS varchar);
INSERT INTO survey_sum (survey_id, estate_id, pool, question, code, number)
SELECT survey_id, estate_id, pool, '$channel', 'online', 50 FROM survey_place WHERE survey_id = CAST(:survey AS varchar);
INSERT INTO survey_sum (survey_id, estate_id, pool, question, code, number)
SELECT survey_id, estate_id, '', question, code, sum(number) FROM survey_sum GROUP BY 1, 2, 4, 5;
INSERT INTO survey_contact (id, survey_id, household_id, outcome, channel, made_by, made_at, idempotency_key)
SELECT 'c' || substr(id, 2), survey_id, id, last_outcome, 'doorstep',
       CAST(:account AS varchar), last_try_at, id
FROM survey_household WHERE survey_id = CAST(:survey AS varchar) AND last_outcome IS NOT NULL AND position % 5 = 0;
INSERT INTO survey_draft (id, household_id, account_id, survey_id, answers_sealed, saved_at)
SELECT 'f' || substr(id, 2), id, CAST(:account AS varchar), survey_id, 'x', CAST(:now AS timestamptz)
FROM survey_household WHERE survey_id = CAST(:survey AS varchar) AND position % 50 = 0;
UPDATE survey SET state = 'open', form_sha256 = 'x', opened_at = CAST(:now AS timestamptz), opened_by = CAST(:account AS varchar),
                  closes_at = CAST(:now AS timestamptz) + interval '30 days', version = 2 WHERE id = CAST(:survey AS varchar);
"""
_OTHERS = """
INSERT INTO survey (id, organisation_id, template, title, intro, unit, tenants_answer, state, form, version,
                    idempotency_key, created_by, created_at)
SELECT 's' || lpad(n::text, 19, '0'), s.organisation_id, 'custom', '往年调查', '', 'household', false, 'draft', s.form, 1,
       'other-' || n, s.created_by, s.created_at - n * interval '1 hour'
FROM survey s, generate_series(1, CAST(:others AS int)) n WHERE s.id = CAST(:survey AS varchar);
INSERT INTO survey_estate (survey_id, estate_id, estate_name, estate_path, position, households)
SELECT 's' || lpad(n::text, 19, '0'), e.estate_id, e.estate_name, e.estate_path, 0, 0
FROM survey_estate e, generate_series(1,
       CAST(:others AS int)) n WHERE e.survey_id = CAST(:survey AS varchar) AND e.position = n % 100;
INSERT INTO survey_area (survey_id, organisation_id, created_at)
SELECT o.id, a.organisation_id, o.created_at FROM survey o, survey_area a
WHERE o.id LIKE 's0%' AND a.survey_id = CAST(:survey AS varchar);
INSERT INTO survey_place (survey_id, building_id, estate_id, pool, label, position, households, answered, covered,
                          contacted)
SELECT o.survey_id, p.building_id, p.estate_id, p.pool, p.label, p.position, p.households, 0, 0, 0
FROM survey_estate o JOIN survey_place p ON p.survey_id = CAST(:survey AS varchar) AND p.estate_id = o.estate_id
WHERE o.survey_id BETWEEN 's0000000000000000000' AND 's0000000000000002000';
"""


@dataclass(frozen=True)
class Load:
    """The survey, one of its estates and buildings, and people to ask as."""

    survey: str
    estate: str
    building: str
    household: str
    bureau: StaffFixture
    committee: StaffFixture
    steward: StaffFixture
    resident: ResidentFixture
    home: str


def load_survey(ports: Ports) -> Load:
    """Write everything and let the database take its statistics."""
    with Session(ports.engine, expire_on_commit=False) as session:
        ctx = Context(session=session, actor=SYSTEM, ports=ports, request_id="load")
        community = make_community(ctx)
        estates = [make_estate(ctx, community=community, dwellings=0) for _ in range(ESTATES)]
        committee = make_staff(ctx, Role.RESIDENTS_COMMITTEE, community.id)
        draft = CreateSurvey(
            community.id, "satisfaction", tuple(each.estate.id for each in estates), "load-key", items=ITEMS
        )
        survey = service.create_survey(acting_as(ctx, committee), draft)
        _write(ctx, survey.id, estates, committee.account_id)
        session.commit()
        made = _people(ctx, survey.id, estates[0], committee)
        session.commit()
    with ports.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
    return made


def _write(ctx: Context, survey: str, estates: list[EstateFixture], account: str) -> None:
    questions = ["overall", *(f"item_{n}" for n in range(1, 9)), "contractor", "disturbance", "communication"]
    values = {
        "estates": [each.estate.id for each in estates],
        "buildings": BUILDINGS,
        "homes": PER_BUILDING,
        "answered": ANSWERED,
        "survey": survey,
        "account": account,
        "questions": questions,
        "others": OTHER_SURVEYS,
        "now": ctx.clock.now() - timedelta(days=1),
    }
    for block in (_HOMES, _CENSUS, _ANSWERS, _OTHERS):
        for statement in filter(str.strip, block.split(";\n")):
            wanted = {name: value for name, value in values.items() if f":{name}" in statement}
            ctx.session.connection().execute(text(statement), wanted)


def _people(ctx: Context, survey: str, first: EstateFixture, committee: StaffFixture) -> Load:
    county = first.community.path.strip("/").split("/")[2]
    asked = text(
        "SELECT building_id, dwelling_id, id FROM survey_household WHERE survey_id = :s AND estate_id = :e"
        " AND covered_at IS NULL ORDER BY position LIMIT 1"
    )
    found = ctx.session.connection().execute(asked, {"s": survey, "e": first.estate.id}).one()
    return Load(
        survey=survey,
        estate=first.estate.id,
        building=found.building_id,
        household=found.id,
        bureau=make_staff(ctx, Role.BUREAU, county),
        committee=committee,
        steward=make_staff(
            ctx, Role.BUILDING_STEWARD, first.community.id, first.estate.id, found.building_id
        ),
        resident=make_resident(ctx, found.dwelling_id),
        home=found.dwelling_id,
    )
