"""投诉 in the chat with the Official Account: followed, recognised, written, taken in."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from backend.rehearsal.cast import Unexpected
from backend.rehearsal.second_act.case import Case
from backend.rehearsal.second_act.courses import Via
from backend.rehearsal.second_act.finding import find
from backend.rehearsal.theatre import Theatre
from bot import chat_jobs

# WeChat's calls come when it likes; long enough for a machine under load.
_TRIES, _PAUSE = 200, 0.05


def open_chat(theatre: Theatre, cases: Sequence[Case]) -> None:
    """Let everybody who will write follow the Official Account, and the bot learn who they are."""
    people = [case.reporter.person for case in cases if case.course.via is Via.CHAT]
    if not people:
        return
    phones, settings = theatre.stage.phones, theatre.stage.ports.settings
    secrets = {"token": settings.callback_token_official, "aes_key": settings.callback_aes_key_official}
    address = {"url": f"{theatre.stage.web_urls[0]}/wechat/official", **secrets}
    phones.ask("POST", "/__sim/callbacks/official", address)
    for person in people:
        assert person is not None
        phones.ask("POST", f"/__sim/users/{person.openid}/follow")
    known = 0

    def everybody_is_known() -> bool:
        nonlocal known
        known += chat_jobs.recognise_followers(theatre.stage.ports)
        return known == len(people)

    _wait_for(everybody_is_known, "the followers are not recognised")


def report_in_chat(theatre: Theatre, case: Case) -> None:
    """Write to the Official Account, and let the hotline find what came of it."""
    person = case.reporter.person
    assert person is not None
    theatre.stage.phones.ask("POST", f"/__sim/users/{person.openid}/chat", {"text": f"投诉 {case.said}"})
    _wait_for(lambda: find(theatre, case, "source=chat"), f"{case.site.name}: the chat reports nothing")


def _wait_for(holds: Callable[[], bool], otherwise: str) -> None:
    for _ in range(_TRIES):
        if holds():
            return
        time.sleep(_PAUSE)
    raise Unexpected(otherwise)
