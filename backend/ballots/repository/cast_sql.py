"""The vote's SQL, once for both databases: what is checked, what is inserted."""

from __future__ import annotations

import re

from backend.identity.fragments import ACTIVE_BINDING, SESSION_ACCOUNT
from backend.infra.database import SQLITE_NOW
from backend.ledger.fragments import INSERT_EVENT

_SQLITE_GATE = f"""
SELECT state, opens_at, closes_at, documents_hash, electorate, re_vote, organisation_id, {SQLITE_NOW} AS now
FROM ballot WHERE id = :ballot
"""  # noqa: S608 - constants
# One row at most; LIMIT tells the planner so, which would expect a thousand of a function.
_POSTGRESQL_GATE = "SELECT * FROM ballot_gate(:ballot) LIMIT 1"

# One row when the ballot exists: everything a refusal must name, and ``may`` when nothing stands against it.
# Each join finds one row or none: keys, ``binding_one`` and ``proxy_mandate_entry`` are unique.
_VERDICT = """
SELECT facts.*,
       coalesce(
         state = 'open' AND opens_at <= now AND now < closes_at AND account_id IS NOT NULL
         AND dwelling_id IS NOT NULL AND documents_match
         AND (has_mandate
              OR (relation IS NOT NULL AND :relations LIKE '%,' || relation || ',%' AND effective_at <= now)),
         false) AS may
FROM (
  SELECT gate.state, gate.opens_at, gate.closes_at, gate.now, gate.re_vote, gate.organisation_id,
         who.account_id, entry.dwelling_id, home.relation, home.effective_at,
         mandate.id IS NOT NULL AS has_mandate,
         coalesce(gate.documents_hash = :documents_hash, false) AS documents_match
  FROM ({gate}) gate
  LEFT JOIN ({session}) who ON who.expires_at > gate.now
  LEFT JOIN roll_entry entry ON entry.id = :entry AND entry.ballot_id = :ballot AND NOT entry.is_removed
  LEFT JOIN ({binding}) home ON home.account_id = who.account_id AND home.dwelling_id = entry.dwelling_id
  LEFT JOIN proxy_mandate mandate
    ON mandate.ballot_id = :ballot AND mandate.roll_entry_id = :entry
    AND mandate.proxy_account_id = who.account_id
    AND mandate.revoked_at IS NULL AND mandate.confirmed_at IS NOT NULL
    AND mandate.valid_from <= gate.now AND gate.now < mandate.valid_until
) facts
"""

# In the order of Verdict's fields.
_FACTS = (
    "state, opens_at, closes_at, now, re_vote, account_id, dwelling_id, relation, effective_at, has_mandate,"
    " documents_match, may"
)
# What an insert takes from the verdict; no row when something stands against the vote.
_TAKEN = "account_id, organisation_id, dwelling_id, has_mandate, now"
_VOTE_COLUMNS = (
    "(receipt, ballot_id, roll_entry_id, account_id, idempotency_key, request_hash, channel, arrived_as, state, choices,"
    " documents_hash, nonce, cast_at)"
)
_VOTE_VALUES = """
SELECT :receipt, :ballot, :entry, account_id, :idempotency_key, :request_hash,
       CASE WHEN has_mandate THEN 'proxy' ELSE 'online' END, :state, :state,
       :choices, :documents_hash, :nonce, now
"""
_EVENT_VALUES = """
SELECT :event, 'vote.recorded', organisation_id, 'dwelling', dwelling_id, 'resident', account_id,
       CASE WHEN has_mandate THEN :payload_proxy ELSE :payload_online END, now
"""


def _verdict(gate: str) -> str:
    return _VERDICT.format(gate=gate, session=SESSION_ACCOUNT, binding=ACTIVE_BINDING)


# The vote's hot path carries back one value; who is refused asks POSTGRESQL_VERDICT for the reasons. Without ON
# CONFLICT, which looks in every unique index once before it inserts: a vote in the way is an error, and rare.
POSTGRESQL_CAST = f"""
WITH entitled AS MATERIALIZED (SELECT {_TAKEN} FROM ({_verdict(_POSTGRESQL_GATE)}) verdict WHERE may),
event_in AS ({INSERT_EVENT} {_EVENT_VALUES} FROM entitled)
INSERT INTO vote {_VOTE_COLUMNS} {_VOTE_VALUES} FROM entitled RETURNING cast_at
"""  # noqa: S608 - constants

POSTGRESQL_VERDICT = f"SELECT {_FACTS} FROM ({_verdict(_POSTGRESQL_GATE)}) verdict"  # noqa: S608 - constants

# SQLite has one writer, and it is us: what the verdict found still holds when the rows are inserted.
_SQLITE_FOUND = (
    "FROM (SELECT :account_id AS account_id, :organisation_id AS organisation_id, :dwelling_id AS dwelling_id,"
    " :has_mandate AS has_mandate, :now AS now) WHERE true"
)
SQLITE_VERDICT = f"SELECT {_FACTS} FROM ({_verdict(_SQLITE_GATE)}) verdict"  # noqa: S608 - constants
SQLITE_ENTITLED = f"SELECT {_TAKEN} FROM ({_verdict(_SQLITE_GATE)}) verdict WHERE may"  # noqa: S608 - constants
SQLITE_VOTE = f"""
INSERT INTO vote {_VOTE_COLUMNS} {_VOTE_VALUES} {_SQLITE_FOUND}
ON CONFLICT DO NOTHING
"""
SQLITE_EVENT = f"{INSERT_EVENT} {_EVENT_VALUES} {_SQLITE_FOUND}"

TAKE_CASTING_LOCK = "SELECT pg_advisory_xact_lock_shared(hashtextextended(:ballot, 0))"
REPLACE_STANDING = "UPDATE vote SET state = 'replaced' WHERE receipt = :old AND state = 'standing'"
INSERT_DISPOSITION = """
INSERT INTO vote_disposition (id, ballot_id, receipt, to_state, reason, actor_id, at, nonce)
VALUES (:id, :ballot, :old, 'replaced', 're_vote', :account_id, {now}, :nonce)
"""
FIND_REPLAY = """
SELECT receipt, request_hash, cast_at, state FROM vote
WHERE account_id = :account_id AND idempotency_key = :idempotency_key
"""
FIND_STANDING = """
SELECT receipt, account_id, channel FROM vote
WHERE ballot_id = :ballot AND roll_entry_id = :entry AND state = 'standing'
"""


BYTES = frozenset({"token_hash", "request_hash", "nonce"})


def to_psycopg(sql: str) -> str:
    """Turn ``:name`` into psycopg's ``%(name)s``, bytes into ``%(name)b`` (unescaped); literal ``%`` into ``%%``."""

    def placeholder(found: re.Match[str]) -> str:
        return f"%({found[1]}){'b' if found[1] in BYTES else 's'}"

    return re.sub(r"(?<![:\w]):([a-z_]+)", placeholder, sql.replace("%", "%%"))
