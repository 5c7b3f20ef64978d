"""Complaints as a table: what a file to import must say, row by row, and what an export shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from backend.complaints.rules.intake import MOST_WORDS
from backend.complaints.rules.vocabulary import (
    BY_STAFF,
    CATEGORIES,
    DISCLOSURE_TITLES,
    SOURCE_TITLES,
    Disclosure,
    Source,
)
from backend.registry.errors import UnreadableFile
from backend.registry.rules.cells import CellError, CellValue, read_phone, shown, text_of
from backend.registry.rules.columns import plain_heading
from backend.registry.rules.findings import Finding, Findings
from backend.registry.rules.table_file import Layout, open_table

T = TypeVar("T")

LAYOUT = Layout("投诉", "投诉", ("来源", "类别", "内容"))
HEADINGS = ("小区编号", "来源", "工单号", "类别", "内容", "位置", "公开方式", "反映人", "电话")
REQUIRED = ("小区编号", "来源", "类别", "内容", "公开方式")
EXPORT_HEADINGS = (
    "编号",
    "工单号",
    "状态",
    "性质",
    "类别",
    "来源",
    "位置",
    "内容",
    "责任单位",
    "登记时间",
    "期限",
    "期限暂定",
    "办结时间",
    "结案时间",
    "结案情况",
    "是否解决",
    "是否满意",
    "重办次数",
    "督办",
)
MOST_ROWS = 20_000

_SOURCES = {SOURCE_TITLES[source]: source for source in sorted(BY_STAFF)} | {"电话": Source.TELEPHONE}
_CATEGORIES = {found.title: name for name, found in CATEGORIES.items()} | {name: name for name in CATEGORIES}
_DISCLOSURES = {title.partition("，")[0]: found for found, title in DISCLOSURE_TITLES.items()}


@dataclass(frozen=True, slots=True)
class Incoming:
    """One complaint of a file."""

    row: int
    estate_id: str
    source: Source
    ticket_number: str | None
    category: str
    words: str
    place_words: str
    disclosure: Disclosure
    name: str | None = field(repr=False)
    phone: str | None = field(repr=False)


@dataclass(slots=True)
class Checked:
    """What a file holds: every good row, and everything that is wrong."""

    rows: list[Incoming] = field(default_factory=list)
    errors: Findings = field(default_factory=Findings)
    count: int = 0


def check_complaints(content: bytes, estates: Mapping[str, str]) -> Checked:
    """Return the checked file; ``estates`` maps codes to ids. Raises UnreadableFile where it is no such table."""
    table = open_table(content, LAYOUT)
    number, headings = next(table.rows)
    places = _positions(number, headings)
    checked, tickets = Checked(), dict[str, int]()
    for where, values in table.rows:
        if all(not str(value).strip() for value in values):
            continue
        checked.count += 1
        if checked.count > MOST_ROWS:
            raise UnreadableFile(f"超过 {MOST_ROWS:,} 行，请拆成几个文件。")
        _take(checked, where, _Row(where, values, places, checked.errors), (estates, tickets))
    if not checked.count:
        raise UnreadableFile("表里没有任何投诉（只有列名）。请填写后再导入。")
    return checked


def safe_cell(text: str) -> str:
    """Return a text that a spreadsheet shows and never runs as a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


@dataclass(slots=True)
class _Row:
    number: int
    values: Sequence[CellValue]
    places: Mapping[str, int]
    errors: Findings
    is_bad: bool = False

    def read(self, heading: str, reader: Callable[[CellValue], T], *, personal: bool = False) -> T | None:
        """Return a cell's value, or None with a finding; what is personal is never quoted."""
        place = self.places.get(heading)
        value = self.values[place] if place is not None and place < len(self.values) else ""
        try:
            return reader(value)
        except CellError as error:
            self.is_bad = True
            quoted = "" if personal else shown(value)
            self.errors.add(Finding(self.number, heading, quoted, error.reason, error.remedy))
            return None


def _take(checked: Checked, number: int, row: _Row, known: tuple[Mapping[str, str], dict[str, int]]) -> None:
    estates, tickets = known
    estate = row.read("小区编号", lambda value: _chosen(value, estates, "没有这个小区编号"))
    source = row.read("来源", lambda value: _chosen(value, _SOURCES, "不是可选的来源"))
    category = row.read("类别", lambda value: _chosen(value, _CATEGORIES, "不是可选的类别"))
    disclosure = row.read("公开方式", lambda value: _chosen(value, _DISCLOSURES, "应为实名、保密或匿名"))
    ticket = row.read("工单号", lambda value: _ticket(value, number, tickets))
    words = row.read("内容", _words)
    place = row.read("位置", lambda value: _short(value, 100))
    name = row.read("反映人", lambda value: _short(value, 40), personal=True)
    phone = row.read("电话", read_phone, personal=True)
    if disclosure is Disclosure.ANONYMOUS and (name or phone):
        row.is_bad = True
        checked.errors.add(
            Finding(number, "公开方式", "匿名", "匿名的不能有姓名和电话", "请删去姓名和电话，或改为保密")
        )
    if row.is_bad or estate is None or source is None or category is None or disclosure is None:
        return
    checked.rows.append(
        Incoming(
            number,
            estate,
            source,
            ticket or None,
            category,
            words or "",
            place or "",
            disclosure,
            name or None,
            phone,
        )
    )


def _positions(number: int, headings: Sequence[CellValue]) -> dict[str, int]:
    found: dict[str, int] = {}
    problems = []
    for place, value in enumerate(headings):
        heading = plain_heading(str(value))
        if heading in found:
            problems.append(f"“{heading}”出现了两次")
        elif heading in HEADINGS:
            found[heading] = place
        elif heading and heading not in ("备注", "序号"):
            problems.append(f"不认识的列“{shown(value)}”")
    problems += [f"缺少“{heading}”" for heading in REQUIRED if heading not in found]
    if problems:
        raise UnreadableFile(f"第 {number} 行的列名有误：{'；'.join(problems)}。")
    return found


def _chosen(value: CellValue, options: Mapping[str, T], reason: str) -> T:
    text = "".join(text_of(value).split())
    if text not in options:
        raise CellError(reason if text else "没有填写", "请填：" + "、".join(list(options)[:16]))
    return options[text]


def _words(value: CellValue) -> str:
    text = text_of(value)
    if not 2 <= len(text) <= MOST_WORDS:
        raise CellError(f"内容没有写，或超过 {MOST_WORDS:,} 字", f"请写明情况，最多 {MOST_WORDS:,} 字")
    return text


def _short(value: CellValue, most: int) -> str:
    text = text_of(value)
    if len(text) > most:
        raise CellError(f"太长，最多 {most} 个字", "请改短")
    return text


def _ticket(value: CellValue, number: int, tickets: dict[str, int]) -> str:
    text = "".join(text_of(value).split())
    if not text:
        return ""
    if len(text) > 40 or not all(character.isalnum() or character == "-" for character in text):
        raise CellError("工单号只能有字母、数字和“-”，最多 40 个", "请核对工单号")
    if text in tickets:
        raise CellError(f"与第 {tickets[text]} 行的工单号相同", "同一件只保留一行")
    tickets[text] = number
    return text
