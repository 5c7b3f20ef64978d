"""The minutes of count day (计票记录): who may count, when a new edition is due, what the sample says."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from backend.kernel.errors import FieldError

OFFICES: Mapping[str, str] = {"scrutineers": "监票人", "tellers": "唱票人", "counters": "计票人"}

FIRST_STATES = ("counting", "sealed")
# The signed sheet holds the result, which there is from the seal on; a correction may be due long after.
SIGNING_STATES = ("sealed", "preliminary", "final")

# What may stand around a candidate's name in a motion's title.
_BETWEEN = re.compile(r"[\s()（）\[\]【】《》〈〉「」:：,，、;；/|—–-]+")
_BEFORE = re.compile(r"(?:第?\d+号?)?(?:.*(?:候选人|选举|推选|增补|补选))?(?:第?\d+号?)?")
_AFTER = re.compile("为|担任|任|当选|候选|委员|副?主任")
# So many parts of a title are read together: names are printed with spaces between their letters.
_LETTERS = 6
_ADDRESS = ("先生", "女士", "同志")


@dataclass(frozen=True, slots=True)
class People:
    """Names by office; never in a log."""

    scrutineers: tuple[str, ...] = field(repr=False)
    tellers: tuple[str, ...] = field(default=(), repr=False)
    counters: tuple[str, ...] = field(default=(), repr=False)

    def of(self, office: str) -> tuple[str, ...]:
        """Return the names of one office of ``OFFICES``."""
        return {"scrutineers": self.scrutineers, "tellers": self.tellers, "counters": self.counters}[office]


@dataclass(frozen=True, slots=True)
class Content:
    """What the minutes say; ``sample_*``: households of the telephone sample that confirmed their paper or did not."""

    people: People
    place: str = field(repr=False)
    counted_from: datetime
    counted_until: datetime
    words: str = field(default="", repr=False)
    sample_confirmed: int | None = None
    sample_disputed: int | None = None


@dataclass(frozen=True, slots=True)
class Demands:
    """What the content is held against: the ballot's demands and facts.

    ``candidates``: titles of an election's motions, else none; ``drawn``: sheets in the samples drawn so far.
    """

    least_scrutineers: int
    candidates: tuple[str, ...]
    has_paper: bool
    opens_at: datetime
    now: datetime
    drawn: int


def normal_name(text: str) -> str:
    """Return a name as it is compared: width, case, spaces, dots and the address do not matter."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    letters = "".join(sign for sign in folded if unicodedata.category(sign)[0] in "LMN")
    for address in _ADDRESS:
        letters = letters.removesuffix(address)
    return letters


def candidate_names(titles: Iterable[str]) -> frozenset[str]:
    """Return the names in candidates' motions: the whole title, and its parts, alone and together.

    So ``1号候选人：张　三（2栋）`` and ``选举张三同志为委员`` name one person. What is no name in it matches nobody.
    """
    found = {reading for title in titles for run in _runs(title) for reading in _readings(normal_name(run))}
    return frozenset(found - {""})


def _runs(title: str) -> Iterator[str]:
    yield title
    parts = [part for part in _BETWEEN.split(title) if part]
    for first in range(len(parts)):
        for end in range(first + 1, min(first + _LETTERS, len(parts)) + 1):
            yield "".join(parts[first:end])


def _readings(name: str) -> Iterator[str]:
    """Yield a part as it stands, and without what says before or after a name that somebody stands for election."""
    matched = _BEFORE.match(name)
    for whole in {name, name[matched.end() if matched else 0 :]}:
        yield whole
        yield from (normal_name(whole[: word.start()]) for word in _AFTER.finditer(whole))


def problems_of(content: Content, demands: Demands) -> list[FieldError]:
    """Return everything wrong with the minutes, each with its place and remedy; no name is repeated."""
    return [
        *_offices(content.people, demands),
        *_people(content.people, demands),
        *_course(content, demands),
        *_sample(content, demands.drawn),
    ]


def _offices(people: People, demands: Demands) -> Iterator[FieldError]:
    if len(people.scrutineers) < demands.least_scrutineers:
        least = demands.least_scrutineers
        yield FieldError("scrutineers", f"监票人至少 {least} 人，请补齐。")
    for office in ("tellers", "counters"):
        if demands.has_paper and not people.of(office):
            yield FieldError(office, f"本次表决有纸质票，请写明{OFFICES[office]}。")


def _people(people: People, demands: Demands) -> Iterator[FieldError]:
    candidates = candidate_names(demands.candidates)
    for office, title in OFFICES.items():
        seen: set[str] = set()
        for index, text in enumerate(people.of(office)):
            name, where = normal_name(text), f"{office}.{index}"
            if not name:
                yield FieldError(where, f"请写明{title}的姓名。")
            elif name in candidates:
                yield FieldError(where, f"这位是本次选举的候选人，不能担任{title}，请另换一人。")
            elif name in seen:
                yield FieldError(where, f"这位已经写在{title}里了，同一职务每人只写一次，请删去或另换一人。")
            seen.add(name)


def _course(content: Content, demands: Demands) -> Iterator[FieldError]:
    if not content.place.strip():
        yield FieldError("place", "请写明计票地点。")
    if content.counted_until < content.counted_from:
        yield FieldError("counted_until", "计票结束时间不能早于开始时间。")
    if content.counted_from < demands.opens_at:
        yield FieldError("counted_from", "计票不能早于投票开始，请核对时间。")
    if content.counted_until > demands.now:
        yield FieldError("counted_until", "计票结束时间还没有到，请在计票完成后登记。")


def _sample(content: Content, drawn: int) -> Iterator[FieldError]:
    numbers = (content.sample_confirmed, content.sample_disputed)
    if numbers == (None, None):
        return
    confirmed, disputed = numbers
    if confirmed is None or disputed is None or min(confirmed, disputed) < 0:
        yield FieldError("sample_confirmed", "电话核对请同时写明“核实无误”和“有出入”的户数。")
    elif not drawn:
        yield FieldError("sample_confirmed", "还没有抽取电话核对样本，请先由审计人员抽取，或不填核对结果。")
    elif confirmed + disputed > drawn:
        yield FieldError("sample_confirmed", f"样本共抽取 {drawn} 户，核对的户数不能超过它。")


def names_json(people: People) -> dict[str, Sequence[str]]:
    """Return the names by office, as they are sealed."""
    return {office: list(people.of(office)) for office in OFFICES}
