"""The baseline: hello, and an INSERT of one row as wide as a vote; nothing is checked, nothing else is stored."""

import os
import secrets
import sqlite3
import threading
from datetime import UTC, datetime

from flask import Flask, request
from psycopg_pool import ConnectionPool

URL = os.environ["BENCH_DATABASE_URL"]
LITE = URL.startswith("sqlite")
INSERT = f"INSERT INTO bare_vote VALUES ({', '.join(['?' if LITE else '%s'] * 15)})"
SOME_ID = "0123456789abcdefghjk"
app, local = Flask(__name__), threading.local()
pool = None if LITE else ConnectionPool(URL, min_size=0, max_size=4, kwargs={"autocommit": True}, open=True)


@app.get("/")
def hello() -> str:
    return "hello"


@app.post("/insert")
def insert() -> tuple[dict[str, str], int]:
    body, receipt, noise = request.get_json(), secrets.token_hex(6), secrets.token_bytes(32)
    row = [receipt, SOME_ID, body["entries"][0], SOME_ID, "bench-key-000001", noise, "online", "standing"]
    row += ["standing", "fa", body["documents_hash"], None, noise, datetime.now(UTC), None]
    if pool:
        with pool.connection() as connection:
            connection.execute(INSERT, row)
        return {"receipt": receipt}, 201
    if not hasattr(local, "base"):
        local.base = sqlite3.connect(URL.removeprefix("sqlite:///"), timeout=30, isolation_level=None)
        local.base.execute("PRAGMA synchronous=FULL")
    row[13] = int(datetime.now(UTC).timestamp() * 1e6)
    local.base.execute(INSERT, row)
    return {"receipt": receipt}, 201
