"""The app on a database of each kind, with somebody at the Official Account's other end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import text

from backend.infra.context import Context, Ports
from backend.infra.database import open_session
from backend.infra.web import GongjueFlask
from backend.kernel.access import SYSTEM
from backend.notifications.service import followers
from tests.factories.ballots import BallotFixture, make_ballot
from tests.factories.people import ResidentFixture, StaffFixture, make_resident, make_staff
from tests.factories.places import EstateFixture, make_estate
from tests.factories.wechat_calls import Call, WeChatCaller


@dataclass
class Chatting:
    """Calls like WeChat's into the app, and what the database holds of them."""

    app: GongjueFlask
    ports: Ports
    official: WeChatCaller = field(init=False)
    mini: WeChatCaller = field(init=False)

    def __post_init__(self) -> None:
        self.official = WeChatCaller.of(self.ports.settings, "official")
        self.mini = WeChatCaller.of(self.ports.settings, "mini", "json")

    @contextmanager
    def acting(self) -> Iterator[Context]:
        with open_session(self.ports.engine) as session:
            yield Context(session=session, actor=SYSTEM, ports=self.ports, request_id="test")
            session.commit()

    def close(self) -> None:
        """End what the app holds open."""
        self.app.extensions["wechat_callbacks"].close()

    def post(self, call: Call) -> tuple[int, str]:
        answer = self.app.test_client().post(call.path, data=call.body, content_type=call.content_type)
        return answer.status_code, answer.text

    def send(self, call: Call) -> str:
        """Post a right call and return the text it is answered with."""
        status, body = self.post(call)
        assert status == 200, (status, body)
        caller = self.official if "/official" in call.path else self.mini
        return caller.said(body)

    def say(self, openid: str, words: str) -> str:
        return self.send(self.official.text(openid, words))

    def tap(self, openid: str, key: str) -> str:
        return self.send(self.official.call(self.official.event(openid, "CLICK", EventKey=key)))

    def estate(self, dwellings: int = 4, **options: Any) -> EstateFixture:
        with self.acting() as ctx:
            return make_estate(ctx, dwellings=dwellings, **options)

    def ballot(self, estate: EstateFixture, **options: Any) -> BallotFixture:
        with self.acting() as ctx:
            return make_ballot(ctx, estate, **options)

    def resident(self, openid: str, *homes: str, relation: str = "owner") -> ResidentFixture:
        """A resident whose account is linked to the chat."""
        with self.acting() as ctx:
            person = make_resident(ctx, *homes, relation=relation)
            followers.link_follower(ctx, person.account_id, openid)
            return person

    def staff(self, openid: str, role: str, organisation_id: str, **place: Any) -> StaffFixture:
        """A staff member whose account is linked to the chat."""
        with self.acting() as ctx:
            person = make_staff(ctx, role, organisation_id, **place)
            followers.link_follower(ctx, person.account_id, openid, "staff")
            return person

    def count(self, table: str) -> int:
        with self.ports.engine.connect() as connection:
            return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())
