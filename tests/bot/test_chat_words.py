"""What people type and what they mean by it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.identity.rules.chat_codes import new_chat_code, read_chat_code
from bot.replies import Topic, texts, topics
from bot.replies.words import MOST_CHARACTERS, plain, understand

MEANT = {
    "vote": ["1", "１", "①", "一", " 1。", "投票", "投 票！", "我要投票", "怎么投票啊？", "表决", "在哪投票"],
    "progress": ["2", "二", "进度", "投票进度", "现在多少户参与了", "到哪了"],
    "result": ["3", "结果", "投票结果", "表决通过了吗", "公示"],
    "receipt": ["4", "回执", "回执1234-5678-9012", "查票"],
    "binding": ["5", "绑定", "怎么绑定房子", "邀请码"],
    "complaint": ["6", "投诉", "我要投诉物业", "楼道漏水"],
    "complaint_status": ["查询", "查询 1234-5678-9012", "投诉进展"],
    "human": ["7", "人工", "转人工客服", "居委会电话"],
    "summary": ["8", "汇总", "今日汇总"],
    "survey": ["满意度", "满意度调查", "问卷在哪填"],
    "help": ["0", "零", "〇", "帮助", "您好", "HELP", "菜单"],
}
CASES = [(said, name) for name, all_said in MEANT.items() for said in all_said]


@pytest.mark.parametrize(("said", "name"), CASES)
def test_plain_words_are_understood(said: str, name: str) -> None:
    found = understand(said, topics())
    assert found.topic is not None and found.topic.name == name


@pytest.mark.parametrize("said", ["", "今天天气不错", "12", "？？？", "👍", "asdf", "13812345678"])
def test_what_nobody_means_is_no_topic(said: str) -> None:
    assert understand(said, topics()).topic is None


def test_a_bare_receipt_needs_no_word() -> None:
    from backend.ledger.rules.receipt import format_receipt, new_receipt

    code = new_receipt()
    for typed in (code, format_receipt(code), " ".join(format_receipt(code).split("-"))):
        found = understand(typed, topics())
        assert found.topic is not None and found.topic.name == "receipt" and found.words == typed


@given(st.text(max_size=400))
def test_any_text_is_understood_or_not_and_never_breaks(said: str) -> None:
    found = understand(said, topics())
    assert len(plain(said)) <= MOST_CHARACTERS * 18  # NFKC may unfold one sign into up to 18
    assert found.topic is None or found.topic in topics()


@given(st.lists(st.text(max_size=200), max_size=60))
def test_answers_fit_wechats_limit(lines: list[str]) -> None:
    assert len(texts.fit(lines).encode("utf-8", "replace")) <= 2048


def test_titles_cannot_become_links() -> None:
    assert texts.safe('<a href="http://evil">点我</a>') == 'a href="http://evil"点我/a'


def test_every_topic_is_found_and_none_stands_in_anothers_way() -> None:
    found = topics()
    assert {topic.name for topic in found} == set(MEANT)
    words = [word for topic in found for word in topic.words]
    numbers = [topic.number for topic in found if topic.number]
    assert len(words) == len(set(words)) and len(numbers) == len(set(numbers))
    assert all(word == plain(word) for word in words)
    assert all(isinstance(topic, Topic) and topic.side in ("resident", "staff", "anybody") for topic in found)


def test_chat_codes_are_read_as_typed() -> None:
    code = new_chat_code()
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in code)
    for typed in (code, f"{code[:4]} {code[4:]}", f" {code[:4]}-{code[4:]}\n", wide):
        assert read_chat_code(typed) == code
    for other in ("1234567", "123456789", "1234567a", "回执12345678", ""):
        assert read_chat_code(other) is None
