"""Every job of the bot in one table, and the scheduler made from it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from backend.infra.context import Ports
from bot import chat_jobs, delivery, jobs

logger = logging.getLogger("gongjue.bot")


@dataclass(frozen=True, slots=True)
class Job:
    """A step, how often it runs, and what it is for (read by operators: ``gongjue bot --list``).

    ``everywhere``: each bot of a PostgreSQL installation runs it, the leader or not.
    """

    name: str
    every: timedelta
    run: Callable[[Ports], object]
    purpose: str
    everywhere: bool = False


# The host's clock only decides when a job looks; what is due is decided by the database's clock.
JOBS = (
    Job("heartbeat", timedelta(seconds=10), jobs.beat, "心跳：网页据此提示后台任务是否在运行"),
    Job("close_ballots", timedelta(seconds=5), jobs.close_due_ballots, "到截止时间的表决转入计票"),
    Job("seal_ballots", timedelta(seconds=10), jobs.seal_due_ballots, "计票期满（或无纸质票待核）的表决封存"),
    Job(
        "close_surveys", timedelta(seconds=10), jobs.close_due_surveys, "到截止时间的调查逐小区重新计数并截止"
    ),
    Job("number_votes", timedelta(seconds=5), jobs.number_new_votes, "给新到的选票编入默克尔树"),
    Job("number_events", timedelta(seconds=5), jobs.number_new_events, "给新的操作记录编入默克尔树"),
    Job("checkpoints", timedelta(hours=1), jobs.make_checkpoints, "每小时给各表决和操作记录留检查点"),
    Job("messages", timedelta(seconds=3), delivery.read_new_events, "把新的操作记录变成要发的消息"),
    Job("electorates", timedelta(seconds=30), delivery.enqueue, "把结果公示等消息排给全体住户"),
    Job(
        "reminders",
        timedelta(minutes=5),
        delivery.remind,
        "提醒还没投票的住户，告知调查开始，提醒还没填写的住户",
    ),
    Job("near_quorum", timedelta(minutes=5), delivery.push_near_quorum, "参与就差一点时提醒群和未投票住户"),
    Job("digests", timedelta(minutes=5), delivery.post_digests, "每日参与简报发到居委会群"),
    Job("witness", timedelta(minutes=1), delivery.post_checkpoints, "选票检查点发到居委会群作为外部见证"),
    Job(
        "objections",
        timedelta(minutes=5),
        delivery.tell_objections_over,
        "异议期满、结果待公示时告知居委会群",
    ),
    Job("sweep", timedelta(seconds=30), delivery.sweep, "收拾中断和过期的发送，送不到的列入上门名单"),
    Job("deliver", timedelta(seconds=1), delivery.deliver, "发送排队的消息", everywhere=True),
    Job("followers", timedelta(seconds=5), chat_jobs.recognise_followers, "向微信查询新关注者是谁"),
    Job("chats", timedelta(seconds=2), chat_jobs.answer_chats, "准备聊天里稍后答复的内容"),
    Job("forget_chats", timedelta(hours=1), chat_jobs.forget_chats, "删除已处理的微信回调和聊天任务"),
    Job("imports", timedelta(seconds=3), jobs.run_imports, "执行排队中的名册导入"),
    Job("check_media", timedelta(seconds=5), jobs.check_media, "送检居民上传的照片，过时未答的转人工"),
    Job("loose_media", timedelta(hours=1), jobs.forget_loose_media, "删除上传一天后仍未使用的照片和视频"),
    Job("rectification", timedelta(hours=1), jobs.remind_rectification, "整改快到期、逾期和保修快到期的提醒"),
    Job(
        "complaints", timedelta(minutes=1), jobs.watch_complaints, "投诉到期前提醒、超期告知、无人应答的结案"
    ),
    Job("provisional", timedelta(hours=1), jobs.recount_provisional, "新一年的节假日录入后重算暂定期限"),
    Job("retention", timedelta(days=1), jobs.forget_what_is_old, "删除已过保存期的登录、试错和邀请码记录"),
)


class Scheduler(Protocol):
    """What the worker needs of apscheduler, which has no types of its own."""

    def start(self) -> None:
        """Begin to run jobs in threads."""

    def shutdown(self, wait: bool = True) -> None:
        """Run no more jobs; ``wait`` for those under way."""


def build_scheduler(ports: Ports, table: tuple[Job, ...] = JOBS) -> Scheduler:
    """Return a scheduler, not yet started, that runs each job at once and then at its interval.

    Each job has a thread of its own, so that a long import delays no deadline; no job overlaps itself, and
    runs missed while it was busy become one.
    """
    threads = ThreadPoolExecutor(len(table))  # type: ignore[no-untyped-call] # apscheduler has no types
    scheduler: Any = BackgroundScheduler(  # type: ignore[no-untyped-call] # the same
        executors={"default": threads},
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        timezone=UTC,
    )
    for job in table:
        scheduler.add_job(
            run_guarded,
            "interval",
            (job, ports),
            id=job.name,
            seconds=job.every.total_seconds(),
            next_run_time=datetime.now(UTC),
        )
    started: Scheduler = scheduler
    return started


def run_guarded(job: Job, ports: Ports) -> None:
    """Run a job; a failure is logged without its values and stops neither the job's next run nor the others."""
    try:
        job.run(ports)
    except Exception:
        logger.exception("job_failed", extra={"fields": {"job": job.name}})
