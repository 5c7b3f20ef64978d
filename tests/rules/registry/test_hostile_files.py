"""Files that are not what they seem: each is refused with a clear text, quickly and in little memory."""

from __future__ import annotations

import random
import struct
import tracemalloc
import zipfile
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.kernel.errors import DomainError
from backend.registry.errors import FileTooLarge, UnreadableFile
from backend.registry.rules import table_file
from backend.registry.rules.check_file import check_file
from backend.registry.rules.columns import SHEET
from backend.registry.rules.roll_file import RollFile
from tests.rules.registry.roll_files import HEADINGS, row, to_csv, to_xlsx


def check(content: bytes) -> RollFile:
    return check_file(content, {"E1": "estate1"}, "E1", lambda done, total: None)


def workbook(fill: Callable[[Any], None]) -> bytes:
    buffer = BytesIO()
    book = xlsxwriter.Workbook(buffer)
    fill(book)
    book.close()
    return buffer.getvalue()


def exhaust(content: bytes) -> None:
    for _ in table_file.open_table(content).rows:
        pass


def refuses_clearly(content: bytes) -> bool:
    """Tell whether the content was refused in words; anything but a refusal or a reading is an error."""
    try:
        check(content)
    except DomainError as error:
        return bool(error.message)
    return False


def rewritten(content: bytes, changes: dict[str, bytes]) -> bytes:
    """Return the archive with some members replaced or added."""
    buffer = BytesIO()
    with zipfile.ZipFile(BytesIO(content)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for name in dict.fromkeys([*old.namelist(), *changes]):
            new.writestr(name, changes[name] if name in changes else old.read(name))
    return buffer.getvalue()


def sheet_with(cells: bytes) -> bytes:
    """Return a workbook whose sheet holds exactly these rows."""
    head = b'<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    return rewritten(
        to_xlsx([row()]), {"xl/worksheets/sheet1.xml": head + cells + b"</sheetData></worksheet>"}
    )


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "空"),
        (b"  \n", "空"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 500, ".xls"),
        (b"%PDF-1.7", "PDF"),
        (b"Rar!\x1a\x07", "压缩包"),
        (b"\x89PNG\r\n\x1a\n", "图片"),
        (b"PK\x03\x04broken", "损坏"),
        ("楼栋,房号".encode("utf-16"), "UTF-16"),
        ("楼栋,房号\n\x00".encode(), "不是文字"),
        (b"\xff\xff\xff\xff,\x81", "编码"),
        (b"hello", "找不到列名"),
        ("楼栋;房号\n".encode(), "找不到列名"),
        (b'{"a": 1}', "找不到列名"),
    ],
)
def test_what_is_no_table_is_refused_with_the_way_out(content: bytes, told: str) -> None:
    with pytest.raises(UnreadableFile) as caught:
        check(content)
    assert told in caught.value.message


def test_csv_with_bom_and_in_gb18030_reads_the_same() -> None:
    plain = to_csv([row(owner_name="张三𠮷")]).decode()
    for content in (plain.encode("utf-8-sig"), plain.encode("gb18030")):
        assert check(content).rolls["estate1"].owners["@1/1/101"].name == "张三𠮷"


def test_csv_with_an_open_quote_names_its_row() -> None:
    with pytest.raises(UnreadableFile, match="unreadable") as caught:
        check(to_csv([row()]) + '"没有结束'.encode())
    assert "第 3 行" in caught.value.message


def test_quoted_line_breaks_keep_the_row_numbers_of_the_file() -> None:
    checked = check(to_csv([row(tenants="丁\n戊"), row(door="102", area="0")]))
    assert [finding.row for finding in checked.errors.listed] == [4]


def test_million_rows_are_refused_before_they_fill_the_memory() -> None:
    line = to_csv([row(door="1")]).split(b"\r\n")[1] + b"\r\n"
    for count in (1_000_000, 200_050):
        content = to_csv([]) + line * count
        tracemalloc.start()
        with pytest.raises(FileTooLarge):
            exhaust(content)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 100 * 1024 * 1024


def test_word_document_and_foreign_zip_are_told_apart() -> None:
    for names, told in ((["word/document.xml"], "Word"), (["a.txt"], "不是 .xlsx")):
        buffer = BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for name in names:
                archive.writestr(name, "x")
        with pytest.raises(UnreadableFile) as caught:
            check(buffer.getvalue())
        assert told in caught.value.message


def test_zip_bomb_is_refused_whatever_size_it_claims() -> None:
    bomb = rewritten(to_xlsx([row()]), {"xl/media/bomb.bin": b"0" * 250_000_000})
    with zipfile.ZipFile(BytesIO(bomb)) as archive:
        info = archive.getinfo("xl/media/bomb.bin")
    lying = bomb.replace(struct.pack("<L", info.file_size), struct.pack("<L", 10))
    for content in (bomb, lying):
        with pytest.raises(FileTooLarge):
            check(content)


