"""Subscription popups: what a person allows after binding, at WeChat and told to the product by the phone."""

from __future__ import annotations

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
    if not habit.taps:
        return
    caller = theatre.residents.log_in(person)
    asks = theatre.web.get(caller, f"{_PATH}?tap=bind")["items"]
    told = []
    for number, answer in enumerate(habit.taps, start=1):
        wanted = {ask["template_id"]: answer for ask in asks}
        answers = theatre.stage.phones.answer_popup(person.openid, wanted)
        body = {"tap": f"rehearsal-{number}", "answers": answers}
        asks = theatre.web.post(caller, _PATH, body)["items"] or asks
        told.append(answers)
    theatre.diary.note_taps(person, told)
