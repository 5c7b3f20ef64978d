"""A ledger is read whole: every fault named by row, column, value and remedy; written and read it is the same."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from io import BytesIO
from zipfile import ZipFile

import pytest
import python_calamine
from hypothesis import example, given
from hypothesis import strategies as st

from backend.rectification.rules.description import Description
from backend.rectification.rules.ledger_columns import COLUMNS, EXPORTED_ONLY, guarded, unguarded
from backend.rectification.rules.ledger_file import (
    LedgerFile,
    LedgerRow,
    Outcome,
    StoredLine,
    check_ledger,
    compare,
)
from backend.rectification.rules.ledger_sheet import LedgerLine, write_ledger, write_ledger_template
from backend.rectification.rules.numbering import highest, number_text
from backend.rectification.rules.progress import State
from backend.rectification.rules.wording import Source
from backend.registry.errors import FileTooLarge, UnreadableFile
from tests.rules.rectification.ledgers import closed, line, to_csv, to_xlsx

TODAY = date(2026, 6, 1)


def findings(lines: list[dict[str, str]]) -> list[tuple[int, str, str]]:
    checked = check_ledger(to_csv(lines), TODAY)
    return [(each.row, each.column, each.reason) for each in checked.errors.listed]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_csv_in_every_usual_encoding_is_read(encoding: str) -> None:
    checked = check_ledger(to_csv([line(), closed("2026-002")], encoding), TODAY)
    assert checked.errors.count == 0
    assert checked.rows["2026-001"].outcome is None
    assert checked.rows["2026-001"].description.due_on == date(2026, 3, 31)
    assert checked.rows["2026-002"].outcome == Outcome(
        State.CLOSED_OUT, "李四", date(2026, 3, 20), date(2026, 3, 25)
    )


def test_a_workbook_with_a_title_row_is_read() -> None:
    assert list(check_ledger(to_xlsx([line(), line("2")]), TODAY).rows) == ["2026-001", "2"]


def test_a_closing_date_alone_says_that_the_item_is_closed_out() -> None:
    checked = check_ledger(to_csv([closed(整改状态="", 核验日期="")]), TODAY)
    outcome = checked.rows["2026-001"].outcome
    assert outcome == Outcome(State.CLOSED_OUT, "李四", date(2026, 3, 25), date(2026, 3, 25))


@pytest.mark.parametrize(
    ("wrong", "column", "reason"),
    [
        ({"编号": ""}, "编号", "没有填"),
        ({"问题来源": "听说"}, "问题来源", "不是可选的值"),
        ({"存在问题": "  "}, "存在问题", "没有填"),
        ({"存在问题": "3栋2单元501漏水"}, "存在问题", "写有门牌号，而问题对居民公开"),
        ({"存在问题": "漏" * 1001}, "存在问题", "太长，最多 1000 个字"),
        ({"责任人": "张**"}, "责任人", "姓名已被隐去"),
        ({"发现日期": "三月一日"}, "发现日期", "不是日期"),
        ({"发现日期": "2026-02-30"}, "发现日期", "不是日期"),
        ({"发现日期": "2026-06-02", "整改期限": "2026-07-01"}, "发现日期", "发现日期晚于今天"),
        ({"整改期限": "2026-02-28"}, "整改期限", "整改期限早于发现日期"),
        ({"整改状态": "差不多了"}, "整改状态", "不是可选的值"),
        ({"整改状态": "已销号", "核验人": "李四"}, "销号日期", "已销号但没有销号日期"),
        ({"销号日期": "2026-03-25"}, "核验人", "没有核验人"),
        ({"核验人": "李四"}, "整改状态", "填了核验人或核验日期，状态却不是已核验或已销号"),
        ({"整改状态": "整改中", "销号日期": "2026-03-25"}, "整改状态", "填了销号日期，状态却不是已销号"),
        ({"整改状态": "已核验", "核验人": "李四"}, "核验日期", "已核验但没有核验日期"),
    ],
)
def test_each_fault_is_named(wrong: dict[str, str], column: str, reason: str) -> None:
    assert (3, column, reason) in findings([line("good"), line() | wrong])


@pytest.mark.parametrize("verifier", ["张三", "张 三", "张三 13900000002", "张三（项目经理）"])
def test_the_responsible_person_is_no_verifier_on_paper_either(verifier: str) -> None:
    assert findings([closed(核验人=verifier)]) == [(2, "核验人", "核验人就是责任人")]


def test_two_lines_may_not_have_one_number() -> None:
    assert findings([line(), line()]) == [(3, "编号", "与第 2 行编号相同")]


def test_people_are_masked_in_the_report() -> None:
    checked = check_ledger(to_csv([closed(核验人="张三")]), TODAY)
    assert checked.errors.listed[0].value == "张*"


@pytest.mark.parametrize(
    "content", [b"", b"%PDF-1.4", to_csv([]), b"a,b\n1,2\n", to_xlsx([line()], "Sheet1")[:200]]
)
def test_what_is_no_ledger_is_refused_in_words(content: bytes) -> None:
    with pytest.raises(UnreadableFile):
        check_ledger(content, TODAY)


def test_a_ledger_beyond_the_limit_is_refused() -> None:
    with pytest.raises(FileTooLarge):
        check_ledger(to_csv([line(str(number)) for number in range(2001)]), TODAY)


def stored(is_live: bool, **outcome: object) -> StoredLine:
    row = check_ledger(to_csv([line()]), TODAY).rows["2026-001"]
    return StoredLine(replace(row, outcome=Outcome(**outcome)), is_live)  # type: ignore[arg-type]


def compared(lines: list[dict[str, str]], there: StoredLine) -> tuple[LedgerFile, tuple[int, int, int]]:
    checked = check_ledger(to_csv(lines), TODAY)
    found = compare(checked, {"2026-001": there})
    return checked, (len(found.added), len(found.changed), found.unchanged)


def test_importing_again_adds_by_number_and_changes_what_differs() -> None:
    there = stored(False)
    assert compared([line()], there)[1] == (0, 0, 1)
    assert compared([line(整改措施="换掉"), line("2026-002")], there)[1] == (1, 1, 0)
    assert compared([closed()], there)[1] == (0, 1, 0)


def test_a_ledger_does_not_overrule_what_happened_in_the_system() -> None:
    there = stored(True, state=State.SUBMITTED)
    checked, counts = compared([closed()], there)
    assert counts == (0, 0, 0)
    assert checked.errors.listed[0].reason == "与系统里办理的不一致，台账不能代替核验和销号"
    checked, counts = compared([line(整改措施="换掉")], there)
    assert counts == (0, 0, 0)
    assert "内容不能再改" in checked.errors.listed[0].reason
    assert compared([line()], there)[1] == (0, 0, 1)
    assert compared([line(整改措施="换掉")], stored(True, state=State.IN_PROGRESS))[1] == (0, 1, 0)


TEXT = st.text(st.characters(categories=("L", "N", "P", "S")), min_size=1, max_size=30)


@given(TEXT | st.text("'=+-@a", min_size=1, max_size=5))
@example("'=1+1")
def test_what_is_guarded_is_no_formula_and_reads_back(text: str) -> None:
    assert not guarded(text).startswith(("=", "+", "-", "@"))
    assert unguarded(guarded(text)) == text


def test_an_exported_ledger_holds_no_formula_and_imports_as_it_was() -> None:
    said = Description(
        "=cmd|'/c calc'!A1", "@3栋", "+某公司", "-做", date(2026, 1, 1), date(2026, 2, 1), "=张三"
    )
    done = Outcome(State.CLOSED_OUT, "李四", date(2026, 1, 20), date(2026, 1, 21))
    row = LedgerRow("2026-9", Source.AUDIT, "=1+1", said, done)
    content = write_ledger("=小区整改台账", TODAY, [LedgerLine(row, True, 1, 2)])
    with ZipFile(BytesIO(content)) as book:
        assert not [name for name in book.namelist() if b"<f>" in book.read(name)]
    assert check_ledger(content, TODAY).rows == {"2026-9": row}


def test_the_export_has_the_usual_layout() -> None:
    row = check_ledger(to_csv([line()]), TODAY).rows["2026-001"]
    content = write_ledger("某小区整改台账", TODAY, [LedgerLine(row, True, 1, 0)])
    rows = python_calamine.load_workbook(BytesIO(content)).get_sheet_by_name("整改台账").to_python()
    assert rows[0][0] == "某小区整改台账"
    assert rows[1][0] == "截至 2026-06-01：共 1 项，未销号 1 项，其中逾期 1 项"
    headings = ["序号", *(column.heading + "*" * column.is_required for column in COLUMNS), *EXPORTED_ONLY]
    assert rows[2] == headings
    assert rows[3][:2] == [1.0, "2026-001"]
    assert rows[3][-3:] == ["逾期", "1 件", "0 件"]


def test_the_template_is_a_ledger_without_lines() -> None:
    with pytest.raises(UnreadableFile) as refusal:
        check_ledger(write_ledger_template(), TODAY)
    assert "没有任何问题" in refusal.value.message


def test_the_same_register_of_the_same_day_is_the_same_file() -> None:
    first = write_ledger("某小区整改台账", TODAY, ())
    assert b"2026-06-01T00:00:00Z" in ZipFile(BytesIO(first)).read("docProps/core.xml")
    assert write_ledger("某小区整改台账", TODAY, ()) == first


def test_our_numbers_stay_clear_of_imported_ones() -> None:
    assert number_text(7) == "ZG-0007"
    assert highest(["ZG-0007", "2026-9999", "ZG-12345", "zg-99999"]) == 12345
    assert highest([]) == 0
