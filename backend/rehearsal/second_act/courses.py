"""The reports that the hotline hears: who does what at which moment, and what must come of it. Pure data.

The last days are counted by hand with the calendar of 2026 beside: five working days, 1 to 5 May free, Saturday
9 May worked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Via(StrEnum):
    """By which way a report comes."""

    PHONE = "mini_program"
    CHAT = "chat"
    TELEPHONE = "telephone"
    WALK_IN = "walk_in"


class Deed(StrEnum):
    """What somebody does about a report at a moment."""

    REPORT = "report"
    ACCEPT = "accept"
    DECLINE = "decline"
    TRANSFER = "transfer"
    TRANSFER_ABOVE = "transfer_above"
    MERGE = "merge"
    DISPATCH = "dispatch"
    DISPATCH_WRONGLY = "dispatch_wrongly"
    CONTEST = "contest"
    START = "start"
    ASK_TIME = "ask_time"
    GRANT_TIME = "grant_time"
    PAUSE = "pause"
    RESUME = "resume"
    SUPERVISE = "supervise"
    RESOLVE = "resolve"
    YES = "yes"
    # With the one-time code of a text message; where nobody has a phone the hotline asks.
    YES_BY_TEXT = "yes_by_text"
    NO = "no"
    UNSATISFIED = "unsatisfied"
    STILL_UNSATISFIED = "still_unsatisfied"
    WITHDRAW = "withdraw"
    # Nobody answers the question; the bot closes the case.
    SILENCE = "silence"


# What the history shows of each deed.
STEPS: Mapping[Deed, tuple[str, ...]] = {
    Deed.REPORT: ("register",),
    Deed.ACCEPT: ("accept",),
    Deed.DECLINE: ("decline",),
    Deed.TRANSFER: ("transfer",),
    Deed.TRANSFER_ABOVE: ("transfer",),
    Deed.MERGE: ("merge",),
    Deed.DISPATCH: ("dispatch",),
    Deed.DISPATCH_WRONGLY: ("dispatch",),
    Deed.CONTEST: ("contest",),
    Deed.START: ("start",),
    Deed.ASK_TIME: ("request_extension",),
    Deed.GRANT_TIME: ("grant_extension",),
    Deed.PAUSE: ("pause",),
    Deed.RESUME: ("resume",),
    Deed.SUPERVISE: ("supervise",),
    Deed.RESOLVE: ("resolve",),
    Deed.YES: ("follow_up", "close"),
    Deed.YES_BY_TEXT: ("follow_up", "close"),
    Deed.NO: ("follow_up", "reopen"),
    Deed.UNSATISFIED: ("follow_up", "reopen"),
    Deed.STILL_UNSATISFIED: ("follow_up", "close"),
    Deed.WITHDRAW: ("withdraw",),
    Deed.SILENCE: ("close",),
}


@dataclass(frozen=True, slots=True)
class End:
    """How a case must stand at the end.

    ``last_day``: of the time for the result, None where no clock runs any more; ``answered_late``: the first answer;
    ``resolved_late``: the result came after the last day, or there is none and it has passed.
    """

    state: str
    outcome: str | None = None
    last_day: date | None = None
    answered_late: bool = False
    resolved_late: bool = False
    is_solved: bool | None = None
    is_satisfied: bool | None = None


@dataclass(frozen=True, slots=True)
class Course:
    """One report: how it comes, what is done at each of the five moments of ``days.HOTLINE``, how it ends.

    ``same_as``: the course of which it is a duplicate.
    """

    name: str
    via: Via
    disclosure: str
    category: str
    words: str
    deeds: tuple[tuple[Deed, ...], ...]
    end: End
    nature: str = "complaint"
    same_as: str | None = None

    @property
    def history(self) -> tuple[str, ...]:
        """Return every step that the history must show, in order."""
        return tuple(step for deeds in self.deeds for deed in deeds for step in STEPS[deed])

    @property
    def is_hidden(self) -> bool:
        """Tell whether the responsible party must not learn who reported."""
        return self.disclosure != "named"


D = Deed
_TAKEN_IN = (D.REPORT, D.ACCEPT, D.DISPATCH)
_DONE_AGAIN = (D.DISPATCH, D.START, D.RESOLVE)
_FROM_28_APRIL, _FROM_6_MAY, _FROM_11_MAY = date(2026, 5, 8), date(2026, 5, 12), date(2026, 5, 18)
_CONFIRMED = End("closed", "confirmed", _FROM_28_APRIL, is_solved=True, is_satisfied=True)

USUAL: tuple[Course, ...] = (
    Course(
        "leak",
        Via.PHONE,
        "named",
        "quality",
        "屋面防水施工后下雨仍然渗漏，顶层楼道天花板有大片水渍",
        (_TAKEN_IN, (D.START,), (D.RESOLVE,), (D.YES,), ()),
        _CONFIRMED,
    ),
    Course(
        "same_leak",
        Via.PHONE,
        "named",
        "quality",
        "屋面防水施工后下雨仍然渗漏，顶层楼道天花板有水渍，请尽快处理",
        ((), (D.REPORT, D.ACCEPT, D.MERGE), (), (), ()),
        End("merged", last_day=_FROM_28_APRIL),
        same_as="leak",
    ),
    Course(
        "noise",
        Via.TELEPHONE,
        "confidential",
        "disturbance",
        "清晨六点开始切割石材，噪声很大",
        (_TAKEN_IN, (D.START,), (D.RESOLVE,), (D.YES,), ()),
        _CONFIRMED,
    ),
    Course(
        "not_mended",
        Via.PHONE,
        "confidential",
        "facilities",
        "单元门禁装好后一直打不开",
        (_TAKEN_IN, (D.START,), (D.RESOLVE,), (D.NO, *_DONE_AGAIN), (D.YES,)),
        End("closed", "confirmed", _FROM_11_MAY, is_solved=True, is_satisfied=True),
    ),
)

SPECIAL: tuple[Course, ...] = (
    Course(
        "emergency",
        Via.TELEPHONE,
        "named",
        "safety",
        "外架的钢管松动，随时可能掉下来",
        ((*_TAKEN_IN, D.START), (D.RESOLVE,), (D.YES,), (), ()),
        End("closed", "confirmed", date(2026, 4, 29), is_solved=True, is_satisfied=True),
        nature="emergency",
    ),
    Course(
        "anonymous",
        Via.PHONE,
        "anonymous",
        "environment",
        "施工垃圾堆在绿化带里没有清运",
        (_TAKEN_IN, (D.START,), (D.RESOLVE,), (D.YES,), ()),
        _CONFIRMED,
    ),
    Course(
        "petition",
        Via.WALK_IN,
        "named",
        "charges",
        "反映历年维修资金的使用问题，要求按信访程序答复",
        ((D.REPORT, D.TRANSFER), (), (), (), ()),
        End("transferred"),
        nature="petition",
    ),
    Course(
        "contested",
        Via.TELEPHONE,
        "named",
        "utilities",
        "楼道的供热立管渗水",
        (
            (D.REPORT, D.ACCEPT, D.DISPATCH_WRONGLY),
            (D.CONTEST, D.DISPATCH, D.START),
            (D.RESOLVE,),
            (D.YES_BY_TEXT,),
            (),
        ),
        _CONFIRMED,
    ),
    Course(
        "extended",
        Via.PHONE,
        "named",
        "progress",
        "三号楼的外墙保温停工两周了",
        (_TAKEN_IN, (D.START,), (D.ASK_TIME, D.GRANT_TIME), (D.RESOLVE,), (D.YES,)),
        End("closed", "confirmed", date(2026, 5, 14), is_solved=True, is_satisfied=True),
    ),
    Course(
        "accusation",
        Via.PHONE,
        "confidential",
        "conduct",
        "有人在分配停车位时收受好处",
        ((D.REPORT,), (D.TRANSFER_ABOVE,), (), (), ()),
        End("transferred"),
        nature="accusation",
    ),
    Course(
        "paused",
        Via.TELEPHONE,
        "named",
        "quality",
        "墙面开裂，要求鉴定原因",
        (_TAKEN_IN, (D.START, D.PAUSE), (D.RESUME,), (D.RESOLVE,), (D.YES_BY_TEXT,)),
        End("closed", "confirmed", _FROM_6_MAY, is_solved=True, is_satisfied=True),
    ),
    Course(
        "supervised",
        Via.PHONE,
        "named",
        "environment",
        "雨水井盖破损一直没有更换",
        (_TAKEN_IN, (D.START,), (), (D.SUPERVISE, D.RESOLVE), (D.YES,)),
        End("closed", "confirmed", _FROM_28_APRIL, resolved_late=True, is_solved=True, is_satisfied=True),
    ),
    Course(
        "answered_late",
        Via.WALK_IN,
        "named",
        "property",
        "小区大门夜间没有人值守",
        ((D.REPORT,), (), (D.ACCEPT, D.DISPATCH, D.START), (D.RESOLVE,), (D.YES,)),
        End("closed", "confirmed", _FROM_6_MAY, answered_late=True, is_solved=True, is_satisfied=True),
    ),
    Course(
        "never_done",
        Via.TELEPHONE,
        "named",
        "facilities",
        "充电车棚的照明一直不亮",
        (_TAKEN_IN, (D.START,), (), (), ()),
        End("in_progress", last_day=_FROM_28_APRIL, resolved_late=True),
    ),
    Course(
        "unanswered",
        Via.TELEPHONE,
        "named",
        "suggestion",
        "建议在花坛边增加座椅",
        (_TAKEN_IN, (D.START,), (D.RESOLVE,), (), (D.SILENCE,)),
        End("closed", "unanswered", _FROM_28_APRIL),
    ),
    Course(
        "not_satisfied",
        Via.PHONE,
        "named",
        "property",
        "楼道粉刷颜色不均匀",
        (_TAKEN_IN, (D.START,), (D.RESOLVE,), (D.UNSATISFIED, *_DONE_AGAIN), (D.STILL_UNSATISFIED,)),
        End("closed", "unsatisfied", _FROM_11_MAY, is_solved=True, is_satisfied=False),
    ),
    Course(
        "withdrawn",
        Via.PHONE,
        "named",
        "other",
        "楼下堆放的材料挡住了通道",
        ((D.REPORT, D.ACCEPT), (D.WITHDRAW,), (), (), ()),
        End("withdrawn", last_day=_FROM_28_APRIL),
    ),
    Course(
        "chat",
        Via.CHAT,
        "confidential",
        "utilities",
        "二号楼雨水管接头漏水",
        (_TAKEN_IN, (D.START,), (D.RESOLVE,), (D.YES,), ()),
        _CONFIRMED,
    ),
    Course(
        "declined",
        Via.TELEPHONE,
        "named",
        "other",
        "询问邻近小区明年是否改造",
        ((D.REPORT, D.DECLINE), (), (), (), ()),
        End("declined"),
    ),
)


def courses_of(position: int, special: int) -> Sequence[Course]:
    """Return the reports of the position-th estate: the usual ones and so many special ones, in turn."""
    number = min(special, len(SPECIAL))
    return (*USUAL, *(SPECIAL[(position * number + turn) % len(SPECIAL)] for turn in range(number)))
