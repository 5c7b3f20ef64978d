"""Put on a process's path, this sets its clock a day back, as on a machine whose clock is wrong."""

from __future__ import annotations

import ctypes
import datetime
import gc
import time
from collections.abc import Callable
from typing import Any

_DAY = 86_400
_true_time, _true_time_ns = time.time, time.time_ns
_true_now, _true_date = datetime.datetime.now, datetime.date.today
_true_localtime, _true_gmtime = time.localtime, time.gmtime


def _replace(kind: type, name: str, function: Callable[..., Any]) -> None:
    """Change a method of a built-in type: a subclass would not reach what is written in C."""
    gc.get_referents(kind.__dict__)[0][name] = function
    ctypes.pythonapi.PyType_Modified(ctypes.py_object(kind))


def _now(tz: datetime.tzinfo | None = None) -> datetime.datetime:
    return _true_now(tz) - datetime.timedelta(seconds=_DAY)


time.time = lambda: _true_time() - _DAY
time.time_ns = lambda: _true_time_ns() - _DAY * 10**9
time.localtime = lambda seconds=None: _true_localtime(time.time() if seconds is None else seconds)
time.gmtime = lambda seconds=None: _true_gmtime(time.time() if seconds is None else seconds)
_replace(datetime.datetime, "now", staticmethod(_now))
_replace(datetime.datetime, "utcnow", staticmethod(lambda: _now(datetime.UTC).replace(tzinfo=None)))
_replace(datetime.datetime, "today", staticmethod(_now))
_replace(datetime.date, "today", staticmethod(lambda: _true_date() - datetime.timedelta(seconds=_DAY)))
