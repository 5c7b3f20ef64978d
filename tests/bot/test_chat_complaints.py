"""Complaints in the chat: registered once, confidential, found again by their number."""

from __future__ import annotations

import re

from bot.replies import texts
from tests.bot.chatting import Chatting

WHO = "oResident01"


def test_what_follows_the_word_is_registered_and_can_be_asked_about(chat: Chatting) -> None:
    estate = chat.estate(1)
    chat.resident(WHO, *estate.dwelling_ids)
    before = chat.count("complaint")
    said = chat.say(WHO, "投诉：2单元门口路灯不亮，晚上看不见")
    found = re.search(r"\d{4}-\d{4}-\d{4}", said)
    assert found is not None and "保密" in said
    assert chat.count("complaint") == before + 1
    status = chat.say("oUnknown", f"查询 {found[0]}")
    assert "已登记" in status and "路灯" not in status
    assert chat.say(WHO, "查询 1234-5678-9012") == texts.STATUS_UNKNOWN
    assert chat.say(WHO, "查询") == texts.STATUS_HOW


def test_a_question_about_a_leak_is_not_taken_down_as_a_complaint(chat: Chatting) -> None:
    chat.resident("oResident02", *chat.estate(1).dwelling_ids)
    before = chat.count("complaint")
    for said in ("投诉", "楼道漏水找谁", "投诉 漏"):
        assert chat.say("oResident02", said) == texts.COMPLAIN
    assert chat.say("oUnknown", "投诉 楼道灯坏了三天") == texts.COMPLAIN
    assert chat.count("complaint") == before


def test_with_homes_in_two_estates_one_has_to_choose(chat: Chatting) -> None:
    homes = [chat.estate(1).dwelling_ids[0] for _ in range(2)]
    chat.resident("oResident03", *homes)
    assert chat.say("oResident03", "投诉 楼道灯坏了三天") == texts.COMPLAIN_WHERE


def test_a_report_about_staff_is_sent_to_the_form_and_not_taken_down(chat: Chatting) -> None:
    chat.resident("oResident04", *chat.estate(1).dwelling_ids)
    before = chat.count("complaint")
    for said in ("投诉 社区书记收了施工队的钱", "反映：物业给主任回 扣", "我要投诉物业贪污维修资金"):
        assert chat.say("oResident04", said) == texts.COMPLAIN_CONDUCT
    assert chat.count("complaint") == before
