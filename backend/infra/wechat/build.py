"""Everything the product has of WeChat, built from settings alone: real servers or the simulator."""

from __future__ import annotations

from dataclasses import dataclass

from backend.infra.wechat.account import WeChatAccount
from backend.infra.wechat.client import ROBOT_API, WeChatSettings
from backend.infra.wechat.content import ContentGateway
from backend.infra.wechat.gateway import WeChatGateway
from backend.infra.wechat.messages import WeChatMessages
from backend.infra.wechat.official import OPEN, OfficialAccount
from backend.infra.wechat.tokens import TokenStore


@dataclass(frozen=True, slots=True)
class WeChatPlan:
    """Accounts and addresses; ``official`` None: there is no Official Account. ``state`` formal | trial."""

    mini: WeChatSettings
    official: WeChatSettings | None = None
    robot_api: str = ROBOT_API
    open_base: str = OPEN
    state: str = "formal"


@dataclass(frozen=True, slots=True)
class WeChat:
    """The gateway's parts; one per process, shared by its threads."""

    gateway: WeChatGateway
    messages: WeChatMessages
    content: ContentGateway
    official: OfficialAccount | None


def build_wechat(plan: WeChatPlan, store: TokenStore) -> WeChat:
    """Build the parts; nothing is asked of WeChat yet. Raises ValueError for an unsafe address."""
    gateway = WeChatGateway(plan.mini, store)
    account = WeChatAccount(plan.official, store) if plan.official is not None else None
    official = OfficialAccount(account, store, open_base=plan.open_base) if account is not None else None
    messages = WeChatMessages(gateway.account, account, state=plan.state, robot_api=plan.robot_api)
    return WeChat(gateway, messages, ContentGateway(gateway.account), official)
