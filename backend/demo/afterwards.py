"""What comes after the works: the hotline's cases, the rectification register, warranties and surveys."""

from __future__ import annotations

from dataclasses import dataclass

from backend.demo.ballots import Setting
from backend.demo.hotline import play_hotline
from backend.demo.people import Cast, move_in
from backend.demo.register import keep_register
from backend.demo.roll import HEPING, TUANJIE
from backend.demo.story import Story
from backend.demo.surveys import closed_satisfaction, demand, open_satisfaction


@dataclass(frozen=True, slots=True)
class Afterwards:
    """``estates``: 和平巷 and 团结里, renovated, and 新一中, not yet; ``rows``: estate → its row in the old project."""

    county_id: str
    estates: tuple[Setting, Setting, Setting]
    rows: dict[str, str]


def after_the_works(story: Story, cast: Cast, at: Afterwards) -> None:
    """Tell all of it."""
    heping, tuanjie, xinyi = at.estates
    move_in(story, HEPING, [2, 4, 10, 11], days_ago=28)
    move_in(story, TUANJIE, [10, 11, 12], days_ago=28)
    complaint = play_hotline(story, cast, at.county_id, (heping, tuanjie, xinyi))
    keep_register(story, cast, (heping, tuanjie), complaint)
    closed_satisfaction(story, cast, heping, at.rows[heping.estate_id])
    open_satisfaction(story, tuanjie)
    demand(story, xinyi)
