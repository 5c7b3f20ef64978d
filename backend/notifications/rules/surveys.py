"""What households read about surveys: that one is open, and that somebody wrote their answers down; never an answer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from backend.notifications.rules.templates import short
from backend.notifications.rules.texts import About, deadline, moment, objection_page
from backend.notifications.rules.timing import OPENED, Occasion

SURVEY = "pages/survey/index"

_NOTES: Mapping[str, str] = {OPENED: "调查已开始，请您家填写", "last": "今天截止，您家还没有填写"}
_LATER = "您家还没填写，请在截止前填写"
# Whoever wrote the answers down was at the door, on the telephone, or had the sheet.
_RECORDED: Mapping[str, str] = {
    "doorstep": "入户问卷已替您登记",
    "telephone": "电话问卷已替您登记",
    "paper": "纸质问卷已替您登记",
}


def topic_of(survey_id: str) -> str:
    """Return what the limit of reminders is counted over."""
    return f"survey:{survey_id}"


def occasion_of(due: Occasion, estate_id: str) -> str:
    """Return the name under which an estate is told once; its opening is looked at anew each day."""
    name = f"{due.name}/{due.day.isoformat()}" if due.name == OPENED else due.name
    return f"{estate_id}/{name}"


def asked_in(topic: str, occasion: str) -> tuple[str, str]:
    """Return the survey and the estate that a message of ours is about."""
    return topic.partition(":")[2], occasion.partition("/")[0]


def for_home(name: str, title: str, closes_at: datetime, survey_id: str) -> About:
    """Return what a household reads that has not answered; ``time`` is the deadline."""
    values = {
        "title": short(title),
        "time": deadline(closes_at),
        "note": short(_NOTES.get(name, _LATER)),
    }
    return About(values, f"{SURVEY}?id={survey_id}")


def is_recorded_by_others(channel: str) -> bool:
    """Tell whether staff wrote the answers down, so that the household is told at once."""
    return channel in _RECORDED


def recorded(title: str, at: datetime, channel: str, survey_id: str, home: str) -> About:
    """Answers are recorded in the household's name: by which channel and when, never what they say."""
    values = {"title": short(title), "time": moment(at), "note": short(f"{_RECORDED[channel]}，不对请点这里")}
    return About(values, objection_page("survey", home, survey=survey_id))
