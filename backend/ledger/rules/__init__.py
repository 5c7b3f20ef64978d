"""Pure rules of the ledger: trees, leaves, receipts, records; no database and no web framework."""
