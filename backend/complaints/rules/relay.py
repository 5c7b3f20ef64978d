"""Reports filed by outside systems for somebody: how far the reporter is known, and what is taken down of them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta

from backend.complaints.rules.vocabulary import Disclosure

# The same content through the same key within this time is the same report, sent again.
SAME_WITHIN = timedelta(minutes=10)
DAY = timedelta(hours=24)
_EMAIL = re.compile(r"[^\s@<>\"',;]{1,64}@[^\s@<>\"',;]{1,180}\.[^\s@.<>\"',;]{2,}")
_CJK = re.compile(r"[㐀-鿿·]+")


@dataclass(frozen=True, slots=True)
class Contact:
    """Who reported, as the outside system told it; every part may be missing."""

    first_name: str | None = field(default=None, repr=False)
    last_name: str | None = field(default=None, repr=False)
    phone: str | None = field(default=None, repr=False)
    email: str | None = field(default=None, repr=False)
    account: str | None = field(default=None, repr=False)
    media: str | None = field(default=None, repr=False)

    @property
    def name(self) -> str | None:
        """Return the whole name: Chinese ones with the family name first and no space."""
        parts = [part for part in (self.first_name, self.last_name) if part]
        if all(_CJK.fullmatch(part) for part in parts):
            return "".join(reversed(parts)) or None
        return " ".join(parts) or None

    @property
    def is_known(self) -> bool:
        """Tell whether anything says who it was."""
        return any((self.first_name, self.last_name, self.phone, self.email, self.account))


def disclosure_of(asked: Disclosure | None, contact: Contact) -> Disclosure:
    """Return how far a reporter is known: what they chose, else hidden where they can be told, else anonymous.

    The standard knows no such choice, and nobody is named to the responsible unit without having said so.
    """
    if asked is not None:
        return asked
    return Disclosure.CONFIDENTIAL if contact.is_known else Disclosure.ANONYMOUS


def contradiction_of(disclosure: Disclosure, contact: Contact) -> str | None:
    """Return what is wrong with a choice and what came with it, or None."""
    if disclosure is Disclosure.ANONYMOUS and contact.is_known:
        return "匿名反映不记录姓名、电话、邮箱和账号；要记录的，请选择保密或实名。"
    if disclosure is Disclosure.NAMED and not (contact.name and contact.phone):
        return "实名反映须同时提供姓名和电话。"
    return None


def is_email(text: str) -> bool:
    """Tell whether a text looks like one address of mail."""
    return len(text) <= 254 and _EMAIL.fullmatch(text) is not None
