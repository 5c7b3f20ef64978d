"""A place in which the pages' commands run for real: a PostgreSQL of its own, its own folders, stand-ins on PATH."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.docs.pages import ROOT, Block
from tests.factories.postgres import Cluster

# They run until somebody stops them, or for minutes: here their words are only parsed. They run in
# tests/services: test_cli.py (serve), test_demo.py (run-demo), test_rehearsal.py, and in tests/bot (bot).
LONG_RUNNING = ("serve", "bot", "run-demo", "rehearse")

_GONGJUE = f"""#!{sys.executable}
import sys
from backend.cli import build_parser, main
words = sys.argv[1:]
if words[:1] and words[0] in {LONG_RUNNING!r} and "--list" not in words:
    build_parser(words).parse_args(words)
    raise SystemExit(0)
raise SystemExit(main())
"""
# ``make test`` inside a test would never end: the target must exist and its recipe expand.
_MAKE = f'#!/bin/sh\ncd "{ROOT}" && exec {shutil.which("make")} --dry-run --always-make "$@" >/dev/null\n'
_SUDO = '#!/bin/sh\nif [ "$1" = -u ]; then shift 2; fi\nexec "$@"\n'
_SERVICES = f'#!/bin/sh\nexec {sys.executable} -m tests.docs.services "$@"\n'
# The one PyPI build of this program that we have crashes on every backup, its own included: there, sizes only.
_VERIFY = f"""#!{sys.executable}
import json, pathlib, sys
base = pathlib.Path(sys.argv[1])
files = json.loads((base / "backup_manifest").read_text())["Files"]
wrong = [file["Path"] for file in files if (base / file["Path"]).stat().st_size != file["Size"]]
raise SystemExit(f"not as stated: {{wrong}}" if wrong or not files else 0)
"""


@dataclass(frozen=True)
class Sandbox:
    """Where the pages' places lie here: ``replaced`` is applied to the text of every block."""

    folder: Path
    replaced: Mapping[str, str]
    environment: Mapping[str, str]

    def run(self, blocks: Sequence[Block]) -> None:
        """Run a page's blocks in one shell, top to bottom; the first failing command fails the test."""
        self._shell("".join(self._part(block) for block in blocks))

    def walk(self, blocks: Sequence[Block], ports: Mapping[str, int]) -> None:
        """Run the blocks that speak to a running demo; ``ports``: as the page writes them → as they are here."""
        text = "".join(block.text for block in blocks if "demo" in block.words)
        assert text, "no block is marked as speaking to the demo"
        for there, here in ports.items():
            text = text.replace(f"127.0.0.1:{there}", f"127.0.0.1:{here}")
        self._shell(text)

    def _shell(self, text: str) -> None:
        done = subprocess.run(
            ["bash", "-c", f"set -euo pipefail\n{text}"],
            cwd=self.folder,
            env=dict(self.environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=600,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-4000:]

    def _part(self, block: Block) -> str:
        if "demo" in block.words:
            return ""
        if "host" in block.words:
            # Checked elsewhere, not run; what it starts has then been running for a while.
            return 'eval "$(gongjue-services)"\nexport BALLOT ROOT\n' if "systemctl" in block.text else ""
        text = block.text
        for there, here in self.replaced.items():
            text = text.replace(there, here)
        return f"echo '## block of line {block.line}'\n{text}"


def build_sandbox(folder: Path, cluster: Cluster | None) -> Sandbox:
    """Make the folders and the stand-ins."""
    programs = folder / "programs"
    programs.mkdir(parents=True)
    wrappers = {"gongjue": _GONGJUE, "make": _MAKE, "sudo": _SUDO, "gongjue-services": _SERVICES}
    wrappers["python3.11"] = f'#!/bin/sh\nexec {sys.executable} "$@"\n'
    if cluster is not None and not cluster.binaries.is_relative_to("/usr/lib/postgresql"):
        wrappers["pg_verifybackup"] = _VERIFY
    for name, text in wrappers.items():
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    (folder / ".venv").mkdir()
    (folder / ".venv" / "bin").symlink_to(programs)
    (folder / "docs").symlink_to(ROOT / "docs")
    replaced = {}
    for place in ("/etc/gongjue", "/var/lib/gongjue", "/var/backups/gongjue"):
        (folder / place[1:]).mkdir(parents=True)
        replaced[place] = str(folder / place[1:])
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GONGJUE_", "PG"))}
    path = [str(programs)]
    if cluster is not None:
        path.append(str(cluster.binaries))
        kept |= {"PGHOST": "127.0.0.1", "PGPORT": str(cluster.port), "PGUSER": "gongjue"}
        kept["PGDATABASE"] = "postgres"
        base = cluster.url.rsplit("/", 1)[0]
        replaced["postgresql:///gongjue_check?host=/var/run/postgresql"] = f"{base}/gongjue_check"
        replaced["postgresql:///gongjue?host=/var/run/postgresql"] = f"{base}/gongjue"
        # The test cluster's superuser already has the name.
        replaced["createuser gongjue"] = "createuser gongjue_of_the_page"
    environment = kept | {"PATH": ":".join([*path, os.environ["PATH"]]), "PYTHONPATH": str(ROOT)}
    return Sandbox(folder, replaced, environment)
