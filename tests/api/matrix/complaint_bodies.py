"""Minimal valid bodies for the routes of complaints and responsible parties."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.api.matrix.body import Body
from tests.api.matrix.place import Place

_KEY = {"Idempotency-Key": "matrix-key-1"}
_FIRST = {"If-Match": "1"}
_THIRD = {"If-Match": "3"}


def _report(place: Place) -> dict[str, Any]:
    return {
        "estate": place.ids["estate"],
        "building": place.ids["building"],
        "category": "quality",
        "words": "楼道漏水",
        "disclosure": "named",
    }


COMPLAINTS: Mapping[str, Callable[[Place], Body]] = {
    "POST /api/v1/complaints": lambda place: Body(_report(place), headers=_KEY),
    "POST /api/v1/complaints/<complaint>/withdraw": lambda _: Body({}),
    "POST /api/v1/complaints/<complaint>/reopen": lambda _: Body({"words": "还在漏水"}),
    "POST /api/v1/complaints/<complaint>/follow-up": lambda _: Body({"solved": True, "satisfied": True}),
    "POST /api/v1/complaint-follow-ups": lambda place: Body(
        {"token": place.ids["follow_up_token"], "solved": True, "satisfied": True}
    ),
    "POST /api/v1/complaint-tracker/case": lambda place: Body(
        {"number": place.ids["anonymous_number"], "code": place.ids["anonymous_code"]}
    ),
    "POST /api/v1/complaints/<complaint>/dispute": lambda _: Body({"words": "应当受理"}),
    "POST /api/v1/complaint-tracker/dispute": lambda place: Body(
        {
            "number": place.ids["anonymous_number"],
            "code": place.ids["anonymous_code"],
            "words": "应当受理",
        }
    ),
    "POST /api/v1/staff/complaints/<complaint>/dispute": lambda _: Body(
        {"words": "应当受理"}, headers=_FIRST
    ),
    "POST /api/v1/complaint-tracker/follow-up": lambda place: Body(
        {
            "number": place.ids["anonymous_number"],
            "code": place.ids["anonymous_code"],
            "solved": True,
            "satisfied": True,
        }
    ),
    "POST /api/v1/staff/complaints": lambda place: Body(
        {**_report(place), "source": "telephone"}, headers=_KEY
    ),
    "POST /api/v1/staff/complaints/statistics/exports": lambda place: Body(
        {"organisation": place.ids["community"]}
    ),
    "POST /api/v1/staff/complaints/<complaint>/accept": lambda _: Body({}, headers=_FIRST),
    "POST /api/v1/staff/complaints/<complaint>/reclassify": lambda _: Body({}, headers=_FIRST),
    "POST /api/v1/staff/complaints/<complaint>/hand-up": lambda _: Body(
        {"words": "疑似反映工作人员"}, headers=_FIRST
    ),
    "POST /api/v1/staff/complaints/<complaint>/transfer": lambda _: Body(
        {
            "nature": "petition",
            "recipient": "信访局",
            "document_title": "转送函",
            "document_number": "1号",
            "transferred_on": "2026-01-05",
        },
        headers=_FIRST,
    ),
    "POST /api/v1/staff/complaints/<complaint>/decline": lambda _: Body(
        {"words": "不属于本区"}, headers=_FIRST
    ),
    "POST /api/v1/staff/complaints/<complaint>/merge": lambda place: Body(
        {"into": place.ids["assigned_complaint"]}, headers=_FIRST
    ),
    "POST /api/v1/staff/complaints/<complaint>/dispatch": lambda place: Body(
        {"party": place.ids["party"]}, headers=_FIRST
    ),
    "POST /api/v1/staff/complaints/<assigned_complaint>/pause": lambda _: Body(
        {"reason": "weather", "words": "连日下雨"}, headers=_THIRD
    ),
    "POST /api/v1/staff/complaints/<assigned_complaint>/resume": lambda _: Body({}, headers=_THIRD),
    "POST /api/v1/staff/complaints/<assigned_complaint>/extension-decision": lambda _: Body(
        {"grant": True, "words": "材料延误"}, headers=_THIRD
    ),
    "POST /api/v1/staff/complaints/<assigned_complaint>/supervise": lambda _: Body(
        {"words": "限期办结"}, headers=_THIRD
    ),
    "POST /api/v1/staff/complaints/<resolved_complaint>/reopen": lambda _: Body(
        {"words": "检查发现未修好"}, headers={"If-Match": "5"}
    ),
    "POST /api/v1/staff/complaints/<resolved_complaint>/follow-up": lambda _: Body(
        {"solved": True, "satisfied": True}, headers={"If-Match": "5"}
    ),
    "POST /api/v1/staff/complaints/<resolved_complaint>/close": lambda _: Body(headers={"If-Match": "5"}),
    "POST /api/v1/staff/complaints/<complaint>/reporter-views": lambda _: Body({"reason": "回访核实"}),
    "POST /api/v1/staff/complaints/<assigned_complaint>/mediations": lambda _: Body(
        {"held_on": "2026-01-05", "parties": "甲、乙", "mediator": "丙某", "agreed": False}, headers=_THIRD
    ),
    "POST /api/v1/staff/complaints/<assigned_complaint>/mediation-views": lambda _: Body({}),
    "POST /api/v1/staff/assigned-complaints/<assigned_complaint>/start": lambda _: Body({}, headers=_THIRD),
    "POST /api/v1/staff/assigned-complaints/<assigned_complaint>/contest": lambda _: Body(
        {"words": "不属我单位"}, headers=_THIRD
    ),
    "POST /api/v1/staff/assigned-complaints/<assigned_complaint>/notes": lambda _: Body(
        {"words": "已查看现场"}, headers=_THIRD
    ),
    "POST /api/v1/staff/assigned-complaints/<assigned_complaint>/extension-request": lambda _: Body(
        {"reason": "等待材料"}, headers=_THIRD
    ),
    "POST /api/v1/staff/assigned-complaints/<assigned_complaint>/resolve": lambda _: Body(
        {"words": "已修好"}, headers=_THIRD
    ),
    "POST /api/v1/staff/assigned-complaints/<assigned_complaint>/reporter-views": lambda _: Body(
        {"reason": "约定上门时间"}
    ),
    "POST /api/v1/staff/parties": lambda place: Body(
        {"organisation": place.ids["town"], "kind": "contractor", "name": "另一施工单位"}
    ),
    "PUT /api/v1/staff/parties/<party>": lambda _: Body(
        {"name": "更名施工单位", "active": True}, headers=_FIRST
    ),
    "POST /api/v1/staff/parties/<party>/members": lambda place: Body({"account": place.ids["colleague"]}),
}
