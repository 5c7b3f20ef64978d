"""The registry's own questions to the database."""
