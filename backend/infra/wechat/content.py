"""Content checks and mini-program codes."""

from __future__ import annotations

import re
from dataclasses import dataclass

from backend.infra.wechat.account import WeChatAccount, text_of
from backend.infra.wechat.errors import NOT_UNDERSTOOD, Passing, Permanent

_TEXT = "/wxa/msg_sec_check"
_MEDIA = "/wxa/media_check_async"
_CODE = "/wxa/getwxacodeunlimit"

VERSION = 2
# Where the content appears: profile, comment, forum, social log.
SCENES = (1, 2, 3, 4)
MOST_CHARACTERS = 2500
MEDIA_AUDIO = 1
MEDIA_IMAGE = 2
SUGGESTIONS = ("pass", "review", "risky")
ENVIRONMENTS = ("release", "trial", "develop")

_SCENE_TEXT = re.compile(r"[A-Za-z0-9!#$&'()*+,/:;=?@\-._~]{1,32}")
_PAGE = re.compile(r"[A-Za-z0-9_\-]+(/[A-Za-z0-9_\-]+)*")


@dataclass(frozen=True, slots=True)
class Verdict:
    """WeChat's opinion of a text: ``suggestion`` pass | review | risky, ``label`` 100 for nothing found."""

    suggestion: str
    label: int
    trace_id: str


@dataclass(frozen=True, slots=True)
class MiniCode:
    """What a mini-program code leads to: ``scene`` at most 32 characters, ``page`` without a leading ``/``."""

    scene: str
    page: str
    environment: str = "release"
    check_path: bool = True
    width: int = 430


class ContentGateway:
    """One per process; any number of threads. Every method raises a ``WeChatError`` subclass."""

    def __init__(self, mini: WeChatAccount) -> None:
        self._mini = mini

    def check_text(self, openid: str, content: str, scene: int) -> Verdict:
        """Ask about a text of a user who opened the mini-program within two hours (else 61010)."""
        if scene not in SCENES or not 0 < len(content) <= MOST_CHARACTERS:
            raise Permanent(40097, f"scene must be 1 to 4 and the text at most {MOST_CHARACTERS} characters")
        body = {"version": VERSION, "openid": openid, "scene": scene, "content": content}
        answer = self._mini.ask_with_token(_TEXT, body)
        result = answer.get("result")
        suggestion = result.get("suggest") if isinstance(result, dict) else None
        label = result.get("label") if isinstance(result, dict) else None
        if suggestion not in SUGGESTIONS or not isinstance(label, int):
            raise Passing(NOT_UNDERSTOOD, "WeChat's answer lacks a suggestion")
        return Verdict(str(suggestion), label, text_of(answer, "trace_id"))

    def check_media(self, openid: str, media_url: str, scene: int, media_type: int = MEDIA_IMAGE) -> str:
        """Ask about an image or sound; returns the trace id under which ``wxa_media_check`` comes later."""
        if scene not in SCENES or media_type not in (MEDIA_AUDIO, MEDIA_IMAGE):
            raise Permanent(40097, "scene must be 1 to 4 and the medium an image or a sound")
        body = {
            "version": VERSION,
            "openid": openid,
            "scene": scene,
            "media_url": media_url,
            "media_type": media_type,
        }
        return text_of(self._mini.ask_with_token(_MEDIA, body), "trace_id")

    def mini_code(self, code: MiniCode) -> bytes:
        """Return the image of a mini-program code; Configuration (41030) for a page not yet published."""
        if not _SCENE_TEXT.fullmatch(code.scene) or not _PAGE.fullmatch(code.page):
            raise Permanent(40097, "scene or page is not as WeChat takes it")
        if code.environment not in ENVIRONMENTS or not 280 <= code.width <= 1280:
            raise Permanent(40097, "environment or width is not as WeChat takes it")
        body = {
            "scene": code.scene,
            "page": code.page,
            "check_path": code.check_path,
            "env_version": code.environment,
            "width": code.width,
        }
        return self._mini.fetch(_CODE, body)
