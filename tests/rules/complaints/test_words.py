"""Masking, searching, likeness, numbers, intake."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.complaints.rules import intake, numbers
from backend.complaints.rules.conduct import is_about_conduct
from backend.complaints.rules.duplicates import ALIKE, Traits, likeness_of
from backend.complaints.rules.redaction import MASK, clean, redact, redact_hidden
from backend.complaints.rules.vocabulary import CATEGORIES, Disclosure, Nature
from backend.complaints.rules.words import grams, likeness, normalise
from backend.policies.rules.hotline import TimeClass


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("请打13812345678", f"请打{MASK}"),
        ("１３８ １２３４ ５６７８", MASK),
        ("138-1234-5678或0953-2012345", f"{MASK}或{MASK}"),
        ("13812345678 13912345678", MASK),
        ("+86 138 1234 5678", MASK),
        ("身份证64030219800101123X。", f"身份证{MASK}。"),
        ("卡号6222020200112233445", f"卡号{MASK}"),
        ("邮箱a.b@example.com", f"邮箱{MASK}"),
        ("微信：abc_12345", f"微信：{MASK}"),
        ("座机2012345", f"座机{MASK}"),
        ("2026-03-01下雨，3栋2单元501漏水", "2026-03-01下雨，3栋2单元501漏水"),
        ("20260301至20260305", "20260301至20260305"),
        ("工单202603011234，共12户", "工单202603011234，共12户"),
        ("3-12-1501室", "3-12-1501室"),
    ],
)
def test_numbers_of_people_are_masked_and_days_and_doors_are_not(said: str, shown: str) -> None:
    assert redact(said) == shown


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("3栋2单元501漏水", f"3栋2单元{MASK}漏水"),
        ("3-2-501和4/1/302室", f"{MASK}和{MASK}室"),
        ("我家1203室", f"我家{MASK}"),
        ("我是张小明", f"我是{MASK}"),
        ("3栋门口", "3栋门口"),
        ("3号楼2单元5楼东户", f"3号楼2单元{MASK}"),
        ("三栋二单元五零一，我是五〇一的住户", f"三栋二单元{MASK}，我是{MASK}的住户"),
        ("501家漏水，住502的反映", f"{MASK}家漏水，住{MASK}的反映"),
        ("3#2-501和5层501", f"3#2-{MASK}和5层{MASK}"),
        ("每户300元，2026年3月，101号楼1200平米", "每户300元，2026年3月，101号楼1200平米"),
    ],
)
def test_of_a_hidden_reporter_doors_and_names_go_too(said: str, shown: str) -> None:
    assert redact_hidden(said, ["张小明"]) == shown


@given(st.text(max_size=40), st.integers(13_000_000_000, 19_999_999_999), st.text(max_size=40))
def test_no_mobile_number_survives(before: str, number: int, after: str) -> None:
    said = f"{before}，{number}，{after}"
    assert str(number) not in redact(said)
    assert str(number) not in redact_hidden(said)


@given(st.text(max_size=60))
def test_masking_twice_is_masking_once(said: str) -> None:
    assert redact(redact(said)) == redact(said)


def test_control_and_direction_characters_go() -> None:
    assert clean(" 漏\u202e水\x07\n明天 ") == "漏水\n明天"


def test_pairs_are_searched_without_regard_to_width_case_and_punctuation() -> None:
    assert normalise("Ａ栋，漏 水！") == "a栋漏水"
    assert set(grams("漏水")) <= set(grams("三楼漏水了"))
    assert grams("水") == [] and grams("漏水漏水") == sorted({"漏水", "水漏"})


@given(st.text(min_size=2, max_size=30), st.text(max_size=10), st.text(max_size=10))
def test_a_part_is_always_found_in_the_whole(part: str, before: str, after: str) -> None:
    assert set(grams(part)) <= set(grams(before + part + after)) or normalise(part) not in normalise(
        before + part + after
    )


@given(st.sets(st.text(min_size=2, max_size=2)), st.sets(st.text(min_size=2, max_size=2)))
def test_likeness_is_symmetric_and_between_nothing_and_all(left: set[str], right: set[str]) -> None:
    found = likeness(left, right)
    assert found == likeness(right, left)
    assert 0 <= found <= 1
    assert likeness(left, left) == Fraction(int(bool(left)))


def traits(words: str, category: str = "quality", building: str | None = "b1", **rest: object) -> Traits:
    values: dict[str, object] = {"point": None, "ticket_number": None, **rest}
    return Traits(category, building, grams=tuple(grams(words)), **values)  # type: ignore[arg-type]


def test_duplicates_need_like_words_and_not_only_the_same_place() -> None:
    one = traits("三楼走廊顶部漏水，滴到电表箱")
    assert likeness_of(one, traits("三楼走廊顶部漏水滴到了电表箱上")) >= ALIKE
    assert likeness_of(one, traits("外墙保温层脱落")) < ALIKE
    assert likeness_of(one, traits("门口路灯不亮", "facilities", "b2")) < ALIKE
    assert likeness_of(traits("甲", ticket_number="NX1"), traits("乙", ticket_number="NX1")) == 1
    near, far = {"point": (38_000_100, 106_000_100)}, {"point": (38_010_000, 106_000_000)}
    here = traits("漏水", building=None, point=(38_000_000, 106_000_000))
    assert likeness_of(here, traits("漏水", building=None, **near)) > likeness_of(
        here, traits("漏水", building=None, **far)
    )


def test_numbers_find_a_mistyped_digit() -> None:
    for number in (numbers.new_number() for _ in range(200)):
        assert numbers.parse_number(numbers.format_number(number)) == number
        wrong = str((int(number[3]) + 1) % 10)
        assert numbers.parse_number(number[:3] + wrong + number[4:]) is None


def test_codes_are_read_as_people_type_them() -> None:
    assert numbers.parse_code(" AB-C0 1O l ") == "abc0101"


def test_what_is_searched_never_holds_more_than_the_party_may_read() -> None:
    said, door = "我是张小明，住3栋2单元501", "3栋2单元501"
    hidden = intake.wording_of(said, door, Disclosure.CONFIDENTIAL, ["张小明"])
    assert "501" not in hidden.for_party and "张小明" not in hidden.for_party
    assert not {"50", "01", "小明"} & set(hidden.grams)
    assert "张小明" not in intake.wording_of("漏水", "张小明家门口", Disclosure.ANONYMOUS, ["张小明"]).place
    named = intake.wording_of(said, door, Disclosure.NAMED)
    assert named.for_party == said and {"50", "小明"} <= set(named.grams)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("书记收了施工队的钱", True),
        ("有人收 红·包", True),
        ("工作人员态度恶劣", True),
        ("三楼走廊漏水，物业不来修", False),
        ("施工队晚上十点还在施工", False),
    ],
)
def test_words_about_conduct_are_recognised(said: str, expected: bool) -> None:
    assert is_about_conduct(said) is expected


def test_reports_about_staff_and_accusations_are_restricted_from_the_start() -> None:
    assert intake.is_restricted(Nature.ACCUSATION, "quality")
    assert intake.is_restricted(Nature.COMPLAINT, "conduct")
    assert not intake.is_restricted(Nature.EMERGENCY, "quality")


def test_an_emergency_is_one_whatever_its_category() -> None:
    for category, found in CATEGORIES.items():
        assert intake.time_class_of(Nature.EMERGENCY, category) is TimeClass.EMERGENCY
        assert intake.time_class_of(Nature.COMPLAINT, category) is found.time_class
