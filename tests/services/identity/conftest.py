"""What every test of identity needs of the capabilities above it."""

from __future__ import annotations

import pytest

from backend.identity.hooks import registered
from backend.media.service import forget_proofs, hang_proofs


@pytest.fixture(autouse=True)
def _proofs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let media keep the photos of proofs, as in a running installation."""
    monkeypatch.setattr(registered, "hang_proofs", hang_proofs)
    monkeypatch.setattr(registered, "forget_proofs", forget_proofs)
