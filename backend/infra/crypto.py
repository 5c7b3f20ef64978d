"""Field encryption with key ids, and blind indexes for equality search."""

from __future__ import annotations

import base64
import hmac
import os
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from backend.infra.settings import Settings


class UnknownKey(Exception):
    """A stored value was encrypted with a key that the settings no longer hold."""


class Vault:
    """Encrypts names, phones and photos (AES-256-GCM) and derives blind indexes (HMAC-SHA-256)."""

    def __init__(
        self, field_keys: tuple[tuple[str, bytes], ...], index_keys: tuple[tuple[str, bytes], ...]
    ) -> None:
        self._ciphers = {key_id: AESGCM(key) for key_id, key in field_keys}
        self.current_key_id = field_keys[0][0]
        self._index_keys = index_keys
        self.index_key_id = index_keys[0][0]

    def seal(self, text: str, field: str) -> str:
        """Return ``key_id.base64``; ``field`` (table.column) is bound to the value."""
        sealed = self._seal_bytes(text.encode(), field)
        return f"{self.current_key_id}.{base64.b64encode(sealed).decode()}"

    def open(self, sealed: str, field: str) -> str:
        """Return the text behind ``seal``; raises UnknownKey when its key is gone or it was altered."""
        key_id, _, body = sealed.partition(".")
        return self._open_bytes(key_id, base64.b64decode(body), field).decode()

    def seal_blob(self, content: bytes, field: str) -> bytes:
        """Encrypt a file: ``key_id`` line, then nonce and ciphertext."""
        return self.current_key_id.encode() + b"\n" + self._seal_bytes(content, field)

    def open_blob(self, sealed: bytes, field: str) -> bytes:
        """Return the file behind ``seal_blob``."""
        key_id, _, body = sealed.partition(b"\n")
        return self._open_bytes(key_id.decode("ascii", "replace"), body, field)

    def index(self, value: str, purpose: str) -> str:
        """Return the blind index under which a normalised value is stored, one index space per purpose.

        ``key_id.`` and 32 hex digits; without the former of a key that has no id.
        """
        return self.indexes(value, purpose)[0]

    def indexes(self, value: str, purpose: str) -> tuple[str, ...]:
        """Return every blind index under which a value may be stored, today's first: what lookups ask for."""
        macs = self.macs(value, purpose)
        ids = (key_id for key_id, _ in self._index_keys)
        return tuple(f"{key_id}.{mac}" if key_id else mac for key_id, mac in zip(ids, macs, strict=True))

    def shared_index(self, value: str, purpose: str) -> str | None:
        """Return what every process calls this value, whichever key it puts first; None while there is one key."""
        return min(self.indexes(value, purpose)) if len(self._index_keys) > 1 else None

    def mac(self, value: str, purpose: str) -> str:
        """Return 32 hex digits that only we can make, for what is signed and not stored."""
        return self.macs(value, purpose)[0]

    def macs(self, value: str, purpose: str) -> tuple[str, ...]:
        """Return every such signature that is still good, today's first."""
        text = f"{purpose}\0{value}".encode()
        return tuple(hmac.new(key, text, sha256).hexdigest()[:32] for _, key in self._index_keys)

    def needs_rotation(self, sealed: str) -> bool:
        """Tell whether a stored value was encrypted with an older key."""
        return sealed.partition(".")[0] != self.current_key_id

    def _seal_bytes(self, content: bytes, field: str) -> bytes:
        nonce = os.urandom(12)
        return nonce + self._ciphers[self.current_key_id].encrypt(nonce, content, field.encode())

    def _open_bytes(self, key_id: str, body: bytes, field: str) -> bytes:
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            raise UnknownKey(f"no field key with id {key_id!r}")
        try:
            return cipher.decrypt(body[:12], body[12:], field.encode())
        except InvalidTag as error:
            raise UnknownKey(f"value of {field} does not open with key {key_id!r}") from error


def build_vault(settings: Settings) -> Vault:
    """Make the vault of this installation."""
    return Vault(settings.field_keys, settings.index_keys)
