"""Reports filed by outside systems: names, choices, addresses of mail."""

from __future__ import annotations

import pytest

from backend.complaints.rules.relay import Contact, contradiction_of, disclosure_of, is_email
from backend.complaints.rules.vocabulary import Disclosure


@pytest.mark.parametrize(
    ("first", "last", "name"),
    [
        ("示例", "欧阳", "欧阳示例"),
        ("John", "Smith", "John Smith"),
        ("示例", None, "示例"),
        (None, "Smith", "Smith"),
        (None, None, None),
        ("John", "王", "John 王"),
    ],
)
def test_chinese_names_are_put_together_the_chinese_way(
    first: str | None, last: str | None, name: str | None
) -> None:
    assert Contact(first, last).name == name


@pytest.mark.parametrize("field", ["first_name", "last_name", "phone", "email", "account"])
def test_whoever_can_be_told_is_hidden_unless_they_said_otherwise(field: str) -> None:
    contact = Contact(**{field: "x"})
    assert disclosure_of(None, contact) is Disclosure.CONFIDENTIAL
    assert disclosure_of(Disclosure.NAMED, contact) is Disclosure.NAMED
    assert contradiction_of(Disclosure.ANONYMOUS, contact) is not None


def test_whoever_cannot_be_told_is_anonymous_and_a_picture_tells_nobody() -> None:
    for contact in (Contact(), Contact(media="https://example.org/1.jpg")):
        assert disclosure_of(None, contact) is Disclosure.ANONYMOUS
        assert contradiction_of(Disclosure.ANONYMOUS, contact) is None


def test_named_needs_name_and_telephone() -> None:
    assert contradiction_of(Disclosure.NAMED, Contact(last_name="王", phone="13812345678")) is None
    for contact in (Contact(last_name="王"), Contact(phone="13812345678"), Contact()):
        assert contradiction_of(Disclosure.NAMED, contact) is not None


@pytest.mark.parametrize("text", ["a@b.cn", "first.last+tag@mail.example.org", "用户@例子.中国"])
def test_addresses_of_mail(text: str) -> None:
    assert is_email(text)


@pytest.mark.parametrize("text", ["", "a", "a@b", "a b@c.cn", "a@b@c.cn", "<a@b.cn>", "a@b.c" + "n" * 300])
def test_what_is_no_address_of_mail(text: str) -> None:
    assert not is_email(text)
