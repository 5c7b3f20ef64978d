"""Files in and out: all or nothing, each bad cell named, nobody who reported ever written out."""

from __future__ import annotations

import csv
import io

import pytest
from sqlmodel import func, select

from backend.complaints.queries import ComplaintFilter
from backend.complaints.rules.exchange import EXPORT_HEADINGS, HEADINGS, safe_cell
from backend.complaints.rules.vocabulary import Disclosure, Nature
from backend.complaints.service.exchange import export_complaints, import_complaints
from backend.complaints.tables import Complaint
from backend.infra.context import Context
from backend.registry.errors import UnreadableFile
from tests.services.complaints.hotline import Hotline, open_hotline


@pytest.fixture
def hotline(ctx: Context) -> Hotline:
    return open_hotline(ctx)


def table(*rows: tuple[str, ...]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows([HEADINGS, *rows])
    return out.getvalue().encode("utf-8-sig")


def row(hotline: Hotline, **changes: str) -> tuple[str, ...]:
    cells = {
        "小区编号": hotline.place.estate.code,
        "来源": "电话",
        "工单号": "NX2026-0001",
        "类别": "施工扰民（噪声、扬尘、占道）",
        "内容": "夜间施工噪声大，请回电13812345678",
        "位置": "东门",
        "公开方式": "保密",
        "反映人": "张小明",
        "电话": "13812345678",
    }
    return tuple((cells | changes)[heading] for heading in HEADINGS)


def count(ctx: Context) -> int:
    return ctx.session.exec(select(func.count()).select_from(Complaint)).one()


def test_a_good_file_comes_in_once(ctx: Context, hotline: Hotline) -> None:
    before, content = count(ctx), table(row(hotline), row(hotline, 工单号="", 内容="路灯不亮"))
    is_kept, report = import_complaints(hotline.system, hotline.place.community.id, content)
    assert is_kept and (report["rows"], report["added"], report["known"]) == (2, 2, 0)
    assert count(ctx) == before + 2
    is_kept, report = import_complaints(hotline.system, hotline.place.community.id, content)
    assert is_kept and (report["added"], report["known"]) == (0, 2)
    assert count(ctx) == before + 2


def test_one_bad_row_keeps_the_whole_file_out_and_every_fault_is_named(
    ctx: Context, hotline: Hotline
) -> None:
    before = count(ctx)
    content = table(
        row(hotline),
        row(hotline, 小区编号="没有的"),
        row(hotline, 来源="小道消息", 类别="天气", 工单号="2"),
        row(hotline, 公开方式="匿名", 工单号="3"),
        row(hotline, 电话="12345", 工单号="4"),
        row(hotline, 内容="", 工单号="NX2026-0001"),
    )
    is_kept, report = import_complaints(hotline.system, hotline.place.community.id, content)
    assert not is_kept and report["added"] == 0 and count(ctx) == before
    found = {(error["row"], error["column"]) for error in report["errors"]}
    assert found == {
        (3, "小区编号"),
        (3, "工单号"),
        (4, "来源"),
        (4, "类别"),
        (5, "公开方式"),
        (6, "电话"),
        (7, "内容"),
        (7, "工单号"),
    }
    assert "12345" not in str(report["errors"][-1]) and "13812345678" not in str(report)


def test_a_ticket_that_came_with_other_words_is_refused(ctx: Context, hotline: Hotline) -> None:
    community = hotline.place.community.id
    assert import_complaints(hotline.system, community, table(row(hotline)))[0]
    is_kept, report = import_complaints(hotline.system, community, table(row(hotline, 内容="另一件事")))
    assert not is_kept and report["errors"][0]["row"] == 2


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", "来源,类别,内容\n".encode()])
def test_what_is_no_table_of_complaints_is_refused(hotline: Hotline, content: bytes) -> None:
    with pytest.raises(UnreadableFile):
        import_complaints(hotline.system, hotline.place.community.id, content)


def test_an_export_names_nobody_and_hides_accusations(hotline: Hotline) -> None:
    hotline.resolved(words="我是张小明，住3栋2单元501，电话13812345678", disclosure=Disclosure.CONFIDENTIAL)
    secret = hotline.register(nature=Nature.ACCUSATION)
    rows = list(export_complaints(hotline.system, hotline.place.community.id, ComplaintFilter()))
    assert len(rows) == 1 and len(rows[0]) == len(EXPORT_HEADINGS)
    text = str(rows)
    assert "13812345678" not in text and "501" not in text
    assert secret.number[:4] not in rows[0][0]
    assert (
        list(
            export_complaints(
                hotline.system, open_hotline(hotline.system).place.community.id, ComplaintFilter()
            )
        )
        == []
    )


def test_no_cell_of_an_export_is_a_formula() -> None:
    assert [safe_cell(text) for text in ("=1+1", "@x", "-2", "漏水", "")] == [
        "'=1+1",
        "'@x",
        "'-2",
        "漏水",
        "",
    ]
