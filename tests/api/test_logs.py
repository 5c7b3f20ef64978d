"""Nothing personal leaves by the back door: no log line, event or error of a whole flow holds a name, phone, choice or token."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, select

from backend.identity.rules.consents import NOTICE_VERSION
from backend.infra.web import GongjueFlask
from backend.kernel.access import Role
from backend.ledger.tables import LedgerEvent
from tests.api.conftest import World
from tests.api.kept_log import KeptLog, keep_log
from tests.factories.ballots import make_ballot
from tests.factories.people import make_staff
from tests.factories.places import make_estate
from tests.services.identity.people import letter_for

NAME, PHONE, WORDS = "欧阳小芳", "13912345678", "我家面积不对请更正谢谢"


@pytest.fixture
def kept() -> Iterator[KeptLog]:
    """Everything any logger of the process says."""
    with keep_log() as log:
        yield log


class Flow:
    """One resident's whole way, with every answer and every secret remembered."""

    def __init__(self, world: World) -> None:
        self.client = world.app.test_client()
        self.secrets = [NAME, PHONE, WORDS]
        self.refusals: list[str] = []

    def send(self, method: str, path: str, token: str = "", body: Any = None, key: str = "") -> Any:
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key or "logs-key-1"}
        answer = self.client.open("/api/v1" + path, method=method, json=body, headers=headers)
        if answer.status_code >= 400:
            self.refusals.append(answer.text)
        return answer

    def remember(self, *values: str) -> None:
        self.secrets += values


def walk(flow: Flow, world: World) -> None:
    """Log in, consent, bind, vote, object, mistype everything, and leave."""
    with world.arrange() as ctx:
        estate = make_estate(ctx, dwellings=3)
        ballot = make_ballot(ctx, estate, kind="canvass")
        code = letter_for(ctx, estate.estate.id, estate.dwelling_ids[0])
        staff = make_staff(ctx, Role.RESIDENTS_COMMITTEE, estate.community.id)
    body = {"code": "openid:o-log-secret", "device": f"{NAME}的手机", "privacy_notice": NOTICE_VERSION}
    token = flow.send("POST", "/session", body=body).get_json()["token"]
    flow.remember(token, staff.token, code, "o-log-secret")
    assert flow.send("PATCH", "/me", token, {"name": NAME}).status_code == 200
    flow.send(
        "POST", "/me/consents", token, {"purpose": "phone", "notice_version": NOTICE_VERSION, "given": True}
    )
    assert flow.send("POST", "/me/phone", token, {"code": f"phone:{PHONE}"}).status_code == 200
    assert flow.send("POST", "/bindings/invite", token, {"code": code}).status_code == 201
    entry = ballot.entry_ids[estate.dwelling_ids[0]]
    marks = dict(zip(ballot.motion_ids, ("against", "abstain"), strict=True))
    paper = {"entries": [entry], "choices": marks, "documents_hash": ballot.documents_hash}
    cast = flow.send("POST", f"/ballots/{ballot.ballot_id}/votes", token, paper)
    assert cast.status_code == 201
    receipt = cast.get_json()["recorded"][0]["receipt"]
    flow.remember(receipt, receipt.replace("-", ""))
    assert flow.send("GET", f"/receipts?code={receipt}").status_code == 200
    home = estate.dwelling_ids[0]
    objection = {"about": "roll", "about_id": home, "dwelling": home, "text": WORDS}
    assert flow.send("POST", "/objections", token, objection).status_code == 201
    _mistype(flow, token, paper, ballot.ballot_id)
    shown = flow.send("GET", f"/staff/estates/{estate.estate.id}/bindings", staff.token).get_json()["items"]
    assert (
        flow.send("POST", f"/staff/bindings/{shown[0]['id']}/person", staff.token).get_json()["name"] == NAME
    )
    assert flow.send("POST", "/me/erase", token, {"confirm": True}).status_code == 204


def _mistype(flow: Flow, token: str, paper: dict[str, Any], ballot_id: str) -> None:
    wrong = {**paper, "choices": {NAME: "for", PHONE: "against"}}
    assert flow.send("POST", f"/ballots/{ballot_id}/votes", token, wrong, "logs-key-2").status_code == 400
    assert (
        flow.send("POST", f"/ballots/{ballot_id}/votes", token, {NAME: PHONE}, "logs-key-3").status_code
        == 400
    )
    assert flow.send("POST", "/bindings/invite", token, {"code": PHONE}).status_code >= 400
    assert flow.send("GET", f"/notices/{PHONE}{NAME}?cursor={PHONE}", token).status_code == 404
    assert flow.send("POST", "/staff/session", "", {"username": NAME, "password": PHONE}).status_code == 401
    assert flow.send("PATCH", "/me", token, {"name": {"first": NAME, "phone": PHONE}}).status_code == 400


def test_no_line_event_or_error_holds_anything_personal(world: World, kept: KeptLog) -> None:
    flow = Flow(world)
    walk(flow, world)
    with Session(world.ports.engine) as session:
        events = [orjson.dumps(event.payload).decode() for event in session.exec(select(LedgerEvent))]
    lines = kept.lines
    assert len(lines) >= 15 and len(events) >= 5 and len(flow.refusals) >= 6
    for secret in flow.secrets:
        assert [text for text in (*lines, *events, *flow.refusals) if secret in text] == []
    for choice in ('"against"', '"abstain"', '"choices"'):
        assert choice not in "".join(lines) + "".join(events)


def test_lines_name_the_route_and_nothing_of_the_address(world: World, kept: KeptLog) -> None:
    world.app.test_client().get(f"/api/v1/receipts?code={PHONE}", headers={"User-Agent": NAME})
    line = orjson.loads(kept.lines[-1])
    assert set(line) == {"at", "level", "event", "request_id", "method", "route", "status", "ms"}
    assert (line["route"], line["status"]) == ("/api/v1/receipts", 404)


def test_a_bug_or_a_lost_database_tells_only_its_place(world: World, kept: KeptLog) -> None:
    """The database quotes the row it failed on: neither the log nor the answer may."""
    for error, status in (
        (ValueError(f"{NAME} {PHONE}"), 500),
        (OperationalError("INSERT", {"phone": PHONE}, Exception(NAME)), 503),
    ):
        answer = _answer_to(world.app, error)
        assert answer.status_code == status
        for text in (answer.get_data(as_text=True), kept.lines[-1]):
            assert NAME not in text and PHONE not in text
    assert any("test_logs.py" in line and '"trace"' in line for line in kept.lines)


def _answer_to(app: GongjueFlask, error: Exception) -> Any:
    """Answer as the app does when a view raises this; pytest keeps such errors from the client."""
    noted = {"gongjue.request_id": "r1", "gongjue.started": 0.0}
    with app.test_request_context("/healthz", environ_overrides=noted):
        try:
            raise error
        except Exception as raised:
            return app.process_response(app.make_response(app.handle_user_exception(raised)))
