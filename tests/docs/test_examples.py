"""The example files beside the pages: unit files, nginx, PostgreSQL's lines, the table of settings."""

from __future__ import annotations

import configparser
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import psycopg
import pytest

from backend.cli import build_parser
from backend.infra.settings import load_settings
from tests.docs.pages import ROOT, blocks_of, first_cells
from tests.factories.postgres import Cluster

OPERATE = ROOT / "docs" / "operate.md"
UNITS = sorted((ROOT / "docs" / "systemd").iterdir())
NGINX = ROOT / "docs" / "nginx.conf"
PROGRAM = "/opt/gongjue/.venv/bin/gongjue"
KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="


def test_the_table_of_settings_is_the_codes() -> None:
    code = (ROOT / "backend/infra/settings.py").read_text()
    table = first_cells(OPERATE, "GONGJUE_")
    assert set(table) == set(re.findall(r'"(GONGJUE_[A-Z0-9_]+)"', code))
    needed = {
        "GONGJUE_FIELD_KEYS": f"k1:{KEY}",
        "GONGJUE_INDEX_KEY": KEY,
        "GONGJUE_WECHAT_APP_SECRET": "0123456789abcdef",
        "GONGJUE_DATABASE_URL": "sqlite:///of-no-default.db",
    }
    settings = load_settings(needed)
    defaults = {
        "GONGJUE_MODE": settings.mode,
        "GONGJUE_DATABASE_URL": "none",
        "GONGJUE_STORAGE": str(settings.storage_path),
        "GONGJUE_WECHAT_APP_ID": settings.wechat_app_id or "empty",
        "GONGJUE_WECHAT_API_BASE": settings.wechat_api_base,
        "GONGJUE_WECHAT_OFFICIAL_APP_ID": settings.wechat_official_app_id or "empty",
        "GONGJUE_WECHAT_OFFICIAL_SECRET": settings.wechat_official_secret or "empty",
        "GONGJUE_WECHAT_ROBOT_BASE": settings.wechat_robot_base,
        "GONGJUE_WECHAT_OPEN_BASE": settings.wechat_open_base,
        "GONGJUE_WECHAT_STATE": settings.wechat_state,
        "GONGJUE_WECHAT_MINI_CALLBACK_TOKEN": settings.callback_token_mini or "empty",
        "GONGJUE_WECHAT_MINI_CALLBACK_AES_KEY": settings.callback_aes_key_mini or "empty",
        "GONGJUE_WECHAT_OFFICIAL_CALLBACK_TOKEN": settings.callback_token_official or "empty",
        "GONGJUE_WECHAT_OFFICIAL_CALLBACK_AES_KEY": settings.callback_aes_key_official or "empty",
        "GONGJUE_WECHAT_CALLBACK_WINDOW": str(settings.callback_window_seconds),
        "GONGJUE_SMS_TRANSPORT": settings.sms.transport,
        "GONGJUE_SMS_FILE": str(settings.sms.file),
        "GONGJUE_SMS_SECRET_ID": settings.sms.secret_id or "empty",
        "GONGJUE_SMS_SECRET_KEY": settings.sms.secret_key or "empty",
        "GONGJUE_SMS_APP_ID": settings.sms.app_id or "empty",
        "GONGJUE_SMS_SIGN": settings.sms.sign or "empty",
        "GONGJUE_SMS_REGION": settings.sms.region,
        "GONGJUE_TRUSTED_PROXIES": str(settings.trusted_proxies),
        "GONGJUE_PUBLIC_BASE_URL": settings.public_base_url,
        "GONGJUE_RATE_LIMIT_STORAGE": settings.rate_limit_storage,
        "GONGJUE_POOL_SIZE": str(settings.pool_size),
        "GONGJUE_OPEN311": "on" if settings.open311 else "off",
        **dict.fromkeys(needed, "none"),
    }
    assert table == defaults


def test_the_settings_written_on_the_page_are_known() -> None:
    written = set(re.findall(r"^(GONGJUE_[A-Z0-9_]+)=", OPERATE.read_text(), re.MULTILINE))
    assert written <= set(first_cells(OPERATE, "GONGJUE_"))


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_a_unit_file_is_sound(path: Path, tmp_path: Path) -> None:
    unit = configparser.ConfigParser(interpolation=None, strict=True)
    unit.optionxform = str  # type: ignore[assignment,method-assign] # documented way to keep capitals
    unit.read(path)
    if path.suffix == ".service":
        service = unit["Service"]
        assert service["User"] == "gongjue" and service["NoNewPrivileges"] == "yes"
        _parse_command(service["ExecStart"])
    assert f"(systemd/{path.name})" in OPERATE.read_text()
    _verify_by_systemd(path, tmp_path)


