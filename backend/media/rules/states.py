"""Where a file stands on its way to being shown, and who may see it there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from backend.media.rules.addresses import Audience
from backend.media.rules.limits import MediaKind


class MediaState(StrEnum):
    """``checking``: WeChat is asked; ``review``: waits for a person; ``risky``: shown to nobody else."""

    CHECKING = "checking"
    PASSED = "passed"
    REVIEW = "review"
    RISKY = "risky"


STATE_TITLES = {
    MediaState.CHECKING: "检查中",
    MediaState.PASSED: "已通过",
    MediaState.REVIEW: "待人工审核",
    MediaState.RISKY: "未通过",
}
# Why a person refused a file; words of one's own could name somebody.
REASON_TITLES = {
    "privacy": "拍到他人隐私或证件",
    "indecent": "内容不雅或血腥",
    "abuse": "含侮辱性内容",
    "advertising": "广告",
    "unrelated": "与事项无关",
}
# WeChat promises its verdict within 30 minutes (wechat.md); later a person looks.
VERDICT_WAIT = timedelta(minutes=40)
ASK_AGAIN = timedelta(minutes=2)
MOST_ASKS = 5

_AFTER = {"pass": MediaState.PASSED, "risky": MediaState.RISKY}
_DECIDABLE = frozenset({MediaState.REVIEW, MediaState.RISKY})


def first_state(uploader: str, kind: MediaKind, *, can_ask: bool, is_proof: bool = False) -> MediaState:
    """Return where a new file begins.

    Staff answer for theirs by name; WeChat checks pictures only and only of residents. Proofs are shown to nobody
    but those who decide on them, so nobody checks them first, and papers are never sent to WeChat.
    """
    if uploader == "staff" or is_proof:
        return MediaState.PASSED
    return MediaState.CHECKING if can_ask and kind is MediaKind.PHOTO else MediaState.REVIEW


def after_verdict(suggestion: str) -> MediaState:
    """Return where WeChat's suggestion leads; anything but a clear word goes to a person."""
    return _AFTER.get(suggestion, MediaState.REVIEW)


def may_decide(state: MediaState) -> bool:
    """Tell whether a person may pass or refuse the file: also one that WeChat called risky."""
    return state in _DECIDABLE


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks, as far as it matters: ``is_mine`` the uploader, ``is_staff`` who may see the thing it hangs on."""

    is_mine: bool
    is_staff: bool


def audience_of(state: MediaState, viewer: Viewer) -> Audience | None:
    """Return which address the viewer gets, or None: not passed, it is for its uploader and staff only."""
    if state is MediaState.PASSED:
        return Audience.OPEN
    if viewer.is_mine or (viewer.is_staff and state is not MediaState.RISKY):
        return Audience.HELD
    return None
