"""Refusals of the registry, in the reader's words."""

from __future__ import annotations

from backend.kernel.errors import Conflict, Invalid, PreconditionFailed, TooLarge, Unprocessable


class CodeTaken(Conflict):
    """Another place already has this code."""

    def __init__(self, code: str) -> None:
        super().__init__("code_taken", f"编号“{code}”已被使用，请换一个编号。")


class WrongLevel(Unprocessable):
    """An organisation of this kind cannot stand under that one."""

    def __init__(self) -> None:
        super().__init__(
            "wrong_level", "层级不对：下级只能是省 › 市 › 县（区）› 乡镇（街道）› 社区中更低的一级。"
        )


class NotACommunity(Unprocessable):
    """Estates belong to communities only."""

    def __init__(self) -> None:
        super().__init__("not_a_community", "小区只能建在社区之下，请先选择社区。")


class EstateChanged(PreconditionFailed):
    """Somebody else changed the estate since it was read."""

    def __init__(self) -> None:
        super().__init__("estate_changed", "小区资料刚被别人修改过，请刷新后重新填写。")


class DisplayOpen(Conflict):
    """The roll is already on display in these days."""

    def __init__(self) -> None:
        super().__init__("display_open", "这个小区的名册正在公示核对期内，不能再开一次。")


class WrongDates(Unprocessable):
    """The days of a display make no sense."""

    def __init__(self) -> None:
        super().__init__("wrong_dates", "核对期的结束日期不能早于开始日期和今天，也不能超过 90 天。")


class UnreadableFile(Unprocessable):
    """The uploaded file is not a table we can read; the text says what to do."""

    def __init__(self, message: str) -> None:
        super().__init__("unreadable_file", message)


class FileTooLarge(TooLarge):
    """The file, unpacked, is larger than any estate's roll."""

    def __init__(self, message: str) -> None:
        super().__init__("file_too_large", message)


class KeyReused(Invalid):
    """An idempotency key came again with another request."""

    def __init__(self) -> None:
        super().__init__("idempotency_key_reused", "同一个 Idempotency-Key 已用于另一份导入，请换一个。")
