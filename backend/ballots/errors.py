"""Refusals of this capability, in the voter's words."""

from __future__ import annotations

from backend.kernel.errors import Conflict, Forbidden, Unprocessable


class AlreadyVoted(Conflict):
    """The entry has a standing vote and this ballot knows no re-vote."""

    def __init__(self) -> None:
        super().__init__("already_voted", "这套房屋已经投过票，按本次表决的规则不能再改。")


class AlreadyHeld(Conflict):
    """This member's later paper is already waiting for review."""

    def __init__(self) -> None:
        super().__init__("already_held", "您的这一票已经在等待核对，请勿重复提交。")


class IdempotencyMismatch(Unprocessable):
    """The same key came with another content."""

    def __init__(self) -> None:
        super().__init__("idempotency_mismatch", "同一次提交的内容前后不一致，没有重复计票。请刷新后重试。")


class BallotNotOpen(Conflict):
    """The ballot is not (or no longer) in its voting stage."""

    def __init__(self) -> None:
        super().__init__("ballot_not_open", "这次表决现在不接受投票。")


class BallotNotYetOpen(Conflict):
    """Before ``opens_at``."""

    def __init__(self) -> None:
        super().__init__("ballot_not_yet_open", "投票还没有开始。")


class BallotClosed(Conflict):
    """At or after ``closes_at`` by the database's clock."""

    def __init__(self) -> None:
        super().__init__("ballot_closed", "投票已经截止，这一票没有计入。")


class DocumentsChanged(Conflict):
    """The voter was shown other documents than the ballot's."""

    def __init__(self) -> None:
        super().__init__("documents_changed", "您看到的方案文件不是本次表决的版本，请重新打开后再投。")


class NotEntitled(Forbidden):
    """The caller lives here, but this electorate is another (a relative's tap is not an owner's vote)."""

    def __init__(self) -> None:
        super().__init__(
            "not_entitled",
            "按您与这套房屋的关系，不能参加这次表决。业主表决由业主本人、共有人推举的代表或书面委托的人投票；"
            "意愿征询由住户成员参加，租户只有在当地另有规定时才能代表住户。",
        )


class BindingWaiting(Conflict):
    """The binding is too new; it counts from its effective instant."""

    def __init__(self) -> None:
        super().__init__("binding_waiting", "您的房屋绑定还在等待期内，生效后即可投票。")


class Busy(Conflict):
    """The entry changed again and again while this vote was being recorded."""

    def __init__(self) -> None:
        super().__init__("busy", "同一套房屋正有多人同时投票，您的这一票没有计入，请稍后重试。")


class WrongState(Conflict):
    """The ballot's state does not allow this step."""

    def __init__(self, doing: str, state: str) -> None:
        super().__init__("wrong_state", f"当前状态（{state}）不能{doing}。")
