"""A survey replayed, looking after every arrival: what is shown never tells what fewer than five respondents said."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from random import Random
from typing import Any

from sqlmodel import col, select

from backend.surveys import service
from backend.surveys.queries import TextFilter
from backend.surveys.rules.counts import CHANNEL, counts_of
from backend.surveys.rules.questions import Form, form_of
from backend.surveys.tables import Survey, SurveyHousehold, SurveyResponse
from backend.tally.small_groups import FEWEST
from tests.services.surveys.conftest import Quarter

ARRIVALS = 55
HOMES = 24
# (place, question) → answers to it, and how many chose what
View = dict[tuple[str, str], tuple[int, ...]]


def answers_of(random: Random, number: int) -> dict[str, Any]:
    """Return what somebody might say; every text is one of a kind."""
    overall = random.choice(("satisfied", "unknown", *("dissatisfied",) * 3))
    said: dict[str, Any] = {"overall": overall}
    if overall == "dissatisfied":
        said["why"] = [random.choice(("quality", "safety"))]
    if random.random() < 0.5:
        said["item_1"] = random.choice(("satisfied", "dissatisfied"))
    if random.random() < 0.6:
        said["words"] = f"第{number}次说的话"
    return said


@dataclass
class Watcher:
    """Whoever looks after each arrival, and can tell whose answers every number holds."""

    quarter: Quarter
    survey: Survey
    form: Form
    homes: list[SurveyHousehold]
    # What each home says now, whose text is whose, and who is in the numbers of a (place, question).
    said: dict[str, dict[str, Any]] = field(default_factory=dict)
    writers: dict[str, str] = field(default_factory=dict)
    shown: dict[tuple[str, str], set[str]] = field(default_factory=dict)

    @property
    def estate(self) -> str:
        """Return the estate's id."""
        return self.quarter.place.estate.id

    def look(self) -> View:
        """Return every number there is to see, of the estate and of each building."""
        found = service.results(self.quarter.committee, self.survey.id, self.estate)
        seen: View = {
            ("", each.question): (each.answered, *(bar.number for bar in each.bars))
            for each in found.questions
        }
        seen["", CHANNEL] = (found.counted,)
        for _, question in self.form.questions():
            for group in service.breakdown(self.quarter.committee, self.survey.id, question.id, self.estate):
                if group.result is not None:
                    bars = (bar.number for bar in group.result.bars)
                    seen[group.id, question.id] = (group.result.answered, *bars)
        return seen

    def texts(self) -> set[str]:
        """Return every text there is to read."""
        lines = service.list_texts(self.quarter.committee, TextFilter(self.survey.id, self.estate), 100)
        return {line.words for line in lines}

    def arrives(self, random: Random, number: int) -> None:
        """Let a home answer, for the first time or anew, now and then word for word the same."""
        home = random.choice(self.homes)
        is_same = home.id in self.said and random.random() < 0.3
        said = self.said[home.id] if is_same else answers_of(random, number)
        self.said[home.id] = said
        if "words" in said:
            self.writers[said["words"]] = home.id
        self.quarter.enter(self.survey, home, said)

    def joined(self) -> set[str]:
        """Return the homes of which nothing waits."""
        query = select(SurveyResponse.household_id).where(
            SurveyResponse.survey_id == self.survey.id,
            SurveyResponse.state == "standing",
            col(SurveyResponse.released_at).is_not(None),
        )
        return set(self.quarter.ctx.session.exec(query))

    def check(self, before: View, after: View, joined: set[str]) -> None:
        """Raise where a number moved and fewer than five came to it who were never in it."""
        buildings = {home.id: home.building_id for home in self.homes}
        for key in after:
            if before.get(key, (0,))[0] == after[key][0] == 0 or before.get(key) == after[key]:
                continue
            place, question = key
            there = {
                home
                for home in joined
                if place in ("", buildings[home])
                and question in {name for name, _ in counts_of(self.form, self.said[home], "doorstep")}
            }
            new = there - self.shown.get(key, set())
            assert len(new) >= FEWEST, f"{key}: {before.get(key)} → {after[key]} by {len(new)}"
            self.shown.setdefault(key, set()).update(new)


def test_no_two_looks_differ_by_what_fewer_than_five_said(quarter: Quarter) -> None:
    random, survey = Random(1), quarter.open()
    every = quarter.homes(survey)
    watcher = Watcher(
        quarter, survey, form_of(survey.form), every[: HOMES // 2] + every[20 : 20 + HOMES // 2]
    )
    views, texts = [watcher.look()], [watcher.texts()]
    known: set[str] = set()
    for number in range(ARRIVALS + 1):
        if number < ARRIVALS:
            watcher.arrives(random, number)
        else:
            quarter.close(survey)
        views.append(watcher.look())
        watcher.check(views[-2], views[-1], watcher.joined() if number < ARRIVALS else set(watcher.said))
        texts.append(watcher.texts())
        if texts[-1] != texts[-2]:
            new = {watcher.writers[words] for words in texts[-1]} - known
            assert len(new) >= FEWEST, f"{texts[-1] - texts[-2]} by {new}"
            known |= new
    moves = Counter(key for a, b in pairwise(views) for key in b if a.get(key) != b[key])
    assert moves["", "overall"] >= 2 and moves["", "why"]
    assert sum(a != b for a, b in pairwise(texts)) >= 2
    assert views[-1]["", "overall"][0] == len(watcher.said) > views[-2]["", "overall"][0]
