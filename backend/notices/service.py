"""Publishing notices; raising, answering and withdrawing objections."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from backend.identity.queries import estate_of_binding
from backend.identity.service import suspend_binding
from backend.infra.context import Context
from backend.infra.paging import Position
from backend.kernel.access import Home, Permission, Scope, can, require, require_resident
from backend.kernel.errors import NotFound
from backend.kernel.events import Event
from backend.kernel.ids import new_id
from backend.ledger import service as ledger
from backend.notices import errors, queries, repository, rules
from backend.notices.hooks import Answered, registered
from backend.notices.tables import Objection, PublicNotice
from backend.registry.queries import scope_of_estate


@dataclass(frozen=True, slots=True)
class PublishNotice:
    """Publish words about a thing to an estate; ``until_at`` ends the time for objections."""

    estate_id: str
    subject_kind: str
    subject_id: str
    kind: str
    title: str
    body: str
    until_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RaiseObjection:
    """Object to a roll entry, a binding, a vote, a result, a mandate or survey answers, from one's own dwelling."""

    subject_kind: str
    subject_id: str
    dwelling_id: str
    text: str
    idempotency_key: str
    ballot_id: str | None = None


@dataclass(frozen=True, slots=True)
class ReplyObjection:
    """Answer an objection in words."""

    objection_id: str
    is_upheld: bool
    words: str


def publish_notice(ctx: Context, command: PublishNotice) -> queries.Notice:
    """Publish a notice whose text never changes; the same words about the same thing are published once."""
    scope = scope_of_estate(ctx.session, command.estate_id)
    require(ctx.actor, Permission.NOTICE_PUBLISH, scope)
    if command.kind not in set(rules.NoticeKind):
        raise errors.unknown_kind("kind", command.kind)
    for where, words in (("title", command.title), ("body", command.body)):
        if not words.strip():
            raise errors.empty_text(where)
    row = PublicNotice(
        id=new_id(),
        estate_id=command.estate_id,
        subject_kind=command.subject_kind,
        subject_id=command.subject_id,
        kind=command.kind,
        title=command.title,
        body=command.body,
        sha256=rules.notice_hash(command.title, command.body),
        published_by=ctx.actor.account_id or "system",
        published_at=ctx.clock.now(),
        until_at=command.until_at,
    )
    published = repository.same_notice(ctx.session, row)
    if published is not None:
        return queries.to_notice(published)
    ctx.session.add(row)
    ctx.session.flush()
    payload = {"kind": row.kind, "sha256": row.sha256, "about": f"{row.subject_kind}:{row.subject_id}"}
    ledger.append(ctx, Event("notice.published", _organisation(scope), "notice", row.id, payload))
    return queries.to_notice(row)


def publish_written_notice(ctx: Context, estate_id: str, kind: str, title: str, body: str) -> queries.Notice:
    """Publish a notice written by hand; those of a ballot come from the ballot alone."""
    if kind not in rules.WRITTEN_BY_HAND:
        raise errors.unknown_kind("kind", kind)
    return publish_notice(ctx, PublishNotice(estate_id, "estate", estate_id, kind, title, body))


def raise_objection(ctx: Context, command: RaiseObjection) -> queries.ObjectionView:
    """Raise an objection; the same key with the same content answers with the first one."""
    account_id = require_resident(ctx.actor)
    home = _own_home(ctx, command)
    if not command.text.strip():
        raise errors.empty_text("text")
    raised = repository.objection_by_key(ctx.session, account_id, command.idempotency_key)
    if raised is not None:
        return _repeated(ctx, raised, command)
    if repository.count_open_of(ctx.session, account_id) >= rules.MAX_OPEN_OBJECTIONS:
        raise errors.too_many_open()
    row = Objection(
        id=new_id(),
        estate_id=home.estate_id,
        subject_kind=command.subject_kind,
        subject_id=command.subject_id,
        ballot_id=_ballot_of(command),
        dwelling_id=home.dwelling_id,
        account_id=account_id,
        text_sealed=ctx.vault.seal(command.text, "objection.text"),
        idempotency_key=command.idempotency_key,
        raised_at=ctx.clock.now(),
    )
    ctx.session.add(row)
    ctx.session.flush()
    _tell(ctx, row, "raised")
    if row.subject_kind == rules.Subject.BINDING:
        suspend_binding(ctx, row.subject_id)  # out of force until the community has looked (threats.md)
    return queries.to_view(row, ctx.vault)


def reply_objection(ctx: Context, command: ReplyObjection) -> queries.ObjectionView:
    """Answer an open objection; of two answers at once exactly one stands."""
    row = ctx.session.get(Objection, command.objection_id)
    if row is None:
        raise NotFound
    require(ctx.actor, Permission.OBJECTION_REPLY, scope_of_estate(ctx.session, row.estate_id))
    if not command.words.strip():
        raise errors.empty_text("words")
    state = "upheld" if command.is_upheld else "rejected"
    values: dict[str, str | datetime] = {
        "state": state,
        "reply": command.words,
        "replied_by": ctx.actor.account_id or "system",
        "replied_at": ctx.clock.now(),
    }
    answered = _move(ctx, row, values)
    consequence = registered.consequences.get(row.subject_kind)
    if consequence is not None:
        consequence(ctx, Answered(row.id, row.subject_id, row.raised_at, command.is_upheld))
    return answered


