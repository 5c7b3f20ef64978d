"""What a community may decide about reminders; every default is a [choice] (issue: 每日一次、每次表决三次)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from backend.notifications.errors import bad_setting


@dataclass(frozen=True, slots=True)
class Setting:
    """A whole number with its bounds and what it means to the reader."""

    title: str
    default: int
    least: int
    most: int


SETTINGS: Mapping[str, Setting] = {
    "quiet_from": Setting("免打扰开始（点）", 21, 18, 23),
    "quiet_until": Setting("免打扰结束（点）", 8, 6, 12),
    "reminders_a_day": Setting("每户每天最多提醒次数", 1, 1, 3),
    "reminders_a_ballot": Setting("每户每次表决最多提醒次数", 3, 1, 10),
    "first_reminder": Setting("第一次提醒在截止日前几天", 7, 2, 30),
    "second_reminder": Setting("第二次提醒在截止日前几天", 3, 1, 29),
    "near_percent": Setting("差距不超过总量百分之几时提示“就差一点”", 10, 1, 50),
    "digest_hour": Setting("每日简报时间（点）", 18, 8, 20),
}


@dataclass(frozen=True, slots=True)
class Parameters:
    """The settings in force; hours are Asia/Shanghai."""

    quiet_from: int = 21
    quiet_until: int = 8
    reminders_a_day: int = 1
    reminders_a_ballot: int = 3
    first_reminder: int = 7
    second_reminder: int = 3
    near_percent: int = 10
    digest_hour: int = 18


def resolve(given: Mapping[str, int]) -> Parameters:
    """Return the parameters with defaults filled in; raises Unprocessable naming a wrong one."""
    for name, value in given.items():
        setting = SETTINGS.get(name)
        if setting is None:
            raise bad_setting(name, "没有这个参数。")
        if not setting.least <= value <= setting.most:
            raise bad_setting(name, f"“{setting.title}”应在 {setting.least} 到 {setting.most} 之间。")
    found = Parameters(**{name: given.get(name, setting.default) for name, setting in SETTINGS.items()})
    if found.second_reminder >= found.first_reminder:
        raise bad_setting("second_reminder", "第二次提醒应晚于第一次。")
    return found
