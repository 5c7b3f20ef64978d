"""Surveys in the database."""
