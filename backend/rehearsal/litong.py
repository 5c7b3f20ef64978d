"""利通区 2026 as the draft scheme gives it: 25 estates, 82 buildings, 276,100 m², 3,247 households, two towns.

Two estates are named in the document. The other names, the communities, the split of the sums over estates,
and everybody who lives there are synthetic.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from backend.rehearsal.scenario import (
    CommunityScript,
    EstateScript,
    Fate,
    LocalNumbers,
    Reception,
    Scenario,
)
from backend.rehearsal.second_act.courses import SPECIAL

_JINXING, _SHENGLI = "金星镇", "胜利镇"
_COMMUNITIES = (
    CommunityScript("示例社区一", _JINXING),
    CommunityScript("示例社区二", _JINXING),
    CommunityScript("示例社区三", _JINXING),
    CommunityScript("示例社区四", _JINXING),
    CommunityScript("示例社区五", _SHENGLI),
    CommunityScript("示例社区六", _SHENGLI, LocalNumbers.WITHOUT_READING, wide=True),
    CommunityScript("示例社区七", _SHENGLI, LocalNumbers.NONE),
)
# Community, buildings, year of building, fate; the names of all but two are made of the position.
_ESTATES = (
    (0, 6, 1996, Fate.STARTS),
    (0, 4, 1994, Fate.STARTS),
    (0, 3, 1991, Fate.FEW_TAKE_PART),
    (0, 4, 1998, Fate.STARTS),
    (1, 3, 1989, Fate.STARTS),
    (1, 3, 1995, Fate.FEW_AGREE),
    (1, 4, 1999, Fate.STARTS),
    (2, 3, 1992, Fate.SPECIAL_FAILS),
    (2, 5, 1997, Fate.STARTS),
    (2, 3, 1993, Fate.STARTS),
    (2, 3, 1988, Fate.FEW_AGREE),
    (3, 4, 2000, Fate.STARTS),
    (3, 2, 1996, Fate.NO_QUORUM),
    (3, 3, 1990, Fate.STARTS),
    (4, 4, 1998, Fate.STARTS),
    (4, 3, 1995, Fate.STARTS),
    (4, 3, 1994, Fate.SPECIAL_FAILS),
    (4, 2, 1999, Fate.RECORD_MISSING),
    (5, 3, 1997, Fate.READING_OPEN),
    (5, 4, 1992, Fate.STARTS),
    (5, 2, 1993, Fate.FEW_TAKE_PART),
    (5, 3, 1996, Fate.STARTS),
    (6, 3, 1998, Fate.NUMBERS_UNSET),
    (6, 2, 1991, Fate.NUMBERS_UNSET),
    (6, 3, 1995, Fate.NUMBERS_UNSET),
)
_NAMED = {1: "朝阳家园", 15: "新一中家属院"}
# How the residents receive the works that are finished within the play; everywhere else they go on.
_RECEPTIONS = {
    1: Reception.AT_THE_BORDER,
    4: Reception.WELCOMED,
    5: Reception.ONE_ANSWER_SHORT,
    10: Reception.ONE_SATISFIED_SHORT,
    14: Reception.UNHEARD,
    15: Reception.WELCOMED,
    16: Reception.DISLIKED,
    22: Reception.WIDER_COUNTS,
}

LITONG_2026 = Scenario(
    id="litong-2026",
    title="利通区2026年老旧小区完善改造（演练）",
    notes=(
        "演练，不是真实表决。文件所列27.61万平方米是建筑面积；这里的专有部分面积是虚构的，按比例缩放到同一总数。",
        "除朝阳家园、新一中家属院外，小区名称均为虚构；各小区的楼栋、户数、住户和表决情况全部虚构。",
        "文件没有规定参与率、同意率；这里的75%和“按名册全部户数计算”是虚构的当地规定，示例社区六未定分母，示例社区七未定比例。",
        "满意度的比例也没有规定：各社区以虚构文件参照甘建城〔2022〕15号（调查率75%、满意率80%），示例社区六把“基本满意”计入满意。",
    ),
    starts_on=date(2025, 12, 1),
    communities=_COMMUNITIES,
    estates=tuple(
        EstateScript(
            _NAMED.get(number, f"示例小区{number:02d}"),
            *row,
            reception=_RECEPTIONS.get(number, Reception.STILL_BUILDING),
        )
        for number, row in enumerate(_ESTATES, start=1)
    ),
    households=3_247,
    area_centi=27_610_000,
    special_reports=5,
)

SCENARIOS = {LITONG_2026.id: LITONG_2026}


def excerpt(scenario: Scenario, fates: Sequence[Fate], households: int) -> Scenario:
    """Return a small rehearsal: the first estate of each fate, two buildings each, 80 m² a household.

    Every kind of report is heard in each estate whose works start.
    """
    first = {row.fate: row for row in reversed(scenario.estates)}
    return replace(
        scenario,
        estates=tuple(replace(first[fate], buildings=2) for fate in fates),
        households=households,
        area_centi=households * 8_000,
        special_reports=len(SPECIAL),
    )
