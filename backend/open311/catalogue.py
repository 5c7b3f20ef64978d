"""What can be reported through this door: the hotline's categories as services, with their questions.

Reports about staff are not among them: they are an accusation's first form, and no outside system should hold one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from backend.complaints.rules.vocabulary import CATEGORIES, DISCLOSURE_TITLES, Disclosure
from backend.open311 import messages

# Changes with the services or their questions: clients read them anew when it does.
CHANGESET = "2026-11-26T00:00:00+08:00"
STRING, DATETIME, SINGLE, MULTI = "string", "datetime", "singlevaluelist", "multivaluelist"
DISCLOSURE, DANGER = "disclosure", "danger"


@dataclass(frozen=True, slots=True)
class Attribute:
    """A question of a service; ``values`` are key → name of a list."""

    code: str
    datatype: str
    description: str
    hint: str
    is_required: bool = False
    values: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Service:
    """A service; its code is the category's."""

    code: str
    group: str
    keywords: tuple[str, ...]
    description: str
    attributes: tuple[Attribute, ...] = ()

    @property
    def name(self) -> str:
        """Return its title."""
        return CATEGORIES[self.code].title


_DISCLOSURE = Attribute(
    DISCLOSURE,
    SINGLE,
    messages.DISCLOSURE,
    messages.CHOICE,
    values={each.value: DISCLOSURE_TITLES[each] for each in Disclosure},
)
_SPOT = Attribute("spot", STRING, messages.SPOT_QUESTION, messages.WORDS)
_SINCE = Attribute("since", DATETIME, messages.SINCE_QUESTION, messages.MOMENT)
_DANGER = Attribute(
    DANGER,
    SINGLE,
    messages.DANGER_QUESTION,
    messages.CHOICE,
    is_required=True,
    values={"yes": "有", "no": "没有"},
)
_HOURS = Attribute(
    "hours",
    MULTI,
    messages.HOURS_QUESTION,
    messages.CHOICES,
    values={"day": "白天", "noon": "午间", "night": "夜间（22时至次日6时）"},
)
_WORKS, _HOME, _MONEY, _VOICE = "改造施工", "小区设施与环境", "物业与收费", "参与和意见"

SERVICES: Mapping[str, Service] = {
    service.code: service
    for service in (
        Service(
            "quality",
            _WORKS,
            ("渗漏", "开裂", "脱落", "保温"),
            "改造工程做得不好或又坏了。",
            (_DISCLOSURE, _SPOT),
        ),
        Service(
            "safety",
            _WORKS,
            ("脚手架", "高空坠物", "用电", "消防"),
            "施工中的危险。",
            (_DISCLOSURE, _DANGER, _SPOT),
        ),
        Service(
            "disturbance",
            _WORKS,
            ("噪声", "扬尘", "占道", "夜间施工"),
            "施工影响生活。",
            (_DISCLOSURE, _HOURS),
        ),
        Service("progress", _WORKS, ("停工", "拖延", "工期"), "施工停着或拖延。", (_DISCLOSURE,)),
        Service(
            "utilities",
            _HOME,
            ("停水", "停电", "燃气", "供暖", "网络"),
            "水、电、气、暖、通信出了问题。",
            (_DISCLOSURE, _SINCE),
        ),
        Service(
            "facilities",
            _HOME,
            ("电梯", "门禁", "路灯", "充电桩"),
            "公共设施坏了或不能用。",
            (_DISCLOSURE, _SPOT),
        ),
        Service(
            "environment",
            _HOME,
            ("绿化", "垃圾", "排水", "污水"),
            "绿化、垃圾、排水和卫生。",
            (_DISCLOSURE, _SPOT),
        ),
        Service("property", _MONEY, ("物业", "保安", "保洁"), "物业服务不到位。", (_DISCLOSURE,)),
        Service(
            "charges", _MONEY, ("收费", "维修资金", "公共收益"), "收费、维修资金和公共收益。", (_DISCLOSURE,)
        ),
        Service("voting", _VOICE, ("表决", "公示", "名册"), "对表决、公示和名册的意见。", (_DISCLOSURE,)),
        Service("dispute", _VOICE, ("邻里", "加装电梯", "纠纷"), "邻里和改造中的纠纷。", (_DISCLOSURE,)),
        Service("enquiry", _VOICE, ("政策", "咨询"), "问一问政策。"),
        Service("suggestion", _VOICE, ("建议",), "提一个建议。"),
        Service("other", _VOICE, ("其他",), "以上都不是的事情。", (_DISCLOSURE,)),
    )
}
