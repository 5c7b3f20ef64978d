"""Who wants to hear what WeChat tells later: capabilities register here, by way of the composition root."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from backend.infra.wechat.callbacks import Callback
from backend.infra.wechat.content import SUGGESTIONS

if TYPE_CHECKING:
    from backend.infra.context import Context

MEDIA_CHECK = "wxa_media_check"


@dataclass(frozen=True, slots=True)
class MediaCheck:
    """WeChat's opinion of an image or sound: ``suggestion`` pass | review | risky, or failed: nobody looked at it."""

    trace_id: str
    suggestion: str
    label: int


# Called in the callback's transaction, once per result; an unknown trace id is somebody else's and passed over.
MediaListener = Callable[["Context", MediaCheck], None]


@dataclass
class Registered:
    """What is registered; written once at start."""

    media_listeners: list[MediaListener] = field(default_factory=list)


registered = Registered()


def media_check_of(callback: Callback) -> MediaCheck | None:
    """Return the result that a ``wxa_media_check`` event tells, None where it names no check."""
    trace_id = callback.text("trace_id")
    if not trace_id:
        return None
    result: Any = callback.fields.get("result")
    said = result.get("suggest") if isinstance(result, dict) else None
    is_done = callback.text("errcode") in ("", "0") and said in SUGGESTIONS
    return MediaCheck(trace_id, str(said) if is_done else "failed", _label(result))


def _label(result: Any) -> int:
    label = result.get("label") if isinstance(result, dict) else None
    text = str(label)
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else 0
