"""The composition root: settings in, ports and hooks out. Nothing else wires anything."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from sqlalchemy.engine import Engine

from backend.ballots import queries as ballots
from backend.ballots.service.proxies import end_mandates_of_former_owners
from backend.complaints.service import personal as reporters
from backend.complaints.service.loading import knows_complaint
from backend.complaints.service.photos import hidden_from
from backend.identity.hooks import registered
from backend.identity.rules.relations import NewBinding
from backend.identity.service import suspend_former_owners
from backend.infra.context import Context, Ports
from backend.infra.crypto import Vault, build_vault
from backend.infra.database import build_engine
from backend.infra.settings import Settings
from backend.infra.storage import Storage
from backend.infra.wechat import pushed
from backend.infra.wechat.build import WeChat, WeChatPlan, build_wechat
from backend.infra.wechat.client import WeChatSettings
from backend.infra.wechat.gateway import WeChatGateway
from backend.infra.wechat.token_store import DatabaseTokenStore
from backend.media import hooks as media_hooks
from backend.media import queries as media
from backend.media.service import forget_proofs, forget_proofs_of, hang_proofs, record_media_verdict
from backend.notices import hooks as notice_hooks
from backend.notices import queries as notices
from backend.notices.rules import Subject
from backend.notifications.service import followers
from backend.rectification import hooks as register_hooks
from backend.registry import hooks as registry_hooks
from backend.surveys import queries as surveys
from backend.surveys.service.striking import answer_objection

_MOST_EXPORTED = 1000


class WeChatExchange:
    """The gateway as identity wants it: codes in, identifiers out."""

    def __init__(self, gateway: WeChatGateway) -> None:
        self._gateway = gateway

    def person_of(self, code: str) -> tuple[str, str | None]:
        """Exchange a login code for the openid and, where WeChat gives one, the unionid."""
        session = self._gateway.login(code)
        return session.openid, session.unionid

    def phone_of(self, code: str) -> str:
        """Exchange a phone code for the number."""
        return self._gateway.phone_number(code)


def build_ports(settings: Settings, *, engine: Engine | None = None) -> Ports:
    """Build what every process needs; call once per process, after any fork."""
    engine = engine or build_engine(settings)
    vault = build_vault(settings)
    wire_hooks()
    gateways = _wechat(settings, engine, vault)
    return Ports(
        settings=settings,
        engine=engine,
        vault=vault,
        storage=Storage(settings.storage_path, vault),
        wechat=WeChatExchange(gateways.gateway),
        gateways=gateways,
    )


def _wechat(settings: Settings, engine: Engine, vault: Vault) -> WeChat:
    field = "wechat_token.token_ciphertext"
    store = DatabaseTokenStore(
        engine, seal=partial(vault.seal, field=field), open=partial(vault.open, field=field)
    )
    base = settings.wechat_api_base
    has_official = bool(settings.wechat_official_app_id)
    plan = WeChatPlan(
        mini=WeChatSettings(settings.wechat_app_id, settings.wechat_app_secret, base),
        official=WeChatSettings(settings.wechat_official_app_id, settings.wechat_official_secret, base)
        if has_official
        else None,
        robot_api=settings.wechat_robot_base,
        open_base=settings.wechat_open_base,
        state=settings.wechat_state,
    )
    return build_wechat(plan, store)


def wire_hooks() -> None:
    """Tell identity what the capabilities above it know of a person and of the ballots under way."""
    registered.waiting_rule = _waiting_hours
    registry_hooks.registered.owners_changed = _owners_changed
    registered.export_sections["votes"] = _votes
    registered.export_sections["mandates"] = _mandates
    registered.export_sections["objections"] = _objections
    registered.export_sections["media"] = _media
    registered.export_sections["messages"] = followers.export_account
    registered.export_sections["complaints"] = reporters.export_account
    for eraser in (followers.forget_account, reporters.forget_account, forget_proofs_of):
        if eraser not in registered.erasers:
            registered.erasers.append(eraser)
    if _media_checked not in pushed.registered.media_listeners:
        pushed.registered.media_listeners.append(_media_checked)
    registered.export_sections["surveys"] = _surveys
    registered.hang_proofs, registered.forget_proofs = hang_proofs, forget_proofs
    notice_hooks.registered.consequences[Subject.SURVEY] = answer_objection
    media_hooks.registered.hidden_things = hidden_from
    register_hooks.registered.knows_complaint = knows_complaint


def _waiting_hours(ctx: Context, binding: NewBinding) -> int:
    """While a ballot is open a new binding waits as its notice says; otherwise it counts at once."""
    return ballots.waiting_hours(
        ctx.session, binding.estate_id, is_letter=binding.is_letter, has_owner=binding.has_owner
    )


def _owners_changed(ctx: Context, dwelling_ids: Sequence[str]) -> None:
    """A sold flat: neither the former owner nor their proxy votes for it any more."""
    suspend_former_owners(ctx, dwelling_ids)
    end_mandates_of_former_owners(ctx, dwelling_ids)


def _media_checked(ctx: Context, check: pushed.MediaCheck) -> None:
    """WeChat's opinion of a resident's photo came; a check that failed sends it to a person."""
    record_media_verdict(ctx, check.trace_id, check.suggestion)


def _votes(ctx: Context, account_id: str) -> object:
    return ballots.votes_of_account(ctx.session, account_id)


def _mandates(ctx: Context, account_id: str) -> object:
    return ballots.mandates_of_account(ctx.session, account_id)


def _surveys(ctx: Context, account_id: str) -> object:
    return surveys.responses_of_account(ctx.session, ctx.vault, account_id, _MOST_EXPORTED)


def _objections(ctx: Context, account_id: str) -> object:
    rows = notices.objections_of_account(ctx.session, ctx.vault, account_id, _MOST_EXPORTED, None)
    return [
        {
            "about": row.subject_kind,
            "text": row.text,
            "state": row.state,
            "reply": row.reply,
            "at": row.raised_at.isoformat(),
        }
        for row in rows
    ]


def _media(ctx: Context, account_id: str) -> object:
    return media.files_of_account(ctx.session, account_id, _MOST_EXPORTED)
