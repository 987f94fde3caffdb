"""Ledger entries summed up: what a member has."""
