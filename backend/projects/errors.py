"""What can go wrong with projects, their stages and gates."""

from __future__ import annotations

from collections.abc import Sequence

from backend.kernel.errors import Conflict, FieldError, PreconditionFailed, Unprocessable


def project_exists() -> Conflict:
    """Return the refusal of a second project with the same code."""
    return Conflict("project_exists", "本组织已有同一编号的项目。")


def no_estates() -> Unprocessable:
    """Return the refusal of a project without estates."""
    return Unprocessable("no_estates", "请至少选择一个小区。", (FieldError("estate_ids", "不能为空。"),))


def estate_outside() -> Unprocessable:
    """Return the refusal of an estate outside the project's organisation."""
    text = "小区不在本组织范围内，或不存在。"
    return Unprocessable("estate_outside", "有小区不能加入本项目。", (FieldError("estate_ids", text),))


def changed() -> PreconditionFailed:
    """Return the refusal after somebody else changed the same thing."""
    return PreconditionFailed("changed", "内容已被他人变更，请刷新后重试。")


def evidence_changed() -> PreconditionFailed:
    """Return the refusal of a decision on evidence that is no longer what the decider saw."""
    return PreconditionFailed("evidence_changed", "本关口的材料在您查看之后有变化，请重新查看后再决定。")


def not_now(stage_title: str) -> Conflict:
    """Return the refusal of a gate or step that does not belong to the present stage."""
    return Conflict("wrong_stage", f"小区现在处于“{stage_title}”阶段，不能进行这项操作。")


def inactive() -> Conflict:
    """Return the refusal of work on a project that is closed, or an estate that left it."""
    return Conflict("inactive", "项目已结束或小区已退出项目。")


def decided_already() -> Conflict:
    """Return the refusal of a second decision, or of other evidence, while a decision stands."""
    return Conflict("decided_already", "本关口已有决定；如需变更，请先撤销并写明理由。")


def no_decision() -> Conflict:
    """Return the refusal to revoke where no decision stands."""
    return Conflict("no_decision", "本关口没有生效的决定，无法撤销。")


def cannot_pass(reasons: Sequence[str]) -> Unprocessable:
    """Return the refusal of a pass while a criterion is not met."""
    fields = [FieldError("criteria", reason) for reason in reasons[:50]]
    return Unprocessable("criteria_not_met", "还有条件没有达到，不能通过。", fields)


def undecidable(reasons: Sequence[str]) -> Unprocessable:
    """Return the refusal of any decision while the criteria cannot be judged."""
    fields = [FieldError("criteria", reason) for reason in reasons[:50]]
    return Unprocessable("undecidable", "现有材料还不足以作出决定。", fields)


def reason_missing() -> Unprocessable:
    """Return the refusal of a decision or revocation without a reason in words."""
    return Unprocessable("reason_missing", "请写明理由。", (FieldError("reason", "不能为空。"),))


def not_asked(what: str) -> Unprocessable:
    """Return the refusal of evidence that the gate does not ask for under the adopted profile."""
    text = f"本关口不需要这类材料：{what[:64]}"
    return Unprocessable("not_asked", "本关口不接受这份材料。", (FieldError("requirement", text),))


def file_missing() -> Unprocessable:
    """Return the refusal of a hash under which nothing was uploaded."""
    return Unprocessable("file_missing", "没有找到文件，请先上传。", (FieldError("sha256", "文件未上传"),))


def ballot_unusable(reason: str) -> Unprocessable:
    """Return the refusal of a ballot that cannot serve this gate."""
    return Unprocessable(
        "ballot_unusable", "这次表决不能作为本关口的依据。", (FieldError("ballot_id", reason),)
    )


def ballot_linked() -> Conflict:
    """Return the refusal of a ballot that serves a gate already, or of a second ballot of its kind."""
    return Conflict("ballot_linked", "这次表决已用于某个关口，或本关口已关联同类表决；请先撤下原来的。")


def survey_unusable(reason: str) -> Unprocessable:
    """Return the refusal of a survey that cannot serve this gate."""
    return Unprocessable("survey_unusable", "这次调查不能作为本关口的依据。", (FieldError("survey", reason),))


def survey_linked() -> Conflict:
    """Return the refusal of a second survey on one gate."""
    return Conflict("survey_linked", "本关口已关联一次满意度调查；请先撤下原来的。")


def too_many_records() -> Conflict:
    """Return the refusal of ever more records on one gate."""
    return Conflict("too_many_records", "本关口的材料已达上限，请合并后再上传，或先撤下多余的材料。")
