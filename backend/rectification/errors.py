"""What can go wrong with works, warranties and the rectification register."""

from __future__ import annotations

from collections.abc import Mapping

from backend.kernel.errors import (
    Conflict,
    DomainError,
    FieldError,
    Invalid,
    PreconditionFailed,
    Unprocessable,
)


def changed() -> PreconditionFailed:
    """Return the refusal after somebody else changed the same thing."""
    return PreconditionFailed("changed", "内容已被他人变更，请刷新后重试。")


def key_reused() -> Invalid:
    """Return the refusal of an idempotency key that came again with other content."""
    return Invalid("idempotency_key_reused", "同一个 Idempotency-Key 已用于另一份内容，请换一个。")


def wrong_field(where: str, message: str) -> Unprocessable:
    """Return the refusal of one wrong value."""
    return Unprocessable("wrong_field", "提交的内容有误，请按提示修改后重试。", (FieldError(where, message),))


def code_taken() -> Conflict:
    """Return the refusal of a second works item with the same code in one estate."""
    return Conflict("code_taken", "本小区已有同一编号的工程项目，请换一个编号。")


def number_taken() -> Conflict:
    """Return the refusal of a second item with the same number in one estate."""
    return Conflict("number_taken", "本小区台账里已有这个编号，请换一个编号。")


def media_missing() -> Unprocessable:
    """Return the refusal of evidence that was not uploaded."""
    return wrong_field("media", "没有找到这份材料，请先上传。")


def too_much_evidence() -> Conflict:
    """Return the refusal of ever more evidence on one item."""
    return Conflict("too_much_evidence", "这一项的材料已达上限，请先撤下多余的。")


def no_answer_now(state_title: str) -> Conflict:
    """Return the refusal of a change that the item's state does not allow."""
    return Conflict("wrong_state", f"这一项现在是“{state_title}”，不能进行这项操作。")


_REFUSALS: Mapping[str, tuple[type[DomainError], str]] = {
    "responsible": (Conflict, "责任人不能核验自己的整改，请由其他人办理。"),
    "submitter": (Conflict, "提交整改的人不能自己核验，请由其他人办理。"),
    "witness": (Conflict, "整改后的材料由您上传，请由其他人核验。"),
    "no_evidence": (Unprocessable, "请先上传本次整改后的照片或材料，再提交核验。"),
    "no_words": (Unprocessable, "请写明理由。"),
}


def refused(refusal: str, state_title: str) -> DomainError:
    """Return the refusal of a step; ``refusal`` is the reason the rule gives, anything unknown is "not now"."""
    if refusal not in _REFUSALS:
        return no_answer_now(state_title)
    kind, message = _REFUSALS[refusal]
    return kind(refusal, message)
