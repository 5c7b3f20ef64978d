"""Drafting a survey: from a template or empty, its estates, its questionnaire; and cancelling it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from backend.infra.context import Context
from backend.kernel.access import Permission, require
from backend.kernel.errors import NotFound
from backend.kernel.ids import new_id
from backend.policies.queries import profile_for
from backend.registry.queries import EstateCard, estate_card, scope_of_organisation
from backend.surveys import errors
from backend.surveys.repository import surveys
from backend.surveys.rules.forms import check_form
from backend.surveys.rules.questions import Form, form_json
from backend.surveys.rules.templates import (
    CUSTOM,
    MOST_ITEMS,
    Template,
    build_form,
    catalogue_for,
    load_templates,
)
from backend.surveys.service.loading import load_survey, named_person, tell
from backend.surveys.tables import Survey, SurveyArea, SurveyEstate

MOST_ESTATES = 100


@dataclass(frozen=True, slots=True)
class CreateSurvey:
    """A draft from a template over works items (titles), or ``custom`` with a questionnaire to be written."""

    organisation_id: str
    template: str
    estate_ids: tuple[str, ...]
    idempotency_key: str
    title: str | None = None
    items: tuple[str, ...] = ()
    unit: str = "household"
    tenants_answer: bool = False


@dataclass(frozen=True, slots=True)
class EditSurvey:
    """New words and questions of a draft; ``version`` is what the actor read."""

    survey_id: str
    version: int
    title: str
    intro: str
    form: Form


def create_survey(ctx: Context, command: CreateSurvey) -> Survey:
    """Store a draft; the same person repeating the same one gets the first."""
    scope = scope_of_organisation(ctx.session, command.organisation_id)
    require(ctx.actor, Permission.SURVEY_PREPARE, scope)
    person = named_person(ctx)
    estate_ids = tuple(dict.fromkeys(command.estate_ids))
    if not 1 <= len(estate_ids) <= MOST_ESTATES:
        raise errors.no_estates()
    former = surveys.survey_by_key(ctx.session, person, command.idempotency_key)
    if former is not None:
        return _repeated(ctx, former, command, estate_ids)
    row = _draft(ctx, command, person)
    cards = [_estate_inside(ctx, estate_id, scope.organisation_path) for estate_id in estate_ids]
    ctx.session.add(row)
    ctx.session.flush()
    ctx.session.add_all(_estate(row, card, number) for number, card in enumerate(cards))
    above = {step for card in cards for step in card.organisation_path.strip("/").split("/")}
    ctx.session.add_all(
        SurveyArea(survey_id=row.id, organisation_id=step, created_at=row.created_at) for step in above
    )
    ctx.session.flush()
    tell(ctx, row, "created", {"template": row.template, "estates": list(estate_ids)})
    return row


def edit_survey(ctx: Context, command: EditSurvey) -> Survey:
    """Replace title, introduction and questions of a draft."""
    row = load_survey(ctx, command.survey_id, Permission.SURVEY_PREPARE)
    if row.state != "draft":
        raise errors.frozen()
    faults = check_form(command.form, is_gate=row.rule_id is not None)
    if faults:
        raise errors.bad_form(faults)
    values = {"title": command.title, "intro": command.intro, "form": form_json(command.form)}
    if not surveys.change_survey(ctx.session, row, command.version, **values):
        raise errors.changed()
    tell(ctx, row, "edited", {"version": command.version + 1})
    return row


def cancel_survey(ctx: Context, survey_id: str, version: int, reason: str) -> Survey:
    """Cancel a draft or a running survey with a reason; what was answered stays and counts for nothing."""
    load_survey(ctx, survey_id, Permission.SURVEY_OPEN)
    row = surveys.hold_survey(ctx.session, survey_id, to_close=True)
    assert row is not None
    if not reason.strip():
        raise errors.reason_missing()
    if row.state not in ("draft", "open"):
        raise errors.frozen()
    if not surveys.change_survey(ctx.session, row, version, state="cancelled", cancel_reason=reason.strip()):
        raise errors.changed()
    surveys.forget_drafts(ctx.session, row.id)
    tell(ctx, row, "cancelled", {"reason": reason.strip()})
    return row


def _draft(ctx: Context, command: CreateSurvey, person: str) -> Survey:
    template = load_templates().get(command.template)
    if template is None and command.template != CUSTOM:
        raise errors.unknown("template", "没有这份模板。")
    if len(command.items) > MOST_ITEMS or len(set(command.items)) != len(command.items):
        raise errors.unknown("items", f"改造分项最多 {MOST_ITEMS} 个，且不能重复。")
    return Survey(
        id=new_id(),
        organisation_id=command.organisation_id,
        template=command.template,
        title=command.title or ("" if template is None else template.title),
        intro="" if template is None else template.intro,
        unit=command.unit if template is None else template.unit,
        tenants_answer=command.tenants_answer,
        rule_id=None if template is None else template.rule,
        form={"sections": []} if template is None else _form(ctx, command, template),
        idempotency_key=command.idempotency_key,
        created_by=person,
        created_at=ctx.clock.now(),
    )


def _form(ctx: Context, command: CreateSurvey, template: Template) -> dict[str, object]:
    adoption = profile_for(ctx.session, command.organisation_id) if template.has_catalogue else None
    catalogue = catalogue_for(None if adoption is None else adoption.profile)
    return form_json(build_form(template, command.items, catalogue))


def _estate_inside(ctx: Context, estate_id: str, path: str) -> EstateCard:
    try:
        card = estate_card(ctx.session, estate_id)
    except NotFound as error:
        raise errors.estate_outside() from error
    if not card.organisation_path.startswith(path):
        raise errors.estate_outside()
    return card


def _estate(row: Survey, card: EstateCard, number: int) -> SurveyEstate:
    return SurveyEstate(
        survey_id=row.id,
        estate_id=card.id,
        estate_name=card.name,
        estate_path=card.organisation_path,
        position=number,
    )


def _repeated(ctx: Context, former: Survey, command: CreateSurvey, estate_ids: Sequence[str]) -> Survey:
    there = [each.estate_id for each in surveys.estates_of(ctx.session, [former.id])]
    same = (former.organisation_id, former.template, former.tenants_answer, there)
    if same != (command.organisation_id, command.template, command.tenants_answer, list(estate_ids)):
        raise errors.key_used()
    return former
