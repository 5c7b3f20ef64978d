"""Whether a ballot may be announced or opened: every condition, what is missing and how to mend it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from backend.ballots.rules.kinds import may_ask_households
from backend.kernel.clock import local_date


@dataclass(frozen=True, slots=True)
class Condition:
    """One pre-flight item: ``missing`` is None when it holds, else what to do (Chinese)."""

    name: str
    title: str
    missing: str | None

    @property
    def is_met(self) -> bool:
        """Tell whether nothing is missing."""
        return self.missing is None


@dataclass(frozen=True, slots=True)
class Facts:
    """What the conditions look at."""

    kind: str
    now: datetime
    notice_at: datetime | None
    opens_at: datetime | None
    closes_at: datetime | None
    settings: Mapping[str, int]
    electorate: str
    motions: int
    undecidable_rules: tuple[str, ...]
    owners_rules: tuple[str, ...]
    documents: int
    entries: int
    checks: frozenset[str]
    unserved: int
    is_binding_vote: bool
    sold: int = 0
    has_displayed_roll: bool = False
    roll_objections: int = 0


_NEEDS_DOCUMENT = frozenset(
    {"plan", "property_management", "property_fee", "fund_use", "fund_raise", "estate_rules"}
)


def notice_conditions(facts: Facts) -> list[Condition]:
    """Return what must hold before the voting notice is published."""
    return [
        Condition("electorate", "投票人", _electorate(facts)),
        Condition("motions", "表决事项", None if facts.motions else "请至少写明一个表决事项。"),
        Condition("rules", "计票规则", _rules(facts)),
        Condition("documents", "方案文件", _documents(facts)),
        Condition("roll", "名册", None if facts.entries else "名册是空的，请先导入房屋资料。"),
        Condition("window", "投票时间", _window(facts)),
    ]


def opening_conditions(facts: Facts) -> list[Condition]:
    """Return what must hold when voting starts (domain §3: service, 居委会 told, roll checked)."""
    return [
        *notice_conditions(facts),
        Condition("notice", "公告期", _notice_period(facts)),
        Condition("roll_display", "名册公示", _display(facts)),
        Condition("roll_objections", "名册异议", _objections(facts)),
        _check(facts, "roll_checked", "名册核对", "请在名册公示、异议处理完后登记“名册已核对”。"),
        _check(facts, "committee_told", "告知居委会", "请登记已同时告知居民委员会（物业管理条例第十四条）。"),
        _check(facts, "posted_on_site", "现场张贴", "请登记公告已在小区公示栏张贴。"),
        Condition("service", "逐户送达", _service(facts)),
        Condition("sold", "业主变更", _sold(facts)),
    ]


def unmet(conditions: Iterable[Condition]) -> list[Condition]:
    """Return the conditions that do not hold."""
    return [condition for condition in conditions if not condition.is_met]


def _check(facts: Facts, name: str, title: str, remedy: str) -> Condition:
    return Condition(name, title, None if name in facts.checks else remedy)


def _electorate(facts: Facts) -> str | None:
    if facts.electorate == "owners":
        return None
    if not may_ask_households(facts.kind):
        return "这类表决由业主决定，不能按住户投票，请重新起草。"
    if facts.owners_rules:
        return "按业主面积和人数计算的规则不能用于按住户的投票，请重新起草：" + "；".join(facts.owners_rules)
    return None


def _rules(facts: Facts) -> str | None:
    if not facts.undecidable_rules:
        return None
    return "以下规则还缺当地确定的数值或文件，不能据以表决：" + "；".join(facts.undecidable_rules)


def _documents(facts: Facts) -> str | None:
    if facts.kind in _NEEDS_DOCUMENT and not facts.documents:
        return "这类表决须附方案文件，请先上传。"
    return None


def _window(facts: Facts) -> str | None:
    if facts.opens_at is None or facts.closes_at is None:
        return "请填写投票开始和截止时间。"
    length = facts.closes_at - max(facts.now, facts.opens_at)
    least, most = facts.settings["window_min_days"], facts.settings["window_max_days"]
    if not timedelta(days=least) <= length <= timedelta(days=most):
        return f"投票期应为 {least} 到 {most} 天（从现在或开始时间中较晚的算起），请调整时间。"
    return None


def _notice_period(facts: Facts) -> str | None:
    """The day of publication is not counted (Civil Code 201)."""
    if facts.notice_at is None or facts.opens_at is None:
        return "请先发布公告。"
    if not facts.is_binding_vote:
        return None
    days = (local_date(facts.opens_at) - local_date(facts.notice_at)).days - 1
    need = facts.settings["notice_days"]
    return None if days >= need else f"公告须满 {need} 天（现为 {max(days, 0)} 天），请推迟开始时间。"


def _service(facts: Facts) -> str | None:
    if not facts.is_binding_vote or not facts.settings["service_needed"] or not facts.unserved:
        return None
    return f"还有 {facts.unserved} 户没有送达记录；确实无法送达的，可登记“现场张贴送达”。"


def _sold(facts: Facts) -> str | None:
    """A former owner's binding is out of force; somebody looks at it before the vote, not during it."""
    if not facts.is_binding_vote or not facts.sold:
        return None
    return f"有 {facts.sold} 户换了业主，原来的绑定已暂停，请先在“绑定”里逐户核实（保留或解除）。"


def _display(facts: Facts) -> str | None:
    """The roll is displayed to its own members before it is frozen (domain §3)."""
    return None if facts.has_displayed_roll else "名册还没有向住户公示，请先在“房屋资料”里开始名册公示。"


def _objections(facts: Facts) -> str | None:
    if not facts.roll_objections:
        return None
    return f"还有 {facts.roll_objections} 户对名册的异议没有答复，请先逐件答复。"
