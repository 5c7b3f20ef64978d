"""Plays whole projects over HTTP, with simulated residents."""
