"""What the commands ask of the files they are to write."""

from __future__ import annotations

import argparse
from pathlib import Path


def workbook(text: str) -> Path:
    """Return the path of an Excel file to write: under another suffix a program would not open it."""
    path = Path(text)
    if path.suffix.lower() != ".xlsx":
        raise argparse.ArgumentTypeError(f"写出的是 Excel 文件，文件名请以 .xlsx 结尾，不是 {text!r}")
    return path