def withdraw_objection(ctx: Context, objection_id: str) -> queries.ObjectionView:
    """Withdraw one's own objection while nobody has answered it."""
    account_id = require_resident(ctx.actor)
    row = ctx.session.get(Objection, objection_id)
    if row is None or row.account_id != account_id:
        raise NotFound
    return _move(ctx, row, {"state": "withdrawn"})


def list_objections(
    ctx: Context, wanted: queries.ObjectionFilter, limit: int, before: Position | None = None
) -> list[queries.ObjectionView]:
    """Return an estate's objections to staff who may read them."""
    scope = scope_of_estate(ctx.session, wanted.estate_id)
    require(ctx.actor, Permission.OBJECTION_READ, scope)
    found = queries.objections_of_estate(ctx.session, ctx.vault, wanted, limit, before)
    if can(ctx.actor, Permission.OBJECTION_REPLY, scope):
        return found
    # The receipt behind a contested vote leads through its proof to a leaf: only whoever answers needs it.
    return [replace(row, subject_id="") if row.subject_kind == rules.Subject.VOTE else row for row in found]


def my_objections(ctx: Context, limit: int, before: Position | None = None) -> list[queries.ObjectionView]:
    """Return the caller's own objections."""
    return queries.objections_of_account(ctx.session, ctx.vault, require_resident(ctx.actor), limit, before)


def my_notices(
    ctx: Context, limit: int, before: Position | None = None, kind: str | None = None
) -> list[queries.Notice]:
    """Return the notices of the estates in which the caller has a home."""
    require_resident(ctx.actor)
    return queries.notices_of_estates(ctx.session, ctx.actor.estate_ids(), limit, before, kind)


def my_notice(ctx: Context, notice_id: str) -> queries.Notice:
    """Return one notice of an estate in which the caller has a home."""
    require_resident(ctx.actor)
    found = queries.find_notice(ctx.session, notice_id)
    if found is None or found.estate_id not in ctx.actor.estate_ids():
        raise NotFound
    return found


def list_notices(
    ctx: Context, estate_id: str, limit: int, before: Position | None = None, kind: str | None = None
) -> list[queries.Notice]:
    """Return an estate's notices to staff who may read its ballots."""
    require(ctx.actor, Permission.BALLOT_READ, scope_of_estate(ctx.session, estate_id))
    return queries.notices_of_estates(ctx.session, [estate_id], limit, before, kind)


def _own_home(ctx: Context, command: RaiseObjection) -> Home:
    if command.subject_kind not in set(rules.Subject):
        raise errors.unknown_kind("subject_kind", command.subject_kind)
    home = next((home for home in ctx.actor.homes if home.dwelling_id == command.dwelling_id), None)
    if home is None or not _concerns(ctx, command, home):
        raise NotFound
    return home


def _concerns(ctx: Context, command: RaiseObjection, home: Home) -> bool:
    """Tell whether the thing objected to belongs to that home, as far as this capability can know."""
    if command.subject_kind == rules.Subject.ROLL:
        return command.subject_id == home.dwelling_id
    if command.subject_kind == rules.Subject.BINDING:
        place = estate_of_binding(ctx.session, command.subject_id)
        return place is not None and place[1] == home.dwelling_id
    return True


def _ballot_of(command: RaiseObjection) -> str | None:
    return command.subject_id if command.subject_kind == rules.Subject.RESULT else command.ballot_id


def _repeated(ctx: Context, raised: Objection, command: RaiseObjection) -> queries.ObjectionView:
    view = queries.to_view(raised, ctx.vault)
    before = (view.subject_kind, view.subject_id, view.dwelling_id, view.ballot_id, view.text)
    now = (
        command.subject_kind,
        command.subject_id,
        command.dwelling_id,
        _ballot_of(command),
        command.text,
    )
    if before != now:
        raise errors.key_used()
    return view


def _move(ctx: Context, row: Objection, values: dict[str, str | datetime]) -> queries.ObjectionView:
    if not repository.answer(ctx.session, row.id, values):
        raise errors.not_open()
    ctx.session.refresh(row)
    _tell(ctx, row, row.state)
    return queries.to_view(row, ctx.vault)


def _tell(ctx: Context, row: Objection, what: str) -> None:
    scope = scope_of_estate(ctx.session, row.estate_id)
    payload: Mapping[str, object] = {"about": row.subject_kind, "ballot": row.ballot_id}
    ledger.append(ctx, Event(f"objection.{what}", _organisation(scope), "objection", row.id, payload))


def _organisation(scope: Scope) -> str:
    return scope.organisation_path.strip("/").rsplit("/", 1)[-1]
