"""Chat jobs: who an unknown follower is, answers that take longer, and what may be forgotten."""

from __future__ import annotations

import logging
from datetime import timedelta
from functools import partial

from backend.identity.service import account_of_unionid
from backend.infra.context import Context, Ports
from backend.infra.wechat.arrivals import forget_arrivals
from backend.infra.wechat.errors import WeChatError
from backend.infra.wechat.official import OfficialAccount
from backend.notifications.service import chats, followers
from backend.notifications.service.chats import Task
from bot.chat import asker_of, counted_now, tell
from bot.delivery import run_step
from bot.replies import texts, topics
from bot.replies.places import read_ballots

logger = logging.getLogger("gongjue.bot")

# A repetition comes within seconds; what comes later is refused as stale before anybody looks here.
_KEPT = timedelta(hours=2)


def recognise_followers(ports: Ports) -> int:
    """Ask WeChat for the ids of unknown followers and link those that are known; returns how many were."""
    official = ports.gateways.official if ports.gateways is not None else None
    if official is None:
        return 0
    waiting = run_step(ports, lambda ctx: chats.waiting_tasks(ctx, "recognise"))
    done = 0
    for task in waiting:
        try:
            done += _recognise(ports, official, task)
        except Exception:
            logger.exception("follower_not_linked")
            run_step(ports, partial(chats.note_failed_try, key=task.key))
    return done


def _recognise(ports: Ports, official: OfficialAccount, task: Task) -> bool:
    """Look one follower up; no transaction is open while WeChat thinks."""
    try:
        is_following, unionid = official.follower(task.openid)
    except WeChatError as error:
        logger.warning("follower_unknown", extra={"fields": {"code": error.code}})
        run_step(ports, lambda ctx: chats.note_failed_try(ctx, task.key))
        return False
    known = unionid if is_following else None
    return run_step(ports, lambda ctx: _link(ctx, task, known))


def _link(ctx: Context, task: Task, unionid: str | None) -> bool:
    account_id = account_of_unionid(ctx, unionid) if unionid else None
    if not chats.finish_task(ctx, task.key) or account_id is None:
        return False
    if "resident" in followers.accounts_of_follower(ctx, task.openid):
        return False
    followers.link_follower(ctx, account_id, task.openid)
    # They did something just now, or there would be no task.
    followers.note_contact(ctx, task.openid, is_tap=True)
    chats.answer_later(ctx, account_id, task.key, texts.RECOGNISED)
    return True


def answer_chats(ports: Ports) -> int:
    """Put the answers that take longer into the outbox; returns how many."""
    waiting = run_step(ports, lambda ctx: chats.waiting_tasks(ctx, "answer"))
    done = 0
    for task in waiting:
        try:
            done += run_step(ports, partial(_answer, task=task))
        except Exception:
            logger.exception("chat_answer_failed", extra={"fields": {"topic": task.topic}})
            run_step(ports, partial(chats.note_failed_try, key=task.key))
    return done


def _answer(ctx: Context, task: Task) -> bool:
    """Write one answer: the task is done and the delivery stands, or neither."""
    if not chats.finish_task(ctx, task.key):
        return False
    topic = next((topic for topic in topics() if topic.name == task.topic), None)
    accounts = followers.accounts_of_follower(ctx, task.openid)
    if topic is None or topic.side not in accounts:
        return False
    asker = asker_of(ctx, task.openid, counted_now(ctx), read_ballots)
    text = tell(ctx, asker, topic, task.words, later=False)
    return text is not None and bool(chats.answer_later(ctx, accounts[topic.side], task.key, text))


def forget_chats(ports: Ports) -> int:
    """Forget arrivals and tasks that are out of date; returns how many rows went."""
    gone = run_step(ports, chats.forget_tasks)
    while done := run_step(ports, lambda ctx: forget_arrivals(ctx.session, ctx.clock.now() - _KEPT)):
        gone += done
    return gone
