"""The chat with the Official Account: who asks, what they mean, and what they are told."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import orjson

from backend.ballots.queries.ballots import find_announced
from backend.ballots.queries.tally import participation
from backend.ballots.service.desk import PollingDesk
from backend.ballots.service.proxies import mandates_held
from backend.identity.errors import WrongChatCode
from backend.identity.rules.chat_codes import read_chat_code
from backend.identity.service import recognise, record_failure
from backend.infra.context import Context, Ports
from backend.infra.database import open_session
from backend.infra.wechat.callbacks import Callback
from backend.kernel.access import ANONYMOUS, SYSTEM, Actor
from backend.kernel.errors import NotFound, TooMany
from backend.notifications.service import chats, followers
from bot.contacts import ContactBook
from bot.replies import Act, Asker, Ballots, Topic, texts, topics
from bot.replies.help import offered
from bot.replies.places import Board
from bot.replies.words import Meaning, understand

logger = logging.getLogger("gongjue.bot")

# (who asks, ballot id) -> participation; raises NotFound where the ballot is none of theirs.
ActorTally = Callable[[Actor, str], Mapping[str, Any]]


def has_effect(callback: Callback) -> bool:
    """Tell whether a message or tap does more than ask: following, or typing a code."""
    return callback.event == "subscribe" or code_in(callback) is not None


def code_in(callback: Callback) -> str | None:
    """Return the linking code that was typed, if that is what was typed."""
    return read_chat_code(callback.text("Content")) if callback.kind == "text" else None


class Chat:
    """One per process, any number of threads; every answer is quick or promised for later."""

    def __init__(self, ports: Ports, polling: PollingDesk) -> None:
        self._ports = ports
        self._polling = polling
        self._contacts = ContactBook(ports)
        self._board = Board()

    def close(self) -> None:
        """Write down what waits."""
        self._contacts.close()

    def answer(self, callback: Callback, request_id: str, *, is_new: bool) -> str:
        """Return what the person is told; never nothing, and never an error.

        ``is_new``: False where the call had its effect before.
        """
        code = code_in(callback)
        try:
            if code is None:
                return self._answer(callback, request_id)
            return self._link(callback, code, request_id, is_new=is_new)
        except Exception:
            # Without the words, which are private.
            logger.exception("chat_failed", extra={"fields": {"request_id": request_id}})
            return texts.SORRY

    def _answer(self, callback: Callback, request_id: str) -> str:
        words = said(callback)
        with open_session(self._ports.engine, read_only=True) as session:
            ctx = Context(session=session, actor=ANONYMOUS, ports=self._ports, request_id=request_id)
            asker = asker_of(ctx, callback.openid, self._tally, self._board)
            is_known = asker.resident is not None or asker.staff is not None
            self._note_later(callback, is_known=is_known)
            if callback.event == "subscribe":
                return texts.welcome(offered(asker), is_known=is_known)
            if not words:
                return texts.TEXT_ONLY
            meaning = _meaning(callback, words)
            if meaning.topic is None:
                return texts.not_understood(offered(asker))
            text = tell(ctx, asker, meaning.topic, meaning.words, later=True)
        if meaning.topic.act is not None and asker.resident is not None:
            text = self._act(callback, asker.resident, meaning.topic.act, request_id) or text
        return text if text is not None else self._promise(callback, meaning, request_id)

    def _act(self, callback: Callback, actor: Actor, act: Act, request_id: str) -> str | None:
        with open_session(self._ports.engine) as session:
            ctx = Context(session=session, actor=actor, ports=self._ports, request_id=request_id)
            text = act(ctx, said(callback), callback.key)
            session.commit()
        return text

    def _note_later(self, callback: Callback, *, is_known: bool) -> None:
        """Remember that somebody is there; strangers only where WeChat can be asked who they are."""
        gateways = self._ports.gateways
        if is_known or (gateways is not None and gateways.official is not None):
            self._contacts.note(callback.openid, is_known=is_known, is_tap=callback.kind == "event")

    def _link(self, callback: Callback, code: str, request_id: str, *, is_new: bool) -> str:
        try:
            with open_session(self._ports.engine) as session:
                ctx = Context(session=session, actor=SYSTEM, ports=self._ports, request_id=request_id)
                side = chats.link_by_code(ctx, callback.openid, code)
                followers.note_contact(ctx, callback.openid)
                session.commit()
        except WrongChatCode as error:
            if is_new:
                record_failure(self._ports, error.failed_keys)
            return texts.WRONG_CODE
        except TooMany:
            return texts.LOCKED
        return texts.LINKED_STAFF if side == "staff" else texts.LINKED_RESIDENT

    def _promise(self, callback: Callback, meaning: Meaning, request_id: str) -> str:
        assert meaning.topic is not None
        with open_session(self._ports.engine) as session:
            ctx = Context(session=session, actor=SYSTEM, ports=self._ports, request_id=request_id)
            chats.ask_to_answer(ctx, callback.key, callback.openid, meaning.topic.name, meaning.words)
            followers.note_contact(ctx, callback.openid, is_tap=callback.kind == "event")
            session.commit()
        return texts.LATER

    def _tally(self, actor: Actor, ballot_id: str) -> Mapping[str, Any]:
        counted: Mapping[str, Any] = orjson.loads(self._polling.tally(ballot_id, actor)[0])
        return counted


def said(callback: Callback) -> str:
    """Return what was typed, spoken (as WeChat understood it) or tapped."""
    if callback.kind == "event":
        return callback.text("EventKey") if callback.event == "click" else "帮助"
    return callback.text("Content") if callback.kind == "text" else callback.text("Recognition")


def _meaning(callback: Callback, words: str) -> Meaning:
    if callback.kind == "event":
        named = {topic.name: topic for topic in topics()}
        if words in named:
            return Meaning(named[words], "")
    return understand(words, topics())


def asker_of(ctx: Context, openid: str, tally: ActorTally, board: Ballots) -> Asker:
    """Return who the sender is; a disabled account is nobody."""
    accounts = followers.accounts_of_follower(ctx, openid)
    found = {side: recognise(ctx.session, account_id) for side, account_id in accounts.items()}
    resident = found.get("resident")
    return Asker(resident, found.get("staff"), partial(tally, resident or ANONYMOUS), board)


def tell(ctx: Context, asker: Asker, topic: Topic, words: str, *, later: bool) -> str | None:
    """Return a topic's answer to this asker; None where it has to come ``later``.

    ``ctx`` acts as the asker on the topic's side, so that services decide what they may know.
    """
    if topic.side == "staff":
        if asker.staff is None:
            return texts.STAFF_ONLY
        if topic.is_slow and later:
            return None
    if topic.side == "resident" and asker.resident is None:
        return texts.HOW_TO_BIND
    ctx.actor = (asker.staff if topic.side == "staff" else asker.resident) or ANONYMOUS
    if topic.side == "resident" and not ctx.actor.homes and not mandates_held(ctx, limit=1):
        return texts.NO_HOME
    return topic.answer(ctx, asker, words)


def counted_now(ctx: Context) -> ActorTally:
    """Return the tally that counts in the running transaction, for the bot."""

    def tally(actor: Actor, ballot_id: str) -> Mapping[str, Any]:
        ballot = find_announced(ctx.session, ballot_id)
        if ballot is None or ballot.estate_id not in actor.estate_ids():
            raise NotFound
        return participation(ctx.session, ballot)

    return tally
