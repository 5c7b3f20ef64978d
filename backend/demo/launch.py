"""``make run``: the whole product on this machine, until Ctrl-C."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass

from backend.demo import logins, outside
from backend.demo.logins import DemoLogins
from backend.demo.place import DemoPlace
from backend.demo.processes import Child, Household, answers, free_port, wait_until
from backend.infra.settings import load_settings
from backend.rehearsal.phones import SimulatedPhones

HEALTHY_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the two servers listen, on the loopback address only."""

    web: int
    wechat: int

    @property
    def web_url(self) -> str:
        """Return the product's address."""
        return f"http://127.0.0.1:{self.web}"

    @property
    def wechat_url(self) -> str:
        """Return the simulator's address."""
        return f"http://127.0.0.1:{self.wechat}"


def launch(place: DemoPlace, wanted: tuple[int, int], *, is_fresh: bool) -> int:
    """Run the demo until Ctrl-C or SIGTERM (0), or until one of its processes ends by itself (1)."""
    started_at = time.monotonic()
    _say("正在准备演示数据 (preparing) …")
    with place.held_alone():
        known = place.prepare(is_fresh=is_fresh)
        return _run(place, known, wanted, started_at)


def _run(place: DemoPlace, known: DemoLogins, wanted: tuple[int, int], started_at: float) -> int:
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stop.set())
    ports = _choose_ports(wanted)
    household = Household(place.logs, {**place.environment(), **_addresses(ports)})
    try:
        _start(household, ports, place)
        if not _wait(household, stop, lambda: answers(ports.wechat, "/__sim/health")):
            return _end_early(household, stop)
        # The bot sends from its first second: phones and groups must be there before.
        _fill_simulator(place, ports)
        household.start("bot", [sys.executable, "-m", "backend.cli", "bot"])
        if not _wait(household, stop, lambda: _is_healthy(ports)):
            return _end_early(household, stop)
        _welcome(place, known, ports, time.monotonic() - started_at)
        while not stop.wait(0.5):
            if household.dead() is not None:
                return _end_early(household, stop)
        _say("\n正在停止 (stopping) …")
        return 0
    finally:
        household.stop()
        _say("已停止 (stopped)。")


def _choose_ports(wanted: tuple[int, int]) -> Ports:
    web = free_port(wanted[0])
    wechat = free_port(wanted[1], taken=(web,))
    for name, asked, given in (
        ("网页 web", wanted[0], web),
        ("微信模拟器 WeChat simulator", wanted[1], wechat),
    ):
        if asked != given:
            _say(f"端口 {asked} 已被别的程序占用，{name} 改用 {given} (port taken, using {given})。")
    return Ports(web, wechat)


def _addresses(ports: Ports) -> dict[str, str]:
    return {"GONGJUE_WECHAT_API_BASE": ports.wechat_url, "GONGJUE_PUBLIC_BASE_URL": ports.web_url}


def _start(household: Household, ports: Ports, place: DemoPlace) -> None:
    python = sys.executable
    simulator = [python, "-m", "wechat_simulator", "--port", str(ports.wechat), "--keep", str(place.phones)]
    household.start("wechat", simulator)
    household.start("web", [python, "-m", "backend.cli", "serve", "--bind", f"127.0.0.1:{ports.web}"])


def _is_healthy(ports: Ports) -> bool:
    return answers(ports.web, "/readyz") and answers(ports.web, "/health/bot")


def _wait(household: Household, stop: threading.Event, is_ready: Callable[[], bool]) -> bool:
    def must_end() -> bool:
        return stop.is_set() or household.dead() is not None

    return wait_until(is_ready, must_end, HEALTHY_SECONDS) and not must_end()


def _end_early(household: Household, stop: threading.Event) -> int:
    """Say why we stop; 0 when somebody asked for it."""
    dead = household.dead()
    if dead is not None:
        _report(
            dead,
            f"{dead.name} 已自行结束（退出码 {dead.process.returncode}），其余一并停止 (ended by itself):",
        )
        return 1
    if stop.is_set():
        return 0
    for child in household.children:
        _report(child, f"启动超过 {HEALTHY_SECONDS:g} 秒仍未就绪 (not ready): {child.name}")
    return 1


def _report(child: Child, headline: str) -> None:
    print("\n".join([headline, *(f"  {line}" for line in child.last_lines())]), file=sys.stderr, flush=True)


def _fill_simulator(place: DemoPlace, ports: Ports) -> None:
    with closing(SimulatedPhones(ports.wechat_url)) as simulated:
        outside.fill(simulated, load_settings({**place.environment(), **_addresses(ports)}), ports.web_url)


def _welcome(place: DemoPlace, known: DemoLogins, ports: Ports, seconds: float) -> None:
    addresses = logins.table(
        ("地址 addresses", ""),
        [
            (f"{ports.web_url}/", "首页，可查验回执 first page, receipt check"),
            (f"{ports.web_url}/docs", "接口文档 API docs"),
            (f"{ports.web_url}/openapi.json", "OpenAPI 3.1"),
            (f"{ports.web_url}/follow-up", "办结回访页，代码见短信 question after the work"),
            (f"{ports.web_url}/health/bot", "后台任务心跳 bot heartbeat"),
            (f"{ports.wechat_url}/phones", "微信模拟器 WeChat simulator"),
            (f"{ports.wechat_url}/rooms", "居委会工作群 committee's group rooms"),
        ],
    )
    person = known.residents[0].openid
    steps = [
        "居民登录示例 Log in as a resident:",
        f"  curl -X POST {ports.wechat_url}/__sim/users/{person}/login_code      # → code",
        f"  curl -X POST {ports.web_url}/api/v1/session -H 'Content-Type: application/json' -d '{{\"code\": \"…\"}}'",
    ]
    footer = [
        f"账号文件 logins: {place.logins}   日志 logs: {place.logs}",
        f"短信写入文件 text messages: {place.settings().sms.file}",
        f"演示数据均为虚构，不要录入真实个人信息。用时 {seconds:.1f} 秒。按 Ctrl-C 停止 (Ctrl-C stops)。",
    ]
    _say("\n".join(["", "共决 Gongjue 演示已启动 (demo is running)", ""]))
    _say("\n".join([*addresses, "", *logins.describe(known), "", *steps, "", *footer]))


def _say(text: str) -> None:
    print(text, flush=True)
