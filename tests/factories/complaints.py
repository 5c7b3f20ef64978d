"""Many complaints written straight into the tables, for measuring lists, searches and figures."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert

from backend.complaints.rules.numbers import new_number
from backend.complaints.rules.statistics import minutes_between
from backend.complaints.rules.vocabulary import CATEGORIES, Source
from backend.complaints.rules.words import grams
from backend.complaints.tables import Complaint, ComplaintStep
from backend.infra.context import Context
from backend.kernel.ids import new_id
from tests.factories.places import EstateFixture

# A life: the states a complaint has passed, and how often it stands there.
LIVES = (
    (("registered",), 3),
    (("registered", "accepted"), 3),
    (("registered", "accepted", "dispatched"), 4),
    (("registered", "accepted", "dispatched", "in_progress"), 10),
    (("registered", "accepted", "dispatched", "in_progress", "resolved"), 5),
    (("registered", "accepted", "dispatched", "in_progress", "resolved", "followed_up", "closed"), 75),
)
_WHERE = ("三楼走廊", "地下车库", "单元门口", "楼顶", "小区东门", "电梯轿厢", "外墙", "管道井", "绿化带")
_WHAT = (
    "漏水",
    "开裂",
    "噪声大",
    "路灯不亮",
    "垃圾没有清运",
    "门禁失灵",
    "保温层脱落",
    "地面塌陷",
    "暖气不热",
)
_MORE = (
    "已有三天",
    "下雨时更严重",
    "家里有老人和小孩，出行很不方便",
    "夜间影响休息",
    "去年改造之后就一直是这样",
    "向物业反映过两次，每次都说安排人来看，至今没有人来",
    "有安全隐患，请尽快安排人到现场查看",
    "楼上楼下几户都有同样的情况，大家商量后一起反映",
    "施工单位来看过一次，说不在保修范围内，没有书面答复",
    "希望能明确由哪个单位负责、什么时候能修好",
    "材料堆在消防通道上，消防车进不来",
    "已经影响到电表箱和弱电井",
)
_STEP_ACTIONS = {
    "registered": "register",
    "accepted": "accept",
    "dispatched": "dispatch",
    "in_progress": "start",
    "resolved": "resolve",
    "followed_up": "follow_up",
    "closed": "close",
}


def fill_complaints(
    ctx: Context, places: Sequence[EstateFixture], party_id: str, count: int, *, seed: int = 1
) -> None:
    """Add ``count`` complaints over two years, spread over the places, with their histories."""
    chance, now = random.Random(seed), ctx.clock.now()
    lives = [life for life, weight in LIVES for _ in range(weight)]
    for start in range(0, count, 2000):
        rows, steps = [], []
        for _ in range(min(2000, count - start)):
            row, history = _one(chance, chance.choice(places), party_id, (chance.choice(lives), now))
            row["words_sealed"] = ctx.vault.seal(row["words"], "complaint.words")
            rows.append(row)
            steps += history
        ctx.session.execute(insert(Complaint), rows)
        ctx.session.execute(insert(ComplaintStep), steps)


def _one(
    chance: random.Random, place: EstateFixture, party_id: str, life_now: tuple[tuple[str, ...], datetime]
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    life, now = life_now
    at = now - timedelta(minutes=chance.randrange(2 * 365 * 24 * 60))
    more = "，".join(chance.sample(_MORE, chance.randrange(2, 6)))
    words = f"{chance.choice(_WHERE)}{chance.choice(_WHAT)}，{more}，{chance.randrange(900)}号点。"
    state, complaint_id = life[-1], new_id()
    has_result = "resolved" in life
    resolved_at = at + timedelta(minutes=chance.randrange(240, 18_000)) if has_result else None
    row = {
        "id": complaint_id,
        "number": new_number(),
        "organisation_id": place.community.id,
        "organisation_path": place.community.path,
        "estate_id": place.estate.id,
        "building_id": chance.choice(place.building_ids),
        "place_label": f"{place.estate.name} {chance.randrange(1, 20)}栋",
        "source": chance.choice(list(Source)).value,
        "nature": "complaint",
        "category": chance.choice(list(CATEGORIES)),
        "time_class": "ordinary",
        "disclosure": chance.choice(("named", "named", "confidential", "anonymous")),
        "is_restricted": False,
        "words": words,
        "words_for_party": words,
        "grams": grams(words),
        "state": state,
        "version": len(life),
        "registered_at": at,
        "respond_by_at": at + timedelta(days=1),
        "party_id": party_id if len(life) > 2 else None,
        "accepted_at": at + timedelta(hours=2) if len(life) > 1 else None,
        "responded_at": at + timedelta(hours=2) if len(life) > 1 else None,
        "dispatched_at": at + timedelta(hours=3) if len(life) > 2 else None,
        "resolved_at": resolved_at,
        "minutes_to_accept": 120 if len(life) > 1 else None,
        "minutes_to_resolve": None if resolved_at is None else minutes_between(at, resolved_at),
        "closed_at": at + timedelta(hours=400) if state == "closed" else None,
        "due_at": at + timedelta(days=7) if len(life) > 1 else None,
        "warn_at": at + timedelta(days=6) if len(life) > 1 else None,
        "clock_unit": "wd" if len(life) > 1 else None,
        "clock_left": 5 if len(life) > 1 else None,
        "clock_since": at + timedelta(hours=2) if len(life) > 1 else None,
        "is_solved": chance.random() < 0.9 if state == "closed" else None,
        "is_satisfied": chance.random() < 0.8 if state == "closed" else None,
        "outcome": "confirmed" if state == "closed" else None,
    }
    return row, list(_steps(complaint_id, life, at))


def _steps(complaint_id: str, life: tuple[str, ...], at: datetime) -> Iterator[dict[str, Any]]:
    for number, state in enumerate(life):
        yield {
            "id": new_id(),
            "complaint_id": complaint_id,
            "position": number + 1,
            "at": at + timedelta(hours=number),
            "action": _STEP_ACTIONS[state],
            "from_state": life[number - 1] if number else None,
            "to_state": state,
            "doer": "staff",
            "facts": {},
        }
