"""The results of a survey as an Excel workbook."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

from backend.infra.context import Context
from backend.infra.workbook import Cell, Sheet, first_rows, write_workbook
from backend.kernel.access import Permission
from backend.kernel.clock import SHANGHAI
from backend.surveys.queries import boards, lists
from backend.surveys.repository import census
from backend.surveys.rules.outcomes import CHANNEL_TITLES
from backend.surveys.rules.personal import KIND_TITLES
from backend.surveys.rules.pools import held_back_note
from backend.surveys.rules.questions import KIND_TITLES as QUESTION_TITLES
from backend.surveys.rules.questions import Form, Role, form_of
from backend.surveys.service import reading
from backend.surveys.service.loading import tell, whole_estates
from backend.surveys.service.reading import SurveyResults
from backend.surveys.tables import Survey, SurveyEstate
from backend.tally.count import Outcome
from backend.tally.report import percent_floor
from backend.tally.small_groups import FEWEST

MOST_TEXTS = 10_000
MOST_GROUPS = 50_000
_AT_ONCE = 10
STATE_TITLES = {"draft": "草稿", "open": "进行中", "closed": "已截止", "cancelled": "已取消"}
OUTCOME_TITLES = {Outcome.PASSED: "达到", Outcome.FAILED: "未达到", Outcome.UNDECIDABLE: "无法判定"}
_QUESTION_COLUMNS = (
    *("题目", "类型", "回答数", "选项", "分组", "数量", "占比%", "得分", "满意率%", "含基本满意%"),
    *("已调查", "户数", "调查率%"),
)
_HIDDEN = "不足 5 份，不显示"


def export_survey(ctx: Context, survey_id: str) -> bytes:
    """Return the workbook over every estate the actor may read texts of; taking it out is an event."""
    row, estates = whole_estates(ctx, survey_id, Permission.SURVEY_TEXTS)
    found = reading.results(ctx, survey_id, None)
    kept = {estate.estate_id for estate in found.estates}
    mine = [estate for estate in estates if estate.estate_id in kept]
    form = form_of(row.form)
    sheets = (
        Sheet("概况", ("项目", "内容"), _summary(found), (22, 80)),
        Sheet(
            "调查率",
            ("小区", "楼栋", "户数", "已回答", "已调查", "已联系", "调查率%"),
            _reach(ctx, mine),
            (24, 16, 8, 8, 8, 8, 10),
        ),
        Sheet(
            "各题结果",
            _QUESTION_COLUMNS,
            _questions(found),
            (44, 8, 8, 30, 18, 8, 8, 8, 10, 12, 8, 8, 10),
        ),
        Sheet(
            "分项分楼栋",
            ("小区", "楼栋", "题目", "已汇总", "满意率%", "含基本满意%", "已调查", "户数", "调查率%"),
            first_rows(_groups(ctx, row, form, mine), MOST_GROUPS),
            (24, 20, 44, 10, 10, 12, 8, 8, 10),
        ),
        Sheet(
            "文字意见",
            ("小区", "题目", "内容（个人信息已遮盖）", "发现的个人信息"),
            first_rows(_texts(ctx, form, mine), MOST_TEXTS),
            (24, 30, 80, 18),
        ),
    )
    content = write_workbook(sheets)
    tell(ctx, row, "exported", {"estates": len(mine), "bytes": len(content)})
    return content


def _summary(found: SurveyResults) -> Iterator[tuple[Cell, ...]]:
    row = found.survey
    yield "调查", row.title
    yield "状态", STATE_TITLES[row.state]
    if row.opened_at is not None and row.closes_at is not None:
        window = (row.opened_at, row.closes_at)
        yield "时间", " 至 ".join(at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M") for at in window)
    yield "问卷指纹", row.form_sha256 or "尚未开始"
    yield "已汇总的回答", found.counted
    for channel, number in sorted(found.channels.items()):
        yield CHANNEL_TITLES[channel], number
    for each in found.judgements:
        if each.result is not None:
            rates = "；".join(
                f"{test.numerator}/{test.denominator}（{percent_floor(test.numerator, test.denominator) or '—'}%）"
                for test in (*each.result.tests, *each.result.beside)
            )
            yield each.estate_name, f"{OUTCOME_TITLES[each.result.outcome]}：{rates}"
    note = held_back_note(found.held_back, found.struck)
    if note is not None:
        yield "各题结果", note
    yield (
        "说明",
        "截止前的各题结果每次至少新增 5 户才更新，最新的 5 份先不计入；不足 5 份的分组不单独列出。比例一律向下取整。",
    )


def _reach(ctx: Context, estates: Sequence[SurveyEstate]) -> Iterator[tuple[Cell, ...]]:
    ids = [estate.estate_id for estate in estates]
    places = census.places_in(ctx.session, estates[0].survey_id, ids) if estates else {}
    for whole in boards.reach_of_estates(ctx.session, estates):
        for reach in (whole, *boards.reach_of_buildings(places[whole.estate_id])):
            building = "全小区" if reach.building_id is None else reach.label
            numbers = (reach.households, reach.answered, reach.covered, reach.contacted)
            yield whole.label, building, *numbers, reach.coverage_rate


def _questions(found: SurveyResults) -> Iterator[tuple[Cell, ...]]:
    for question in found.questions:
        head = (question.title, QUESTION_TITLES[question.kind], question.answered)
        yield (
            *head,
            None,
            None,
            None,
            question.mean,
            None,
            question.satisfied_rate,
            question.satisfied_rate_wide,
            question.covered,
            question.households,
            question.coverage_rate,
        )
        for bar in question.bars:
            yield question.title, None, None, bar.title, bar.group, bar.number, bar.share, bar.points


def _groups(
    ctx: Context, row: Survey, form: Form, estates: Sequence[SurveyEstate]
) -> Iterator[tuple[Cell, ...]]:
    """Yield the sums by building, some estates at a time, each time in two queries."""
    rated = [question for _, question in form.questions() if question.role in (Role.OVERALL, Role.ITEM)]
    for start in range(0, len(estates), _AT_ONCE):
        chosen = estates[start : start + _AT_ONCE]
        ids = [estate.estate_id for estate in chosen]
        places = census.places_in(ctx.session, row.id, ids)
        sums = boards.groups_in(ctx.session, row.id, ids, [question.id for question in rated])
        for estate, question in product(chosen, rated):
            pools = sums.get((estate.estate_id, question.id), {})
            for group in reading.by_building(row, estate, question, places[estate.estate_id], pools):
                yield estate.estate_name, group.label, question.title, *_rates(group)


def _rates(group: boards.GroupResult) -> tuple[Cell, ...]:
    if group.result is None:
        return (_HIDDEN,)
    found = group.result
    rates = (found.satisfied_rate, found.satisfied_rate_wide)
    return group.counted, *rates, found.covered, found.households, found.coverage_rate


def _texts(ctx: Context, form: Form, estates: Sequence[SurveyEstate]) -> Iterator[tuple[Cell, ...]]:
    if not estates:
        return
    titles = {question.id: question.title for _, question in form.questions()}
    names = {estate.estate_id: estate.estate_name for estate in estates}
    survey_id = estates[0].survey_id
    for estate_id, line in lists.texts_for_export(ctx.session, survey_id, names, FEWEST, MOST_TEXTS + 1):
        found = "、".join(KIND_TITLES[kind] for kind in line.personal)
        yield names[estate_id], titles.get(line.question), line.words, found
