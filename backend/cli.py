"""The command ``gongjue``: finds its subcommands in ``backend.commands`` and answers mistakes in one line."""

from __future__ import annotations

import argparse
import gc
import importlib
import io
import os
import pkgutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from backend.commands._parser import Parser, ShowVersion

REFUSED = 1
UNUSABLE = 2
INTERRUPTED = 130
# A start makes a hundred thousand objects that all stay: looking for garbage among them takes a tenth of it.
_OBJECTS_BETWEEN_COLLECTIONS = 50_000

_COMMANDS = "backend.commands"
_NOT_MIGRATED = "数据库还没有建好或版本不符，请先执行：gongjue migrate"
# PostgreSQL's codes for a table, column or function that is not there.
_UNDEFINED = frozenset({"42P01", "42703", "42883"})
_NO_DATABASE = "数据库连接不上或正忙，请检查 GONGJUE_DATABASE_URL 与数据库服务。"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one subcommand and return its exit code: 1 = refused, 2 = wrong use, settings or database."""
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    _tolerate_any_terminal()
    words = list(sys.argv[1:] if arguments is None else arguments)
    args = build_parser(words).parse_args(words)
    try:
        return int(args.run(args) or 0)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # The reader (head, less) has seen enough; nothing more may be written while the process ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        answer = _explain(error)
        if answer is None:
            raise
        code, lines = answer
        print("\n".join(lines), file=sys.stderr)
        return code


def build_parser(words: Sequence[str]) -> argparse.ArgumentParser:
    """Return the parser with the subcommand that ``words`` names, or with all of them.

    Loading only what is asked for keeps ``gongjue tally`` quick and free of the database.
    """
    parser = Parser(prog="gongjue", description="共决：老旧小区改造的民主表决、计票与核验。")
    parser.add_argument("--version", action=ShowVersion, nargs=0, help="显示版本")
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    known = command_names()
    wanted = [words[0]] if words and words[0] in known else known
    if words[:1] == ["--version"]:
        wanted = []
    for name in wanted:
        module: Any = importlib.import_module(f"{_COMMANDS}.{name.replace('-', '_')}")
        module.add_parser(subparsers)
    return parser


def command_names() -> list[str]:
    """Return the names of all subcommands: a module ``run_demo`` is the command ``run-demo``."""
    folder = Path(__file__).with_name("commands")
    found = pkgutil.iter_modules([str(folder)])
    return sorted(
        module.name.replace("_", "-") for module in found if not module.ispkg and module.name[0] != "_"
    )


def _explain(error: Exception) -> tuple[int, list[str]] | None:
    """Return exit code and lines for errors a person can mend; None for faults of the program."""
    from backend.infra.installation import WrongInstallation
    from backend.infra.settings import SettingsError
    from backend.kernel.errors import DomainError
    from backend.kernel.files import reason_of

    if isinstance(error, DomainError):
        return REFUSED, [error.message, *(f"  {field.where}：{field.message}" for field in error.fields)]
    if isinstance(error, SettingsError):
        return UNUSABLE, [f"设置有误：{error}。"]
    if isinstance(error, WrongInstallation):
        return UNUSABLE, [f"数据库用途不符：{error}。"]
    if isinstance(error, OSError) and error.filename is not None:
        return UNUSABLE, [f"文件无法读写：{error.filename}：{reason_of(error)}"]
    return _explain_database(error)


def _explain_database(error: Exception) -> tuple[int, list[str]] | None:
    # Whoever never loaded SQLAlchemy cannot have met one of its errors.
    if "sqlalchemy" not in sys.modules:
        return None
    from sqlalchemy.exc import DBAPIError, OperationalError

    if not isinstance(error, DBAPIError):
        return None
    said = str(error.orig)
    is_sqlite_schema = "no such table" in said or "no such column" in said
    if is_sqlite_schema or getattr(error.orig, "sqlstate", None) in _UNDEFINED:
        return UNUSABLE, [_NOT_MIGRATED]
    return (UNUSABLE, [_NO_DATABASE]) if isinstance(error, OperationalError) else None


def _tolerate_any_terminal() -> None:
    """Never fail because a terminal cannot show a Chinese character."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


if __name__ == "__main__":
    raise SystemExit(main())
