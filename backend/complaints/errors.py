"""What can go wrong with complaints, in words that say how to mend it."""

from __future__ import annotations

from collections.abc import Sequence

from backend.kernel.errors import (
    Conflict,
    FieldError,
    Forbidden,
    PreconditionFailed,
    TooMany,
    Unprocessable,
)


def not_now(state: str, action: str) -> Conflict:
    """Return the refusal of an action that the state does not allow."""
    return Conflict("not_now", f"现在是“{state}”，不能进行“{action}”，请刷新后查看。")


def changed() -> PreconditionFailed:
    """Return the refusal of an action on a version that somebody else has replaced."""
    return PreconditionFailed("changed", "这件投诉刚刚已被他人处理，没有任何改动，请刷新后重试。")


def key_used() -> Unprocessable:
    """Return the refusal of an idempotency key that came with other content."""
    return Unprocessable("idempotency_mismatch", "同一个请求编号已用于另一项内容，请重新提交。")


def wrong(where: str, message: str) -> Unprocessable:
    """Return the refusal of one wrong field."""
    return Unprocessable("unacceptable", "内容不能采用，请按提示修改后重试。", (FieldError(where, message),))


def too_many_open() -> TooMany:
    """Return the refusal of one more complaint while many of the same person are open."""
    return TooMany("too_many_complaints", "您有多件投诉正在办理，请在办结后再提交新的投诉。")


def too_many_anonymous() -> TooMany:
    """Return the refusal of one more anonymous report on the same day."""
    return TooMany("too_many_anonymous", "今天的匿名反映已达上限，请明天再提交，或选择“保密”。")


def conflict_of_interest() -> Forbidden:
    """Return the refusal of somebody whom the case is about, or who has already acted on the other side."""
    return Forbidden("conflict_of_interest", "这件投诉与您或您所在的单位有关，按回避要求须由他人办理。")


def hand_up() -> Forbidden:
    """Return the refusal to restrict a case, by somebody who would hide it from themselves and all around them."""
    return Forbidden(
        "hand_up",
        "涉及具体工作人员、作风或检举控告的，由上级主管部门决定限制查看；请用“上报甄别”，案件照常办理。",
    )


def hand_up_needless() -> Conflict:
    """Return the refusal to hand up what is with those who decide, or what they can decide themselves."""
    return Conflict("hand_up_needless", "这件投诉已上报，或您可以直接决定是否限制查看。")


def not_handled_here(nature: str) -> Unprocessable:
    """Return the refusal to accept what must be passed on in writing."""
    return wrong("nature", f"“{nature}”不进入投诉办理，请书面转送有权处理的机关。")


def handled_here(nature: str) -> Unprocessable:
    """Return the refusal to pass on what is handled here."""
    return wrong("nature", f"“{nature}”应在本系统办理，请选择受理。")


def party_unsuitable() -> Unprocessable:
    """Return the refusal of a party that does not exist here, or acts no more."""
    return wrong("party", "没有这个责任单位，或它不在这个区域、已停用。")


def about_itself() -> Conflict:
    """Return the refusal to hand a restricted report to the unit it is about."""
    return Conflict("about_itself", "不能派给被反映的单位，请派给其上级或其他单位。")


def contest_over() -> Conflict:
    """Return the refusal of a contest after its time, or a second one by the same party."""
    return Conflict("contest_over", "退回期限已过，或贵单位已退回过一次；请办理，或联系派单人员。")


def already_paused() -> Conflict:
    """Return the refusal to pause a paused clock, or one that has run out."""
    return Conflict("cannot_pause", "已经暂停，或已超过期限，不能暂停计时。")


def not_paused() -> Conflict:
    """Return the refusal to resume a clock that runs."""
    return Conflict("not_paused", "计时没有暂停。")


def extension_impossible(reason: str) -> Conflict:
    """Return the refusal of an extension."""
    return Conflict("extension_impossible", reason)


def merge_impossible() -> Conflict:
    """Return the refusal to merge into itself, into what has ended, or over the head of an accusation."""
    return Conflict("merge_impossible", "不能并入：目标应是同一区域内另一件正在办理的投诉。")


def others_follow() -> Conflict:
    """Return the refusal to take back a case that other people's reports were merged into."""
    return Conflict(
        "others_follow",
        "已有其他人的反映并入这件投诉，不能撤回，以免他们的反映一并终止。如果您的问题已解决，请在回访时说明。",
    )


def question_over() -> Conflict:
    """Return the refusal of an answer to a question that was answered, has expired or was never asked."""
    return Conflict("question_over", "这次回访已经答复或已过期。如问题仍未解决，请选择“重新办理”。")


def dispute_over() -> Conflict:
    """Return the refusal to dispute a declining twice, or after the time for it."""
    return Conflict("dispute_over", "申请复核的期限已过，或已经复核过一次；有新的情况，请作为新的投诉提交。")


def question_waits() -> Conflict:
    """Return the refusal to close a case while its reporter may still say whether it is solved."""
    return Conflict(
        "question_waits", "反映人还可以答复回访，不能先行结案；请电话回访并登记答复，无人应答的到期自动结案。"
    )


def reopen_over() -> Conflict:
    """Return the refusal to reopen after the time for it."""
    return Conflict("reopen_over", "重新办理的期限已过，请作为新的投诉提交。")


def party_changed() -> PreconditionFailed:
    """Return the refusal of a change on an old version of a responsible party."""
    return PreconditionFailed("changed", "这个责任单位刚刚已被他人修改，请刷新后重试。")


def same_name() -> Conflict:
    """Return the refusal of a second party with the same name in one organisation."""
    return Conflict("party_exists", "这里已有同名的责任单位。")


def not_staff() -> Unprocessable:
    """Return the refusal of a member who is no active staff account of the area."""
    return wrong("account", "没有这个工作人员账号，或不在您的管理范围内。")


def wrong_fields(fields: Sequence[FieldError]) -> Unprocessable:
    """Return the refusal of several wrong fields at once."""
    return Unprocessable("unacceptable", "内容不能采用，请按提示修改后重试。", tuple(fields))


def too_many_relayed(limit: int) -> TooMany:
    """Return the refusal of one more report of an outside system on one day."""
    return TooMany("too_many_relayed", f"这个密钥 24 小时内已提交 {limit} 件，达到上限，请稍后再试。")
