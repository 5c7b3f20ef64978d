"""The little markdown that a group robot may write, as safe HTML."""

from __future__ import annotations

import re

from markupsafe import Markup, escape

_INLINE = (
    (re.compile(r"\*\*(.+?)\*\*"), r"<strong>\1</strong>"),
    (re.compile(r"`(.+?)`"), r"<code>\1</code>"),
    (
        re.compile(r"\[([^\]]+)\]\((https?://[^\s()]+)\)"),
        r'<a href="\2" rel="noopener noreferrer">\1</a>',
    ),
    (
        re.compile(r"&lt;font color=&#34;(info|comment|warning)&#34;&gt;(.*?)&lt;/font&gt;"),
        r'<span class="\1">\2</span>',
    ),
)
_HEADING = re.compile(r"#{1,6} (.*)")
_QUOTE = re.compile(r"&gt; ?(.*)")


def render(text: str) -> Markup:
    """Return headings, quotes, bold, code, links and WeCom's three colours; everything else as it is."""
    return Markup("\n".join(_line(line) for line in str(escape(text)).split("\n")))  # noqa: S704 - escaped first


def _line(line: str) -> str:
    for pattern, replacement in _INLINE:
        line = pattern.sub(replacement, line)
    if heading := _HEADING.fullmatch(line):
        return f'<strong class="big">{heading[1]}</strong>'
    if quote := _QUOTE.fullmatch(line):
        return f'<span class="quote">{quote[1]}</span>'
    return line
