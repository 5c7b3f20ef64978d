"""Who may count: nobody who stands for election, nobody twice in one office, enough to supervise."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.ballots.rules.minutes import Content, Demands, People, candidate_names, normal_name, problems_of

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
DAY = timedelta(days=1)
CANDIDATES = ("1号候选人：赵一（2栋）", "钱 二", "候选人 买买提·吐尔逊", "孙三、李四")
DEMANDS = Demands(2, CANDIDATES, has_paper=True, opens_at=NOW - 9 * DAY, now=NOW, drawn=5)
PEOPLE = People(("周五", "吴六"), ("郑七",), ("马八",))
CONTENT = Content(PEOPLE, "居委会二楼", NOW - 2 * DAY, NOW - DAY, "无异常", 3, 1)


def wrong(content: Content = CONTENT, demands: Demands = DEMANDS) -> list[str]:
    return [problem.where for problem in problems_of(content, demands)]


def manned(**people: tuple[str, ...]) -> Content:
    return replace(CONTENT, people=replace(PEOPLE, **people))


def test_minutes_of_other_people_than_the_candidates_hold() -> None:
    assert wrong() == []
    assert wrong(manned(tellers=("周五",))) == []  # another office is another matter


@pytest.mark.parametrize(
    "name",
    [
        "赵一",
        "赵 一",
        "赵一先生",
        "钱二",
        "钱　二",
        "买买提·吐尔逊",
        "买买提•吐尔逊",
        "买买提 吐尔逊",
        "李四",
    ],
)
@pytest.mark.parametrize("office", ["scrutineers", "tellers", "counters"])
def test_a_candidate_counts_in_no_office_however_the_name_is_written(office: str, name: str) -> None:
    assert wrong(manned(**{office: ("冯九", "陈十", name)})) == [f"{office}.2"]
    assert wrong(manned(**{office: ("冯九", "陈十", name)}), replace(DEMANDS, candidates=())) == []


@pytest.mark.parametrize(
    "title",
    [
        "1号候选人：张　三（2栋）",
        "张 三（女）",
        "委员候选人张三",
        "业主委员会委员候选人 1号 张 三",
        "张三（委员候选人）",
        "张三委员",
        "选举张三同志为业主委员会委员",
        "关于增补张三担任委员的议案",
        "推选 张 三 女士 任主任",
    ],
)
def test_a_candidate_is_known_however_the_motion_names_them(title: str) -> None:
    election = replace(DEMANDS, candidates=(title,))
    assert wrong(manned(scrutineers=("周五", "吴六", "张三")), election) == ["scrutineers.2"]
    assert wrong(manned(scrutineers=("周五", "吴六", "张三丰")), election) == []


def test_whose_name_is_a_word_of_the_titles_stands_too() -> None:
    election = replace(DEMANDS, candidates=("选举任有为为委员",))
    assert wrong(manned(counters=("任有为",)), election) == ["counters.0"]


def test_a_name_that_only_begins_like_a_candidate_s_is_somebody_else() -> None:
    assert wrong(manned(counters=("赵一一", "孙"))) == []


def test_no_name_stands_twice_in_one_office() -> None:
    assert wrong(manned(scrutineers=("周五", "吴六", "周 五"))) == ["scrutineers.2"]


@pytest.mark.parametrize(
    ("content", "where"),
    [
        (manned(scrutineers=("周五",)), ["scrutineers"]),
        (manned(tellers=(), counters=()), ["tellers", "counters"]),
        (manned(tellers=("·",)), ["tellers.0"]),
        (replace(CONTENT, place=" "), ["place"]),
        (replace(CONTENT, counted_until=NOW - 3 * DAY), ["counted_until"]),
        (replace(CONTENT, counted_from=NOW - 10 * DAY), ["counted_from"]),
        (replace(CONTENT, counted_until=NOW), []),
        (replace(CONTENT, counted_until=NOW + timedelta(microseconds=1)), ["counted_until"]),
        (replace(CONTENT, sample_disputed=None), ["sample_confirmed"]),
        (replace(CONTENT, sample_confirmed=4), []),
        (replace(CONTENT, sample_confirmed=5), ["sample_confirmed"]),
        (replace(CONTENT, sample_confirmed=-1), ["sample_confirmed"]),
    ],
)
def test_what_is_missing_or_cannot_be_is_named(content: Content, where: list[str]) -> None:
    assert wrong(content) == where


def test_without_paper_nobody_reads_out_and_without_a_draw_nobody_was_called() -> None:
    online = replace(DEMANDS, has_paper=False, drawn=0)
    alone = replace(manned(tellers=(), counters=()), sample_confirmed=None, sample_disputed=None)
    assert wrong(alone, online) == []
    assert wrong(manned(tellers=()), online) == ["sample_confirmed"]


@given(st.text(max_size=12), st.sampled_from(["", " ", "　", "·", "（", "\u200b"]))
def test_a_name_is_compared_without_what_stands_between_its_letters(name: str, between: str) -> None:
    assert normal_name(between.join(name)) == normal_name(name)
    assert normal_name(name) in candidate_names([name]) | {""}


def test_no_refusal_repeats_a_name() -> None:
    content = manned(scrutineers=("赵一", "周五", "周五"))
    assert not any("赵一" in row.message or "周五" in row.message for row in problems_of(content, DEMANDS))
    assert "周五" not in repr(CONTENT)
