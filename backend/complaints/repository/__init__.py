"""Complaints in the database."""
