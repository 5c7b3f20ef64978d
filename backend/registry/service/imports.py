"""Imports as jobs: queued here, run by a worker, read here."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import tuple_
from sqlmodel import col, select

from backend.infra.context import Context
from backend.kernel.access import Permission, Scope, require
from backend.kernel.errors import Invalid, NotFound, Unprocessable
from backend.kernel.events import Event
from backend.kernel.ids import new_id
from backend.ledger import service as ledger
from backend.registry import queries
from backend.registry.errors import KeyReused, NotACommunity
from backend.registry.tables import ImportRun, Organisation


@dataclass(frozen=True, slots=True)
class QueueImport:
    """An uploaded file to import into one estate, or, with an estate code in every row, into a community.

    ``new_estate``: code and name of an estate that does not exist yet; it comes with its rows or not at all.
    """

    organisation_id: str
    estate_id: str | None
    file_sha256: str
    file_name: str
    is_dry_run: bool
    removes_missing: bool
    idempotency_key: str
    new_estate: tuple[str, str] | None = None


_SAME = ("organisation_id", "estate_id", "file_sha256", "is_dry_run", "removes_missing")


def queue_import(ctx: Context, command: QueueImport) -> ImportRun:
    """Queue an import; the same key again returns the same run (KeyReused when the request differs)."""
    scope = _scope(ctx, command)
    require(ctx.actor, Permission.REGISTRY_IMPORT, scope)
    creator = ctx.actor.account_id or ctx.actor.kind
    former = ctx.session.exec(
        select(ImportRun).where(
            ImportRun.created_by == creator, ImportRun.idempotency_key == command.idempotency_key
        )
    ).first()
    if former is not None:
        is_other = any(getattr(former, name) != getattr(command, name) for name in _SAME)
        if is_other or former.new_estate != _founding(command):
            raise KeyReused
        return former
    _require_file(ctx, command.file_sha256)
    run = ImportRun(
        id=new_id(),
        organisation_id=command.organisation_id,
        estate_id=command.estate_id,
        new_estate=_founding(command),
        file_sha256=command.file_sha256,
        file_name=command.file_name,
        is_dry_run=command.is_dry_run,
        removes_missing=command.removes_missing,
        state="queued",
        created_by=creator,
        idempotency_key=command.idempotency_key,
        created_at=ctx.clock.now(),
    )
    ctx.session.add(run)
    ctx.session.flush()
    payload = {
        "file_sha256": run.file_sha256,
        "dry_run": run.is_dry_run,
        "removes_missing": run.removes_missing,
    }
    ledger.append(ctx, Event("registry.import_queued", run.organisation_id, "import", run.id, payload))
    return run


def _founding(command: QueueImport) -> dict[str, str] | None:
    return dict(zip(("code", "name"), command.new_estate, strict=True)) if command.new_estate else None


def _scope(ctx: Context, command: QueueImport) -> Scope:
    scope = queries.scope_of_organisation(ctx.session, command.organisation_id)
    if command.estate_id is not None:
        if queries.organisation_of_estate(ctx.session, command.estate_id) != command.organisation_id:
            raise NotFound
        return Scope(scope.organisation_path, command.estate_id)
    if ctx.session.get_one(Organisation, command.organisation_id).kind != "community":
        require(ctx.actor, Permission.REGISTRY_IMPORT, scope)
        raise NotACommunity
    return scope


def _require_file(ctx: Context, sha256: str) -> None:
    try:
        ctx.storage.get(sha256)
    except NotFound as error:
        raise Unprocessable("no_file", "没有找到上传的文件，请重新上传。") from error


def show_import(ctx: Context, import_id: str) -> ImportRun:
    """Return a run with progress and report; raises NotFound."""
    run = ctx.session.get(ImportRun, import_id)
    if run is None:
        raise NotFound
    path = queries.path_of_organisation(ctx.session, run.organisation_id)
    require(ctx.actor, Permission.REGISTRY_IMPORT, Scope(path, run.estate_id))
    return run


def list_imports(
    ctx: Context, organisation_id: str, limit: int = 50, after: str | None = None
) -> list[ImportRun]:
    """Return a page of an organisation's runs, newest first, after the cursor (a run's id)."""
    scope = queries.scope_of_organisation(ctx.session, organisation_id)
    require(ctx.actor, Permission.REGISTRY_IMPORT, scope)
    statement = select(ImportRun).where(ImportRun.organisation_id == organisation_id)
    if after:
        last = ctx.session.get(ImportRun, after)
        if last is None or last.organisation_id != organisation_id:
            raise Invalid("cursor", "翻页位置已失效，请从第一页重新开始。")
        statement = statement.where(
            tuple_(col(ImportRun.created_at), col(ImportRun.id)) < tuple_(last.created_at, last.id)
        )
    statement = statement.order_by(col(ImportRun.created_at).desc(), col(ImportRun.id).desc())
    return list(ctx.session.exec(statement.limit(limit)))
