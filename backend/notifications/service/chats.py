"""Chats with the Official Account: linking them to accounts, and what is answered later through the outbox."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update
from sqlmodel import col

from backend.identity.service.chat_codes import IssuedChatCode, issue_chat_code, redeem_chat_code
from backend.infra.context import Context
from backend.infra.crypto import UnknownKey
from backend.kernel.errors import Unauthenticated
from backend.kernel.events import Event
from backend.ledger import service as ledger
from backend.notifications.repository.sql import insert_once
from backend.notifications.rules.parameters import Parameters
from backend.notifications.service.followers import (
    accounts_of_follower,
    link_follower,
    linked_since,
    unlink_account,
)
from backend.notifications.service.writing import Draft, delivery_row, message_row, write_all
from backend.notifications.tables import ChatTask

logger = logging.getLogger("gongjue")

# Somebody who asked to be recognised and was not is looked up at WeChat at most once in this time.
LOOKED_UP_FOR = timedelta(hours=6)
MOST_TRIES = 5


@dataclass(frozen=True, slots=True)
class ChatLink:
    """Whether one's account is linked to a chat, and since when."""

    linked_at: datetime | None


@dataclass(frozen=True, slots=True)
class Task:
    """A task in clear; lives only while it is worked on."""

    key: str
    kind: str
    topic: str
    openid: str = field(repr=False)
    words: str = field(repr=False)


def new_code(ctx: Context) -> IssuedChatCode:
    """Give the caller a code to type in the chat of the Official Account."""
    return issue_chat_code(ctx)


def show_link(ctx: Context) -> ChatLink:
    """Return whether the caller's account is linked to a chat."""
    return ChatLink(linked_since(ctx, _own(ctx)))


def end_link(ctx: Context) -> None:
    """End the caller's link at once; ending none is harmless."""
    account_id = _own(ctx)
    if unlink_account(ctx, account_id) and ctx.actor.kind == "staff":
        ledger.append(ctx, Event("staff.chat_unlinked", None, "account", account_id))


def _own(ctx: Context) -> str:
    if ctx.actor.account_id is None:
        raise Unauthenticated
    return ctx.actor.account_id


def link_by_code(ctx: Context, openid: str, code: str) -> str:
    """Link a chat to the account whose code was typed in it; returns the side: resident | staff.

    Typing it twice links once. Raises TooMany, and WrongChatCode, which is counted.
    """
    index = ctx.vault.index(openid, "follower")
    owner = redeem_chat_code(ctx, code, index)
    if accounts_of_follower(ctx, openid).get(owner.kind) != owner.account_id:
        link_follower(ctx, owner.account_id, openid, owner.kind)
        if owner.kind == "staff":
            ledger.append(ctx, Event("staff.chat_linked", None, "account", owner.account_id))
    return owner.kind


def ask_to_recognise(ctx: Context, openid: str, *, is_new: bool = False) -> None:
    """Let the bot ask WeChat who an unknown follower is: once in some hours, however much they write.

    ``is_new``: they have just begun to follow, so ask again.
    """
    key = f"recognise:{ctx.vault.index(openid, 'follower')}"
    if is_new:
        ctx.session.execute(
            delete(ChatTask).where(col(ChatTask.key) == key, col(ChatTask.done_at).is_not(None))
        )
    _add_task(ctx, key, "recognise", openid, "", "")


def ask_to_answer(ctx: Context, key: str, openid: str, topic: str, words: str) -> None:
    """Let the bot answer at length; ``key`` is the message's own, so that its repetition adds nothing."""
    _add_task(ctx, f"answer:{key}", "answer", openid, topic, words)


def _add_task(ctx: Context, key: str, kind: str, openid: str, topic: str, words: str) -> None:
    values = {
        "key": key,
        "kind": kind,
        "topic": topic,
        "openid_sealed": ctx.vault.seal(openid, "chat_task.openid"),
        "words_sealed": ctx.vault.seal(words, "chat_task.words") if words else None,
        "created_at": ctx.clock.now(),
        "tries": 0,
    }
    ctx.session.execute(insert_once(ctx.session, ChatTask).values(**values).on_conflict_do_nothing())


def waiting_tasks(ctx: Context, kind: str, limit: int = 100) -> list[Task]:
    """Return tasks of a kind that nobody has done yet, oldest first; one that does not open counts a failed try."""
    chosen = select(ChatTask).where(
        col(ChatTask.kind) == kind, col(ChatTask.done_at).is_(None), col(ChatTask.tries) < MOST_TRIES
    )
    rows = ctx.session.execute(chosen.order_by(col(ChatTask.created_at)).limit(limit)).scalars()
    return [task for row in rows.all() if (task := _opened(ctx, row)) is not None]


def _opened(ctx: Context, row: ChatTask) -> Task | None:
    try:
        openid = ctx.vault.open(row.openid_sealed, "chat_task.openid")
        words = ctx.vault.open(row.words_sealed, "chat_task.words") if row.words_sealed else ""
    except (UnknownKey, ValueError):
        logger.error("chat_task_not_opened", extra={"fields": {"kind": row.kind}})
        note_failed_try(ctx, row.key)
        return None
    return Task(row.key, row.kind, row.topic, openid, words)


def finish_task(ctx: Context, key: str) -> bool:
    """Mark a task as done; False where another worker was first."""
    mine = update(ChatTask).where(col(ChatTask.key) == key, col(ChatTask.done_at).is_(None))
    done: Any = ctx.session.execute(
        mine.values(done_at=ctx.clock.now()).execution_options(synchronize_session=False)
    )
    return bool(done.rowcount)


def note_failed_try(ctx: Context, key: str) -> None:
    """Count a try that came to nothing; after some the task is left to the sweeper."""
    mine = update(ChatTask).where(col(ChatTask.key) == key).values(tries=col(ChatTask.tries) + 1)
    ctx.session.execute(mine.execution_options(synchronize_session=False))


def answer_later(ctx: Context, account_id: str, occasion: str, text: str) -> int:
    """Put an answer into the outbox, once per occasion; it goes by custom message within WeChat's allowance.

    The text holds no name, phone or choice: like every delivery's it is kept in clear.
    """
    now = ctx.clock.now()
    draft = Draft(f"chat:{account_id}", "chat_answer", occasion, None, {"text": text}, "", now)
    row = message_row(draft, Parameters(), now)
    return write_all(ctx, [(row, [delivery_row(row, "account", account_id, now)])], [])


def forget_tasks(ctx: Context) -> int:
    """Delete tasks that are done or out of date; returns how many."""
    old = col(ChatTask.created_at) < ctx.clock.now() - LOOKED_UP_FOR
    gone: Any = ctx.session.execute(delete(ChatTask).where(old))
    return int(gone.rowcount)