@pytest.mark.parametrize(
    "cells",
    [
        b'<row r="1"><c r="XFD1" t="inlineStr"><is><t>a</t></is></c></row>',
        b'<row r="1048576"><c r="A1048576"><v>1</v></c></row>',
        b"<row r='900000'><c><v>1</v></c></row>",
        b'<row r="1"><c r = "AZ1"><v>1</v></c></row>',
    ],
)
def test_far_away_cells_are_refused(cells: bytes) -> None:
    with pytest.raises(FileTooLarge) as caught:
        check(sheet_with(b'<row r="1"><c r="A1"><v>1</v></c></row>' + cells))
    assert "列" in caught.value.message


def test_hidden_references_and_foreign_encodings_are_refused() -> None:
    for cells in (b'<row r="1"><c r="&#88;FD1"><v>1</v></c></row>', b"<row r='&#49;0'></row>"):
        with pytest.raises(UnreadableFile):
            check(sheet_with(cells))
    wide = rewritten(to_xlsx([row()]), {"xl/worksheets/sheet1.xml": "<worksheet/>".encode("utf-16")})
    declared = rewritten(to_xlsx([row()]), {"xl/workbook.xml": b"<!DOCTYPE a [<!ENTITY b 'c'>]><workbook/>"})
    for content in (wide, declared):
        with pytest.raises(UnreadableFile):
            check(content)


def test_long_text_repeated_in_every_cell_is_refused() -> None:
    def fill(book: Any) -> None:
        sheet = book.add_worksheet(SHEET)
        for number in range(10_000):
            sheet.write_string(number, 0, "长" * 10_000)

    with pytest.raises(FileTooLarge) as caught:
        check(workbook(fill))
    assert "太长" in caught.value.message


def test_merged_cells_formula_errors_and_formulas() -> None:
    def fill(book: Any) -> None:
        sheet = book.add_worksheet(SHEET)
        sheet.merge_range(0, 0, 0, 5, "某小区名册")
        sheet.write_row(1, 0, HEADINGS)
        for number in (2, 3, 4):
            building = "" if number == 3 else "1"
            sheet.write_row(number, 0, row(door=str(number), building=building))
        sheet.merge_range(2, 1, 3, 1, "1")
        sheet.write_formula(4, HEADINGS.index("业主编号"), "=VLOOKUP(1,A1:A2,1)", None, "#N/A")
        sheet.write_formula(4, HEADINGS.index("专有部分面积"), "=40*2", None, 80)

    found = [(finding.row, finding.column) for finding in check(workbook(fill)).errors.listed]
    assert (3, "B3:B4") in found
    assert (5, "I5") in found
    assert (4, "楼栋") in found
    assert not any(column == "专有部分面积" for _, column in found)


def test_sheet_is_chosen_by_name_or_by_being_the_only_visible_one() -> None:
    def fill(names: list[str], hidden: tuple[str, ...] = ()) -> bytes:
        def write(book: Any) -> None:
            for name in names:
                sheet = book.add_worksheet(name)
                sheet.write_row(0, 0, HEADINGS)
                sheet.write_row(1, 0, row(owner_name=name))
                if name in hidden:
                    sheet.hide()

        return workbook(write)

    def owner(content: bytes) -> str:
        return check(content).rolls["estate1"].owners["@1/1/101"].name

    assert owner(fill(["别的", SHEET])) == SHEET
    assert "别的" in check(fill(["别的", SHEET])).warnings.listed[0].reason
    assert owner(fill(["甲表", "乙表"], hidden=("乙表",))) == "甲表"
    for content in (fill(["甲表", "乙表"]), fill(["甲表", SHEET, "丙"], hidden=(SHEET,))):
        with pytest.raises(UnreadableFile) as caught:
            check(content)
        assert SHEET in caught.value.message


def test_file_above_the_limit_is_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_file, "FILE_LIMIT", 100)
    with pytest.raises(FileTooLarge):
        check(to_csv([row()]))


def test_no_damage_to_a_workbook_ends_in_anything_but_a_clear_refusal() -> None:
    good = to_xlsx([row(door=str(number)) for number in range(5)])
    dice = random.Random(7)
    refused = 0
    for _ in range(400):
        broken = bytearray(good)
        for _ in range(dice.choice((1, 1, 3, 20))):
            broken[dice.randrange(4, len(broken))] = dice.randrange(256)
        refused += refuses_clearly(
            bytes(broken[: dice.choice((len(broken), dice.randrange(4, len(broken))))])
        )
    assert refused > 200


@settings(max_examples=200)
@given(st.binary(max_size=300))
def test_no_bytes_end_in_anything_but_a_clear_refusal(content: bytes) -> None:
    assert refuses_clearly(content)
    assert refuses_clearly(b"PK\x03\x04" + content)
    refuses_clearly(to_csv([]) + content)
