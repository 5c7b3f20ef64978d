"""The demo's logins: kept for their owner only, printed in columns."""

from __future__ import annotations

from pathlib import Path

from backend.demo import logins


def test_logins_are_for_their_owner_only_and_survive_a_round_trip(tmp_path: Path) -> None:
    known = logins.DemoLogins(
        (logins.StaffLogin("a", "p", "居委会", "committee", "朝阳社区"),),
        (logins.ResidentLogin("o", "13800000001", "朝阳家园（演示）", "业主", "owner"),),
    )
    path = tmp_path / "logins.json"
    logins.save(path, known)
    assert path.stat().st_mode & 0o777 == 0o600
    assert logins.load(path) == known
    path.write_text("{}")
    assert logins.load(path) is None


def test_tables_stay_aligned_with_chinese_text() -> None:
    lines = logins.table(("角色", "x"), [("居委会", "1"), ("ab", "2")])
    starts = [logins.width(line[: -len(line.split()[-1])]) for line in lines]
    assert starts == [8, 8, 8]
