"""Taking complaints in: from residents, and by staff for whoever called, came or wrote."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from backend.complaints import errors
from backend.complaints.repository import complaints as repository
from backend.complaints.rules import intake, numbers
from backend.complaints.rules.redaction import clean
from backend.complaints.rules.states import Action, Doer, State
from backend.complaints.rules.vocabulary import BY_STAFF, CATEGORIES, Disclosure, Nature, Source
from backend.complaints.service import clocks
from backend.complaints.service.anonymous import count_anonymous
from backend.complaints.service.loading import check_staff, code_index, code_indexes, serving_party
from backend.complaints.service.photos import COMPLAINT, hang, hang_unnamed
from backend.complaints.service.repeats import repeats_place, repeats_reporter
from backend.complaints.service.steps import Step, step_row, tell
from backend.complaints.tables import Complaint, ComplaintReporter
from backend.identity.service.contacts import name_of
from backend.infra.context import Context
from backend.infra.database import hold
from backend.kernel.access import Permission, Scope, require, require_resident
from backend.kernel.coordinates import is_in_china
from backend.kernel.errors import NotFound
from backend.kernel.ids import new_id
from backend.kernel.phone import normalise_phone
from backend.registry.queries import PlaceCard, path_of_organisation, place_card


@dataclass(frozen=True, slots=True)
class Report:
    """What is reported: the matter, the place (GCJ-02 point in millionths of a degree), and how far to be known."""

    category: str
    words: str
    disclosure: Disclosure
    nature: Nature = Nature.COMPLAINT
    estate_id: str | None = None
    building_id: str | None = None
    place_words: str = ""
    point: tuple[int, int] | None = None
    works_item_id: str | None = None
    media_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RegisterComplaint:
    """A resident's own report, through the mini-program or the chat."""

    report: Report
    idempotency_key: str
    source: Source = Source.MINI_PROGRAM


@dataclass(frozen=True, slots=True)
class RecordComplaint:
    """A report that staff write down; ``organisation_id`` where no estate is known."""

    report: Report
    source: Source
    idempotency_key: str
    organisation_id: str | None = None
    ticket_number: str | None = None
    reporter_name: str | None = field(default=None, repr=False)
    reporter_phone: str | None = field(default=None, repr=False)
    about_party_id: str | None = None
    about_account_id: str | None = None


@dataclass(frozen=True, slots=True)
class Registered:
    """The number to ask with; ``code`` is the secret of an anonymous report, told once."""

    complaint: Complaint
    code: str | None = field(default=None, repr=False)
    is_new: bool = True


@dataclass(frozen=True, slots=True)
class Where:
    """A place as a complaint keeps it: the organisation that answers, and the label lists show."""

    organisation_id: str
    organisation_path: str
    label: str
    card: PlaceCard | None


def register_complaint(ctx: Context, command: RegisterComplaint) -> Registered:
    """Take in a resident's report; the same key with the same content answers with the first one.

    Anonymous means that no account is kept: the number and a code are all there is to come back with.
    """
    account_id = require_resident(ctx.actor)
    report = command.report
    if report.estate_id is None or report.estate_id not in ctx.actor.estate_ids():
        raise NotFound
    key = _subject(account_id, command.idempotency_key)
    is_anonymous = report.disclosure is Disclosure.ANONYMOUS
    former = find_former(ctx, account_id, command.idempotency_key)
    if former is not None:
        return Registered(_same(ctx, former, report), _code_of(ctx, former, key), is_new=False)
    code = ctx.vault.mac(key, "complaint.secret")[:16] if is_anonymous else None
    if is_anonymous:
        count_anonymous(ctx, account_id)
    elif repository.count_open_of(ctx.session, account_id) >= intake.MOST_OPEN:
        raise errors.too_many_open()
    reporter = ComplaintReporter(id=new_id(), complaint_id="")
    if is_anonymous:
        reporter.code_index = code_index(ctx, str(code))
    else:
        reporter.account_id = account_id
    known = [name for name in (name_of(ctx, account_id).name,) if name]
    row = build_row(ctx, report, place_of(ctx, report, None), command.source, known)
    row.idempotency_index = key_index(ctx, account_id, command.idempotency_key)
    row.is_restricted = is_kept_back(report)
    row = store_row(ctx, row, reporter, Doer.REPORTER)
    if is_anonymous:
        hang_unnamed(ctx, row, report.media_ids)
    else:
        hang(ctx, row, report.media_ids, COMPLAINT, row.id)
    return Registered(row, code)


