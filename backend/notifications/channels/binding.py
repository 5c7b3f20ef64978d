"""The one file that binds channels to real gateways."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from functools import lru_cache

from backend.infra.context import Ports
from backend.infra.settings import SmsSettings
from backend.infra.wechat import errors
from backend.infra.wechat.messages import MiniProgramLink, WeChatMessages
from backend.notifications.channels.letter import Channel, SendFailed
from backend.notifications.channels.official_account import OfficialAccountChannel
from backend.notifications.channels.robot import RobotChannel
from backend.notifications.channels.sms import SmsChannel, SmsTransport
from backend.notifications.channels.sms.file import FileSms
from backend.notifications.channels.sms.tencent import TencentAccount, TencentSms
from backend.notifications.channels.subscribe import SubscribeChannel
from backend.notifications.rules.outcomes import Came


class WeChatTransport:
    """The gateway's messages with its errors in our words."""

    def __init__(self, messages: WeChatMessages, app_id: str) -> None:
        self._messages = messages
        self._app_id = app_id

    def send_subscribe(self, openid: str, template_id: str, page: str, data: Mapping[str, str]) -> None:
        """Send one subscription message."""
        with _translated():
            self._messages.send_subscribe(openid, template_id, page, data)

    def send_custom(self, openid: str, text: str) -> None:
        """Answer a follower of the Official Account."""
        with _translated():
            self._messages.send_custom(openid, text)

    def send_template(
        self, openid: str, template_id: str, page: str, data: Mapping[str, str], once_key: str
    ) -> None:
        """Send a template message that opens a page of the mini-program."""
        link = MiniProgramLink(self._app_id, page)
        with _translated():
            self._messages.send_template(openid, template_id, "", data, mini_program=link, once_key=once_key)

    def send_robot(self, key: str, markdown: str) -> None:
        """Write into a group."""
        with _translated():
            self._messages.send_robot(key, markdown)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except errors.WeChatError as error:
        wait = timedelta(seconds=error.retry_after) if isinstance(error, errors.Quota) else None
        raise SendFailed(_came(error), str(error.code), wait) from error


def _came(error: errors.WeChatError) -> Came:
    for kind, came in (
        (errors.Unknown, Came.UNKNOWN),
        (errors.ReaderQuota, Came.READER),
        (errors.Quota, Came.QUOTA),
        (errors.UserRefused, Came.REFUSED),
        (errors.Configuration, Came.CONFIGURATION),
        (errors.Permanent, Came.PERMANENT),
    ):
        if isinstance(error, kind):
            return came
    is_lost = isinstance(error, errors.Passing) and error.may_be_done
    return Came.UNKNOWN if is_lost else Came.PASSING


def channels_of(
    messages: WeChatMessages, app_id: str, *, has_official_account: bool, sms: SmsTransport | None
) -> dict[str, Channel]:
    """Return the channels of an installation; what is not set up is left out and passed over."""
    transport = WeChatTransport(messages, app_id)
    found: dict[str, Channel] = {
        "subscribe": SubscribeChannel(transport),
        "robot": RobotChannel(transport),
    }
    if has_official_account:
        found["official_account"] = OfficialAccountChannel(transport)
    if sms is not None:
        found["sms"] = SmsChannel(sms)
    return found


@lru_cache(maxsize=8)
def channels_for(ports: Ports) -> Mapping[str, Channel]:
    """Return this process's channels; built once, so that each keeps its connections."""
    settings, gateways = ports.settings, ports.gateways
    if gateways is None:
        raise RuntimeError("these ports were built without a way to WeChat")
    return channels_of(
        gateways.messages,
        settings.wechat_app_id,
        has_official_account=gateways.official is not None,
        sms=_sms(settings.sms),
    )


def _sms(settings: SmsSettings) -> SmsTransport | None:
    if settings.transport == "file":
        return FileSms(settings.file)
    if settings.transport == "tencent":
        account = TencentAccount(
            settings.secret_id, settings.secret_key, settings.app_id, settings.sign, settings.region
        )
        return TencentSms(account)
    return None
