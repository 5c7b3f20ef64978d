"""One cell: what a clerk typed or Excel made of it, turned into an exact value or a reason and a remedy."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, time, timedelta
from decimal import Decimal

from backend.kernel.phone import normalise_phone

CellValue = int | float | str | bool | date | time | timedelta

_AREA = re.compile(r"\d{1,12}(?:\.\d{1,20})?\Z", re.ASCII)
_AREA_UNIT = re.compile(r"(?:m2|平方米|平米)\Z")
_SMALL = Decimal("0.000001")
_LARGEST_AREA_CENTI = 100_000_000
_YEAR = re.compile(r"(?:19|20)\d{2}\Z", re.ASCII)
_CODE_LENGTH = 32
_NAME_LENGTH = 100
_BETWEEN_HAN = re.compile(r"(?<=[㐀-鿿])\s+(?=[㐀-鿿])")
# A name may end in digits, so the last word is tried first; then the longest run of digits and spaces.
_PERSON = (
    re.compile(r"(?P<name>.+)[\s:：,，(（]+(?P<phone>\+?[0-9０-９\-－]{7,})[)）]?\Z"),
    re.compile(r"(?P<name>.*?)[\s:：,，(（]*(?P<phone>\+?[0-9０-９][0-9０-９\s\-－()（）]{5,})[)）]?\Z"),
)


class CellError(Exception):
    """Why a cell cannot be taken, and what to do about it."""

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.remedy = remedy


def shown(value: CellValue) -> str:
    """Return a cell as the report quotes it, shortened."""
    text = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
    text = "".join(character if character.isprintable() else "?" for character in text)
    return text if len(text) <= 40 else text[:40] + "…"


def text_of(value: CellValue) -> str:
    """Return the visible text of a cell: numbers stored as text and text stored as numbers are the same."""
    if isinstance(value, str):
        return _clean(value)
    if isinstance(value, bool):
        raise CellError("单元格是逻辑值（TRUE/FALSE）", "请改为文字后重新填写")
    if isinstance(value, (date, time, timedelta)):
        raise CellError(
            "Excel 把这一格变成了日期或时间", "请把整列设为“文本”格式，再重新填写原来的内容（例：3-2）"
        )
    if isinstance(value, float) and not value.is_integer():
        return repr(value)
    return str(int(value))


def _clean(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text.strip()
    kept = []
    for character in text:
        category = unicodedata.category(character)
        if category == "Cc" and character not in "\t\r\n":
            raise CellError("有看不见的控制字符", "请清空这一格后重新输入")
        if category != "Cf":  # zero-width and direction marks come with copied text
            kept.append(character)
    return "".join(kept).strip()


def read_code(value: CellValue) -> str:
    """Return a building, entrance, door or owner code: no spaces, half-width, at most 32 characters."""
    text = "".join(unicodedata.normalize("NFKC", text_of(value)).split())
    if isinstance(value, float) and not value.is_integer():
        raise CellError("编号是带小数的数字", "请把整列设为“文本”格式后重新填写")
    if len(text) > _CODE_LENGTH:
        raise CellError(f"太长，最多 {_CODE_LENGTH} 个字", "请改短")
    if "/" in text or text.startswith("@"):
        raise CellError("编号里不能有“/”，也不能以“@”开头", "请改用“-”")
    return text


def read_option(value: CellValue, options: Mapping[str, str]) -> str:
    """Return the stored value of an option."""
    text = "".join(text_of(value).split())
    found = options.get(text)
    if found is None:
        raise CellError("不是可选的值", "请从下拉选项里选：" + "、".join(options))
    return found


def read_area(value: CellValue) -> int:
    """Return an area in 0.01 m²: above 0, at most two decimals.

    Excel's binary noise (89.35000000000001) is rounded away within 0.000001; anything larger is refused.
    """
    text = repr(float(value)) if isinstance(value, (int, float)) and not isinstance(value, bool) else ""
    if not text or "e" in text or "n" in text:
        text = "".join(unicodedata.normalize("NFKC", text_of(value)).split())
        text = _AREA_UNIT.sub("", text)
    if not _AREA.match(text):
        raise CellError("不是平方米数", "请只填数字，例：89.35（不要千分位逗号和其他文字）")
    exact = Decimal(text)
    rounded = round(exact, 2)
    if abs(exact - rounded) > _SMALL:
        raise CellError("小数多于两位", "请按证上面积填写，最多两位小数")
    centi = int(rounded * 100)
    if centi <= 0:
        raise CellError("面积必须大于 0", "请填写证上的专有部分面积")
    if centi > _LARGEST_AREA_CENTI:
        raise CellError("面积超过 1,000,000 平方米", "请检查单位是否为平方米")
    return centi


def read_year(value: CellValue) -> int:
    """Return a year of four digits, with or without ``年``."""
    text = "".join(unicodedata.normalize("NFKC", text_of(value)).split()).removesuffix("年")
    if not _YEAR.match(text):
        raise CellError("不是年份", "请填四位数字的建成年份，例：1996")
    return int(text)


def read_name(value: CellValue) -> str:
    """Return a person's or unit's name as written; spaces between Chinese characters are dropped."""
    text = _BETWEEN_HAN.sub("", " ".join(text_of(value).split()))
    if len(text) > _NAME_LENGTH:
        raise CellError(f"太长，最多 {_NAME_LENGTH} 个字", "请改短")
    return text


def read_phone(value: CellValue) -> str | None:
    """Return a normalised number, or None for an empty cell."""
    text = text_of(value)
    if not text:
        return None
    phone = normalise_phone(text)
    if phone is None:
        raise CellError("不是大陆手机号，也不是带区号的座机", "请核对号码；座机加区号，例：0953-2012345")
    return phone


def read_people(value: CellValue) -> tuple[tuple[str, str | None], ...]:
    """Return (name, phone or None) of each person in ``姓名 电话；姓名 电话``."""
    text = text_of(value)
    people = []
    for part in re.split(r"[;；、\r\n]+", text) if text else ():
        if part.strip():
            people.append(_person(part.strip()))
    if len(people) > 20:
        raise CellError("人数超过 20", "请把人数减到 20 以内")
    return tuple(people)


def _person(part: str) -> tuple[str, str | None]:
    readings = [found for found in (pattern.match(part) for pattern in _PERSON) if found]
    for found in readings:
        phone = normalise_phone(found["phone"])
        if phone is not None and found["name"].strip():
            return read_name(found["name"]), phone
    if readings and not readings[-1]["name"].strip():
        raise CellError("只有电话，没有姓名", "请写成：姓名 电话；姓名 电话")
    if readings:
        read_phone(readings[0]["phone"])
    if any(character.isdigit() for character in part):
        raise CellError("看不懂其中的数字", "请写成：姓名 电话；姓名 电话，电话要完整")
    return read_name(part), None
