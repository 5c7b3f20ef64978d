"""Doors as people write them: what in a text tells in which dwelling somebody lives."""

from __future__ import annotations

import re
from collections.abc import Callable

_CHINESE = "零〇○一二三四五六七八九"
_ANY = f"0-9{_CHINESE}十两"
_SUFFIX = r"(?:\s*(?:室|号(?!楼)|户|房(?!主|东|子)))?"
# 300元, 1203年, 500米 … are no doors, and 101号楼 is a building.
_AMOUNTS = (
    "年|月|元|块|角|万|千|百|十|亿|天|日|小时|分|秒|点|米|厘米|毫米|公里|里|平|㎡|度|瓦|千瓦|伏|安|次|件|人|个|张|页|份|"
    "斤|公斤|克|吨|升|倍|级|届|届次|号楼|号文|栋|幢|座|楼|层|单元|#|＃|%|％|[A-Za-z]"
)
_NO_AMOUNT = rf"(?!\s*(?:{_AMOUNTS}))"
_NO_DAY = r"(?!-[0-9]{1,2}-[0-9])"

# 3栋2单元501, 3栋2门501, 2单元五〇一: the building stays, the door goes.
_AFTER_ENTRANCE = re.compile(rf"(?<=单元)\s*[{_ANY}]{{2,5}}(?![{_ANY}层楼]){_SUFFIX}")
_AFTER_BUILDING = re.compile(rf"(?<=[栋幢座楼层门])\s*[0-9]{{3,4}}(?![0-9]){_NO_AMOUNT}{_SUFFIX}")
_PARTS = re.compile(r"(?<![0-9])[0-9]{1,3}[\-/][0-9]{1,2}[\-/][0-9]{2,4}(?![0-9])")
# 5楼东户, 三层西边户.
_SIDE = re.compile(
    rf"[{_ANY}]{{1,3}}\s*[楼层]\s*靠?[东西南北中左右]{{1,2}}\s*(?:边户|户|边|侧|室|家|门|头|手)?"
)
# 501家, 住501, 3#2-501, 501房主, 五零一: a number of three or four digits that counts nothing.
_BARE = re.compile(rf"(?<![0-9.:])[0-9]{{3,4}}(?![0-9.:]){_NO_DAY}{_NO_AMOUNT}{_SUFFIX}")
_SPOKEN = re.compile(rf"(?<![{_ANY}])[{_CHINESE}]{{3,4}}(?![{_ANY}]){_NO_AMOUNT}{_SUFFIX}")

_DOORS = (_AFTER_ENTRANCE, _PARTS, _AFTER_BUILDING, _SIDE, _BARE, _SPOKEN)


def mask_doors(text: str, mask: str | Callable[[re.Match[str]], str]) -> str:
    """Return the text without what tells a door; better one number too many than one too few."""
    for door in _DOORS:
        text = door.sub(mask, text)
    return text