def _parse_command(command: str) -> None:
    text = command.replace("%i", "8001").replace("%%", "%")
    words = shlex.split(text)
    if words[:2] == ["/bin/sh", "-c"]:
        assert subprocess.run(["sh", "-n", "-c", words[2]], check=False).returncode == 0
        words = shlex.split(words[2].removeprefix("exec "))
    assert words[0] == PROGRAM
    build_parser(words[1:]).parse_args(words[1:])


def _verify_by_systemd(path: Path, tmp_path: Path) -> None:
    """Let systemd itself read it where systemd is; without it the parsing above is the check."""
    if shutil.which("systemd-analyze") is None:
        return
    for unit in UNITS:
        (tmp_path / unit.name).write_text(unit.read_text().replace(PROGRAM, "/bin/true"))
    target = tmp_path / path.name.replace("@.", "@8001.")
    if target.name != path.name:
        target.symlink_to(tmp_path / path.name)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", str(target)],
        capture_output=True,
        text=True,
        check=False,
    )
    complaints = [line for line in done.stderr.splitlines() if "gongjue" in line]
    assert done.returncode == 0 and not complaints, done.stderr


def nginx_statements(text: str) -> list[tuple[int, list[str]]]:
    """Return ``(depth, words)`` of every directive; a missing semicolon or brace is an error."""
    pattern = r"#[^\n]*|\"[^\"]*\"|'[^']*'|[{};]|[^\s{};\"']+"
    tokens = [token for token in re.findall(pattern, text) if not token.startswith("#")]
    found: list[tuple[int, list[str]]] = []
    depth, words = 0, []
    for token in tokens:
        if token not in "{};":
            words.append(token)
            continue
        if token != "}":
            assert words, "a statement without words"
            found.append((depth, words))
        else:
            assert not words, f"no semicolon after {words}"
        depth += {"{": 1, "}": -1, ";": 0}[token]
        assert depth >= 0, "a brace too many"
        words = []
    assert depth == 0 and not words, "a brace or semicolon is missing"
    return found


def test_nginxs_example_is_sound_and_fits_the_page() -> None:
    statements = [words for _, words in nginx_statements(NGINX.read_text())]
    servers = [words[1] for words in statements if words[0] == "server" and len(words) > 1]
    enabled = re.findall(r"gongjue-web@(\d+)", OPERATE.read_text())
    assert set(servers) == {f"127.0.0.1:{port}" for port in enabled}
    # One proxy that throws away what the client claims: the page says GONGJUE_TRUSTED_PROXIES=1.
    headers = {words[1]: words[2] for words in statements if words[0] == "proxy_set_header"}
    assert headers["X-Forwarded-For"] == "$remote_addr"
    assert {"X-Forwarded-Proto", "X-Forwarded-Host", "Host"} <= set(headers)
    log = " ".join(word for words in statements if words[0] == "log_format" for word in words)
    assert "$request_uri" not in log and "$args" not in log and '"$request"' not in log


@pytest.mark.parametrize("spoiled", [("keepalive 32;", "keepalive 32"), ("location / {", "location /")])
def test_the_nginx_reader_finds_what_is_missing(spoiled: tuple[str, str]) -> None:
    text = NGINX.read_text()
    assert spoiled[0] in text
    with pytest.raises(AssertionError, match=r"semicolon|brace"):
        nginx_statements(text.replace(*spoiled))


def test_postgresqls_lines_name_settings_it_has(pg_cluster: Cluster) -> None:
    blocks = [block.text for block in blocks_of(OPERATE) if block.words == ("ini",)]
    lines = [line for text in blocks if not text.startswith("[") for line in text.splitlines()]
    assert len(lines) >= 8
    with psycopg.connect(pg_cluster.url) as server:
        for line in lines:
            name, value = (part.strip() for part in line.split("=", 1))
            found = server.execute(
                "SELECT vartype, enumvals FROM pg_settings WHERE name = %s", [name]
            ).fetchone()
            assert found is not None, line
            if found[0] == "enum":
                assert value.strip("'") in found[1], line
