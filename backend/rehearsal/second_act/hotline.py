"""The hotline's five moments: what each person does about each report, over the same doors as in life."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import quote

from backend.kernel.ids import new_id
from backend.rehearsal.cast import BUREAU, Unexpected
from backend.rehearsal.habits import ACCEPT
from backend.rehearsal.second_act.case import Case
from backend.rehearsal.second_act.chatting import report_in_chat
from backend.rehearsal.second_act.courses import Deed, Via
from backend.rehearsal.second_act.finding import find, read, texted_codes
from backend.rehearsal.tapping import tap
from backend.rehearsal.theatre import Theatre
from backend.rehearsal.web import Caller, Headers

_API = "/api/v1"
_STAFF = f"{_API}/staff"
_ACCUSATION = {
    "nature": "accusation",
    "recipient": "区纪委监委信访室（演练）",
    "document_title": "关于转送检举材料的函（演练）",
    "document_number": "演练〔2026〕2号",
    "transferred_on": "2026-04-28",
}
_PETITION = {
    "nature": "petition",
    "recipient": "区信访局（演练）",
    "document_title": "关于转送信访事项的函（演练）",
    "document_number": "演练〔2026〕1号",
    "transferred_on": "2026-04-28",
}


@dataclass(frozen=True, slots=True)
class _Way:
    """An ordinary step: who takes it, under which address, with which body."""

    who: str
    path: str
    body: Mapping[str, Any]


# Every other one wants to hear of it: taken on, begun, done, closed.
_KEPT_POSTED = (ACCEPT,) * 4
_HOTLINE, _HANDLER, _ABOVE = "hotline", "handler", "bureau"
_DONE = {"words": "已处理完毕，请查看（演练）", "tell": True}
_WAYS: Mapping[Deed, _Way] = {
    Deed.DECLINE: _Way(_HOTLINE, "complaints/{}/decline", {"words": "不属于本次改造的范围（演练）"}),
    Deed.TRANSFER: _Way(_HOTLINE, "complaints/{}/transfer", _PETITION),
    Deed.TRANSFER_ABOVE: _Way(_ABOVE, "complaints/{}/transfer", _ACCUSATION),
    Deed.CONTEST: _Way(
        _HANDLER, "assigned-complaints/{}/contest", {"words": "供热管道由供热公司负责（演练）"}
    ),
    Deed.START: _Way(_HANDLER, "assigned-complaints/{}/start", {}),
    Deed.ASK_TIME: _Way(
        _HANDLER,
        "assigned-complaints/{}/extension-request",
        {"reason": "等待材料进场（演练）", "period": "5wd"},
    ),
    Deed.GRANT_TIME: _Way(
        _HOTLINE, "complaints/{}/extension-decision", {"grant": True, "words": "材料未到，同意（演练）"}
    ),
    Deed.PAUSE: _Way(
        _HOTLINE, "complaints/{}/pause", {"reason": "appraisal", "words": "已委托检测机构（演练）"}
    ),
    Deed.RESUME: _Way(_HOTLINE, "complaints/{}/resume", {"words": "检测报告已出（演练）"}),
    Deed.SUPERVISE: _Way(_ABOVE, "complaints/{}/supervise", {"words": "请今日办结并说明原因（演练）"}),
    Deed.RESOLVE: _Way(_HANDLER, "assigned-complaints/{}/resolve", _DONE),
}
_ANSWERS: Mapping[Deed, Mapping[str, bool]] = {
    Deed.YES: {"solved": True, "satisfied": True},
    Deed.YES_BY_TEXT: {"solved": True, "satisfied": True},
    Deed.NO: {"solved": False, "satisfied": False},
    Deed.UNSATISFIED: {"solved": True, "satisfied": False},
    Deed.STILL_UNSATISFIED: {"solved": True, "satisfied": False},
}


def go_on(theatre: Theatre, case: Case, moment: int, known: Mapping[tuple[int, str], Case]) -> None:
    """Do everything that the script has for a report at a moment (0 to 4).

    ``known``: the estate's position and the course → its report.
    """
    for deed in case.course.deeds[moment]:
        _do(theatre, case, deed, known)


def _do(theatre: Theatre, case: Case, deed: Deed, known: Mapping[tuple[int, str], Case]) -> None:
    match deed:
        case Deed.REPORT:
            _report(theatre, case)
        case Deed.ACCEPT:
            body = {"nature": case.course.nature, "category": case.course.category}
            _step(theatre, case, _Way(_HOTLINE, "complaints/{}/accept", body))
        case Deed.DISPATCH:
            _dispatch(theatre, case, case.site.unit_for(case.course.category).party)
        case Deed.DISPATCH_WRONGLY:
            _dispatch(theatre, case, case.site.contractor.party)
        case Deed.MERGE:
            _merge(theatre, case, known[case.site.position, str(case.course.same_as)])
        case Deed.WITHDRAW:
            theatre.web.post(_reporter(theatre, case), f"{_API}/complaints/{case.id}/withdraw", {"words": ""})
        case Deed.SILENCE:
            pass
        case Deed.YES_BY_TEXT if theatre.shift is not None:
            _answer_by_text(theatre, case, _ANSWERS[deed])
        case _ if deed in _ANSWERS:
            _answer(theatre, case, _ANSWERS[deed])
        case _:
            _step(theatre, case, _WAYS[deed])


def _report(theatre: Theatre, case: Case) -> None:
    way: dict[Via, Callable[[Theatre, Case], None]] = {
        Via.PHONE: _report_on_the_phone,
        Via.CHAT: report_in_chat,
    }
    way.get(case.course.via, _record)(theatre, case)


def _matter(case: Case) -> dict[str, Any]:
    course, site = case.course, case.site
    return {
        "category": course.category,
        "words": case.said,
        "disclosure": course.disclosure,
        "nature": course.nature,
        "estate": site.estate.id,
        "building": site.building_ids[case.building],
        "works_item": site.works.get("W1") if course.category == "quality" else None,
    }


def _report_on_the_phone(theatre: Theatre, case: Case) -> None:
    made = theatre.web.post(
        _reporter(theatre, case), f"{_API}/complaints", _matter(case), Headers(key=new_id())
    )
    case.number, case.code = made["number"], made["code"] or ""
    if made["id"] is None:
        find(theatre, case, f"text={quote(case.number)}")
        return
    case.id, case.version = made["id"], 1
    person = case.reporter.person
    if theatre.shift is not None and person is not None and person.owner % 2:
        tap(theatre, person, "complaint", _KEPT_POSTED)


def _record(theatre: Theatre, case: Case) -> None:
    """Write down what somebody says: the hotline what comes by telephone, the community who comes by."""
    course = case.course
    by_phone = course.via is Via.TELEPHONE
    desk = theatre.staff.desk(case.site.hotline if by_phone else case.site.estate.clerk(1))
    body = _matter(case) | {
        "source": str(course.via),
        "reporter_name": case.reporter.name,
        "reporter_phone": case.reporter.number,
    }
    if by_phone:
        number = f"{case.site.estate.world.number:02d}{sum(course.name.encode()):05d}"
        body["ticket_number"] = f"20260428{number}"
    made = theatre.web.post(desk, f"{_STAFF}/complaints", body, Headers(key=new_id()))
    case.id, case.number, case.version = made["id"], made["number"], made["version"]


def _dispatch(theatre: Theatre, case: Case, party: str) -> None:
    if not case.version:
        case.version = read(theatre, case)["complaint"]["version"]
    _step(theatre, case, _Way(_HOTLINE, "complaints/{}/dispatch", {"party": party}))


def _merge(theatre: Theatre, case: Case, original: Case) -> None:
    caller = theatre.staff.desk(case.site.hotline)
    found = theatre.web.get(caller, f"{_STAFF}/complaints/{case.id}/duplicates")["items"]
    if original.id not in [row["complaint"]["id"] for row in found]:
        raise Unexpected(f"{case.site.name}: the duplicate {case.number} was not found")
    _step(theatre, case, _Way(_HOTLINE, "complaints/{}/merge", {"into": original.id}))


def _answer(theatre: Theatre, case: Case, answer: Mapping[str, bool]) -> None:
    """Answer the question after the work: on the phone, with the code, or on the hotline's call."""
    reporter = case.reporter
    if reporter.person is None:
        _step(theatre, case, _Way(_HOTLINE, "complaints/{}/follow-up", answer))
        return
    caller = _reporter(theatre, case)
    if case.code:
        body = {**answer, "number": case.number, "code": case.code}
        theatre.web.post(Caller(caller.address), f"{_API}/complaint-tracker/follow-up", body)
    else:
        theatre.web.post(caller, f"{_API}/complaints/{case.id}/follow-up", answer)
    case.version = 0


