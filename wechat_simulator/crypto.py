"""WeChat's message encryption, written from its description and independent of the product's."""

from __future__ import annotations

import base64
import hashlib
import os
import struct

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

_BLOCK = 32


def key_of(aes_key: str) -> bytes:
    """Return the 32 bytes of the 43 characters; raises ValueError."""
    key = base64.b64decode(aes_key + "=")
    if len(key) != 32:
        raise ValueError("the AES key must have 43 characters")
    return key


def seal(aes_key: str, app_id: str, message: bytes) -> str:
    """Return 16 random bytes, length, message and app id, padded and encrypted, in base64."""
    key = key_of(aes_key)
    text = os.urandom(16) + struct.pack(">I", len(message)) + message + app_id.encode()
    padding = _BLOCK - len(text) % _BLOCK
    encryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    return base64.b64encode(encryptor.update(text + bytes([padding]) * padding)).decode()


def unseal(aes_key: str, app_id: str, encrypted: str) -> bytes:
    """Return the message; raises ValueError when it is not for this app."""
    key = key_of(aes_key)
    decryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).decryptor()
    text = decryptor.update(base64.b64decode(encrypted)) + decryptor.finalize()
    text = text[16 : -text[-1]]
    (length,) = struct.unpack(">I", text[:4])
    if text[4 + length :].decode() != app_id:
        raise ValueError("not for this app")
    return text[4 : 4 + length]


def sign(*parts: str) -> str:
    """Return the SHA-1 of the sorted parts."""
    return hashlib.sha1("".join(sorted(parts)).encode(), usedforsecurity=False).hexdigest()
