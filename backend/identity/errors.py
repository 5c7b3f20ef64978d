"""Refusals of identity; those that count as failed tries say under which keys."""

from __future__ import annotations

from backend.kernel.errors import Conflict, DomainError, Forbidden, Kind, Unprocessable


class CountedFailure(DomainError):
    """A wrong code or password.

    ``failed_keys`` are blind indexes; after the rollback the edge hands them to ``service.record_failure``,
    because a row written in the refused transaction would vanish with it.
    """

    def __init__(self, code: str, message: str, failed_keys: tuple[str, ...]) -> None:
        super().__init__(code, message)
        self.failed_keys = failed_keys


class WrongCode(CountedFailure):
    """The invite code is unknown, used, revoked or expired: one answer for all four."""

    kind = Kind.UNPROCESSABLE

    def __init__(self, failed_keys: tuple[str, ...]) -> None:
        super().__init__(
            "wrong_code", "邀请码不对，或已经用过、过期。请核对信上的字，仍不行请联系社区补发。", failed_keys
        )


class WrongChatCode(CountedFailure):
    """The chat code is unknown, used by somebody else or expired: one answer for all three."""

    kind = Kind.UNPROCESSABLE

    def __init__(self, failed_keys: tuple[str, ...]) -> None:
        super().__init__("wrong_chat_code", "这个关联码不对或已过期，请重新获取。", failed_keys)


class WrongLogin(CountedFailure):
    """Unknown user, wrong password, wrong one-time code or a closed account: one answer for all."""

    kind = Kind.UNAUTHENTICATED

    def __init__(self, failed_keys: tuple[str, ...]) -> None:
        super().__init__("wrong_login", "用户名、密码或动态码不正确。", failed_keys)


class TotpRequired(DomainError):
    """The password is right; this account also needs the one-time code."""

    kind = Kind.UNAUTHENTICATED

    def __init__(self) -> None:
        super().__init__("totp_required", "请输入动态验证码。")


class NoticeNotAccepted(Conflict):
    """Nothing personal is stored before the current privacy notice was read and accepted."""

    def __init__(self) -> None:
        super().__init__("privacy_notice_required", "请先阅读并同意最新的隐私告知。")


class ConsentRequired(Conflict):
    """This purpose needs its own consent (个保法 14)."""

    def __init__(self) -> None:
        super().__init__("consent_required", "这项操作需要您单独同意。")


class AlreadyBound(Conflict):
    """This account is bound to the dwelling already."""

    def __init__(self) -> None:
        super().__init__("already_bound", "您已经绑定了这套房屋。")


class AlreadyDecided(Conflict):
    """Somebody else decided or ended it first."""

    def __init__(self) -> None:
        super().__init__("already_decided", "这条绑定已由他人处理，请刷新后查看。")


class WeakPassword(Unprocessable):
    """The password breaks a rule; the message says which."""

    def __init__(self, message: str) -> None:
        super().__init__("weak_password", message)


class WrongKey(Forbidden):
    """The key is missing, unknown, revoked or expired: one answer for all four."""

    def __init__(self) -> None:
        super().__init__("wrong_key", "缺少接入密钥，或密钥不对、已停用、已过期。")
