"""Residents' phones, played by the WeChat simulator over its control API."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from backend.notifications.rules.templates import SIMULATED
from backend.rehearsal.connections import Connections

_PAGE = 10_000
_TITLES = {"reminder": "投票提醒", "record": "投票与绑定登记提醒", "result": "结果公示提醒"}
_TIMES = {"reminder": "截止时间", "record": "登记时间", "result": "公布时间"}


def _templates() -> list[Mapping[str, object]]:
    return [
        {
            "template_id": template.template_id,
            "title": _TITLES.get(purpose, "通知"),
            "fields": sorted(template.fields.values()),
            "labels": {"thing1": "事项", "time2": _TIMES.get(purpose, "时间"), "thing3": "说明"},
        }
        for purpose, template in SIMULATED.items()
    ]


class PhoneError(Exception):
    """The simulator did not do what was asked; the text gives its status and reason."""


class SimulatedPhones(Connections):
    """A client of one simulator, with one kept connection per thread."""

    def health(self) -> Mapping[str, Any]:
        """Return ``{ok, users, now}``; raises OSError while the simulator is not up."""
        return self.ask("GET", "/__sim/health")

    def create_users(self, users: Sequence[Mapping[str, object]]) -> list[dict[str, Any]]:
        """Create people ``{openid?, phone?, country_code?, unionid?, name?, blocked?}`` in one call.

        Returns them in the same order with their openids; an openid that exists is replaced.
        """
        answer = self.ask("POST", "/__sim/users", {"users": [dict(user) for user in users]})
        created: list[dict[str, Any]] = answer["users"]
        return created

    def login_code(self, openid: str) -> str:
        """Return what ``wx.login`` would give on this person's phone: single use, five minutes."""
        return str(self.ask("POST", f"/__sim/users/{quote(openid, safe='')}/login_code")["code"])

    def phone_code(self, openid: str) -> str:
        """Return what the phone-number button would give: single use, five minutes."""
        return str(self.ask("POST", f"/__sim/users/{quote(openid, safe='')}/phone_code")["code"])

    def set_clock(self, at: datetime) -> None:
        """Keep WeChat's clock in step with the rehearsal's."""
        self.ask("POST", "/__sim/clock", {"at": int(at.timestamp())})

    def register_templates(self) -> None:
        """Set up the subscription templates with the words that people see above a message."""
        self.ask("POST", "/__sim/templates", {"templates": _templates()})

    def open_room(self, key: str, name: str) -> None:
        """Make a group with a robot."""
        self.ask("POST", "/__sim/rooms", {"key": key, "name": name})

    def answer_popup(self, openid: str, answers: Mapping[str, str]) -> dict[str, str]:
        """Tap as ``wx.requestSubscribeMessage`` asks: template → accept or reject; returns what it returns."""
        path = f"/__sim/users/{quote(openid, safe='')}/subscribe"
        result = self.ask("POST", path, {"answers": dict(answers)})
        return {name: answer for name, answer in result.items() if name in answers}

    def messages(self) -> list[dict[str, Any]]:
        """Return everything that ever lay on a phone, in order of arrival."""
        found: list[dict[str, Any]] = []
        while page := self.ask("GET", f"/__sim/messages?after={len(found)}&limit={_PAGE}")["messages"]:
            found += page
        return found

    def room_texts(self, key: str) -> list[str]:
        """Return what a group's robot wrote, oldest first."""
        found: list[str] = []
        while page := self.ask("GET", f"/__sim/rooms/{key}?after={len(found)}")["messages"]:
            found += [message["content"] for message in page]
        return found

    def ask(self, method: str, path: str, body: Mapping[str, object] | None = None) -> dict[str, Any]:
        """Call the control API; raises PhoneError for every answer but 200, OSError without one."""
        content = None if body is None else json.dumps(body).encode()
        status, text = self.send(method, path, content, {"Content-Type": "application/json"})
        if status != 200:
            raise PhoneError(f"the simulator answered {method} {path.split('/users/')[0]} with {status}")
        answer: dict[str, Any] = json.loads(text)
        return answer
