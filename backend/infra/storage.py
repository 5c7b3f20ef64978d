"""Files by content: plan documents, paper photos, printed sheets; encrypted at rest, named by hash."""

from __future__ import annotations

import os
import secrets
from hashlib import sha256
from pathlib import Path

from backend.infra.crypto import Vault
from backend.kernel.errors import NotFound


class Storage:
    """A folder shared by all processes of the installation, outside any web root."""

    def __init__(self, root: Path, vault: Vault) -> None:
        self._root = root
        self._vault = vault

    def put(self, content: bytes) -> str:
        """Store ``content`` and return the SHA-256 (hex) of the plain bytes; storing twice is harmless."""
        digest = sha256(content).hexdigest()
        path = self._path(digest)
        if path.exists():
            return digest
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{digest}.{secrets.token_hex(4)}")
        with temporary.open("wb") as file:
            file.write(self._vault.seal_blob(content, "storage.blob"))
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        return digest

    def get(self, digest: str) -> bytes:
        """Return the bytes stored under ``digest``; raises NotFound."""
        path = self._path(digest)
        if not path.is_file():
            raise NotFound
        return self._vault.open_blob(path.read_bytes(), "storage.blob")

    def delete(self, digest: str) -> None:
        """Forget a file (retention); absent is fine."""
        self._path(digest).unlink(missing_ok=True)

    def _path(self, digest: str) -> Path:
        if len(digest) != 64 or not set(digest) <= set("0123456789abcdef"):
            raise NotFound
        return self._root / digest[:2] / digest
