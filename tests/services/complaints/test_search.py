"""Searching complaints by words."""

from __future__ import annotations

import pytest

from backend.complaints import service
from backend.complaints.queries import ComplaintFilter
from backend.infra.context import Context
from backend.kernel.errors import Unprocessable
from tests.services.complaints.hotline import open_hotline


def test_words_are_found_wherever_they_stand_and_a_single_letter_is_refused(ctx: Context) -> None:
    hotline = open_hotline(ctx)
    row = hotline.register(words="三楼走廊漏水，已有三天")

    def found(text: str) -> list[str]:
        return [each.id for each in service.list_complaints(hotline.hotline, ComplaintFilter(text=text), 10)]

    assert found("走廊漏水") == found("漏水，已有") == found(row.number) == [row.id]
    assert found("漏电") == []
    for text in ("漏", "漏。", "。。"):
        with pytest.raises(Unprocessable) as refused:
            found(text)
        assert [each.where for each in refused.value.fields] == ["text"]
