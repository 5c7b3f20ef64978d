"""The columns of a roll file: headings, meaning, options, examples; the template and the reader share them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field

SHEET = "房屋名册"
EXPLANATION_SHEET = "填写说明"
EXAMPLE_MARK = "示例"

USES: Mapping[str, str] = {
    "住宅": "residential", "商铺": "shop", "办公": "office", "车位": "parking", "其他": "other",
}  # fmt: skip
AREA_SOURCES: Mapping[str, str] = {"不动产登记": "registration", "测绘": "survey", "买卖合同": "contract"}
YES_NO: Mapping[str, str] = {"是": "1", "否": "0"}
OWNER_KINDS: Mapping[str, str] = {
    "个人": "person",
    "共有": "co_owners",
    "产权单位": "property_unit",
    "单位": "organisation",
    "开发商未售": "developer_stock",
}
TENANT_KINDS: Mapping[str, str] = {"租户": "tenant", "公房承租人": "public", "家属": "family"}


@dataclass(frozen=True, slots=True)
class Column:
    """One column; ``is_personal`` values are masked in every report."""

    name: str
    heading: str
    explanation: str
    is_required: bool = False
    is_personal: bool = False
    options: Mapping[str, str] = field(default_factory=dict)
    width: int = 12


COLUMNS: tuple[Column, ...] = (
    Column("estate", "小区编号", "系统里的小区编号。只导入一个小区时可以不填；填了就会核对，防止传错文件。"),
    Column("building", "楼栋", "例：3 或 3栋、东楼。", True),
    Column("entrance", "单元", "例：2 或 2单元；没有单元的楼不填。"),
    Column("door", "房号", "例：501。楼栋、单元、房号合起来认一套房，同一文件里不能重复。", True),
    Column("use", "用途", "从下拉选项里选。", True, options=USES),
    Column("area", "专有部分面积", "平方米，大于 0，最多两位小数，例：89.35。", True, width=14),
    Column("area_source", "面积来源", "依次优先：不动产登记、测绘、买卖合同。", True, options=AREA_SOURCES),
    Column("household", "是否居民户", "有人家居住的住房填“是”；商铺、车位一般填“否”。", True, options=YES_NO),
    Column(
        "owner_key",
        "业主编号",
        "同一业主有几套房时，每一行填同一编号，表决时只算一个业主人数；不填则每套房各算一个业主。"
        "系统不会因为姓名或电话相同而自动合并。产权单位、单位必须填写。",
    ),
    Column(
        "owner_kind",
        "业主类型",
        "个人；共有（几个人共有）；产权单位（单位公房）；单位（企业等）；开发商未售（整个小区只算一个业主）。",
        True,
        options=OWNER_KINDS,
    ),
    Column("owner_name", "业主姓名", "姓名或单位全称。", True, True, width=16),
    Column(
        "owner_phone", "业主电话", "手机号，或带区号的座机，例：0953-2012345。", is_personal=True, width=16
    ),
    Column(
        "co_owners",
        "其他共有人",
        "除业主姓名以外的共有人：姓名 电话；姓名 电话（用分号隔开，电话可以不填）。",
        is_personal=True,
        width=30,
    ),
    Column(
        "representative",
        "共有人代表",
        "代表共有人投票的人的姓名；不填则为业主姓名一栏的人。",
        is_personal=True,
        width=14,
    ),
    Column("tenants", "承租人", "住在这里但不是业主的人：姓名 电话；姓名 电话。", is_personal=True, width=30),
    Column("tenant_kind", "承租类型", "不填为租户。", options=TENANT_KINDS),
    Column("built_year", "建成年份", "楼栋建成的年份，例：1996。同一楼栋填一行即可；不填则不改动。"),
)
IGNORED_HEADINGS = frozenset({"备注", "序号"})
BY_NAME: Mapping[str, Column] = {column.name: column for column in COLUMNS}

EXAMPLES: tuple[tuple[str, ...], ...] = (
    ("示例", "3", "2", "501", "住宅", "89.35", "不动产登记", "是", "Y0001", "个人", "张三", "13800000001",
     "", "", "", "", "1996"),
    ("示例", "3", "2", "502", "住宅", "76.25", "测绘", "是", "", "共有", "李四", "13800000002",
     "王五 13800000003", "李四", "", "", ""),
    ("示例", "东楼", "", "101", "商铺", "120.5", "买卖合同", "否", "91640300MA00000000", "单位",
     "某某商贸公司", "0953-2012345", "", "", "赵六 13800000004", "租户", ""),
)  # fmt: skip

_BRACKETS = re.compile(r"[(\[【].*\Z")


def plain_heading(text: str) -> str:
    """Return a heading without spaces, stars, units and remarks in brackets."""
    compact = "".join(unicodedata.normalize("NFKC", text).split())
    return _BRACKETS.sub("", compact).strip("*:")
