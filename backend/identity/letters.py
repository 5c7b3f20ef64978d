"""The printed invite letters: one page per dwelling, to be handed over folded."""

from __future__ import annotations

from backend.identity.rules.codes import for_print
from backend.identity.service.invites import IssuedBatch, Letter
from backend.infra.print import Sheet
from backend.kernel.clock import local_date

_RELATIONS = {
    "owner": "业主",
    "co_owner": "共有人",
    "representative": "业主代表",
    "family": "家庭成员",
    "tenant": "租户",
    "public_tenant": "公房承租人",
    "proxy": "受托人",
}


def print_letters(issued: IssuedBatch, public_base_url: str) -> bytes:
    """Return the PDF of a batch; it holds the codes and is kept nowhere."""
    sheet = Sheet(f"{issued.estate_name} 邀请信")
    until = local_date(issued.expires_at)
    for letter in issued.letters:
        sheet.page()
        _letter(sheet, issued.estate_name, letter, public_base_url)
        sheet.paragraph(f"本码仅供本户使用一次，{until.year}年{until.month}月{until.day}日前有效。", 14)
        sheet.paragraph(
            "请不要把本信或编码给别人：谁用了它，谁就能以您家的名义参加表决。"
            "有人绑定您家时，已绑定的成员都会收到通知，可以一键提出异议。",
            14,
        )
        sheet.paragraph(
            "不方便用手机的，可以到社区居委会领取纸质票，效力相同。信丢失或编码不能用，请联系社区补发，旧码随即作废。",
            14,
        )
        sheet.rule()
        sheet.paragraph(f"批次 {issued.batch}", 9, align="R")
    return sheet.output()


def letter_link(letter: Letter, public_base_url: str) -> str:
    """Return what the QR says: a link that WeChat opens in the mini-program."""
    return f"{public_base_url}/bind?code={letter.code}"


def _letter(sheet: Sheet, estate_name: str, letter: Letter, public_base_url: str) -> None:
    sheet.heading(f"{estate_name}", 18)
    sheet.heading("参加小区表决的邀请信", 24)
    sheet.space(6)
    who = _RELATIONS[letter.relation]
    sheet.paragraph(f"{letter.label} 的{who}：", 18)
    if letter.relation == "co_owner":
        sheet.paragraph(
            "您家由几个人共有。业主表决由共有人书面推举的代表投票，请到社区登记代表；意愿征询可以由您参加。",
            14,
        )
    sheet.paragraph(
        "请用微信扫描下面的二维码，或在小程序“绑定房屋”里输入编码，确认后即可在手机上参加表决。", 14
    )
    sheet.space(3)
    sheet.qr(letter_link(letter, public_base_url), 60)
    sheet.heading(for_print(letter.code), 26)
    sheet.space(3)
