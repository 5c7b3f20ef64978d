"""Subscription popups: what a person allows after binding, at WeChat and told to the product by the phone."""

from __future__ import annotations

from collections.abc import Sequence

from backend.rehearsal.cast import Person
from backend.rehearsal.habits import draw_habit, seeded
from backend.rehearsal.theatre import Theatre

_PATH = "/api/v1/subscriptions"


def answer_popups(theatre: Theatre, person: Person) -> None:
    """Let a person who has just bound a home answer as many popups as is their habit, maybe none."""
    if theatre.shift is None:
        return
    theatre.diary.bound[person] = theatre.stage.calendar.now()
    habit = draw_habit(seeded("habit", theatre.scenario.id, theatre.seed, person.openid))
    tap(theatre, person, "bind", habit.taps)


def tap(theatre: Theatre, person: Person, button: str, taps: Sequence[str]) -> None:
    """Let a person answer the popup of a button so many times; the diary keeps what they allowed."""
    if not taps:
        return
    caller = theatre.residents.log_in(person)
    asks = theatre.web.get(caller, f"{_PATH}?tap={button}")["items"]
    told = []
    for number, answer in enumerate(taps, start=1):
        # The button's own popup again, whatever else could be asked for.
        wanted = {ask["template_id"]: answer for ask in asks}
        answers = theatre.stage.phones.answer_popup(person.openid, wanted)
        body = {"tap": f"rehearsal-{button}-{number}", "answers": answers}
        theatre.web.post(caller, _PATH, body)
        told.append(answers)
    theatre.diary.note_taps(person, told)
