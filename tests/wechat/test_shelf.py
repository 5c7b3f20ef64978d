"""What lies on phones and in rooms outlives the simulator when it is told to keep it."""

from __future__ import annotations

from pathlib import Path

from tests.factories.simulator import APP_ID, APP_SECRET, DEMO_ROOM
from wechat_simulator.mail import CHAT, INBOX
from wechat_simulator.shelf import Shelf
from wechat_simulator.state import AppCredentials, World

OPENID = "oKept000000000000000000000001"


def world(shelf: Shelf) -> World:
    return World(AppCredentials(APP_ID, APP_SECRET), seed=1, shelf=shelf)


def test_phones_and_rooms_survive_a_restart_and_a_torn_line(tmp_path: Path) -> None:
    path = tmp_path / "phones.jsonl"
    first = world(Shelf(path))
    first.mail.deliver("subscribe", OPENID, template_id="T1", fields={"thing1": "加装电梯"})
    first.mail.deliver("mine", OPENID, text="你好\u2028<b>")
    first.rooms.open("room-2", "第二个群")
    first.rooms.write("room-2", "text", "投票截止")
    first.followers.follow(OPENID, is_following=True)
    with path.open("a", encoding="utf-8") as file:
        file.write('{"kind": "message", "kept": {"numb')
    again = world(Shelf(path))
    again.mail.deliver("reply", OPENID, text="好")
    last = world(Shelf(path))
    assert [message.fields for message in last.mail.of(OPENID, INBOX)] == [{"thing1": "加装电梯"}]
    assert [(row.number, row.text) for row in last.mail.of(OPENID, CHAT)] == [(2, "你好\u2028<b>"), (3, "好")]
    assert [(room.key, room.name, len(room.messages)) for room in last.rooms.all()][1:] == [
        ("room-2", "第二个群", 1)
    ]
    assert last.followers.is_following(OPENID)


def test_a_reset_forgets_what_was_kept_and_without_a_file_nothing_is(tmp_path: Path) -> None:
    path = tmp_path / "phones.jsonl"
    first = world(Shelf(path))
    first.rooms.write(DEMO_ROOM, "text", "x")
    first.reset()
    assert not path.exists()
    assert world(Shelf(path)).rooms.all()[0].messages == []
    alone = world(Shelf())
    alone.mail.deliver("mine", OPENID, text="x")
    alone.reset()
    assert alone.mail.counts() == {}
