"""Who follows the Official Account, as the chat learns it; and what is forgotten with an account."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlmodel import col

from backend.infra.context import Context
from backend.infra.database import hold
from backend.notifications.repository.sql import insert_once
from backend.notifications.tables import ConsentBalance, ConsentGrant, Delivery, Follower


def link_follower(ctx: Context, account_id: str, openid: str, side: str = "resident") -> None:
    """Note that an account is this follower on this side; a later link replaces both sides' earlier ones."""
    hold(ctx.session, ctx.vault.shared_index(openid, "follower"))
    indexes = ctx.vault.indexes(openid, "follower")
    former = col(Follower.openid_index).in_(indexes) & (col(Follower.side) == side)
    ctx.session.execute(delete(Follower).where(former, col(Follower.account_id) != account_id))
    values = {
        "side": side,
        "openid_index": indexes[0],
        "openid_sealed": ctx.vault.seal(openid, "follower.openid"),
        "linked_at": ctx.clock.now(),
    }
    insert = insert_once(ctx.session, Follower).values(account_id=account_id, **values)
    ctx.session.execute(insert.on_conflict_do_update(index_elements=["account_id"], set_=values))


def unlink_follower(ctx: Context, openid: str) -> None:
    """Forget a follower who left, as a resident and as staff."""
    indexes = ctx.vault.indexes(openid, "follower")
    ctx.session.execute(delete(Follower).where(col(Follower.openid_index).in_(indexes)))


def unlink_account(ctx: Context, account_id: str) -> bool:
    """Forget which follower an account is; returns whether it was one."""
    gone: Any = ctx.session.execute(delete(Follower).where(col(Follower.account_id) == account_id))
    return bool(gone.rowcount)


def linked_since(ctx: Context, account_id: str) -> datetime | None:
    """Return since when an account is linked to a follower."""
    chosen = select(col(Follower.linked_at)).where(col(Follower.account_id) == account_id)
    return ctx.session.execute(chosen).scalar_one_or_none()


def accounts_of_follower(ctx: Context, openid: str) -> dict[str, str]:
    """Return whose accounts this follower is, by side."""
    indexes = ctx.vault.indexes(openid, "follower")
    chosen = select(col(Follower.side), col(Follower.account_id))
    chosen = chosen.where(col(Follower.openid_index).in_(indexes))
    return dict(ctx.session.execute(chosen).all())


def note_contact(ctx: Context, openid: str, *, is_tap: bool = False) -> None:
    """A follower wrote: for 48 hours they can be answered freely; after a tap or a follow for a minute."""
    note_contacts(ctx, [openid], is_tap=is_tap)


def note_contacts(ctx: Context, openids: Collection[str], *, is_tap: bool) -> None:
    """Note that these followers wrote, or tapped, just now."""
    indexes = [index for openid in openids for index in ctx.vault.indexes(openid, "follower")]
    now = ctx.clock.now()
    values = {"tapped_at": now} if is_tap else {"spoke_at": now}
    contact = update(Follower).where(col(Follower.openid_index).in_(indexes)).values(**values)
    ctx.session.execute(contact.execution_options(synchronize_session=False))


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
