"""A minimal valid body for every route that takes one; identifiers come from the place that is asked about."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from backend.identity.rules.consents import NOTICE_VERSION
from tests.api.matrix.body import Body
from tests.api.matrix.complaint_bodies import COMPLAINTS
from tests.api.matrix.open311 import BODIES as OPEN311
from tests.api.matrix.place import Place, picture

_KEY = {"Idempotency-Key": "matrix-key-1"}
_FIRST = {"If-Match": "1"}
_REASON = {"reason": "依规定办理"}
_OVERALL = {"id": "overall", "kind": "rating", "title": "总体", "role": "overall", "required": True}
_TABLE = "序号,房屋,事项1,事项2\n3,1-1-102,同意,反对\n".encode()


def _marks(place: Place) -> dict[str, str]:
    return {place.ids["motion"]: "for", place.ids["second_motion"]: "for"}


def _paper(place: Place) -> Body:
    body = {
        "entries": [place.ids["entry"]],
        "choices": _marks(place),
        "documents_hash": place.ids["documents_hash"],
    }
    return Body(body, headers=_KEY)


def _objection(place: Place) -> Body:
    home = place.ids["dwelling"]
    return Body({"about": "roll", "about_id": home, "dwelling": home, "text": "面积不对"}, headers=_KEY)


def _sheet(place: Place) -> Body:
    return Body(
        {
            "sheet_no": 3,
            "entry": place.ids["empty_entry"],
            "marks": _marks(place),
            "photo": place.ids["photo"],
        }
    )


def _minutes(place: Place) -> dict[str, object]:
    moment = place.ids["counted_at"]
    names = ["周五", "吴六"]
    return {"scrutineers": names, "place": "居委会", "counted_from": moment, "counted_until": moment}


def _grant(place: Place, role: str = "handler") -> dict[str, str]:
    return {"role": role, "organisation_id": place.ids["community"]}


def _project(place: Place) -> Body:
    return Body(
        {
            "organisation": place.ids["community"],
            "code": "P2",
            "name": "二期",
            "plan_year": 2026,
            "estates": [place.ids["estate"]],
        }
    )


RESIDENT: Mapping[str, Callable[[Place], Body]] = {
    "POST /api/v1/ballots/<open_ballot>/votes": _paper,
    "POST /api/v1/ballots/<preliminary_ballot>/objections": lambda place: Body(
        {"about": "result", "dwelling": place.ids["dwelling"], "text": "结果有误"}, headers=_KEY
    ),
    "POST /api/v1/bindings/invite": lambda place: Body({"code": place.ids["invite_code"]}),
    "POST /api/v1/bindings/phone": lambda _: Body({}),
    "POST /api/v1/bindings/requests": lambda place: Body(
        {"estate_id": place.ids["estate"], "door": "2-1-101", "relation": "owner", "photos": []}
    ),
    "PATCH /api/v1/me": lambda _: Body({"name": "赵小明"}),
    "POST /api/v1/me/consents": lambda _: Body(
        {"purpose": "phone", "notice_version": NOTICE_VERSION, "given": True}
    ),
    "POST /api/v1/me/phone": lambda _: Body({"code": "phone:13800000001"}),
    "POST /api/v1/me/erase": lambda _: Body({"confirm": True}),
    "POST /api/v1/media": lambda _: Body(data=picture(), headers=_KEY),
    "POST /api/v1/objections": _objection,
    "POST /api/v1/objections/<objection>/withdraw": lambda _: Body({}),
    "POST /api/v1/session": lambda _: Body({"code": "openid:o-somebody"}),
    "POST /api/v1/subscriptions": lambda _: Body(
        {"tap": "matrix-tap-1", "answers": {"demo-template-reminder": "accept"}}
    ),
}

_ACCOUNTS: Mapping[str, Callable[[Place], Body]] = {
    "POST /api/v1/staff/session": lambda _: Body({"username": "nobody", "password": "no such password"}),
    "POST /api/v1/staff/session/password": lambda _: Body(
        {"old": "not the old one", "new": "a-longer-Password-1"}
    ),
    "POST /api/v1/staff/accounts": lambda place: Body(
        {
            "username": "newcomer",
            "name": "新人",
            "password": "long-Enough-password-7",
            "grant": _grant(place),
        }
    ),
    "POST /api/v1/staff/accounts/<colleague>/grants": lambda place: Body(_grant(place, "grid_officer")),
    "POST /api/v1/staff/estates/<estate>/invites": lambda place: Body(
        {"dwelling_ids": [place.ids["dwelling"]]}
    ),
    "POST /api/v1/staff/estates/<estate>/invites/revoke": lambda place: Body(
        {"batch": place.ids["invite_batch"]}
    ),
    "POST /api/v1/staff/bindings/<pending_binding>/decision": lambda _: Body({"approve": True, **_REASON}),
    "POST /api/v1/staff/bindings/<binding>/end": lambda _: Body(_REASON),
}

_BALLOTS: Mapping[str, Callable[[Place], Body]] = {
    "POST /api/v1/staff/ballots": lambda place: Body(
        {"estate": place.ids["estate"], "kind": "canvass", "title": "意愿征询"}
    ),
    "PUT /api/v1/staff/ballots/<draft_ballot>/window": lambda _: Body(
        {"opens_at": "2027-03-01T00:00:00+08:00", "closes_at": "2027-03-20T00:00:00+08:00"}, headers=_FIRST
    ),
    "POST /api/v1/staff/ballots/<draft_ballot>/motions": lambda _: Body(
        {"title": "是否改造", "rule": "gansu-2022/inclusion", "rule_reason": "意愿征询"}
    ),
    "POST /api/v1/staff/ballots/<draft_ballot>/documents": lambda place: Body(
        {"sha256": place.ids["photo"], "title": "方案", "media_type": "image/jpeg"}
    ),
    "POST /api/v1/staff/ballots/<draft_ballot>/checks": lambda _: Body({"name": "roll_checked"}),
    "POST /api/v1/staff/ballots/<draft_ballot>/publish-notice": lambda _: Body({}, headers=_FIRST),
    "POST /api/v1/staff/ballots/<open_ballot>/extend": lambda _: Body(
        {"closes_at": "2027-03-01T00:00:00+08:00", **_REASON}
    ),
    "POST /api/v1/staff/ballots/<open_ballot>/suspend": lambda _: Body(_REASON),
    "POST /api/v1/staff/ballots/<suspended_ballot>/resume": lambda _: Body(_REASON),
    "POST /api/v1/staff/ballots/<open_ballot>/void": lambda _: Body(_REASON),
    "POST /api/v1/staff/ballots/<notice_ballot>/cancel": lambda _: Body(_REASON),
    "POST /api/v1/staff/ballots/<preliminary_ballot>/correct": lambda place: Body(
        {"receipt": place.ids["sheet"], **_REASON}
    ),
    "POST /api/v1/staff/ballots/<preliminary_ballot>/record/audit": lambda _: Body(_REASON),
    "POST /api/v1/staff/ballots/<final_ballot>/disclosures": lambda place: Body(
        {"dwelling": place.ids["dwelling"], "demand": "法院调查令", "document": place.ids["photo"]}
    ),
    "POST /api/v1/staff/ballots/<sealed_ballot>/minutes": lambda place: Body(_minutes(place), headers=_KEY),
    "PUT /api/v1/staff/minutes/<drafted_minutes>": lambda place: Body(_minutes(place), headers=_FIRST),
    "POST /api/v1/staff/minutes/<drafted_minutes>/sign": lambda place: Body(
        {"document": place.ids["photo"]}, headers=_FIRST
    ),
    "POST /api/v1/staff/ballots/<open_ballot>/amendments": lambda place: Body(
        {"change": "area", "entry": place.ids["entry"], "area_centi": 8100, **_REASON}
    ),
    "POST /api/v1/staff/ballots/<open_ballot>/mandates": lambda place: Body(
        {
            "entry": place.ids["far_entry"],
            "proxy": place.ids["resident_account"],
            "powers": "全部事项",
            "document": place.ids["photo"],
        }
    ),
    "POST /api/v1/staff/ballots/<open_ballot>/paper-batches": lambda place: Body(
        {"paper_count": 2, "photo": place.ids["photo"]}, headers=_KEY
    ),
    "POST /api/v1/staff/ballots/<open_ballot>/paper-samples": lambda _: Body(
        {"seed": "2026-03-01", "size": 5}
    ),
    "POST /api/v1/staff/ballots/<open_ballot>/prints": lambda place: Body(
        {"building": place.ids["building"]}
    ),
    "POST /api/v1/staff/ballots/<notice_ballot>/service-proofs": lambda place: Body(
        {"method": "letter", "dwellings": [place.ids["dwelling"]]}
    ),
    "POST /api/v1/staff/paper-batches/<unwitnessed_batch>/witness": lambda _: Body({"paper_count": 1}),
    "POST /api/v1/staff/paper-batches/<batch>/sheets": _sheet,
    "POST /api/v1/staff/paper-batches/<legacy_batch>/table": lambda _: Body(data=_TABLE),
    "POST /api/v1/staff/paper-batches/<legacy_batch>/table/confirm": lambda _: Body(data=_TABLE),
    "POST /api/v1/staff/paper-sheets/<sheet>/confirm": lambda place: Body(
        {"entry": place.ids["empty_entry"], "marks": _marks(place)}
    ),
    "POST /api/v1/staff/paper-sheets/<sheet>/return": lambda _: Body(_REASON),
    "POST /api/v1/staff/reviews/<sheet>": lambda _: Body({"decision": "accept", **_REASON}),
}

_REGISTRY: Mapping[str, Callable[[Place], Body]] = {
    "POST /api/v1/staff/organisations": lambda place: Body(
        {"parent_id": place.ids["town"], "kind": "community", "code": "C9", "name": "新社区"}
    ),
    "POST /api/v1/staff/estates": lambda place: Body(
        {"organisation_id": place.ids["community"], "code": "E9", "name": "新小区"}
    ),
    "PUT /api/v1/staff/estates/<estate>": lambda _: Body({"name": "示例小区"}, headers=_FIRST),
    "POST /api/v1/staff/estates/<estate>/roll-display": lambda _: Body(
        {"starts_on": "2027-01-01", "ends_on": "2027-01-08"}
    ),
    "POST /api/v1/staff/imports": lambda place: Body(
        {
            "organisation_id": place.ids["community"],
            "estate_id": place.ids["estate"],
            "file_sha256": place.ids["photo"],
            "file_name": "roll.xlsx",
        },
        headers=_KEY,
    ),
    "POST /api/v1/staff/files": lambda _: Body(data="会议纪要".encode()),
}

_NOTIFICATIONS: Mapping[str, Callable[[Place], Body]] = {
    "POST /api/v1/staff/doorstep/<doorstep_entry>/done": lambda _: Body({"note": "已上门"}),
    "POST /api/v1/staff/rooms": lambda place: Body(
        {"organisation": place.ids["community"], "name": "工作群", "key": "robot-key-0002"}
    ),
    "PATCH /api/v1/staff/rooms/<room>": lambda _: Body({"is_active": False}),
    "PUT /api/v1/staff/organisations/<community>/reminders": lambda _: Body({"settings": {"digest_hour": 9}}),
}

_PROJECTS: Mapping[str, Callable[[Place], Body]] = {
    "POST /api/v1/staff/media": lambda _: Body(data=picture(), headers=_KEY),
    "POST /api/v1/staff/media/<media>/decision": lambda _: Body({"passed": True}),
    "POST /api/v1/staff/notices": lambda place: Body(
        {"estate": place.ids["estate"], "kind": "roll", "title": "名册公示", "body": "请核对本户面积。"}
    ),
    "POST /api/v1/staff/objections/<objection>/reply": lambda _: Body({"upheld": True, "words": "已更正"}),
    "POST /api/v1/staff/policies/organisations/<county>/adoptions": lambda _: Body(
        {"profile": "ningxia-2021", "document_title": "采用文件"}
    ),
    "POST /api/v1/staff/policies/organisations/<county>/numbers": lambda _: Body(
        {
            "rule": "gansu-2022/inclusion",
            "name": "consent",
            "value": "participating",
            "document_title": "文件",
            "valid_from": "2026-01-01",
        }
    ),
    "POST /api/v1/staff/projects": _project,
    "POST /api/v1/staff/projects/<project>/estates": lambda place: Body({"estate": place.ids["estate"]}),
    "POST /api/v1/staff/projects/<project>/end": lambda _: Body({"state": "cancelled"}, headers=_FIRST),
    "POST /api/v1/staff/project-estates/<row>/drop": lambda place: Body(
        _REASON, headers={"If-Match": place.ids["row_version"]}
    ),
    "POST /api/v1/staff/project-estates/<row>/stage": lambda place: Body(
        {"stage": "canvass"}, headers={"If-Match": place.ids["row_version"]}
    ),
    "POST /api/v1/staff/project-estates/<row>/gates/<gate>/records": lambda place: Body(
        {"requirement": "fee_confirmation", "title": "收费确认", "sha256": place.ids["photo"]}
    ),
    "POST /api/v1/staff/project-estates/<row>/gates/<gate>/ballots": lambda place: Body(
        {"ballot": place.ids["final_ballot"]}
    ),
    "POST /api/v1/staff/project-estates/<row>/gates/<gate>/decision": lambda place: Body(
        {"passed": False, "evidence_sha256": place.ids["evidence_sha256"], **_REASON}
    ),
    "POST /api/v1/staff/project-estates/<row>/gates/<gate>/revocation": lambda _: Body(_REASON),
}

_UNSIGNED = Body(data=b"<xml><Encrypt><![CDATA[AAAA]]></Encrypt></xml>", headers={"Content-Type": "text/xml"})
_WECHAT: Mapping[str, Callable[[Place], Body]] = {
    f"POST /wechat/{account}": lambda _: _UNSIGNED for account in ("mini", "official")
}

_DEFECT = {
    "source": "inspection",
    "problem": "屋面漏水",
    "place": "1栋屋面",
    "responsible_party": "某公司",
    "measures": "重做",
    "found_on": "2026-01-05",
    "due_on": "2027-03-01",
}
_WORKS = {"category": "basic", "name": "屋面防水", "contractor": "某公司", "warranty_kind": "waterproofing"}

_RECTIFICATION: Mapping[str, Callable[[Place], Body]] = {
    "POST /api/v1/staff/rectification/items": lambda place: Body(
        {"estate": place.ids["estate"], **_DEFECT}, headers=_KEY
    ),
    "PUT /api/v1/staff/rectification/items/<defect>": lambda _: Body(_DEFECT, headers=_FIRST),
    "POST /api/v1/staff/rectification/items/<defect>/evidence": lambda place: Body(
        {"phase": "after", "media": place.ids["defect_photo"]}
    ),
    "POST /api/v1/staff/rectification/items/<defect>/progress": lambda _: Body(
        {"step": "start"}, headers=_FIRST
    ),
    "POST /api/v1/staff/rectification/items/<mended_defect>/verification": lambda _: Body(
        {"step": "verify"}, headers={"If-Match": "2"}
    ),
    "POST /api/v1/staff/rectification/imports": lambda place: Body(
        {"estate": place.ids["estate"], "file_sha256": place.ids["ledger"], "dry_run": True}
    ),
    "POST /api/v1/staff/rectification/exports": lambda place: Body({"estate": place.ids["estate"]}),
    "POST /api/v1/staff/works-items": lambda place: Body(
        {"estate": place.ids["estate"], "code": "W9", **_WORKS}, headers=_KEY
    ),
    "PUT /api/v1/staff/works-items/<works>": lambda _: Body({"code": "W1", **_WORKS}, headers=_FIRST),
}

_SURVEYS: Mapping[str, Callable[[Place], Body]] = {
    "PUT /api/v1/surveys/<open_survey>/draft": lambda place: Body(
        {"dwelling": place.ids["dwelling"], "answers": {"overall": "satisfied"}}
    ),
    "POST /api/v1/surveys/<open_survey>/answers": lambda place: Body(
        {"dwelling": place.ids["dwelling"], "answers": {"overall": "satisfied"}}, headers=_KEY
    ),
    "POST /api/v1/surveys/<open_survey>/objections": lambda place: Body(
        {"dwelling": place.ids["dwelling"]}, headers=_KEY
    ),
    "POST /api/v1/staff/surveys": lambda place: Body(
        {
            "organisation": place.ids["community"],
            "template": "satisfaction",
            "estates": [place.ids["estate"]],
            "items": ["屋面防水"],
        },
        headers=_KEY,
    ),
    "PUT /api/v1/staff/surveys/<draft_survey>": lambda _: Body(
        {"title": "满意度调查", "form": {"sections": [{"id": "s", "title": "一", "questions": [_OVERALL]}]}},
        headers=_FIRST,
    ),
    "POST /api/v1/staff/surveys/<draft_survey>/open": lambda place: Body(
        {"closes_at": place.ids["survey_deadline"]}, headers=_FIRST
    ),
    "POST /api/v1/staff/surveys/<open_survey>/cancel": lambda _: Body(_REASON, headers={"If-Match": "2"}),
    "POST /api/v1/staff/surveys/<open_survey>/households/<household>/responses": lambda _: Body(
        {"channel": "doorstep", "answers": {"overall": "satisfied"}}, headers=_KEY
    ),
    "POST /api/v1/staff/surveys/<open_survey>/households/<household>/tries": lambda _: Body(
        {"channel": "doorstep", "outcome": "not_home"}, headers=_KEY
    ),
    "POST /api/v1/staff/project-estates/<row>/gates/<gate>/surveys": lambda place: Body(
        {"survey": place.ids["open_survey"]}
    ),
}

BODIES: Mapping[str, Callable[[Place], Body]] = {
    **_WECHAT,
    **RESIDENT,
    **_ACCOUNTS,
    **_BALLOTS,
    **_REGISTRY,
    **_NOTIFICATIONS,
    **_PROJECTS,
    **_RECTIFICATION,
    **COMPLAINTS,
    **_SURVEYS,
    **{line: lambda place, body=body: body(place.ids) for line, body in OPEN311.items()},  # type: ignore[misc] # mypy cannot infer a lambda's default
}
