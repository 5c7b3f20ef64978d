"""Printed sheets: A4 pages with Chinese text and QR images."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import pylopdf_fonts_zh_cn
from fpdf import FPDF
from fpdf.fonts import FontFace, TTFFont
from PIL.Image import Image
from qrcode.constants import ERROR_CORRECT_M
from qrcode.main import QRCode

_FAMILY = "zh"
_FALLBACK = "fallback"
# Where distributions put the larger font with the rare characters of people's names.
_SYSTEM_FONTS = (
    Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"),
    Path("/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc"),
    Path("/usr/share/fonts/google-noto-cjk/NotoSansCJK-Regular.ttc"),
    Path("/usr/share/fonts/truetype/noto/NotoSansCJK-Regular.ttc"),
)
MISSING = "〓"  # the printers' mark for a character that the type case lacks
_MARGIN_MM = 20.0


@lru_cache(maxsize=1)
def _system_font() -> Path | None:
    return next((path for path in _SYSTEM_FONTS if path.is_file()), None)


@lru_cache(maxsize=1)
def _characters() -> frozenset[int]:
    """Return every code point some font here can show; read once per process."""
    document = _blank()
    known = frozenset(code for font in _fonts(document) for code in font.cmap)
    _close(document)
    return known


def _fonts(document: FPDF) -> list[TTFFont]:
    return [font for font in document.fonts.values() if isinstance(font, TTFFont)]


def _close(document: FPDF) -> None:
    """Close the font files, which fontTools keeps open."""
    for font in _fonts(document):
        font.ttfont.close()


def printable(text: str) -> str:
    """Return the text with ``〓`` for every character that no font here can show."""
    known = _characters()
    return "".join(
        character if character in "\n\t" or ord(character) in known else MISSING for character in text
    )


def _blank() -> FPDF:
    """Make an empty document with its font: 0.2 s, so once per batch; subsetting consumes the parsed font."""
    document = FPDF(format="A4")
    document.set_margins(_MARGIN_MM, _MARGIN_MM, _MARGIN_MM)
    document.set_auto_page_break(True, _MARGIN_MM)
    document.add_font(_FAMILY, "", pylopdf_fonts_zh_cn.sans_path())
    system = _system_font()
    if system is not None:
        document.add_font(_FALLBACK, "", system, collection_font_number=0)
        document.set_fallback_fonts([_FALLBACK], exact_match=False)
    return document


def qr_image(content: str) -> Image:
    """Return a QR image (error correction M, quiet zone of four modules)."""
    # Any mask is legal; looking for the prettiest one would triple the time of a batch.
    code: QRCode[Any] = QRCode(error_correction=ERROR_CORRECT_M, border=4, box_size=6, mask_pattern=3)
    code.add_data(content)  # type: ignore[no-untyped-call] # qrcode is typed in part only
    image: Image = code.make_image().get_image()
    return image


class Sheet:
    """A document built from top to bottom; lengths are millimetres, sizes points."""

    def __init__(self, title: str) -> None:
        self._pdf = _blank()
        self._pdf.set_title(printable(title))
        self._pdf.set_lang("zh-CN")

    def page(self) -> None:
        """Start a new page."""
        self._pdf.add_page()

    def heading(self, text: str, size: int = 20) -> None:
        """Write a centred heading."""
        self._write(text, size, align="C")
        self.space(3)

    def paragraph(self, text: str, size: int = 12, *, align: str = "L") -> None:
        """Write a paragraph (``align`` L, C or R) and a little space after it."""
        self._write(text, size, align=align)
        self.space(2)

    def space(self, height: float) -> None:
        """Leave some room."""
        self._pdf.ln(height)

    def rule(self) -> None:
        """Draw a line across the page."""
        y = self._pdf.get_y()
        self._pdf.line(_MARGIN_MM, y, self._pdf.w - _MARGIN_MM, y)
        self.space(3)

    def table(self, rows: Sequence[Sequence[str]], widths: Sequence[float], size: int = 12) -> None:
        """Draw a ruled table, first row as headings; ``widths`` are proportions."""
        self._pdf.set_font(_FAMILY, size=size)
        headings = FontFace(fill_color=(230, 230, 230))
        with self._pdf.table(
            col_widths=tuple(widths), line_height=size * 0.65, text_align="LEFT", headings_style=headings
        ) as table:
            for row in rows:
                cells = table.row()
                for text in row:
                    cells.cell(printable(text))

    def qr(self, content: str, size: float = 45.0) -> None:
        """Place a centred QR image of ``content``; ``size`` includes the quiet zone."""
        image = qr_image(content)
        left = (self._pdf.w - size) / 2
        self._pdf.image(image, x=left, w=size, h=size)
        self.space(2)

    def output(self) -> bytes:
        """Return the finished PDF."""
        content = bytes(self._pdf.output())
        _close(self._pdf)
        return content

    def _write(self, text: str, size: int, *, align: str) -> None:
        self._pdf.set_font(_FAMILY, size=size)
        height = size * 0.55
        self._pdf.multi_cell(0, height, printable(text), align=align, new_x="LMARGIN", new_y="NEXT")
