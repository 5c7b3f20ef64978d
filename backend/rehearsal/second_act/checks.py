"""The play's assertions about the second act: each holds the product against the script and counts what it saw."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import datetime, timedelta

from backend.kernel.clock import local_date
from backend.rehearsal.cast import Unexpected
from backend.rehearsal.message_checks import Checked, all_checked
from backend.rehearsal.second_act.case import Case
from backend.rehearsal.second_act.courses import End
from backend.rehearsal.second_act.foreseen import Reached, channels, heard, reached
from backend.rehearsal.second_act.gathering import Json, Seen, SurveySeen
from backend.rehearsal.second_act.replies import Channel
from backend.rehearsal.second_act.surveying import Asked

_MOMENT = timedelta(seconds=1)
THREE_RATES = ("response", "resolution", "satisfaction")


def check_act(seen: Seen) -> tuple[Checked, ...]:
    """Check everything; raises Unexpected naming the assertion that does not hold."""
    return all_checked(CHECKS, seen)


def _ends(seen: Seen) -> str:
    for case, page in _read(seen):
        end, row = case.course.end, page["complaint"]
        found = (row["state"], row["outcome"], page["solved"], page["satisfied"])
        _same(case, (end.state, end.outcome, end.is_solved, end.is_satisfied), found)
    states = Counter(case.course.end.state for case, _ in _read(seen))
    return (
        f"{len(seen.cases)} 件：结案 {states['closed']}，并入 {states['merged']}，转送 {states['transferred']}，"
        f"撤回 {states['withdrawn']}，不予受理 {states['declined']}，还在办 {states['in_progress']}"
    )


def _history(seen: Seen) -> str:
    steps = 0
    for case, page in _read(seen):
        found = page["steps"]
        _same(case, case.course.history, tuple(step["action"] for step in found))
        _same(case, list(range(1, len(found) + 1)), [step["position"] for step in found])
        moments = [datetime.fromisoformat(step["at"]) for step in found]
        _same(case, sorted(moments), moments)
        steps += len(found)
    return f"{steps} 步，一步不多，一步不少"


def _in_time(seen: Seen) -> str:
    late = Counter[str]()
    for case, page in _read(seen):
        end, row = case.course.end, page["complaint"]
        due_at = _instant(row["due_at"])
        last_day = None if due_at is None else local_date(due_at - _MOMENT)
        _same(case, end.last_day, last_day)
        responded_at, respond_by = _instant(row["responded_at"]), _instant(row["respond_by_at"])
        is_late = respond_by is not None and responded_at is not None and responded_at > respond_by
        _same(case, end.answered_late, is_late)
        _same(case, end.resolved_late and end.state == "in_progress", row["id"] in seen.overdue)
        if end.state == "closed":
            resolved_at = _instant(row["resolved_at"])
            assert resolved_at is not None and due_at is not None
            _same(case, end.resolved_late, resolved_at > due_at)
        late += Counter(first=end.answered_late, result=end.resolved_late)
    return (
        f"首次答复超期 {late['first']} 件，办结超期 {late['result']} 件，其余都按期；期限按2026年调休逐件核对"
    )


def _hidden(seen: Seen) -> str:
    hidden = [case for case in seen.script.cases if case.course.is_hidden]
    for party, unit in seen.units.items():
        for case in seen.script.cases:
            is_theirs = case.party == party
            _same(case, is_theirs and _goes_to_a_unit(case.course.end), case.id in unit.listed)
            if not case.course.is_hidden:
                continue
            for trace in case.reporter.traces:
                if trace in unit.pages:
                    raise Unexpected(f"{case.site.name}: a unit reads who made the {case.course.name} report")
            if unit.told.get(case.id):
                raise Unexpected(f"{case.site.name}: a unit was told who made the {case.course.name} report")
    listed = sum(len(unit.listed) for unit in seen.units.values())
    return f"{len(hidden)} 件保密或匿名；{len(seen.units)} 个承办单位的 {listed} 件都看过"


def _goes_to_a_unit(end: End) -> bool:
    return end.state in ("closed", "in_progress")


def _register(seen: Seen) -> str:
    states = Counter[str]()
    for item in seen.script.items:
        page, entry = seen.items[item.id], item.entry
        row = page["item"]
        where = f"{item.site.name} {entry.name}"
        steps = tuple(step["step"] for step in reversed(page["history"]))
        _equal(where, (entry.state, entry.is_overdue, entry.history), (row["state"], row["overdue"], steps))
        submitters = {step["by"] for step in page["history"] if step["step"] in ("start", "submit")}
        if row["verified_by"] in (submitters | {item.site.contractor.account}):
            raise Unexpected(f"{where}: verified by somebody responsible")
        if entry.state == "closed_out" and not page["evidence"]:
            raise Unexpected(f"{where}: struck off without evidence")
        states[entry.state] += 1
    for site in seen.script.sites:
        _equal(site.name, _counts(seen, site.estate.id), seen.register[site.estate.id])
    overdue = sum(item.entry.is_overdue for item in seen.script.items)
    done = states["closed_out"]
    return f"{len(seen.items)} 项：销号 {done}，未销号 {len(seen.items) - done}，其中逾期 {overdue}"


def _counts(seen: Seen, estate_id: str) -> Json:
    entries = [item.entry for item in seen.script.items if item.site.estate.id == estate_id]
    done = sum(entry.state == "closed_out" for entry in entries)
    overdue = sum(entry.is_overdue for entry in entries)
    return {
        "total": len(entries),
        "closed_out": done,
        "unfinished": len(entries) - done,
        "overdue": overdue,
    }


def _rates(seen: Seen) -> str:
    households = covered = 0
    for one, found, foreseen in _surveys(seen):
        row = found.coverage
        names = ("households", "answered", "covered", "contacted")
        _equal(one.site.name, {name: getattr(foreseen, name) for name in names}, {n: row[n] for n in names})
        [judged] = found.results["judgements"]
        _equal(one.site.name, foreseen.outcome, judged["outcome"])
        _equal(one.site.name, _sums(foreseen), _sums_shown(judged["result"]))
        households += foreseen.households
        covered += foreseen.covered
    return f"{len(seen.surveys)} 个小区，{households:,} 户，已调查 {covered:,} 户"


def _sums(foreseen: Reached) -> set[tuple[str, str, str]]:
    sums = {"satisfied": foreseen.wide if foreseen.is_wide else foreseen.satisfied}
    if not foreseen.is_wide:
        sums["satisfied_wide"] = foreseen.wide
    found = {(name, str(number), str(foreseen.covered)) for name, number in sums.items()}
    return found | {("covered", str(foreseen.covered), str(foreseen.households))}


def _sums_shown(result: Json) -> set[tuple[str, str, str]]:
    tests = [*result["tests"], *result.get("beside", ())]
    return {(test["numerator_kind"], test["numerator"], test["denominator"]) for test in tests}


def _three_rates(seen: Seen) -> str:
    sums: Counter[str] = Counter()
    for site in seen.script.sites:
        courses = [case.course for case in seen.script.cases if case.site is site]
        foreseen, found = asdict(heard(courses)), seen.hotline[site.estate.id]
        for name in THREE_RATES:
            numbers = foreseen.pop(name)
            _equal(f"{site.name} {name}", numbers, (found[name]["numerator"], found[name]["denominator"]))
            sums += Counter({f"{name}/": numbers[0], name: numbers[1]})
        _equal(site.name, foreseen, {name: found[name] for name in foreseen})
    titles = zip(THREE_RATES, ("响应", "解决", "满意"), strict=True)
    return "，".join(f"{title} {sums[f'{name}/']}/{sums[name]}" for name, title in titles)


def _entered(seen: Seen) -> str:
    totals: Counter[Channel] = Counter()
    for one, found, _ in _surveys(seen):
        standing = [row for row in found.arrivals if row["state"] == "standing"]
        wanted = channels(one.replies)
        _equal(one.site.name, wanted, Counter(row["channel"] for row in standing))
        replaced = sum(reply.before is not None for reply in one.replies)
        _equal(one.site.name, replaced, len(found.arrivals) - len(standing))
        by_hand = {row["entered_by"] for row in standing if row["channel"] != Channel.PHONE}
        on_phone = {row["entered_by"] for row in standing if row["channel"] == Channel.PHONE}
        if by_hand & on_phone or len(by_hand) > 1:
            raise Unexpected(f"{one.site.name}: {len(by_hand)} people entered answers by hand")
        totals += wanted
    return (
        f"手机 {totals[Channel.PHONE]:,}，入户 {totals[Channel.DOORSTEP]:,}，"
        f"电话 {totals[Channel.TELEPHONE]:,}，纸质 {totals[Channel.PAPER]:,}，每份都记着谁填的"
    )


def _gates(seen: Seen) -> str:
    outcomes: Counter[str] = Counter()
    for one, found, foreseen in _surveys(seen):
        gates = one.site.estate.gates
        _equal(one.site.name, ("passed", foreseen.outcome), (gates["acceptance"].outcome, found.gate.outcome))
        outcomes[foreseen.outcome] += 1
    return f"通过 {outcomes['passed']}，不通过 {outcomes['failed']}，不能决定 {outcomes['undecidable']}"


def _read(seen: Seen) -> Iterator[tuple[Case, Json]]:
    for case in seen.script.cases:
        yield case, seen.cases[case.id]


def _surveys(seen: Seen) -> Iterator[tuple[Asked, SurveySeen, Reached]]:
    for one in seen.script.asked:
        yield one, seen.surveys[one.site.estate.id], reached(one.replies, is_wide=one.site.is_wide)


def _same(case: Case, wanted: object, found: object) -> None:
    _equal(f"{case.site.name} {case.course.name}", wanted, found)


def _equal(where: str, wanted: object, found: object) -> None:
    if wanted != found:
        raise Unexpected(f"{where}: {found}, the script says {wanted}")


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


CHECKS: tuple[tuple[str, Callable[[Seen], str]], ...] = (
    ("每件投诉的去向和结果与剧本一致", _ends),
    ("每件投诉的经过完整", _history),
    ("该按期的都按期，超期的都标为超期", _in_time),
    ("承办单位看不到保密和匿名的反映人", _hidden),
    ("整改台账与剧本一致，由不负责的人核验后销号", _register),
    ("调查率、满意率逐小区与剧本一致", _rates),
    ("热线三率逐小区与剧本一致", _three_rates),
    ("每份答卷一户一份，方式与剧本一致", _entered),
    ("竣工验收和效果评价的决定与剧本一致", _gates),
)
