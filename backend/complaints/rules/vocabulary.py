"""The words of the hotline: sources, natures, categories, disclosure, reasons; with their Chinese titles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from backend.policies.rules.hotline import TimeClass


class Source(StrEnum):
    """Where a complaint came from (S2 四, 50号 三(三))."""

    MINI_PROGRAM = "mini_program"
    CHAT = "chat"
    TELEPHONE = "telephone"
    WALK_IN = "walk_in"
    INSPECTION = "inspection"
    AUDIT = "audit"
    SUPERVISION = "supervision"
    PETITION = "petition"
    MEDIA = "media"
    WARNING = "warning"
    OPEN311 = "open311"


SOURCE_TITLES: Mapping[Source, str] = {
    Source.MINI_PROGRAM: "小程序",
    Source.CHAT: "微信对话",
    Source.TELEPHONE: "电话（12345）",
    Source.WALK_IN: "上门",
    Source.INSPECTION: "检查",
    Source.AUDIT: "审计",
    Source.SUPERVISION: "督导",
    Source.PETITION: "信访转来",
    Source.MEDIA: "媒体",
    Source.WARNING: "项目预警",
    Source.OPEN311: "开放接口",
}
# What staff enter by hand; the others come through their own door.
BY_STAFF = frozenset(Source) - {Source.MINI_PROGRAM, Source.CHAT, Source.OPEN311}


class Nature(StrEnum):
    """What a matter is; only complaints and emergencies enter the hotline's clock."""

    COMPLAINT = "complaint"
    EMERGENCY = "emergency"
    PETITION = "petition"
    ACCUSATION = "accusation"
    LAWSUIT = "lawsuit"


NATURE_TITLES: Mapping[Nature, str] = {
    Nature.COMPLAINT: "投诉",
    Nature.EMERGENCY: "紧急情况",
    Nature.PETITION: "信访事项",
    Nature.ACCUSATION: "检举控告",
    Nature.LAWSUIT: "涉诉事项",
}
HANDLED_HERE = frozenset({Nature.COMPLAINT, Nature.EMERGENCY})


class Disclosure(StrEnum):
    """How far the reporter lets themselves be known."""

    NAMED = "named"
    CONFIDENTIAL = "confidential"
    ANONYMOUS = "anonymous"


DISCLOSURE_TITLES: Mapping[Disclosure, str] = {
    Disclosure.NAMED: "实名，可告知承办单位",
    Disclosure.CONFIDENTIAL: "保密，不告知承办单位",
    Disclosure.ANONYMOUS: "匿名",
}


@dataclass(frozen=True, slots=True)
class Category:
    """A kind of matter: its title and the time it usually gets."""

    title: str
    time_class: TimeClass


CATEGORIES: Mapping[str, Category] = {
    "enquiry": Category("政策咨询", TimeClass.ENQUIRY),
    "quality": Category("工程质量（渗漏、开裂、脱落等）", TimeClass.ORDINARY),
    "safety": Category("施工安全", TimeClass.EMERGENCY),
    "disturbance": Category("施工扰民（噪声、扬尘、占道）", TimeClass.ORDINARY),
    "progress": Category("施工进度", TimeClass.ORDINARY),
    "utilities": Category("水、电、气、暖、通信", TimeClass.ORDINARY),
    "facilities": Category("电梯、门禁、照明、充电等设施", TimeClass.ORDINARY),
    "environment": Category("绿化、垃圾、排水、环境卫生", TimeClass.ORDINARY),
    "property": Category("物业服务", TimeClass.ORDINARY),
    "charges": Category("收费与公共收益", TimeClass.COMPLEX),
    "voting": Category("表决、公示与名册", TimeClass.COMPLEX),
    "dispute": Category("邻里与改造纠纷", TimeClass.COMPLEX),
    "conduct": Category("工作人员或单位的作风", TimeClass.COMPLEX),
    "suggestion": Category("意见建议", TimeClass.ORDINARY),
    "other": Category("其他", TimeClass.ORDINARY),
}


class PauseReason(StrEnum):
    """The only reasons for which a clock may be paused."""

    REPORTER = "reporter"
    MEDIATION = "mediation"
    APPRAISAL = "appraisal"
    WEATHER = "weather"
    FORCE_MAJEURE = "force_majeure"


PAUSE_TITLES: Mapping[PauseReason, str] = {
    PauseReason.REPORTER: "等待反映人补充材料或配合",
    PauseReason.MEDIATION: "正在调解",
    PauseReason.APPRAISAL: "等待检测、鉴定结论",
    PauseReason.WEATHER: "季节或天气原因不能施工",
    PauseReason.FORCE_MAJEURE: "不可抗力",
}


class PartyKind(StrEnum):
    """Kinds of responsible parties (责任单位)."""

    COMMUNITY = "community"
    CONTRACTOR = "contractor"
    SUPERVISOR = "supervisor"
    PROPERTY_COMPANY = "property_company"
    UTILITY = "utility"
    DEPARTMENT = "department"
    OTHER = "other"


PARTY_TITLES: Mapping[PartyKind, str] = {
    PartyKind.COMMUNITY: "社区（居委会）",
    PartyKind.CONTRACTOR: "施工单位",
    PartyKind.SUPERVISOR: "监理单位",
    PartyKind.PROPERTY_COMPANY: "物业服务企业",
    PartyKind.UTILITY: "水电气暖通信单位",
    PartyKind.DEPARTMENT: "政府部门",
    PartyKind.OTHER: "其他单位",
}


class Outcome(StrEnum):
    """How a complaint ended."""

    CONFIRMED = "confirmed"
    UNANSWERED = "unanswered"
    UNSATISFIED = "unsatisfied"


OUTCOME_TITLES: Mapping[Outcome, str] = {
    Outcome.CONFIRMED: "反映人确认已解决",
    Outcome.UNANSWERED: "反映人未回应",
    Outcome.UNSATISFIED: "已解决，反映人不满意",
}
