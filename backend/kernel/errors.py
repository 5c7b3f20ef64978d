"""Domain errors: what went wrong, of which kind, in which field; HTTP statuses live in ``infra.web``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """Kinds of refusal, each mapped to one HTTP status at the edge."""

    INVALID = "invalid"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    PRECONDITION = "precondition"
    UNPROCESSABLE = "unprocessable"
    TOO_MANY = "too_many"
    TOO_LARGE = "too_large"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True)
class FieldError:
    """One wrong value: where it stands, what is wrong and how to mend it (Chinese, for the reader)."""

    where: str
    message: str


class DomainError(Exception):
    """Base of every refusal a person can read: ``code`` for programs, ``message`` in Chinese for people."""

    kind: Kind = Kind.INVALID

    def __init__(self, code: str, message: str, fields: Sequence[FieldError] = ()) -> None:
        super().__init__(code)
        self.code = code
        self.message = message
        self.fields = tuple(fields)


class Invalid(DomainError):
    """The request cannot be understood or breaks a stated form."""

    kind = Kind.INVALID


class Unauthenticated(DomainError):
    """Nobody is logged in, or the session has ended."""

    kind = Kind.UNAUTHENTICATED

    def __init__(self, code: str = "unauthenticated", message: str = "请先登录。") -> None:
        super().__init__(code, message)


class Forbidden(DomainError):
    """The caller may know that the thing exists, but may not do this to it."""

    kind = Kind.FORBIDDEN

    def __init__(self, code: str = "forbidden", message: str = "您没有进行这项操作的权限。") -> None:
        super().__init__(code, message)


class NotFound(DomainError):
    """There is no such thing, or it is none of the caller's business: one answer for both."""

    kind = Kind.NOT_FOUND

    def __init__(self, code: str = "not_found", message: str = "没有找到，或您无权查看。") -> None:
        super().__init__(code, message)


class Conflict(DomainError):
    """The thing's state does not allow this now."""

    kind = Kind.CONFLICT


class PreconditionFailed(DomainError):
    """Somebody else changed the thing since it was read (``If-Match``)."""

    kind = Kind.PRECONDITION


class Unprocessable(DomainError):
    """Well-formed, but its content cannot be accepted."""

    kind = Kind.UNPROCESSABLE


class TooMany(DomainError):
    """Too many tries in too short a time."""

    kind = Kind.TOO_MANY

    def __init__(self, code: str = "too_many", message: str = "操作过于频繁，请稍后再试。") -> None:
        super().__init__(code, message)


class TooLarge(DomainError):
    """The upload or list is larger than the stated limit."""

    kind = Kind.TOO_LARGE


class Unavailable(DomainError):
    """A service this depends on does not answer now; nothing was changed."""

    kind = Kind.UNAVAILABLE
