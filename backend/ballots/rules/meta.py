"""What the vote's path must know of a ballot; it cannot change once the notice is out."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BallotMeta:
    """Motions in order, the tick limit of an election, and the relations that may cast."""

    id: str
    estate_id: str
    motion_ids: tuple[str, ...]
    max_choices: int | None
    relations: tuple[str, ...]

    @property
    def relations_list(self) -> str:
        """Return ``,owner,representative,`` for the statement's LIKE."""
        return "," + ",".join(self.relations) + ","
