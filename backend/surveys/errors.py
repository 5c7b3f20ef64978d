"""What can go wrong with surveys."""

from __future__ import annotations

from collections.abc import Sequence

from backend.kernel.errors import Conflict, FieldError, PreconditionFailed, Unprocessable


def bad_form(faults: Sequence[FieldError]) -> Unprocessable:
    """Return the refusal of a questionnaire that cannot be asked."""
    return Unprocessable("bad_form", "问卷有误，请按提示修改。", tuple(faults)[:50])


def bad_answers(faults: Sequence[FieldError]) -> Unprocessable:
    """Return the refusal of answers that do not fit the questionnaire."""
    return Unprocessable("bad_answers", "有题目没有填对，请按提示修改后再提交。", tuple(faults)[:50])


def unknown(where: str, text: str) -> Unprocessable:
    """Return the refusal of a value nobody knows."""
    return Unprocessable("unknown_value", "没有这个选项。", (FieldError(where, text),))


def no_estates() -> Unprocessable:
    """Return the refusal of a survey without estates, or of too many."""
    return Unprocessable("no_estates", "请选择一到一百个小区。", (FieldError("estates", "小区数不对。"),))


def estate_outside() -> Unprocessable:
    """Return the refusal of an estate outside the survey's organisation."""
    text = "小区不在本组织范围内，或不存在。"
    return Unprocessable("estate_outside", "有小区不能加入本次调查。", (FieldError("estates", text),))


def empty_census(estate: str) -> Unprocessable:
    """Return the refusal to open a survey in an estate without any household on its roll."""
    text = f"小区“{estate}”的名册里没有住户，请先导入名册。"
    return Unprocessable("empty_census", "还不能开始调查。", (FieldError("estates", text),))


def bad_deadline() -> Unprocessable:
    """Return the refusal of a deadline that has passed, or lies too far away."""
    text = "截止时间应在一小时之后、一百八十天以内。"
    return Unprocessable("bad_deadline", "截止时间不对。", (FieldError("closes_at", text),))


def reason_missing() -> Unprocessable:
    """Return the refusal of a cancellation without a reason in words."""
    return Unprocessable("reason_missing", "请写明理由。", (FieldError("reason", "不能为空。"),))


def changed() -> PreconditionFailed:
    """Return the refusal after somebody else changed the survey."""
    return PreconditionFailed("changed", "问卷已被他人变更，请刷新后重试。")


def frozen() -> Conflict:
    """Return the refusal to edit a survey that has begun."""
    return Conflict("survey_frozen", "调查已经开始或结束，问卷不能再改；需要修改请另建一份。")


def not_open() -> Conflict:
    """Return the refusal of answers and tries while a survey takes none."""
    return Conflict("survey_not_open", "调查还没有开始，或已经截止，不能再提交。")


def not_due() -> Conflict:
    """Return the refusal to close a survey before its deadline."""
    return Conflict("survey_not_due", "还没有到截止时间；调查不提前结束。")


def not_closed() -> Conflict:
    """Return the refusal of a result before the close."""
    return Conflict("survey_not_closed", "调查截止后才有结果。")


def answered_online() -> Conflict:
    """Return the refusal to write over what a household answered on its own phone."""
    return Conflict("answered_online", "这一户已在手机上自己填写；如需修改，请由住户在截止前自行修改。")


def own_entry() -> Conflict:
    """Return the refusal to answer an objection to what one wrote down oneself."""
    return Conflict("two_people", "这一户的答卷由您录入，请由另一位工作人员答复这项异议。")


def key_used() -> Unprocessable:
    """Return the refusal of an idempotency key that came with other content."""
    return Unprocessable("idempotency_mismatch", "同一个请求编号已用于另一项内容，请重新提交。")


def photo_missing(where: str) -> Unprocessable:
    """Return the refusal of a photo that was never uploaded."""
    return Unprocessable("photo_missing", "没有找到照片，请先上传。", (FieldError(where, "照片未上传"),))
