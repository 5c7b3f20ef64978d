"""Names as others may see them."""

from __future__ import annotations

import unicodedata

_NOBODY = "未填写"


def clean_name(text: str) -> str | None:
    """Return a name without invisible characters and double spaces, or None when no letter is left.

    Invisible characters could make two people look alike, or reverse the text around them.
    """
    visible = "".join(character for character in text if unicodedata.category(character)[0] != "C")
    name = " ".join(visible.split())
    return name if any(character.isalpha() for character in name) else None


def mask_name(name: str | None) -> str:
    """Return the first character and stars: enough for a family to recognise, not to publish."""
    if not name:
        return _NOBODY
    return name[0] + "*" * min(max(len(name) - 1, 1), 3)
