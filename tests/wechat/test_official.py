"""The Official Account's calls, content checks and mini-program codes."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from backend.infra.wechat.account import WeChatAccount
from backend.infra.wechat.content import ContentGateway, MiniCode, Verdict
from backend.infra.wechat.errors import Configuration, InvalidCode, Passing, Permanent, Quota, UserRefused
from backend.infra.wechat.gateway import WeChatGateway
from backend.infra.wechat.official import OfficialAccount, sign_page
from tests.factories.simulator import OFFICIAL_ID, SimulatorHandle
from tests.wechat.conftest import OPENID, SharedStore
from tests.wechat.test_simulator import ask

PAGE = "pages/home/home"


@pytest.fixture
def account(official: WeChatAccount, store: SharedStore, simulator: SimulatorHandle) -> OfficialAccount:
    return OfficialAccount(official, store, open_base=simulator.base_url)


@pytest.fixture
def content(gateway: WeChatGateway) -> ContentGateway:
    return ContentGateway(gateway.account)


def test_menu_is_set_shown_and_removed(
    account: OfficialAccount, simulator: SimulatorHandle, official_openid: str
) -> None:
    account.set_menu([{"type": "click", "name": "进度", "key": "progress"}])
    simulator.control("POST", f"users/{OPENID}/click", {"key": "progress", "name": "进度"})
    assert simulator.chat(OPENID)[-1]["text"] == "进度"
    account.delete_menu()
    with pytest.raises(Permanent):
        account.set_menu([{"type": "click", "name": str(n), "key": str(n)} for n in range(4)])


def test_follower_and_unionid(
    account: OfficialAccount, simulator: SimulatorHandle, official_openid: str
) -> None:
    assert account.follower(official_openid) == (True, "uTest1")
    simulator.control("POST", f"users/{OPENID}/follow", {"following": False})
    assert account.follower(official_openid) == (False, None)
    with pytest.raises(Permanent):
        account.follower("fNobody")


def test_oauth_goes_there_and_back(
    account: OfficialAccount, simulator: SimulatorHandle, official_openid: str
) -> None:
    address = account.login_address("http://127.0.0.1:8000/back?x=1", "state-1")
    assert address.endswith("#wechat_redirect")
    parts = urlsplit(address)
    assert parse_qs(parts.query)["appid"] == [OFFICIAL_ID]
    code = simulator.control("POST", f"users/{OPENID}/oauth_code")["code"]
    session = account.login(code)
    assert (session.openid, session.unionid) == (official_openid, "uTest1")
    with pytest.raises(InvalidCode):
        account.login(code)
    with pytest.raises(InvalidCode):
        account.login(simulator.login_code(OPENID))


def test_ticket_is_fetched_once_and_signs_as_documented(
    account: OfficialAccount, simulator: SimulatorHandle, official: WeChatAccount, store: SharedStore
) -> None:
    ticket = "sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvkVAy_90u5h9nbSlYy3-Sl-HhTdfl2fzFy1AOcHKP7qg"
    documented = sign_page(ticket, "Wm3WZYTPz0wzccnW", 1414587457, "http://mp.weixin.qq.com?params=value")
    assert documented == "0f9de62fce790f9a083d5c99e95740ceb90c27ed"
    signed = [account.sign_page("http://127.0.0.1/page#part") for _ in range(3)]
    assert len({one.nonce for one in signed}) == 3
    again = OfficialAccount(official, store).sign_page("http://127.0.0.1/page")
    assert again.app_id == OFFICIAL_ID
    assert simulator.calls("/cgi-bin/ticket/getticket") == 1
    kept = store.tokens[f"{OFFICIAL_ID}#jsapi"].text
    expected = sign_page(kept, again.nonce, again.timestamp, "http://127.0.0.1/page")
    assert again.signature == expected


def test_accounts_keep_their_tokens_apart(
    account: OfficialAccount, gateway: WeChatGateway, simulator: SimulatorHandle, store: SharedStore
) -> None:
    account.delete_menu()
    gateway.phone_number(simulator.phone_code(OPENID))
    assert len(store.tokens) == 2
    assert len({token.text for token in store.tokens.values()}) == 2


@pytest.mark.parametrize(
    ("text", "suggestion"), [("楼道灯坏了", "pass"), ("需要复核的话", "review"), ("违规内容", "risky")]
)
def test_text_is_judged(
    content: ContentGateway, simulator: SimulatorHandle, text: str, suggestion: str
) -> None:
    simulator.login_code(OPENID)
    verdict = content.check_text(OPENID, text, 2)
    assert isinstance(verdict, Verdict)
    assert (verdict.suggestion, verdict.label == 100) == (suggestion, suggestion == "pass")


def test_text_of_somebody_long_gone_is_refused(content: ContentGateway, simulator: SimulatorHandle) -> None:
    simulator.login_code(OPENID)
    simulator.advance(7201)
    with pytest.raises(UserRefused) as caught:
        content.check_text(OPENID, "楼道灯坏了", 2)
    assert caught.value.code == 61010


@pytest.mark.parametrize(("text", "scene"), [("", 2), ("字" * 2501, 2), ("好", 0), ("好", 5)])
def test_impossible_checks_are_not_asked(
    content: ContentGateway, simulator: SimulatorHandle, text: str, scene: int
) -> None:
    with pytest.raises(Permanent):
        content.check_text(OPENID, text, scene)
    assert simulator.calls("/wxa/msg_sec_check") == 0


def test_medium_is_taken_for_later(content: ContentGateway, simulator: SimulatorHandle) -> None:
    simulator.login_code(OPENID)
    first = content.check_media(OPENID, "http://127.0.0.1/a.jpg", 2)
    assert first != content.check_media(OPENID, "http://127.0.0.1/a.jpg", 2)


def test_code_is_an_image(content: ContentGateway, simulator: SimulatorHandle) -> None:
    image = content.mini_code(MiniCode("b=1&d=2", PAGE, width=280))
    assert image.startswith(b"\x89PNG")
    simulator.control("POST", "templates", {"pages": [PAGE]})
    assert content.mini_code(MiniCode("x", "pages/new/new", "trial", check_path=False)).startswith(b"\x89PNG")
    with pytest.raises(Configuration) as caught:
        content.mini_code(MiniCode("x", "pages/new/new"))
    assert caught.value.code == 41030


@pytest.mark.parametrize(
    "code",
    [
        MiniCode("", PAGE),
        MiniCode("x" * 33, PAGE),
        MiniCode("楼", PAGE),
        MiniCode("a%20", PAGE),
        MiniCode("x", "/" + PAGE),
        MiniCode("x", PAGE + "?a=1"),
        MiniCode("x", PAGE, "beta"),
        MiniCode("x", PAGE, width=100),
    ],
)
def test_impossible_codes_are_not_asked(
    content: ContentGateway, simulator: SimulatorHandle, code: MiniCode
) -> None:
    with pytest.raises(Permanent):
        content.mini_code(code)
    assert simulator.calls("/wxa/getwxacodeunlimit") == 0


def test_code_survives_a_stale_token_and_one_busy_answer(
    content: ContentGateway, simulator: SimulatorHandle
) -> None:
    content.mini_code(MiniCode("x", PAGE))
    simulator.spoil_tokens(42001)
    assert content.mini_code(MiniCode("x", PAGE)).startswith(b"\x89PNG")
    simulator.inject("error", errcode=-1)
    assert content.mini_code(MiniCode("x", PAGE)).startswith(b"\x89PNG")
    simulator.inject("error", errcode=45009)
    with pytest.raises(Quota):
        content.mini_code(MiniCode("x", PAGE))


def test_answers_of_the_wrong_kind_are_passing(official: WeChatAccount, gateway: WeChatGateway) -> None:
    with pytest.raises(Passing):
        official.fetch("/cgi-bin/menu/create", {"button": [{"name": "x"}]})
    with pytest.raises(Passing):
        gateway.account.ask_with_token("/wxa/getwxacodeunlimit", {"scene": "x", "page": PAGE})


def test_oauth_page_asks_who_and_sends_back(simulator: SimulatorHandle) -> None:
    base = f"/connect/oauth2/authorize?appid={OFFICIAL_ID}&redirect_uri="
    status, _ = ask(simulator, "GET", f"{base}javascript:1", raw=True)
    assert status == 400
    status, page = ask(simulator, "GET", f"{base}http%3A%2F%2F127.0.0.1%2Fback&state=s", raw=True)
    assert status == 200
    assert OPENID in page
