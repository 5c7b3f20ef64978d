"""A form of POST requests read as a report: the service, the place, the answers to its questions, who it was."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC
from urllib.parse import urlsplit

import orjson

from backend.complaints.rules.intake import MOST_RELAYED_WORDS
from backend.complaints.rules.relay import Contact, disclosure_of
from backend.complaints.rules.vocabulary import Disclosure, Nature
from backend.complaints.service import Report, Whereabouts, problems_of
from backend.kernel.clock import SHANGHAI
from backend.kernel.coordinates import wgs_to_gcj
from backend.open311 import messages
from backend.open311.arguments import Arguments, Pairs, read_moment
from backend.open311.catalogue import (
    DANGER,
    DATETIME,
    DISCLOSURE,
    MULTI,
    SERVICES,
    SINGLE,
    Attribute,
    Service,
)
from backend.open311.refusals import problems_in

_ATTRIBUTE = re.compile(r"attribute\[([^\[\]]{1,64})\](\[\])?")
_ID = re.compile(r"[0-9a-z]{20}")
_ANSWER = 100


@dataclass(frozen=True, slots=True)
class Filing:
    """A report without its estate, the place as it was said, who it was, and everything in one order."""

    report: Report
    where: Whereabouts
    contact: Contact
    body: str


def read_filing(sent: Arguments, pairs: Pairs) -> Filing:
    """Return the report of a form; raises Refused with everything that is wrong."""
    service = _service(sent)
    where = _where(sent)
    contact = _contact(sent)
    description = sent.one("description", MOST_RELAYED_WORDS)
    answers = _answers(sent, service)
    disclosure = disclosure_of(_disclosure(answers), contact)
    report = Report(
        category="other" if service is None else service.code,
        words=_words(service, description, answers),
        disclosure=disclosure,
        nature=Nature.EMERGENCY if answers.get(DANGER) == ["yes"] else Nature.COMPLAINT,
        place_words=where.words,
        point=where.point,
    )
    sent.problems += problems_in(problems_of(report, contact))
    sent.check()
    return Filing(report, where, contact, _body(pairs))


def _service(sent: Arguments) -> Service | None:
    code = sent.one("service_code")
    if code is None:
        if not sent.every("service_code"):
            sent.note("service_code", messages.MISSING)
        return None
    if code not in SERVICES:
        sent.note("service_code", messages.NO_SERVICE, 404)
    return SERVICES.get(code)


def _where(sent: Arguments) -> Whereabouts:
    lat, long = sent.number("lat", -90, 90), sent.number("long", -180, 180)
    is_given = {name: bool(sent.every(name)) for name in ("lat", "long", "address_string", "address_id")}
    if is_given["lat"] != is_given["long"]:
        sent.note("long" if is_given["lat"] else "lat", messages.BOTH_COORDINATES)
    if not any(is_given.values()):
        sent.note("lat", messages.NO_LOCATION)
    words, estate_id = sent.one("address_string"), sent.one("address_id")
    point = None if lat is None or long is None else wgs_to_gcj((lat, long))
    if estate_id is not None and not _ID.fullmatch(estate_id):
        estate_id = "-"  # an id that no estate has
    return Whereabouts(estate_id, point, words or "")


def _contact(sent: Arguments) -> Contact:
    media = sent.one("media_url", 1000)
    if media is not None and not _is_link(media):
        sent.note("media_url", messages.NOT_A_LINK)
    # A device's number tells one person's reports together and is of no use here: it is not taken down.
    sent.one("device_id")
    return Contact(
        first_name=sent.one("first_name", 50),
        last_name=sent.one("last_name", 50),
        phone=sent.one("phone", 40),
        email=sent.one("email", 254),
        account=sent.one("account_id", 100),
        media=media,
    )


def _is_link(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and not re.search(r"\s", text)
    except ValueError:
        return False


def _answers(sent: Arguments, service: Service | None) -> dict[str, list[str]]:
    """Return code → values of what was answered; everything that does not fit is noted."""
    given: dict[str, list[str]] = {}
    for name in sent.names():
        found = _ATTRIBUTE.fullmatch(name)
        if found:
            given.setdefault(found[1], []).extend(sent.every(name))
        elif name.startswith("attribute"):
            sent.note("attribute", messages.NO_ATTRIBUTE)
    if service is None:
        return {}
    known = {each.code: each for each in service.attributes}
    for code in given.keys() - known.keys():
        sent.note(f"attribute[{code}]", messages.NO_ATTRIBUTE)
    for code, attribute in known.items():
        if code in given:
            _check(sent, attribute, given[code])
        elif attribute.is_required:
            sent.note(f"attribute[{code}]", messages.MISSING)
    return {code: list(dict.fromkeys(values)) for code, values in given.items() if code in known}


def _check(sent: Arguments, attribute: Attribute, values: list[str]) -> None:
    where = f"attribute[{attribute.code}]"
    if attribute.datatype != MULTI and len(set(values)) > 1:
        sent.note(where, messages.ONE_VALUE if attribute.datatype == SINGLE else messages.REPEATED)
    if attribute.values is not None:
        if not set(values) <= set(attribute.values):
            sent.note(where, messages.NOT_A_VALUE)
    elif attribute.datatype == DATETIME:
        if any(read_moment(value) is None for value in values):
            sent.note(where, messages.NOT_A_MOMENT)
    elif any(len(value) > _ANSWER for value in values):
        sent.note(where, messages.TOO_LONG.format(most=_ANSWER))


def _disclosure(answers: dict[str, list[str]]) -> Disclosure | None:
    chosen = answers.get(DISCLOSURE, [""])[0]
    return Disclosure(chosen) if chosen in set(Disclosure) else None


def _words(service: Service | None, description: str | None, answers: dict[str, list[str]]) -> str:
    """Return what handlers read: the description, and a line for each question answered."""
    lines = [description] if description else []
    for attribute in service.attributes if service else ():
        if attribute.code in answers and attribute.code != DISCLOSURE:
            shown = "、".join(_shown(attribute, value) for value in answers[attribute.code])
            lines.append(f"{attribute.description}：{shown}")
    return "\n".join(lines) or (service.name if service else "")


def _shown(attribute: Attribute, value: str) -> str:
    if attribute.values is not None:
        return attribute.values.get(value, value)
    moment = read_moment(value) if attribute.datatype == DATETIME else None
    return value if moment is None else f"{moment.replace(tzinfo=UTC).astimezone(SHANGHAI):%Y-%m-%d %H:%M}"


def _body(pairs: Pairs) -> str:
    """Return everything that was sent but the key, in one order: the same content has the same text."""
    return orjson.dumps(sorted(pair for pair in pairs if pair[0] != "api_key")).decode()