def record_complaint(ctx: Context, command: RecordComplaint) -> Registered:
    """Write down what was reported by telephone, at the desk, by an inspection, in the media …

    Whoever writes it down is the first receiver and answers for it until a party has taken it (首接负责).
    """
    if command.source not in BY_STAFF:
        raise errors.wrong("source", "这个来源由系统自动登记，请选择其他来源。")
    where = place_of(ctx, command.report, command.organisation_id)
    scope = Scope(where.organisation_path, command.report.estate_id, command.report.building_id)
    require(ctx.actor, Permission.COMPLAINT_REGISTER, scope)
    receiver = ctx.actor.account_id or "system"
    former = find_former(ctx, receiver, command.idempotency_key)
    if former is not None:
        return Registered(_same(ctx, former, command.report), is_new=False)
    reporter = _named_reporter(ctx, command)
    known = [command.reporter_name] if command.reporter_name else []
    row = build_row(ctx, command.report, where, command.source, known)
    row.idempotency_index = key_index(ctx, receiver, command.idempotency_key)
    row.first_receiver_id = receiver
    row.ticket_number = command.ticket_number
    _set_about(ctx, row, command.about_party_id, command.about_account_id)
    row.is_restricted = is_kept_back(command.report) or row.about_account_id is not None
    row = store_row(ctx, row, reporter, Doer.STAFF)
    hang(ctx, row, command.report.media_ids, COMPLAINT, row.id)
    return Registered(row)


def is_kept_back(report: Report) -> bool:
    """Tell whether a fresh report is seen further off first: by nature, category or what its words sound like."""
    return intake.is_restricted(report.nature, report.category, f"{report.words} {report.place_words}")


def build_row(ctx: Context, report: Report, where: Where, source: Source, known: Sequence[str]) -> Complaint:
    """Return a new complaint, not yet stored; ``known`` are the reporter's names, masked where they are hidden."""
    if report.category not in CATEGORIES:
        raise errors.wrong("category", "没有这个类别。")
    place_words = clean(report.place_words)
    wording = intake.wording_of(report.words, place_words, report.disclosure, known)
    if len(wording.original) < 2:
        raise errors.wrong("words", "请写明情况。")
    time_class = intake.time_class_of(report.nature, report.category)
    limits = clocks.class_limits(ctx, where.organisation_id, time_class)
    now = ctx.clock.now()
    return Complaint(
        id=new_id(),
        number=numbers.new_number(),
        organisation_id=where.organisation_id,
        organisation_path=where.organisation_path,
        estate_id=report.estate_id,
        building_id=report.building_id,
        place_label=where.label,
        place_words=wording.place,
        works_item_id=report.works_item_id,
        source=source,
        nature=report.nature,
        category=report.category,
        time_class=time_class,
        disclosure=report.disclosure,
        words=wording.words,
        words_for_party=wording.for_party,
        words_sealed=ctx.vault.seal(wording.original, "complaint.words"),
        grams=wording.grams,
        registered_at=now,
        **_point(report),
        **clocks.response_columns(ctx, limits.respond, now),
    )


def _point(report: Report) -> dict[str, Any]:
    if report.point is None:
        return {}
    if not is_in_china(report.point):
        raise errors.wrong("point", "位置不在国内，请重新选择。")
    return {"lat_e6": report.point[0], "lon_e6": report.point[1]}


def place_of(ctx: Context, report: Report, organisation_id: str | None) -> Where:
    """Return where a report belongs: to its estate, else to the organisation named."""
    if report.estate_id is not None:
        card = place_card(ctx.session, report.estate_id, report.building_id)
        return Where(card.organisation_id, card.organisation_path, card.label, card)
    if organisation_id is None or report.building_id is not None:
        raise errors.wrong("estate", "请选择小区；没有小区的，请选择社区或街道。")
    path = path_of_organisation(ctx.session, organisation_id)
    return Where(organisation_id, path, "", None)


