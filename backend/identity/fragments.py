"""SQL published for the vote's single statement: who holds a session, and whose home a dwelling is.

The parameter is named ``:token_hash``. Columns: ``account_id, expires_at``, of which who asks judges the second; and
``account_id, dwelling_id, relation, effective_at``.
"""

from __future__ import annotations

# Reads the session row inside the caller's statement, so a revocation takes effect in the same second.
SESSION_ACCOUNT = """
SELECT s.account_id, s.expires_at FROM login_session s JOIN account a ON a.id = s.account_id
WHERE s.token_hash = :token_hash AND s.revoked_at IS NULL
  AND a.state = 'active' AND a.kind = 'resident'
"""

ACTIVE_BINDING = """
SELECT account_id, dwelling_id, relation, effective_at FROM binding WHERE state = 'active'
"""
