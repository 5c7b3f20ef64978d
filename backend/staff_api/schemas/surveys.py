"""What the staff door says and takes about preparing surveys."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from backend.infra.forms import Id, Moment, StrictModel
from backend.infra.paging import encode_cursor
from backend.surveys.queries import SurveyCard
from backend.surveys.rules.questions import Form, form_of
from backend.surveys.rules.templates import Catalogue, Template
from backend.surveys.service import CreateSurvey, EditSurvey
from backend.surveys.tables import Survey, SurveyEstate

Name = Annotated[str, Field(pattern=r"^[a-z0-9_]{1,32}$")]
Title = Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S")]
STATE_TITLES = {"draft": "草稿", "open": "进行中", "closed": "已截止", "cancelled": "已取消"}


class OptionIn(StrictModel):
    """Something to choose; ``group`` is a heading above several."""

    id: Name
    title: Title
    group: Annotated[str, Field(max_length=60)] | None = None


class ConditionIn(StrictModel):
    """Asked only when an earlier question was answered with one of ``any_of``."""

    question: Name
    any_of: Annotated[list[Name], Field(min_length=1, max_length=60)]


class QuestionIn(StrictModel):
    """One question; ``most``: choices, places of a ranking, or photos; ``longest``: characters of a text."""

    id: Name
    kind: Literal["single", "multiple", "rating", "ranking", "number", "text", "photo"]
    title: Title
    required: bool = False
    role: Literal["overall", "item"] | None = None
    options: Annotated[list[OptionIn], Field(max_length=60)] = []
    most: Annotated[int, Field(ge=1, le=60)] | None = None
    minimum: Annotated[int, Field(ge=0, le=10**9)] | None = None
    maximum: Annotated[int, Field(ge=0, le=10**9)] | None = None
    longest: Annotated[int, Field(ge=1, le=2000)] | None = None
    when: ConditionIn | None = None


class SectionIn(StrictModel):
    """A heading with its questions."""

    id: Name
    title: Title
    questions: Annotated[list[QuestionIn], Field(max_length=80)]
    when: ConditionIn | None = None


class FormIn(StrictModel):
    """A questionnaire."""

    sections: Annotated[list[SectionIn], Field(min_length=1, max_length=40)]

    def form(self) -> Form:
        """Return the rules' value."""
        return form_of(self.model_dump())


class CreateSurveyIn(StrictModel):
    """A draft from a template over works items, or ``custom``; ``unit`` is free for ``custom`` only."""

    organisation: Id
    template: Name
    estates: Annotated[list[Id], Field(min_length=1, max_length=100)]
    title: Title | None = None
    items: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=60, pattern=r"\S")]], Field(max_length=30)
    ] = []
    unit: Literal["household", "person"] = "household"
    tenants_answer: bool = False

    def command(self, key: str) -> CreateSurvey:
        """Return the service's command."""
        return CreateSurvey(
            organisation_id=self.organisation,
            template=self.template,
            estate_ids=tuple(self.estates),
            idempotency_key=key,
            title=self.title,
            items=tuple(self.items),
            unit=self.unit,
            tenants_answer=self.tenants_answer,
        )


class EditSurveyIn(StrictModel):
    """New words and questions of a draft."""

    title: Title
    intro: Annotated[str, Field(max_length=2000)] = ""
    form: FormIn

    def command(self, survey_id: str, version: int) -> EditSurvey:
        """Return the service's command."""
        return EditSurvey(survey_id, version, self.title, self.intro, self.form.form())


class OpenSurveyIn(StrictModel):
    """Until when answers are taken."""

    closes_at: Moment


class CancelSurveyIn(StrictModel):
    """Why a survey is cancelled."""

    reason: Annotated[str, Field(min_length=2, max_length=1000, pattern=r"\S")]


class SurveyEstateOut(BaseModel):
    """An estate in which the survey is held, and its frozen census."""

    id: str
    name: str
    households: int
    census_sha256: str | None
    parameters: dict[str, str]

    @classmethod
    def of(cls, row: SurveyEstate) -> SurveyEstateOut:
        """Build from the row."""
        return cls(
            id=row.estate_id,
            name=row.estate_name,
            households=row.households,
            census_sha256=row.census_sha256,
            parameters=dict(row.parameters or {}),
        )


class SurveyOut(BaseModel):
    """A survey in a list."""

    id: str
    organisation: str
    template: str
    title: str
    intro: str
    unit: str
    tenants_answer: bool
    state: str
    state_title: str
    rule: str | None
    form_sha256: str | None
    opened_at: datetime | None
    closes_at: datetime | None
    closed_at: datetime | None
    cancel_reason: str | None
    version: int
    estates: list[SurveyEstateOut]

    @classmethod
    def of(cls, card: SurveyCard) -> SurveyOut:
        """Build from the service's answer."""
        return cls(**_values(card.survey), estates=[SurveyEstateOut.of(estate) for estate in card.estates])


class SurveyPageOut(SurveyOut):
    """A survey with its questionnaire."""

    form: dict[str, Any]

    @classmethod
    def of(cls, card: SurveyCard) -> SurveyPageOut:
        """Build from the service's answer."""
        estates = [SurveyEstateOut.of(estate) for estate in card.estates]
        return cls(**_values(card.survey), estates=estates, form=card.survey.form)


def _values(row: Survey) -> dict[str, Any]:
    return {
        "id": row.id,
        "organisation": row.organisation_id,
        "template": row.template,
        "title": row.title,
        "intro": row.intro,
        "unit": row.unit,
        "tenants_answer": row.tenants_answer,
        "state": row.state,
        "state_title": STATE_TITLES[row.state],
        "rule": row.rule_id,
        "form_sha256": row.form_sha256,
        "opened_at": row.opened_at,
        "closes_at": row.closes_at,
        "closed_at": row.closed_at,
        "cancel_reason": row.cancel_reason,
        "version": row.version,
    }


class SurveyListOut(BaseModel):
    """A page of surveys, newest first."""

    items: list[SurveyOut]
    next: str | None

    @classmethod
    def of(cls, found: list[SurveyCard], size: int) -> SurveyListOut:
        """Build from one row more than a page holds."""
        page = found[:size]
        last = (page[-1].survey.created_at, page[-1].survey.id) if len(found) > size else None
        return cls(items=[SurveyOut.of(card) for card in page], next=encode_cursor(last))


class TemplateOut(BaseModel):
    """A questionnaire to begin with."""

    name: str
    title: str
    intro: str
    unit: str
    rule: str | None
    has_items: bool
    has_catalogue: bool

    @classmethod
    def of(cls, found: Template) -> TemplateOut:
        """Build from the rules' value."""
        return cls(
            name=found.name,
            title=found.title,
            intro=found.intro,
            unit=found.unit,
            rule=found.rule,
            has_items=found.has_items,
            has_catalogue=found.has_catalogue,
        )


class CatalogueOut(BaseModel):
    """What a renovation may consist of, and the clause it stands in."""

    name: str
    source: str
    options: list[OptionIn]

    @classmethod
    def of(cls, found: Catalogue) -> CatalogueOut:
        """Build from the rules' value."""
        options = [OptionIn(id=each.id, title=each.title, group=each.group) for each in found.options]
        return cls(name=found.name, source=found.source, options=options)


class TemplateListOut(BaseModel):
    """The templates and catalogues that come with the product."""

    templates: list[TemplateOut]
    catalogues: list[CatalogueOut]
