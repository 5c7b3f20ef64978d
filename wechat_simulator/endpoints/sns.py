"""``/sns``: login codes of the mini-program, OAuth codes of the Official Account."""

from __future__ import annotations

from flask import Blueprint, Response, request

from wechat_simulator.answers import Refused, answer
from wechat_simulator.endpoints.checks import check_app, check_grant_type, check_mini, world

blueprint = Blueprint("sns", __name__, url_prefix="/sns")


@blueprint.route("/jscode2session", methods=["GET", "POST"])
def jscode2session() -> Response:
    """Exchange a login code for openid, session key and (where set) unionid."""
    if request.method != "GET":
        raise Refused(43001)
    check_mini(request.args.get("appid"), request.args.get("secret"))
    check_grant_type(request.args.get("grant_type"), "authorization_code")
    code = request.args.get("js_code")
    if not code:
        raise Refused(41008)
    user, session_key = world().login(code)
    body = {"session_key": session_key, "openid": user.openid}
    if user.unionid is not None:
        body["unionid"] = user.unionid
    return answer(body, "text/plain")


@blueprint.get("/oauth2/access_token")
def oauth_access_token() -> Response:
    """Exchange an OAuth code for the openid that the Official Account knows."""
    if check_app(request.args.get("appid"), request.args.get("secret")) != "official":
        raise Refused(40013)
    check_grant_type(request.args.get("grant_type"), "authorization_code")
    code = request.args.get("code")
    if not code:
        raise Refused(41008)
    user = world().authorize(code)
    body = {
        "access_token": f"oauth-{user.official_openid}",
        "expires_in": 7200,
        "refresh_token": f"refresh-{user.official_openid}",
        "openid": user.official_openid,
        "scope": "snsapi_base",
    }
    if user.unionid is not None:
        body["unionid"] = user.unionid
    return answer(body, "text/plain")
