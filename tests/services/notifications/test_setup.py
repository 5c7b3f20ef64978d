"""Templates from the command line, the doctor's look at messages, and what erasing an account forgets."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from backend.cli import main
from backend.commands._checks_messages import examine_messages
from backend.identity import service as identity
from backend.infra.context import Ports
from backend.kernel.errors import Unprocessable
from backend.ledger.tables import LedgerEvent
from backend.notifications.rules.outcomes import Came, Outcome
from backend.notifications.rules.templates import Template
from backend.notifications.service import desk
from backend.notifications.service.followers import link_follower
from backend.notifications.tables import Follower
from bot import delivery
from tests.bot.environment import process_environment
from tests.factories.people import acting_as
from tests.services.notifications.conftest import World

FIELDS = ("--field", "title=thing1", "--field", "time=time2", "-f", "note=thing3")


def told(ports: Ports) -> list[str]:
    return [f"{finding.state.value} {finding.text}" for finding in examine_messages(ports)]


def test_an_operator_sets_and_lists_templates(
    town: World,
    database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in process_environment(database_url, tmp_path / "files").items():
        monkeypatch.setenv(name, value)
    assert main(["template", "set", "subscribe", "reminder", "tpl-1", *FIELDS]) == 0
    assert main(["template", "set", "subscribe", "reminder", "tpl-2", *FIELDS]) == 0
    assert main(["template", "set", "sms", "record", "1900001"]) == 0
    capsys.readouterr()
    assert main(["template", "list"]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines == [
        ["sms", "record", "1900001"],
        ["subscribe", "reminder", "tpl-2", "note=thing3", "time=time2", "title=thing1"],
    ]
    with town.acting() as ctx:
        events = ctx.session.exec(select(LedgerEvent.payload).order_by(LedgerEvent.at)).all()
    assert [event["template"] for event in events] == ["tpl-1", "tpl-2", "1900001"]


@pytest.mark.parametrize(
    ("channel", "fields"),
    [
        ("subscribe", {}),
        ("subscribe", {"title": "phrase1"}),
        ("subscribe", {"time": "number1"}),
        ("subscribe", {"title": "thing1", "note": "thing1"}),
        ("official_account", {"headline": "thing1"}),
        ("sms", {"title": "thing1"}),
    ],
)
def test_a_template_that_could_not_carry_our_texts_is_refused(
    town: World, channel: str, fields: dict[str, str]
) -> None:
    with town.acting() as ctx, pytest.raises(Unprocessable):
        desk.set_template(ctx, channel, "reminder", Template("t", fields))


def test_the_doctor_tells_of_messages_that_stand_still(town: World) -> None:
    estate = town.estate(3)
    town.ballot(estate, days=3)
    for home in estate.dwelling_ids:
        town.resident(home)
    delivery.remind(town.ports)
    assert told(town.ports) == ["正常 该发的都已发出"]
    town.go(minutes=11)
    assert told(town.ports)[0].startswith("异常 有 3 条消息")
    town.outside.answer = lambda _letter: Outcome(Came.QUOTA, "45009", timedelta(hours=1))
    delivery.deliver(town.ports, town.ways)
    town.go(minutes=11)
    assert [line[:2] for line in told(town.ports)] == ["正常", "提示"]  # a channel at rest waits rightly
    assert "subscribe" in told(town.ports)[1]


def test_an_erased_account_follows_nothing_and_gets_nothing(town: World) -> None:
    estate = town.estate(1)
    town.ballot(estate, days=3)
    person = town.resident(*estate.dwelling_ids)
    with town.acting() as ctx:
        link_follower(ctx, person.account_id, "follower-1")
    delivery.remind(town.ports)
    with town.acting() as ctx:
        acting = acting_as(ctx, person)
        exported = identity.export_my_data(acting)
        assert exported["messages"]["consents"] == {"record": 3, "reminder": 3, "result": 3}
        assert [row["kind"] for row in exported["messages"]["messages"]] == ["reminder"]
        identity.erase_me(acting)
    assert delivery.deliver(town.ports, town.ways) == 0
    assert town.states() == {"cancelled": 1}
    assert town.left(person.account_id) == 0
    with town.acting() as ctx:
        assert ctx.session.exec(select(Follower)).all() == []
