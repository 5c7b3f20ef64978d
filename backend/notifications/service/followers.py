"""Who follows the Official Account, as the chat learns it; and what is forgotten with an account."""

from __future__ import annotations

from sqlalchemy import delete, select, update
from sqlmodel import col

from backend.infra.context import Context
from backend.notifications.repository.sql import insert_once
from backend.notifications.tables import ConsentBalance, ConsentGrant, Delivery, Follower


def link_follower(ctx: Context, account_id: str, openid: str) -> None:
    """Note that an account is this follower; a later link replaces both sides' earlier ones."""
    index = ctx.vault.index(openid, "follower")
    unlink_follower(ctx, openid)
    values = {"openid_index": index, "openid_sealed": ctx.vault.seal(openid, "follower.openid")}
    insert = insert_once(ctx.session, Follower).values(account_id=account_id, **values)
    ctx.session.execute(insert.on_conflict_do_update(index_elements=["account_id"], set_=values))


def unlink_follower(ctx: Context, openid: str) -> None:
    """Forget a follower who left."""
    index = ctx.vault.index(openid, "follower")
    ctx.session.execute(delete(Follower).where(col(Follower.openid_index) == index))


def account_of_follower(ctx: Context, openid: str) -> str | None:
    """Return whose account this follower is."""
    index = ctx.vault.index(openid, "follower")
    chosen = select(col(Follower.account_id)).where(col(Follower.openid_index) == index)
    return ctx.session.execute(chosen).scalar_one_or_none()


def note_contact(ctx: Context, openid: str) -> None:
    """A follower wrote: for 48 hours they can be answered freely."""
    index = ctx.vault.index(openid, "follower")
    spoke = update(Follower).where(col(Follower.openid_index) == index).values(spoke_at=ctx.clock.now())
    ctx.session.execute(spoke)


def forget_account(ctx: Context, account_id: str) -> None:
    """Erase what identifies or is left for an account; what waits for it is cancelled."""
    for table in (Follower, ConsentGrant, ConsentBalance):
        ctx.session.execute(delete(table).where(col(table.account_id) == account_id))
    waiting = update(Delivery).where(
        col(Delivery.recipient_id) == account_id, col(Delivery.state).in_(("created", "passing_failure"))
    )
    ctx.session.execute(waiting.values(state="cancelled", reason="erased", finished_at=ctx.clock.now()))


def export_account(ctx: Context, account_id: str) -> dict[str, object]:
    """Return what is kept about an account, for the export of one's own data."""
    left = select(col(ConsentBalance.purpose), col(ConsentBalance.remaining)).where(
        col(ConsentBalance.account_id) == account_id
    )
    sent = (
        select(col(Delivery.kind), col(Delivery.state), col(Delivery.channel), col(Delivery.created_at))
        .where(col(Delivery.recipient_id) == account_id)
        .order_by(col(Delivery.created_at).desc())
        .limit(1000)
    )
    return {
        "consents": dict(ctx.session.execute(left).all()),
        "messages": [
            {"kind": kind, "state": state, "channel": channel, "at": at.isoformat()}
            for kind, state, channel, at in ctx.session.execute(sent)
        ],
    }
