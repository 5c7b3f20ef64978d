"""The bytes of files: in salted pieces, so that a file shares its bytes with nothing and can be forgotten alone."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

from backend.infra.storage import Storage

# A player asks for stretches: only the pieces it asks for are decrypted.
PIECE = 1 << 20
_SALT = 16


def put_pieces(storage: Storage, content: bytes) -> list[str]:
    """Store ``content`` and return the digests of its pieces in order."""
    return [
        storage.put(secrets.token_bytes(_SALT) + content[at : at + PIECE])
        for at in range(0, len(content), PIECE)
    ]


def read_stretch(storage: Storage, pieces: list[str], start: int, end: int) -> Iterator[bytes]:
    """Yield the bytes from ``start`` to before ``end``, piece by piece; raises NotFound."""
    for index in range(start // PIECE, -(-end // PIECE)):
        piece = storage.get(pieces[index])[_SALT:]
        yield piece[max(start - index * PIECE, 0) : end - index * PIECE]


def delete_pieces(storage: Storage, pieces: dict[str, list[str]]) -> None:
    """Forget the bytes of every variant of a file."""
    for digests in pieces.values():
        for digest in digests:
            storage.delete(digest)
