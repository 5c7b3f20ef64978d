"""SQL published for the vote's single statement: who holds a session, and whose home a dwelling is.

Parameters are named ``:token_hash``; ``{now}`` is the time to judge by. Columns: ``account_id``; and
``account_id, dwelling_id, relation, effective_at``.
"""

from __future__ import annotations

# Reads the session row inside the caller's statement, so a revocation takes effect in the same second.
SESSION_ACCOUNT = """
SELECT s.account_id FROM login_session s JOIN account a ON a.id = s.account_id
WHERE s.token_hash = :token_hash AND s.revoked_at IS NULL AND s.expires_at > {now}
  AND a.state = 'active' AND a.kind = 'resident'
"""

ACTIVE_BINDING = """
SELECT account_id, dwelling_id, relation, effective_at FROM binding WHERE state = 'active'
"""