def _answer_by_text(theatre: Theatre, case: Case, answer: Mapping[str, bool]) -> None:
    """Answer on the page that the text message names, with its one-time code, from a phone nobody knows."""
    codes = texted_codes(theatre, case.reporter.number)
    if len(codes) != 1:
        raise Unexpected(f"{case.site.name}: {len(codes)} text messages ask about {case.number}, not one")
    body = {**answer, "token": codes[0]}
    theatre.web.post(Caller(case.reporter.address), f"{_API}/complaint-follow-ups", body)


def _step(theatre: Theatre, case: Case, way: _Way) -> None:
    who = {_HOTLINE: case.site.hotline, _ABOVE: BUREAU}.get(way.who) or _handler(case)
    path = f"{_STAFF}/{way.path.format(case.id)}"
    moved = theatre.web.post(theatre.staff.desk(who), path, way.body, Headers(version=case.version))
    case.version, case.party = moved["version"], moved["party"] or ""


def _handler(case: Case) -> str:
    units = {unit.party: unit.username for unit in (case.site.contractor, case.site.utility)}
    return units[case.party]


def _reporter(theatre: Theatre, case: Case) -> Caller:
    person = case.reporter.person
    assert person is not None, "reports by telephone are written down by staff"
    return theatre.residents.log_in(person)


def turns(
    theatre: Theatre, cases: Sequence[Case], moment: int, known: Mapping[tuple[int, str], Case]
) -> list[Callable[[], None]]:
    """Return what is to be done about all reports at a moment, one piece of work each."""
    return [partial(go_on, theatre, case, moment, known) for case in cases if case.course.deeds[moment]]
