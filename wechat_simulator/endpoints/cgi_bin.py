"""``/cgi-bin``: access tokens, tickets, followers and the menu."""

from __future__ import annotations

from flask import Blueprint, Response, request

from wechat_simulator.answers import Refused, answer, success
from wechat_simulator.endpoints.checks import (
    check_app,
    check_grant_type,
    check_token,
    follower,
    json_body,
    world,
)

blueprint = Blueprint("cgi_bin", __name__, url_prefix="/cgi-bin")


@blueprint.route("/stable_token", methods=["GET", "POST"])
def stable_token() -> Response:
    """Return the app's token: the same one in normal mode, a new one when forced."""
    body = json_body()
    check_grant_type(body.get("grant_type"), "client_credential")
    name = check_app(body.get("appid"), body.get("secret"))
    token, seconds = world().issue_token(name, force=body.get("force_refresh") is True)
    return answer({"access_token": token, "expires_in": seconds})


@blueprint.get("/ticket/getticket")
def ticket() -> Response:
    """Return the JS-SDK ticket: the same one for two hours."""
    check_token("official")
    if request.args.get("type") != "jsapi":
        raise Refused(40097)
    text, seconds = world().issue_token("ticket", force=False)
    return success(ticket=text, expires_in=seconds)


@blueprint.get("/user/info")
def user_info() -> Response:
    """Tell whether a person follows."""
    check_token("official")
    user = follower(request.args.get("openid"))
    if not world().followers.is_following(user.openid):
        return answer({"subscribe": 0, "openid": user.official_openid})
    body = {"subscribe": 1, "openid": user.official_openid, "language": "zh_CN", "remark": ""}
    if user.unionid is not None:
        body["unionid"] = user.unionid
    return answer(body)


@blueprint.post("/menu/create")
def create_menu() -> Response:
    """Replace the Official Account's menu."""
    check_token("official")
    world().followers.set_menu(json_body().get("button"))
    return success()


@blueprint.get("/menu/get")
def menu() -> Response:
    """Return the menu; 46003 when there is none."""
    check_token("official")
    buttons = world().followers.menu
    if not buttons:
        raise Refused(46003)
    return answer({"menu": {"button": buttons}})


@blueprint.get("/menu/delete")
def delete_menu() -> Response:
    """Remove the menu."""
    check_token("official")
    world().followers.delete_menu()
    return success()
