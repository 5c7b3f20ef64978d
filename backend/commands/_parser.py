"""argparse's own words in Chinese: usage, headings of the help, and its complaints."""

from __future__ import annotations

import argparse
import re
import sys
from typing import Any, NoReturn

_HEADINGS = (
    ("usage: ", "用法："),
    ("\npositional arguments:\n", "\n参数：\n"),
    ("\noptions:\n", "\n选项：\n"),
    ("show this help message and exit", "显示这段说明"),
)
_COMPLAINTS = (
    (r"invalid choice: (.+) \(choose from (.+)\)", r"没有 \1，可用：\2"),
    (r"the following arguments are required: (.+)", r"缺少：\1"),
    (r"unrecognized arguments: (.+)", r"多出的参数：\1"),
    (r"expected one argument", "后面要跟一个值"),
    (r"expected at least one argument", "后面至少要跟一个值"),
    (r"expected (\d+) arguments", r"后面要跟 \1 个值"),
    (r"ignored explicit argument (.+)", r"不带值，不应写 \1"),
    (r"invalid int value: (.+)", r"应为整数，不是 \1"),
    (r"invalid \S+ value: (.+)", r"不能用 \1"),
    (r"not allowed with argument (.+)", r"不能与 \1 同时使用"),
    (r"one of the arguments (.+) is required", r"须写其中一个：\1"),
    (r"ambiguous option: (.+) could match (.+)", r"\1 不明确，可能是：\2"),
)


class Parser(argparse.ArgumentParser):
    """An argument parser that speaks to operators in their language; its subcommands are of the same kind."""

    def format_usage(self) -> str:
        """Return the usage."""
        return _translated(super().format_usage())

    def format_help(self) -> str:
        """Return the help."""
        return _translated(super().format_help())

    def error(self, message: str) -> NoReturn:
        """Print usage and complaint, and exit with 2."""
        self.print_usage(sys.stderr)
        self.exit(2, f"{self.prog}：{complaint(message)}\n")


class ShowVersion(argparse.Action):
    """Print the installed version; looked up only when asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        """Print and exit."""
        from importlib.metadata import version

        print(f"gongjue {version('gongjue')}")
        parser.exit()


def complaint(message: str) -> str:
    """Return what argparse complains about in Chinese; words it does not know stay as they are."""
    named = re.fullmatch(r"argument (.+?): (.+)", message, re.DOTALL)
    where, what = (f"{named[1]} ", named[2]) if named else ("", message)
    for pattern, words in _COMPLAINTS:
        found = re.fullmatch(pattern, what, re.DOTALL)
        if found:
            return where + found.expand(words)
    return where.rstrip() + "：" * bool(where) + what


def _translated(text: str) -> str:
    for english, chinese in _HEADINGS:
        text = text.replace(english, chinese, 1)
    return text