def _named_reporter(ctx: Context, command: RecordComplaint) -> ComplaintReporter | None:
    is_anonymous = command.report.disclosure is Disclosure.ANONYMOUS
    if is_anonymous and (command.reporter_name or command.reporter_phone):
        raise errors.wrong("disclosure", "匿名反映不记录姓名和电话；要记录的，请选择保密或实名。")
    phone = normalise_phone(command.reporter_phone) if command.reporter_phone else None
    if command.reporter_phone and phone is None:
        raise errors.wrong("reporter_phone", "不是大陆手机号，也不是带区号的座机。")
    return sealed_reporter(ctx, command.reporter_name, phone)


def sealed_reporter(ctx: Context, name: str | None, phone: str | None) -> ComplaintReporter | None:
    """Return who reported, sealed, None where neither name nor phone is known; ``phone`` is in its one spelling."""
    if not (name or phone):
        return None
    row = ComplaintReporter(id=new_id(), complaint_id="")
    if name:
        row.name_sealed = ctx.vault.seal(clean(name), "complaint_reporter.name")
    if phone:
        row.phone_sealed = ctx.vault.seal(phone, "complaint_reporter.phone")
        row.phone_index = ctx.vault.index(phone, "phone")
    return row


def _set_about(ctx: Context, row: Complaint, party_id: str | None, account_id: str | None) -> None:
    if party_id is not None:
        serving_party(ctx, row, party_id)
    check_staff(ctx, row, account_id)
    row.about_party_id, row.about_account_id = party_id, account_id


def store_row(ctx: Context, row: Complaint, reporter: ComplaintReporter | None, doer: Doer) -> Complaint:
    """Write a new complaint with its first step, who reported it, and the event."""
    row.repeats_place = repeats_place(ctx, row, row.category)
    row.repeats_reporter = repeats_reporter(ctx, row, reporter)
    ctx.session.add(row)
    ctx.session.flush()  # two at once: the unique index of the key lets one of them through
    if reporter is not None:
        reporter.complaint_id = row.id
        ctx.session.add(reporter)
    step = Step(Action.REGISTER, doer, is_told=True, facts={"source": row.source})
    ctx.session.add(step_row(ctx, row, step, State.REGISTERED))
    ctx.session.flush()
    tell(ctx, row, step)
    return row


def _same(ctx: Context, row: Complaint, report: Report) -> Complaint:
    """Return the first one when the repetition says the same, or refuse."""
    said = ctx.vault.open(row.words_sealed, "complaint.words")
    before = (said, row.category, row.disclosure, row.estate_id, row.building_id)
    now = (
        clean(report.words),
        report.category,
        report.disclosure,
        report.estate_id,
        report.building_id,
    )
    if before != now:
        raise errors.key_used()
    return row


def key_index(ctx: Context, who: str, key: str) -> str:
    """Return a key's blind index: it tells a repetition, and without the key nobody's identity."""
    return ctx.vault.index(_subject(who, key), "complaint.key")


def find_former(ctx: Context, who: str, key: str) -> Complaint | None:
    """Return what was taken in under this key before, whichever index key was in use then."""
    subject = _subject(who, key)
    hold(ctx.session, ctx.vault.shared_index(subject, "complaint.key"))
    return repository.find_by_key(ctx.session, ctx.vault.indexes(subject, "complaint.key"))


def _subject(who: str, key: str) -> str:
    return f"{who}\0{key}"


def _code_of(ctx: Context, row: Complaint, key: str) -> str | None:
    """Return the code that an anonymous report was given, the same when the report is sent twice."""
    reporter = repository.reporter_of(ctx.session, row.id)
    for mac in ctx.vault.macs(key, "complaint.secret"):
        if reporter is not None and reporter.code_index in code_indexes(ctx, mac[:16]):
            return mac[:16]
    return None
