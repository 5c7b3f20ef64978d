"""What a file is by its first bytes; names and stated types are never believed."""

from __future__ import annotations

# The first bytes of what people choose by mistake, in the reader's words.
_NAMED = (
    (b"%PDF-", " PDF 文件"),
    (b"PK\x03\x04", "压缩包或 Office 文件"),
    (b"GIF8", " GIF 动图"),
    (b"BM", " BMP 图片"),
    (b"II*\x00", " TIFF 图片"),
    (b"MM\x00*", " TIFF 图片"),
    (b"Rar!", "压缩包"),
    (b"7z\xbc\xaf", "压缩包"),
    (b"\x1f\x8b", "压缩包"),
    (b"ID3", "录音"),
    (b"#!AMR", "录音"),
    (b"\x1aE\xdf\xa3", " MKV 或 WebM 视频"),
    (b"MZ", "程序"),
    (b"\x7fELF", "程序"),
    (b"<", "网页"),
    (b"\xd0\xcf\x11\xe0", "旧版 Office 文件"),
)


# Of the same family of containers, but no films.
_NO_FILMS = {b"avif": " AVIF 图片", b"avis": " AVIF 图片", b"M4A ": "录音", b"M4B ": "录音"}


def looks_like_video(content: bytes) -> bool:
    """Tell whether this claims to be of the MP4 family."""
    return content[4:8] == b"ftyp" and content[8:12] not in _NO_FILMS


def name_of(content: bytes) -> str | None:
    """Return what a file that is refused looks like, in the reader's words, or None."""
    if content[4:8] == b"ftyp":
        return _NO_FILMS.get(content[8:12])
    if content[:4] == b"RIFF":
        return {b"AVI ": " AVI 视频", b"WAVE": "录音"}.get(content[8:12])
    start = content[:64].lstrip(b"\xef\xbb\xbf \t\r\n")
    return next((name for magic, name in _NAMED if start.startswith(magic)), None)
