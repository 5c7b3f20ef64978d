"""The columns of a rectification ledger (整改台账): template, import and export share them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from backend.rectification.rules.progress import STATE_TITLES
from backend.rectification.rules.wording import SOURCE_TITLES
from backend.registry.rules.columns import Column
from backend.registry.rules.table_file import Layout

SHEET = "整改台账"
LAYOUT = Layout("台账", SHEET, ("编号", "存在问题"))
ROW_LIMIT = 2_000

SOURCES: Mapping[str, str] = {title: str(source) for source, title in SOURCE_TITLES.items()}
STATES: Mapping[str, str] = {title: str(state) for state, title in STATE_TITLES.items()}

COLUMNS: tuple[Column, ...] = (
    Column(
        "number",
        "编号",
        "每一项一个不变的编号，例：2026-001。再次导入时按它更新；台账里的序号会变，不能当编号。",
        True,
        width=12,
    ),
    Column("source", "问题来源", "从下拉选项里选。", True, options=SOURCES, width=10),
    Column("source_reference", "来源编号", "投诉单号、通知书文号等，可以不填。", width=16),
    Column("problem", "存在问题", "对居民公开：不要写姓名、电话和门牌号。", True, width=36),
    Column(
        "place", "具体部位", "例：3栋屋面。可以写到门牌号，公开时会隐去。", True, is_personal=True, width=18
    ),
    Column("responsible_party", "责任单位", "单位全称。", True, width=20),
    Column("responsible_person", "责任人", "姓名，可加电话；不对居民公开。", is_personal=True, width=14),
    Column("measures", "整改措施", "怎么改。", True, width=30),
    Column("found_on", "发现日期", "例：2026-03-01。", True, width=12),
    Column("due_on", "整改期限", "最后一天，例：2026-03-31。", True, width=12),
    Column("state", "整改状态", "不填为未整改；填了销号日期为已销号。", options=STATES, width=10),
    Column("verifier", "核验人", "已核验、已销号的必填；不能是责任人。", is_personal=True, width=10),
    Column("verified_on", "核验日期", "不填为销号日期。", width=12),
    Column("closed_out_on", "销号日期", "已销号的必填。", width=12),
)
# Written by an export, worked out anew each time, and so left unread.
EXPORTED_ONLY = ("是否逾期", "整改前材料", "整改后材料")
IGNORED = frozenset({"序号", "小区", "备注", *EXPORTED_ONLY})
BY_NAME: Mapping[str, Column] = {column.name: column for column in COLUMNS}

LENGTHS: Mapping[str, int] = {
    "source_reference": 80,
    "problem": 1000,
    "place": 200,
    "responsible_party": 100,
    "responsible_person": 60,
    "measures": 1000,
    "verifier": 40,
}

NOTES = (
    "一行填一项问题。标 * 的列必填；列的次序可以调整，列名不要改动。",
    "只要有一行有错，整份台账都不会导入；报告会写明每一处的行、列、内容和改法。",
    "编号相同的更新原来那一项，编号没有的新增一项；台账里没有而系统里有的，不会删除。",
    "在系统里办理过的项目，状态、核验和销号以系统为准，不能用台账改。",
    "导入的已销号项目按原台账登记，会注明“导入”。核验人不能是责任人。",
    "可以先试导入（只检查，不保存），看清会新增、变更哪些项目。",
    "不要合并单元格。",
)

# Also what was guarded once: an apostrophe before a formula is content there, and gets one of its own.
_RISKY = re.compile(r"'*[=+\-@\t\r]")


def guarded(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula, also after saving as CSV."""
    return "'" + text if _RISKY.match(text) else text


def unguarded(text: str) -> str:
    """Return what ``guarded`` was given."""
    return text[1:] if text.startswith("'") and _RISKY.match(text[1:]) else text
