"""Every text that deliveries carry, in plain Chinese; never a name, a phone or a choice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from backend.kernel.clock import SHANGHAI, local_date, start_of_day
from backend.notifications.rules.templates import MOST_THING, short

# What stands, and what waits for a second person.
_RECORDED = {
    "online": ("您家已在微信投票", "您家微信投的票待核实"),
    "paper": ("您家的纸质票已登记", "您家的纸质票待核实"),
    "proxy": ("受托人已替您家投票", "受托人投的票待核实"),
    "legacy": ("您家的票已线下补录", "线下补录的票待核实"),
}
_WRONG = "，不对请点这里"
# A text message opens no page: there is nothing in it to tap.
_UNTAPPED = {
    _WRONG: "，不对请联系社区",
    "，点这里看或提异议": "，有异议请联系社区",
    "，点此查看": "，详情请问社区",
}
_RELATIONS = {
    "owner": "业主",
    "co_owner": "共有人",
    "representative": "业主代表",
    "proxy": "受托人",
    "public_tenant": "公房承租人",
    "family": "家庭成员",
    "tenant": "租户",
}
_MINUTE = timedelta(minutes=1)
OBJECT = "pages/objection/index"
BALLOT = "pages/ballot/index"

DOORSTEP_REASONS = {
    "no_binding": "这一户还没有能投票的人绑定微信",
    "no_channel": "没有订阅消息授权，也没有关注公众号或可用的短信渠道",
    "refused": "住户拒收或订阅次数已用完",
    "permanent": "各渠道都不接收",
    "technical": "多次发送失败",
    "unknown": "发送时中断，不知道是否送达（不会自动重发）",
    "expired": "没能在有效时间内发出",
}


def moment(at: datetime) -> str:
    """Return an instant as WeChat's ``time`` field takes it: 2026年6月30日 18:05."""
    local = at.astimezone(SHANGHAI)
    return f"{local.year}年{local.month}月{local.day}日 {local:%H:%M}"


def deadline(closes_at: datetime) -> str:
    """Return a deadline as people read it: the end of a day is that day's 23:59, not the next day's 00:00."""
    is_midnight = closes_at == start_of_day(local_date(closes_at))
    return moment(closes_at - _MINUTE if is_midnight else closes_at)


@dataclass(frozen=True, slots=True)
class About:
    """A message's values (title, time, note) and the page that a tap opens."""

    payload: Mapping[str, str]
    page: str


def _values(title: str, at: datetime, note: str) -> dict[str, str]:
    return {"title": short(title), "time": moment(at), "note": short(note)}


def _until(title: str, closes_at: datetime, note: str) -> dict[str, str]:
    return {**_values(title, closes_at, note), "time": deadline(closes_at)}


@dataclass(frozen=True, slots=True)
class Recorded:
    """How a vote came in; ``waits``: it stands only after a review."""

    channel: str
    waits: bool = False


def vote_recorded(title: str, at: datetime, how: Recorded, ballot_id: str, home: str) -> About:
    """A vote is recorded in the household's name: by which channel and when, never what it says."""
    stands, waits = _RECORDED.get(how.channel, ("您家的票已登记", "您家的票待核实"))
    note = f"{waits if how.waits else stands}{_WRONG}"
    return About(_values(title, at, note), objection_page("vote", home, ballot=ballot_id))


def vote_decided(title: str, at: datetime, is_accepted: bool, ballot_id: str, home: str) -> About:
    """A vote that waited for a review was let in or not."""
    note = f"待核实的一票{'已' if is_accepted else '未'}计入{_WRONG}"
    return About(_values(title, at, note), objection_page("vote", home, ballot=ballot_id))


def mandate_confirmed(title: str, at: datetime, ballot_id: str, home: str) -> About:
    """A written mandate was registered for the household."""
    return About(
        _values(title, at, f"已登记委托别人代投{_WRONG}"), objection_page("proxy", home, ballot=ballot_id)
    )


def objection_page(about: str, home: str, **named: str) -> str:
    """Return the page of one tap: all that the objection's own route asks for stands in its address."""
    return "&".join([f"{OBJECT}?about={about}&dwelling={home}", *(f"{key}={named[key]}" for key in named)])


def binding_changed(kind: str, at: datetime, relation: str, binding_id: str, home: str) -> About:
    """Somebody asks to be, is, or is no more bound to the dwelling."""
    who = _RELATIONS.get(relation, "成员")
    notes = {
        "binding_asked": f"申请绑定为{who}{_WRONG}",
        "binding_made": f"已绑定为{who}{_WRONG}",
        "binding_ended": f"{who}的绑定已暂停待核实",
        "binding_left": f"{who}的绑定已解除{_WRONG}",
        "binding_sold": f"业主有变更，{who}绑定暂停待核实",
    }
    page = objection_page("binding", home, binding=binding_id)
    return About(_values("您家的微信绑定", at, notes[kind]), page)


_LAST_DAY = "今天截止，您家还没有投票"
_BEFORE = "您家还没投票，请在截止前投票"


def reminder(title: str, closes_at: datetime, ballot_id: str, occasion: str) -> About:
    """The household has not voted yet; ``time`` is the deadline."""
    note = _LAST_DAY if occasion == "last" else _BEFORE
    return About(_until(title, closes_at, note), f"{BALLOT}?id={ballot_id}")


def is_of_day(payload: Mapping[str, str], closes_at: datetime) -> bool:
    """Tell whether a reminder was written for this last day of voting."""
    return payload["time"].partition(" ")[0] == deadline(closes_at).partition(" ")[0]


def with_deadline(payload: Mapping[str, str], closes_at: datetime) -> Mapping[str, str]:
    """Return a reminder's values with the deadline as it is now: voting may have been extended since."""
    if payload["time"] == deadline(closes_at):
        return payload
    note = _BEFORE if payload["note"] == _LAST_DAY and not is_of_day(payload, closes_at) else payload["note"]
    return {**payload, "time": deadline(closes_at), "note": note}


def near_quorum(title: str, closes_at: datetime, ballot_id: str, missing: str) -> About:
    """Participation lacks little; where that takes too many words, how much is left to the ballot's page."""
    note = f"参与{missing}，您家还没投票"
    if len(note) > MOST_THING:
        note = "参与就差一点，您家还没有投票"
    return About(_until(title, closes_at, note), f"{BALLOT}?id={ballot_id}")


def news(kind: str, title: str, at: datetime, ballot_id: str) -> About:
    """Something happened to the ballot that everybody on its roll may know."""
    notes = {
        "result_shown": "结果已公示，点这里看或提异议",
        "result_final": "最终结果已公布，点此查看",
        "ballot_stopped": "本次表决已作废，详见公告",
    }
    return About(_values(title, at, notes[kind]), f"{BALLOT}?id={ballot_id}")


def sms(payload: Mapping[str, str]) -> list[str]:
    """Return the parameters of the text message's template: what, when, one line more with nothing to tap."""
    note = payload["note"]
    for tap, instead in _UNTAPPED.items():
        before, found, _ = note.partition(tap)
        if found:
            note = before + instead
    return [payload["title"], payload["time"], note]


def plain(payload: Mapping[str, str]) -> str:
    """Return a message as one text, for the Official Account."""
    if "text" in payload:
        return payload["text"]
    return f"{payload['title']}\n{payload['time']}\n{payload['note']}"
