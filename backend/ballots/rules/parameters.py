"""What a ballot may decide for itself before its notice; every default here is a [choice] (domain §3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from backend.ballots.rules.kinds import KINDS
from backend.kernel.errors import FieldError, Unprocessable


@dataclass(frozen=True, slots=True)
class Setting:
    """A whole number or a switch (0/1) with its bounds, and what it means to the reader.

    ``electorate``: the only one whose ballots it touches, None both. ``words``: what each value is called, from the least.
    ``by_kind``: kinds of ballot with a default of their own.
    """

    title: str
    default: int
    least: int
    most: int
    electorate: str | None = None
    words: tuple[str, ...] = ()
    by_kind: Mapping[str, int] = field(default_factory=dict)

    def default_for(self, kind: str) -> int:
        """Return what holds where nobody decided."""
        return self.by_kind.get(kind, self.default)


MOST_CITED = 200

_SWITCH = ("否", "是")


SETTINGS: Mapping[str, Setting] = {
    "notice_days": Setting("表决前公告天数", 15, 0, 90),
    "window_min_days": Setting("投票期最短天数", 5, 1, 60),
    "window_max_days": Setting("投票期最长天数", 60, 1, 180),
    "counting_days": Setting("纸质票录入核对天数", 3, 0, 30),
    "publish_days": Setting("结果公示期限（天内）", 3, 1, 30),
    "objection_days": Setting("结果公示与异议天数", 7, 1, 60),
    "waiting_hours": Setting("投票期间新绑定的等待小时数", 24, 0, 240),
    "letters_wait": Setting(
        "用邀请信绑定也等待", 1, 0, 2, words=("不等待", "本户已有业主绑定时等待", "都等待")
    ),
    "proxy_limit": Setting("每人最多受委托户数", 3, 1, 50),
    "tenants_vote": Setting("租户可代表住户参加征询", 0, 0, 1, "households", _SWITCH),
    "public_tenants_vote": Setting("公房承租人可参加征询", 1, 0, 1, "households", _SWITCH),
    "count_parking": Setting("单独登记的车位计入名册", 0, 0, 1, "owners", _SWITCH),
    "track_consensus": Setting("表决期间社区每日可看一次同意户数", 0, 0, 1, words=_SWITCH),
    "service_needed": Setting("开始前每户须有送达记录", 1, 0, 1, "owners", _SWITCH),
    "minutes_needed": Setting(
        "公示结果前须有签字的计票记录", 0, 0, 1, words=_SWITCH, by_kind={"committee_election": 1}
    ),
    "minutes_scrutineers": Setting("计票记录的监票人最少人数", 2, 1, 20),
}


def resolve_settings(given: Mapping[str, int], *, kind: str) -> dict[str, int]:
    """Return every setting, the kind's defaults filled in; raises Unprocessable naming each wrong one."""
    problems = []
    for name, value in given.items():
        setting = SETTINGS.get(name)
        if setting is None:
            problems.append(FieldError(f"parameters.{name}", "没有这个参数。"))
        elif not setting.least <= value <= setting.most:
            text = f"“{setting.title}”应在 {setting.least} 到 {setting.most} 之间。"
            problems.append(FieldError(f"parameters.{name}", text))
    if problems:
        raise Unprocessable("parameters", "表决参数有误。", problems)
    return {name: given.get(name, setting.default_for(kind)) for name, setting in SETTINGS.items()}


def parking_problems(settings: Mapping[str, int], rule: str | None, document: str | None) -> list[FieldError]:
    """Return what is wrong with the citation: parking counts only under a cited local rule (domain §3)."""
    cited = (rule or "").strip()
    if not settings["count_parking"]:
        given = [name for name, value in (("parking_rule", rule), ("parking_document", document)) if value]
        return [FieldError(name, "车位不计入名册时不写依据，请删去或改为计入。") for name in given]
    if cited and len(cited) <= MOST_CITED:
        return []
    remedy = (
        f"单独登记的车位只有当地有规定时才计入名册：请写明规定的名称和条款（{MOST_CITED} 字以内）；"
        "没有规定的，请把“单独登记的车位计入名册”设为否。"
    )
    return [FieldError("parking_rule", remedy)]


def local_choices(settings: Mapping[str, int], *, kind: str, electorate: str) -> list[str]:
    """Return the settings that touch this ballot and stand at our own default: reports show them as 需当地确定."""
    return [
        f"{setting.title}：{_in_words(setting, setting.default_for(kind))}"
        for name, setting in SETTINGS.items()
        # A ballot from before a setting existed holds its general default.
        if settings.get(name, setting.default) == setting.default_for(kind)
        and setting.electorate in (None, electorate)
        and (name != "track_consensus" or KINDS[kind].may_track_consensus)
    ]


def _in_words(setting: Setting, value: int) -> str:
    return setting.words[value - setting.least] if setting.words else str(value)


def value_of(settings: Mapping[str, int], name: str) -> int:
    """Return a ballot's own value; one from before the setting existed holds the general default."""
    return settings.get(name, SETTINGS[name].default)


def waiting_hours_of(settings: Mapping[str, int], *, is_letter: bool, has_owner: bool) -> int:
    """Return how long a new binding waits while this ballot is open.

    A letter waits where an owner is bound already and can object, or always, or never (docs/adr/0013).
    """
    letters_wait = value_of(settings, "letters_wait")
    if is_letter and letters_wait < (1 if has_owner else 2):
        return 0
    return settings["waiting_hours"]
