"""``/wxa``: phone numbers, content checks, mini-program codes."""

from __future__ import annotations

import io
import re
import secrets
from typing import Any

from flask import Blueprint, Response, request

from wechat_simulator import events
from wechat_simulator.answers import Refused, answer, success
from wechat_simulator.endpoints.checks import check_token, json_body, mini_user, world

blueprint = Blueprint("wxa", __name__, url_prefix="/wxa")

# Whatever holds one of these gets this suggestion; everything else passes.
MARKS = {"违规": "risky", "risky": "risky", "复核": "review", "review": "review"}
_LABELS = {"pass": 100, "review": 20001, "risky": 20001}
_SCENE = re.compile(r"[A-Za-z0-9!#$&'()*+,/:;=?@\-._~]{1,32}")


@blueprint.route("/business/getuserphonenumber", methods=["GET", "POST"])
def getuserphonenumber() -> Response:
    """Exchange a phone code for the number."""
    body = json_body()
    user, now = world().phone(request.args.get("access_token", ""), str(body.get("code", "")))
    phone = user.phone or ""
    is_domestic = user.country_code == "86"
    return answer(
        {
            "errcode": 0,
            "errmsg": "ok",
            "phone_info": {
                "phoneNumber": phone if is_domestic else f"+{user.country_code}{phone}",
                "purePhoneNumber": phone,
                "countryCode": user.country_code,
                "watermark": {"timestamp": now, "appid": world().app.app_id},
            },
        }
    )


@blueprint.post("/msg_sec_check")
def msg_sec_check() -> Response:
    """Judge a text of a user who was here within two hours."""
    check_token("mini")
    body = json_body()
    _check_sender(body)
    content = body.get("content")
    if not isinstance(content, str) or not 0 < len(content) <= 2500:
        raise Refused(40097)
    suggestion = _suggestion(content)
    label = _LABELS[suggestion]
    return success(
        detail=[
            {"strategy": "content_model", "errcode": 0, "suggest": suggestion, "label": label, "prob": 90}
        ],
        trace_id=_trace_id(),
        result={"suggest": suggestion, "label": label},
    )


@blueprint.post("/media_check_async")
def media_check_async() -> Response:
    """Take an image or a sound; the judgment is pushed later."""
    check_token("mini")
    body = json_body()
    _check_sender(body)
    url = body.get("media_url")
    if body.get("media_type") not in (1, 2) or not isinstance(url, str) or not url.startswith("http"):
        raise Refused(40097)
    trace_id = _trace_id()
    events.tell_media_checked(world(), str(body["openid"]), trace_id, _suggestion(url))
    return success(trace_id=trace_id)


@blueprint.post("/getwxacodeunlimit")
def getwxacodeunlimit() -> Response:
    """Draw a code: an ordinary QR code here, with what a mini-program code would lead to."""
    check_token("mini")
    body = json_body()
    scene, page, width = body.get("scene"), body.get("page", ""), body.get("width", 430)
    if not isinstance(scene, str) or not _SCENE.fullmatch(scene) or not isinstance(page, str):
        raise Refused(40097)
    if body.get("env_version", "release") not in ("release", "trial", "develop"):
        raise Refused(40097)
    if not isinstance(width, int) or not 280 <= width <= 1280:
        raise Refused(40097)
    if body.get("check_path", True) or page.startswith("/"):
        world().catalogue.check_page(page)
    return Response(_draw(f"weapp://{world().app.app_id}/{page}?scene={scene}", width), mimetype="image/png")


def _check_sender(body: dict[str, object]) -> None:
    if body.get("version") != 2 or body.get("scene") not in (1, 2, 3, 4):
        raise Refused(40097)
    user = mini_user(body.get("openid"))
    if not world().was_here(user.openid):
        raise Refused(61010)


def _suggestion(content: str) -> str:
    return next((suggestion for mark, suggestion in MARKS.items() if mark in content), "pass")


def _trace_id() -> str:
    digits = secrets.token_hex(12)
    return f"{digits[:8]}-{digits[8:16]}-{digits[16:]}"


def _draw(text: str, width: int) -> bytes:
    from qrcode.main import QRCode  # here, because most runs draw nothing and start faster without

    code: Any = QRCode()
    code.add_data(text)
    image = code.make_image().get_image().convert("1").resize((width, width))
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()
