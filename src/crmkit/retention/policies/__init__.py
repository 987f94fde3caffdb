"""Policies: facts in, decisions out."""
