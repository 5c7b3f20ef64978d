"""Surveys: the questionnaire, the frozen census, responses, sums, contact tries and drafts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from backend.infra.columns import JsonText, UtcDateTime

OUTCOMES = "'not_home', 'refused', 'vacant', 'no_answer', 'wrong_number', 'later', 'sheet_left'"
CHANNELS = "'online', 'doorstep', 'telephone', 'paper'"


class Survey(SQLModel, table=True):
    """A questionnaire of an organisation, asked in one or several estates; frozen when it opens."""

    __tablename__ = "survey"
    __table_args__ = (
        CheckConstraint("state IN ('draft', 'open', 'closed', 'cancelled')", name="survey_state"),
        CheckConstraint("unit IN ('household', 'person')", name="survey_unit"),
        CheckConstraint("rule_id IS NULL OR unit = 'household'", name="survey_gate_by_household"),
        CheckConstraint(
            "state IN ('draft', 'cancelled') OR (form_sha256 IS NOT NULL AND closes_at IS NOT NULL"
            " AND opened_at IS NOT NULL)",
            name="survey_opened",
        ),
        CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name="survey_closed"),
        UniqueConstraint("created_by", "idempotency_key", name="survey_idempotency"),
        Index(
            "survey_due",
            "closes_at",
            postgresql_where=text("state = 'open'"),
            sqlite_where=text("state = 'open'"),
        ),
    )

    id: str = Field(primary_key=True)
    organisation_id: str = Field(foreign_key="organisation.id")
    template: str
    title: str
    intro: str
    unit: str
    tenants_answer: bool = False
    state: str = "draft"
    rule_id: str | None = None
    form: Any = Field(sa_type=JsonText)
    form_sha256: str | None = None
    opened_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    opened_by: str | None = None
    closes_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    cancel_reason: str | None = None
    version: int = 1
    idempotency_key: str
    created_by: str
    created_at: datetime = Field(sa_type=UtcDateTime)


class SurveyEstate(SQLModel, table=True):
    """An estate in which a survey is held; its census and local readings freeze at opening, its result at the close."""

    __tablename__ = "survey_estate"
    __table_args__ = (Index("survey_estate_of", "estate_id", "survey_id"),)

    survey_id: str = Field(foreign_key="survey.id", primary_key=True)
    estate_id: str = Field(foreign_key="estate.id", primary_key=True)
    estate_name: str
    estate_path: str
    position: int
    households: int = 0
    census_sha256: str | None = None
    parameters: Any = Field(default=None, sa_type=JsonText, nullable=True)
    # The overall answers by household, exact; question → code → number, without one to four held back.
    result: Any = Field(default=None, sa_type=JsonText, nullable=True)
    responses_sha256: str | None = None


class SurveyArea(SQLModel, table=True):
    """An organisation that a survey lies under: a list over a subtree is one range of one index."""

    __tablename__ = "survey_area"
    __table_args__ = (Index("survey_area_list", "organisation_id", "created_at", "survey_id"),)

    survey_id: str = Field(foreign_key="survey.id", primary_key=True)
    organisation_id: str = Field(foreign_key="organisation.id", primary_key=True)
    created_at: datetime = Field(sa_type=UtcDateTime)


class SurveyPlace(SQLModel, table=True):
    """A building in a survey with its census and live coverage; ``pool`` names the building it is summed under."""

    __tablename__ = "survey_place"
    __table_args__ = (
        CheckConstraint(
            "0 <= covered AND covered <= answered AND answered <= households AND 0 <= contacted"
            " AND contacted <= households",
            name="survey_place_counts",
        ),
        Index("survey_place_estate", "survey_id", "estate_id"),
    )

    survey_id: str = Field(foreign_key="survey.id", primary_key=True)
    building_id: str = Field(foreign_key="building.id", primary_key=True)
    estate_id: str = Field(foreign_key="estate.id")
    pool: str
    label: str
    position: int
    households: int
    # Households that gave a response, that are covered, and that were tried at all or gave one.
    answered: int = 0
    covered: int = 0
    contacted: int = 0


class SurveyHousehold(SQLModel, table=True):
    """A household of the frozen census, with how far it has been reached."""

    __tablename__ = "survey_household"
    __table_args__ = (
        CheckConstraint(
            f"last_outcome IS NULL OR last_outcome IN ({OUTCOMES})", name="survey_household_outcome"
        ),
        CheckConstraint("covered_at IS NULL OR answered_at IS NOT NULL", name="survey_household_covered"),
        UniqueConstraint("survey_id", "dwelling_id", name="survey_household_once"),
        Index(
            "survey_household_todo",
            "survey_id",
            "estate_id",
            "position",
            postgresql_where=text("covered_at IS NULL"),
            sqlite_where=text("covered_at IS NULL"),
        ),
        Index(
            "survey_household_todo_building",
            "survey_id",
            "building_id",
            "position",
            postgresql_where=text("covered_at IS NULL"),
            sqlite_where=text("covered_at IS NULL"),
        ),
        Index("survey_household_dwelling", "dwelling_id"),
    )

    id: str = Field(primary_key=True)
    survey_id: str = Field(foreign_key="survey.id")
    estate_id: str = Field(foreign_key="estate.id")
    building_id: str = Field(foreign_key="building.id")
    entrance_id: str | None = Field(default=None, foreign_key="entrance.id")
    dwelling_id: str = Field(foreign_key="dwelling.id")
    position: int
    building_label: str
    entrance_label: str
    door_label: str
    answered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    covered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    tries: int = 0
    last_outcome: str | None = None
    last_try_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class SurveyResponse(SQLModel, table=True):
    """One arrival of answers; a later one replaces it, an upheld objection strikes it, and none is ever deleted.

    ``respondent`` is the household, or in a survey of persons the account or a number of its own. Free texts
    are sealed; what may be shown of them stands in ``survey_text``.
    """

    __tablename__ = "survey_response"
    __table_args__ = (
        CheckConstraint("state IN ('standing', 'replaced', 'struck')", name="survey_response_state"),
        CheckConstraint(f"channel IN ({CHANNELS})", name="survey_response_channel"),
        UniqueConstraint("entered_by", "idempotency_key", name="survey_response_idempotency"),
        # One household answering six times at once counts once.
        Index(
            "survey_response_standing",
            "survey_id",
            "respondent",
            unique=True,
            postgresql_where=text("state = 'standing'"),
            sqlite_where=text("state = 'standing'"),
        ),
        Index(
            "survey_response_pending",
            "survey_id",
            "pool",
            postgresql_where=text("state = 'standing' AND released_at IS NULL"),
            sqlite_where=text("state = 'standing' AND released_at IS NULL"),
        ),
        Index(
            "survey_response_struck",
            "survey_id",
            "estate_id",
            postgresql_where=text("state = 'struck' AND settled_at IS NULL"),
            sqlite_where=text("state = 'struck' AND settled_at IS NULL"),
        ),
        Index("survey_response_list", "survey_id", "estate_id", "arrived_at", "id"),
        Index("survey_response_household", "household_id"),
    )

    id: str = Field(primary_key=True)
    survey_id: str = Field(foreign_key="survey.id")
    estate_id: str = Field(foreign_key="estate.id")
    pool: str
    household_id: str = Field(foreign_key="survey_household.id")
    respondent: str
    state: str = "standing"
    channel: str
    entered_by: str = Field(foreign_key="account.id")
    photo_sha256: str | None = None
    answers: Any = Field(sa_type=JsonText)
    overall: str | None = None
    texts_sealed: str | None = None
    request_sha256: str
    idempotency_key: str
    arrived_at: datetime = Field(sa_type=UtcDateTime)
    replaced_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    # When its counts joined the sums, and whose counts they then take the place of.
    released_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    subtracts_id: str | None = Field(default=None, foreign_key="survey_response.id")
    # When and for which objection it was struck, and when what the sums held of it left them.
    struck_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    struck_for: str | None = None
    settled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class SurveySum(SQLModel, table=True):
    """How many said what, by pool of buildings and (pool ``""``) by estate; moves by five respondents or more at a time.

    A question with ``~`` before its name holds what waits beside the sums of its pool.
    """

    __tablename__ = "survey_sum"
    __table_args__ = (
        Index(
            "survey_sum_estates",
            "survey_id",
            "question",
            "estate_id",
            "code",
            "number",
            postgresql_where=text("pool = ''"),
            sqlite_where=text("pool = ''"),
        ),
    )

    survey_id: str = Field(foreign_key="survey.id", primary_key=True)
    estate_id: str = Field(foreign_key="estate.id", primary_key=True)
    question: str = Field(primary_key=True)
    pool: str = Field(primary_key=True)
    code: str = Field(primary_key=True)
    number: int = Field(sa_type=BigInteger)


class SurveyText(SQLModel, table=True):
    """A free text with personal data masked, for reading and searching, or the photos of a question.

    ``is_shown`` once it joined the list together with those of others. It has no instant and no order but its
    random id; one that was shown and written anew stands until others come and go with it.
    """

    __tablename__ = "survey_text"
    __table_args__ = (
        Index(
            "survey_text_list",
            "survey_id",
            "estate_id",
            "id",
            postgresql_where=text("is_standing AND is_shown"),
            sqlite_where=text("is_standing AND is_shown"),
        ),
        Index(
            "survey_text_waiting",
            "survey_id",
            "estate_id",
            postgresql_where=text("is_standing AND NOT is_shown"),
            sqlite_where=text("is_standing AND NOT is_shown"),
        ),
        Index("survey_text_response", "response_id"),
    )

    id: str = Field(primary_key=True)
    response_id: str = Field(foreign_key="survey_response.id")
    survey_id: str = Field(foreign_key="survey.id")
    estate_id: str = Field(foreign_key="estate.id")
    question: str
    words: str
    personal: Any = Field(sa_type=JsonText)
    photos: Any = Field(sa_type=JsonText)
    is_standing: bool = True
    is_shown: bool = False


class SurveyContact(SQLModel, table=True):
    """A try to reach a household that brought no answer."""

    __tablename__ = "survey_contact"
    __table_args__ = (
        CheckConstraint(f"outcome IN ({OUTCOMES})", name="survey_contact_outcome"),
        CheckConstraint("channel IN ('doorstep', 'telephone')", name="survey_contact_channel"),
        UniqueConstraint("made_by", "idempotency_key", name="survey_contact_idempotency"),
        Index("survey_contact_household", "household_id", "made_at"),
    )

    id: str = Field(primary_key=True)
    survey_id: str = Field(foreign_key="survey.id")
    household_id: str = Field(foreign_key="survey_household.id")
    outcome: str
    channel: str
    made_by: str = Field(foreign_key="account.id")
    made_at: datetime = Field(sa_type=UtcDateTime)
    idempotency_key: str


class SurveyDraft(SQLModel, table=True):
    """Answers begun on a phone and not yet sent; sealed, and forgotten when they are sent or the survey closes."""

    __tablename__ = "survey_draft"
    __table_args__ = (UniqueConstraint("household_id", "account_id", name="survey_draft_once"),)

    id: str = Field(primary_key=True)
    household_id: str = Field(foreign_key="survey_household.id")
    account_id: str = Field(foreign_key="account.id")
    survey_id: str = Field(foreign_key="survey.id", index=True)
    answers_sealed: str
    saved_at: datetime = Field(sa_type=UtcDateTime)
